"""Model files: which there are, whether one is ours, and running it on one thread.

Nothing in a model file is executed but the network itself: no pickle, no custom operators, no data outside the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facecam.anchors import AnchorSpec, anchor_grid, spec_from_json
from facecam.boxes import Array
from facecam.errors import ModelError
from facecam.resources import asset, shipped_models
from facecam.runtimes import ONNX_RUNTIME, Bound, OnnxRuntime, OpenVino, RuntimeFailure, open_runtime

DEFAULT_MODEL = "faceboxes"
METADATA_KEY = "facecam"
PLAIN, FAST = 1, 2
"""Formats. Plain: outputs `loc` (1, A, 4) and `conf` (1, A, 2), probabilities of background and face, as public
checkpoints convert to. Fast: one output `faces` (1, A, 5), the four offsets and the logit of a face."""
_OUTPUTS = {PLAIN: {"loc": 4, "conf": 2}, FAST: {"faces": 5}}
_MAX_BYTES = 256 << 20


class Model:
    """A loaded detector network, to be used by one thread at a time.

    mean: three float32, subtracted from B, G and R; variances: of the box coding; threshold: the model's own;
    metadata: the file's description of itself; sha256: of the file.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._data = data
        try:
            runtime = OnnxRuntime(data)
        except RuntimeFailure as error:
            raise ModelError(
                f"{path} is not an ONNX model that can be loaded; it may be damaged or incomplete."
            ) from error
        self._runtimes: dict[str, OnnxRuntime | OpenVino] = {ONNX_RUNTIME: runtime}
        self.metadata = _metadata(path, runtime.session)
        description = _Description.read(path, self.metadata, {value.name for value in runtime.session.get_outputs()})
        self.name, self.threshold = description.name, description.threshold
        self.mean, self.variances = description.mean, description.variances
        self.format = description.format
        self._spec = description.anchors
        self._try()

    def anchors(self, height: int, width: int) -> Array:
        """(A, 4) float32 cx cy w h for an input of this size; read-only."""
        return anchor_grid(self._spec, height, width)

    def bind(self, image: Array, runtime: str = ONNX_RUNTIME) -> Binding:
        """A way to run on the kept array `image` (1, 3, H, W) float32, C-contiguous, again and again.

        Raises RuntimeFailure if that runtime is missing or can't run the network.
        """
        if runtime not in self._runtimes:
            self._runtimes[runtime] = open_runtime(runtime, self._data)
        return Binding(self._runtimes[runtime], self.format, image, len(self.anchors(*image.shape[2:])))

    def _try(self) -> None:
        """Runs once, small and not square, to see that the outputs are as our anchors want them."""
        try:
            self.bind(np.zeros((1, 3, 64, 96), np.float32)).run()
        except RuntimeFailure as error:
            raise ModelError(
                f"{self.path} is not a face detector of ours: its outputs don't fit the anchors that it states."
            ) from error


class Binding:
    """Input and outputs of the network in arrays that stay where they are, so that a run allocates nothing of ours.

    runtime: its name. offsets: (A, 4) float32; scores: (A,) float32, of the class face: probabilities, or logits where
    `logits` is True. Both are overwritten by the next run, and may be views that are not contiguous.
    """

    def __init__(self, runtime: OnnxRuntime | OpenVino, format_number: int, image: Array, anchor_count: int) -> None:
        self.runtime = runtime.name
        self.logits = format_number == FAST
        outputs = {
            name: np.zeros((1, anchor_count, values), np.float32) for name, values in _OUTPUTS[format_number].items()
        }
        if self.logits:
            self.offsets, self.scores = outputs["faces"][0, :, :4], outputs["faces"][0, :, 4]
        else:
            self.offsets, self.scores = outputs["loc"][0], outputs["conf"][0, :, 1]
        self._bound: Bound = runtime.bind(image, outputs)

    def run(self) -> None:
        """Computes `offsets` and `scores` in the calling thread. Raises RuntimeFailure."""
        self._bound.run()


def load_model(model: str | Path | None = None) -> Model:
    """Loads a shipped model by name, or an ONNX file by path. Raises ModelError with a sentence for people."""
    path = find_model(model)
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder; name the ONNX file in it.")
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path} is too large for a face detector ({path.stat().st_size / 1e6:.0f} MB).")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model {path} can't be read: {error.strerror or error}.") from error
    if not data:
        raise ModelError(f"The model {path} is empty (0 bytes).")
    # A tensor stored outside the file has an entry "location", which would make a model file read others.
    if b"\n\x08location" in data:
        raise ModelError(f"{path} keeps its weights in another file, which is not allowed; export it as a single file.")
    return Model(path, data)


def find_model(model: str | Path | None) -> Path:
    """The file of a shipped model's name or of a path. Raises ModelError if there is none."""
    name = DEFAULT_MODEL if model is None else str(model)
    path = Path(name).expanduser()
    is_name = path.name == name and path.suffix.lower() != ".onnx"
    if is_name and (shipped := asset(f"{name}.onnx")).is_file():
        return shipped
    if path.exists():
        return path
    if is_name:
        known = ", ".join(shipped_models()) or "none"
        raise ModelError(f"There is no model {name}; these come with the program: {known}. Or name an ONNX file.")
    raise ModelError(f"There is no model file {name}.")


def _metadata(path: Path, session: Any) -> dict[str, Any]:
    """The file's own description, after a check that the network has our inputs and outputs."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelError(f"{path} is an ONNX model, but not a face detector of ours (it has no `facecam` metadata).")
    inputs = [(value.name, value.type, len(value.shape)) for value in session.get_inputs()]
    if inputs != [("image", "tensor(float)", 4)]:
        raise ModelError(f"{path} is not a face detector of ours: its inputs or outputs are others.")
    try:
        metadata = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path} has damaged metadata: {error}.") from error
    if not isinstance(metadata, dict):
        raise ModelError(f"{path} has damaged metadata: not an object.")
    return metadata


@dataclass(frozen=True)
class _Description:
    format: int
    name: str
    threshold: float
    mean: tuple[np.float32, np.float32, np.float32]
    variances: tuple[float, float]
    anchors: AnchorSpec

    @classmethod
    def read(cls, path: Path, metadata: dict[str, Any], outputs: set[str]) -> _Description:
        number = metadata.get("format")
        if number not in (PLAIN, FAST):
            raise ModelError(
                f"{path} has the metadata format {number!r}, this program reads {PLAIN} and {FAST}; update one."
            )
        if not _OUTPUTS[number].keys() <= outputs:
            raise ModelError(f"{path} is not a face detector of ours: its inputs or outputs are others.")
        try:
            mean = tuple(np.float32(value) for value in metadata["mean"])
            variances = tuple(float(value) for value in metadata["variances"])
            threshold = float(metadata.get("threshold", 0.5))
            anchors = spec_from_json(metadata["anchors"])
            if len(mean) != 3 or len(variances) != 2 or not 0 <= threshold <= 1 or not np.isfinite(mean).all():
                raise ValueError("mean, variances or threshold are out of range")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} has metadata that can't be used: {error}.") from error
        return cls(number, str(metadata.get("name", path.stem)), threshold, mean, variances, anchors)
