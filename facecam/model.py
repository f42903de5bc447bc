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
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from facecam.anchors import AnchorSpec, anchor_grid, spec_from_json
from facecam.boxes import Array
from facecam.errors import ModelError
from facecam.resources import asset, shipped_models

DEFAULT_MODEL = "faceboxes"
METADATA_KEY = "facecam"
FORMAT = 1
_MAX_BYTES = 256 << 20
_SILENT = 4

# ONNX Runtime's errors have no common base but Exception.
_ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
)


class Model:
    """A loaded detector network, to be used by one thread at a time.

    mean: three float32, subtracted from B, G and R; variances: of the box coding; threshold: the model's own;
    metadata: the file's description of itself; sha256: of the file.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._session = _open_session(path, data)
        self.metadata = _metadata(path, self._session)
        description = _Description.read(path, self.metadata)
        self.name, self.threshold = description.name, description.threshold
        self.mean, self.variances = description.mean, description.variances
        self._spec = description.anchors
        self._try()

    def anchors(self, height: int, width: int) -> Array:
        """(A, 4) float32 cx cy w h for an input of this size; read-only."""
        return anchor_grid(self._spec, height, width)

    def bind(self, image: Array) -> Binding:
        """A way to run on the kept array `image` (1, 3, H, W) float32, C-contiguous, again and again."""
        return Binding(self._session, self.path, image, len(self.anchors(*image.shape[2:])))

    def _try(self) -> None:
        """Runs once, small and not square, to see that the outputs are as our anchors want them."""
        self.bind(np.zeros((1, 3, 64, 96), np.float32)).run()


class Binding:
    """Input and outputs of the network in arrays that stay where they are, so that a run allocates nothing of ours.

    offsets: (A, 4) float32; scores: (A,) float32, of the class face. Both are overwritten by the next run.
    """

    def __init__(self, session: Any, path: Path, image: Array, anchor_count: int) -> None:
        self._session, self._path, self._image = session, path, image
        self._loc = np.zeros((1, anchor_count, 4), np.float32)
        self._conf = np.zeros((1, anchor_count, 2), np.float32)
        self.offsets, self.scores = self._loc[0], self._conf[0, :, 1]
        self._binding = session.io_binding()
        self._binding.bind_input("image", "cpu", 0, np.float32, image.shape, image.ctypes.data)
        for name, array in (("loc", self._loc), ("conf", self._conf)):
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def run(self) -> None:
        """Computes `offsets` and `scores` in the calling thread. Raises ModelError if the outputs don't fit."""
        try:
            self._session.run_with_iobinding(self._binding)
        except _ORT_ERRORS as error:
            raise ModelError(
                f"{self._path} is not a face detector of ours: its outputs don't fit the anchors that it states."
            ) from error


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


def _open_session(path: Path, data: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # computes in the calling thread and starts none
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _SILENT  # what matters is said by ModelError
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise ModelError(f"{path} is not an ONNX model that can be loaded; it may be damaged or incomplete.") from error


def _metadata(path: Path, session: Any) -> dict[str, Any]:
    """The file's own description, after a check that the network has our inputs and outputs."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelError(f"{path} is an ONNX model, but not a face detector of ours (it has no `facecam` metadata).")
    inputs = [(value.name, value.type, len(value.shape)) for value in session.get_inputs()]
    outputs = {value.name for value in session.get_outputs()}
    if inputs != [("image", "tensor(float)", 4)] or not {"loc", "conf"} <= outputs:
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
    name: str
    threshold: float
    mean: tuple[np.float32, np.float32, np.float32]
    variances: tuple[float, float]
    anchors: AnchorSpec

    @classmethod
    def read(cls, path: Path, metadata: dict[str, Any]) -> _Description:
        if metadata.get("format") != FORMAT:
            raise ModelError(
                f"{path} has the metadata format {metadata.get('format')!r}, this program reads {FORMAT}; update one."
            )
        try:
            mean = tuple(np.float32(value) for value in metadata["mean"])
            variances = tuple(float(value) for value in metadata["variances"])
            threshold = float(metadata.get("threshold", 0.5))
            anchors = spec_from_json(metadata["anchors"])
            if len(mean) != 3 or len(variances) != 2 or not 0 <= threshold <= 1 or not np.isfinite(mean).all():
                raise ValueError("mean, variances or threshold are out of range")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} has metadata that can't be used: {error}.") from error
        return cls(str(metadata.get("name", path.stem)), threshold, mean, variances, anchors)
