"""Detector networks: which there are, whether a file is one of ours, and running it on pictures of one size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from facecam.arrays import Array
from facecam.detection.anchors import AnchorSpec, anchor_grid
from facecam.detection.cells import CellBuffer
from facecam.detection.options import DEFAULT_THRESHOLD
from facecam.errors import ModelError
from facecam.runtimes import file_check
from facecam.runtimes.engine import BoundNetwork, Engine, Network, NetworkInput, Precision, Runtime, RuntimeFailure
from facecam.runtimes.model_file import ModelFile, ModelKind, check_path, open_model
from facecam.runtimes.registry import open_runtime
from facecam.system.files import named_path
from facecam.system.opencv import cv2
from facecam.system.resources import INT8_INFIX, asset, shipped_models

PAPER_MODEL = "faceboxes"
"""The paper's own topology: what a benchmark calls FaceBoxes."""

DEFAULT_MODEL = "faceboxes-s8"
METADATA_KEY = "facecam"
PLAIN, FAST, CELLS = 1, 2, 3
"""Formats. Plain: outputs `loc` (1, A, 4) and `conf` (1, A, 2), probabilities of background and face, as public
checkpoints convert to. Fast: one output `faces` (1, A, 5), the four offsets and the logit of a face. Cells: the same
output, computed in int8 from `facecam.detection.cells`."""
_IMAGE = ("image", "tensor(float)", 4)
_INPUTS = {PLAIN: _IMAGE, FAST: _IMAGE, CELLS: ("cells", "tensor(uint8)", 4)}
_OUTPUTS = {PLAIN: {"loc": 4, "conf": 2}, FAST: {"faces": 5}, CELLS: {"faces": 5}}
KIND = ModelKind("a face detector", file_check.DETECTOR_OPERATORS, 256 << 20, METADATA_KEY, range(PLAIN, CELLS + 1))


_Grey = Annotated[float, Meta(ge=0, le=255)]
_Share = Annotated[float, Meta(ge=0, le=1)]


class _Description(msgspec.Struct):
    """What a file's metadata say that is computed with; see `Model`."""

    mean: tuple[_Grey, _Grey, _Grey]
    variances: tuple[float, float]
    anchors: Annotated[AnchorSpec, Meta(min_length=1)]
    threshold: _Share = DEFAULT_THRESHOLD
    false_share: tuple[tuple[_Share, _Share], ...] = ()

    def __post_init__(self) -> None:
        if list(self.false_share) != sorted(self.false_share):
            raise ValueError("the thresholds of `false_share` don't ascend")


class Model:
    """A loaded detector network. Engines may be opened and bound by one thread while another one runs bindings.

    mean: three float32, subtracted from B, G and R; variances: of the box coding; threshold: the model's own;
    false_share: thresholds, ascending, and how many of the boxes from there on are no faces, 0..1, as measured on
    photos; empty where the file doesn't say. metadata: the file's description of itself; data: the file; sha256: of it.
    """

    def __init__(self, path: Path) -> None:
        """Raises ModelError with a sentence for people."""
        file = open_model(path, KIND)
        self.path, self.data, self.sha256, self.metadata = path, file.data, file.sha256, file.metadata
        self._runtimes: dict[Engine, Network] = {Engine(): file.runtime}
        self._int8: dict[Runtime, Model] = {}
        self._read_metadata(file)
        self._try()

    def _read_metadata(self, file: ModelFile) -> None:
        """Raises ModelError for what can't be used."""
        path, metadata = file.path, file.metadata
        self.format: int = metadata["format"]
        if file.inputs != [_INPUTS[self.format]] or not _OUTPUTS[self.format].keys() <= set(file.outputs):
            raise ModelError(f"{path} is not a face detector of ours: its inputs or outputs are others.")
        try:
            said = msgspec.convert(metadata, _Description)
        except msgspec.ValidationError as error:
            raise ModelError(f"{path} has metadata that can't be used: {error}.") from error
        self.mean = tuple(np.float32(value) for value in said.mean)
        self.variances, self.threshold, self.false_share = said.variances, said.threshold, said.false_share
        self._spec = said.anchors
        self.name = _line(str(metadata.get("name") or path.stem))

    def anchors(self, height: int, width: int) -> Array:
        """(A, 4) float32 cx cy w h for an input of this size; read-only."""
        return anchor_grid(self._spec, height, width)

    def prepare(self, engine: Engine) -> Network:
        """Opens the network in an engine before it is needed. Raises RuntimeFailure."""
        network = self.file_of(engine)
        runtime = network._runtimes.get(engine)
        if runtime is None:
            runtime = network._runtimes[engine] = open_runtime(engine, network.data)
        return runtime

    def forget(self, engine: Engine) -> None:
        """Lets an engine's memory go, once no binding uses it; it is opened again where it is needed."""
        for network in (self, *self._int8.values()):
            network._runtimes.pop(engine, None)

    def add(self, engine: Engine, runtime: Network) -> None:
        """Makes a runtime from elsewhere known, under an engine that no other has."""
        self._runtimes[engine] = runtime

    def bind(self, height: int, width: int, engine: Engine = Engine()) -> Binding:
        """A way to run on pictures of that size again and again.

        Raises RuntimeFailure if that runtime is missing or can't run the network.
        """
        return Binding(self.prepare(engine), engine, self.file_of(engine), height, width)

    def file_of(self, engine: Engine) -> Model:
        """The file that computes in an engine: this one, or the one in int8 beside it."""
        return self.int8(engine.runtime) if engine.precision == Precision.INT8 and self.format != CELLS else self

    def int8(self, runtime: Runtime) -> Model:
        """This network in int8 for a runtime: the file beside it. Raises RuntimeFailure if there is none that was made
        from it."""
        if runtime not in self._int8:
            path = int8_path(self.path, runtime)
            if not path.is_file():
                raise RuntimeFailure(
                    f"There is no {path.name} beside {self.path.name}; leave --precision out, or make it with the"
                    " project's training code."
                )
            try:
                model = Model(path)
            except ModelError as error:
                raise RuntimeFailure(str(error)) from error
            if model.format != CELLS or model.metadata.get("made_from") != self.sha256:
                raise RuntimeFailure(
                    f"{path.name} was not made from this {self.path.name}; make it again with the project's training"
                    " code, or leave --precision out."
                )
            model.forget(Engine())  # which may not be trusted with it
            self._int8[runtime] = model
        return self._int8[runtime]

    def _try(self) -> None:
        """Runs once, small and not square, to see that the outputs are as our anchors want them."""
        try:
            self.bind(64, 96).infer()
        except RuntimeFailure as error:
            raise ModelError(
                f"{self.path} is not a face detector of ours: its outputs don't fit the anchors that it states."
            ) from error


