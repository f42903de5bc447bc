"""Other people's small face detectors, where a user has their ONNX files: for comparing, in accuracy and in speed.

Ultra-Light (version-RFB-640.onnx, version-slim-320.onnx and the like), and YuNet (face_detection_yunet_*.onnx) through
OpenCV's own class, as its users run it. All compute on the calling thread and raise ModelError when the file isn't such
a model.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.detection.detector import Timings
from facecam.detection.letterbox import letterbox
from facecam.detection.model import KIND, METADATA_KEY
from facecam.errors import FacecamError, ModelError
from facecam.faces.boxes import Detections, nms
from facecam.runtimes.engine import Engine, Runtime
from facecam.runtimes.model_file import read_model
from facecam.runtimes.onnx_runtime import open_session
from facecam.system.opencv import cv2

SUPPRESSION_IOU = 0.3


class ThirdPartyDetector:
    """Another project's detector with the interface of ours. It has its own way with sizes and overlaps: `size` and
    `nms` are there and without effect.

    family: what a benchmark calls it. usual: its threshold, unless another one is given. metadata, metrics: of
    nothing.
    """

    family: str
    runtime: Runtime
    usual: float
    core: int | None = None
    metrics: Any = None

    def __init__(self, model: str | Path, threshold: float | None = None) -> None:
        data = read_model(Path(model), KIND)
        self.name, self.model_hash = Path(model).stem, hashlib.sha256(data).hexdigest()
        self.engine = Engine(self.runtime)
        self.threshold, self.nms = self.usual if threshold is None else threshold, SUPPRESSION_IOU
        self.size: tuple[int, int] | None = None
        self.metadata: dict[str, Any] = {}
        self.timings = Timings(0.0, 0.0, 0.0)
        self._open(str(model), data)

    def detect(self, frame: npt.NDArray[np.uint8]) -> Detections:
        """Faces in a frame (H, W, 3) uint8 BGR from `threshold` up, best first."""
        start_s = time.perf_counter()
        boxes, scores = self._find(frame)
        height, width = frame.shape[:2]
        boxes = np.clip(boxes, 0, np.array([width, height] * 2, np.float32))
        usable = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        chosen = np.flatnonzero(usable & (scores >= self.threshold))
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
        found = Detections(boxes[chosen], scores[chosen])
        self.timings = Timings(0.0, (time.perf_counter() - start_s) * 1e3, 0.0)
        return found

    def _open(self, model: str, data: bytes) -> None:
        raise NotImplementedError

    def _find(self, image: Image) -> tuple[Array, Array]:
        """Boxes (N, 4) float32, x1 y1 x2 y2 px, and scores (N,), those from `threshold` up among them."""
        raise NotImplementedError


class UltraLight(ThirdPartyDetector):
    """The file's input size is fixed, so pictures are letterboxed into it.

    Input (1, 3, H, W) RGB, (x - 127) / 128. Outputs: scores (1, N, 2) and boxes (1, N, 4), x1 y1 x2 y2 as fractions.
    """

    family, runtime, usual = "ultralight", Runtime.ONNX_RUNTIME, 0.7

    def _open(self, model: str, data: bytes) -> None:
        self._session = _opened(model, data)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        by_width = {output.shape[-1]: output.name for output in outputs}
        shape = inputs[0].shape
        if set(by_width) != {2, 4} or len(shape) != 4 or not all(isinstance(side, int) for side in shape[2:]):
            raise ModelError(f"{model} isn't an Ultra-Light model of fixed input size with scores and boxes.")
        self._input, self._canvas = inputs[0].name, (shape[3], shape[2])
        self._outputs = [by_width[2], by_width[4]]

    def _find(self, image: Image) -> tuple[Array, Array]:
        canvas, scale = letterbox(image, self._canvas)
        values = cv2.dnn.blobFromImage(canvas, 1 / 128, mean=(127, 127, 127), swapRB=True)  # [1CHW]
        probabilities, fractions = self._session.run(self._outputs, {self._input: values})
        rows = np.flatnonzero(probabilities[0, :, 1] >= self.threshold)
        boxes = (fractions[0, rows] * np.tile(self._canvas, 2) / scale).astype(np.float32)
        scores = probabilities[0, rows, 1]
        keep = nms(boxes, scores, SUPPRESSION_IOU)
        return boxes[keep], scores[keep]


class YuNet(ThirdPartyDetector):
    """At the size of the picture."""

    family, runtime, usual = "yunet", Runtime.OPENCV, 0.9

    def _open(self, model: str, data: bytes) -> None:
        try:
            weights, none = np.frombuffer(data, np.uint8), np.zeros(0, np.uint8)  # not the path, which C may not open
            self._detector = cv2.FaceDetectorYN.create(
                "onnx", weights, none, (320, 320), self.usual, SUPPRESSION_IOU, top_k=5000
            )
        except cv2.error as error:
            raise ModelError(f"{model} isn't a YuNet model that OpenCV reads ({error.err}).") from None

    def _find(self, image: Image) -> tuple[Array, Array]:
        self._detector.setScoreThreshold(self.threshold)
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._detector.detect(image)
        # A row is x y w h, five landmarks, score.
        found = np.zeros((0, 15), np.float32) if faces is None else np.asarray(faces, np.float32)
        return np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1), found[:, 14]


_YUNET_OUTPUTS = {f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)}


def recognise(model: str | Path) -> type[UltraLight | YuNet] | None:
    """What opens an ONNX file, told by its outputs; None for one of ours, or of none of these. Raises ModelError if it
    can't be opened."""
    session = _opened(model, read_model(Path(model), KIND))
    if METADATA_KEY in session.get_modelmeta().custom_metadata_map:  # ours; its plain form has two such outputs too
        return None
    outputs = session.get_outputs()
    if {output.name for output in outputs} >= _YUNET_OUTPUTS:
        return YuNet
    shapes = [output.shape for output in outputs]
    return UltraLight if len(shapes) == 2 and {shape[-1] for shape in shapes if shape} == {2, 4} else None


def _opened(model: str | Path, data: bytes) -> Any:
    try:
        return open_session(data)
    except FacecamError:  # ONNX Runtime can't be loaded
        raise
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's exceptions have no common base but this
        raise ModelError(f"{model} isn't a usable ONNX model ({str(error).splitlines()[0]}); fetch it again.") from None