def int8_path(path: Path, runtime: Runtime) -> Path:
    """Where the network of a file lies in int8 for a runtime, if there is such a file."""
    return path.with_name(path.stem + INT8_INFIX + runtime + path.suffix)


class Binding:
    """Input and outputs of the network in arrays that stay where they are, so that a run allocates nothing of ours.

    engine: what computes. image: the input, BGR minus the mean, float32, (1, 3, H, W) or, if `engine.packed`,
    (1, H, W, 3); of an int8 network, cells (`facecam.detection.cells`). offsets: (A, 4) float32; scores: (A,) float32,
    of the class face: probabilities, or logits where `logits` is True. Both are overwritten by the next run, and may be
    views that are not contiguous.
    """

    def __init__(self, runtime: Network, engine: Engine, model: Model, height: int, width: int) -> None:
        self.engine = engine
        self.logits = model.format != PLAIN
        self._cells = CellBuffer(height, width, model.mean) if model.format == CELLS else None
        shape = (1, height, width, 3) if engine.packed else (1, 3, height, width)
        self.image: NetworkInput = np.zeros(shape, np.float32) if self._cells is None else self._cells.array
        self._mean = model.mean
        self._scalar: Any = (*map(float, model.mean), 0.0)  # as OpenCV takes it: four channels
        self._planes: tuple[npt.NDArray[np.uint8], ...] = ()
        count = len(model.anchors(height, width))
        outputs = {name: np.zeros((1, count, values), np.float32) for name, values in _OUTPUTS[model.format].items()}
        if self.logits:
            self.offsets, self.scores = outputs["faces"][0, :, :4], outputs["faces"][0, :, 4]
        else:
            self.offsets, self.scores = outputs["loc"][0], outputs["conf"][0, :, 1]
        self._bound: BoundNetwork = runtime.bind(self.image, outputs)

    def fill(self, picture: npt.NDArray[np.uint8]) -> None:
        """Puts a picture (h, w, 3) uint8 BGR, at most as large as the input, into its upper left part, minus the mean.
        What is left stays zero, which is the mean colour."""
        if self._cells is not None:
            self._cells.fill(picture)
            return
        height, width = picture.shape[:2]
        if self.engine.packed:
            target = self.image[0, :height, :width]
            cv2.subtract(picture, self._scalar, dst=target, dtype=cv2.CV_32F)
            return
        if not self._planes or self._planes[0].shape != (height, width):
            self._planes = tuple(np.empty((height, width), np.uint8) for _ in range(3))
        cv2.split(picture, self._planes)
        for plane, mean, target in zip(self._planes, self._mean, self.image[0], strict=True):
            np.subtract(plane, mean, out=target[:height, :width])

    def infer(self) -> None:
        """Computes `offsets` and `scores` in the calling thread. Raises RuntimeFailure."""
        self._bound.infer()


def load_model(model: str | Path | None = None) -> Model:
    """Loads a shipped model by name, or an ONNX file by path. Raises ModelError with a sentence for people."""
    return Model(find_model(model))


def find_model(model: str | Path | None) -> Path:
    """The file of a shipped model's name or of a path. Raises ModelError if there is none."""
    name = DEFAULT_MODEL if model is None else str(model)
    path = named_path(name)
    is_name = path.name == name and path.suffix.lower() != ".onnx"
    if is_name and (shipped := asset(f"{name}.onnx")).is_file():
        return shipped
    if is_name and not path.exists():
        known = ", ".join(shipped_models()) or "none"
        raise ModelError(f"There is no model {name}; these come with the program: {known}. Or name an ONNX file.")
    check_path(path)
    return path


def _line(text: str) -> str:
    """A name from the file, fit for the window's status line."""
    return "".join(letter for letter in text if letter.isprintable())[:60]
