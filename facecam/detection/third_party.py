"""Other people's small face detectors, where a user has their ONNX files: for comparing, in accuracy and in speed.

Ultra-Light (version-RFB-640.onnx, version-slim-320.onnx and the like), and YuNet (face_detection_yunet_*.onnx) through
OpenCV's own class, as its users run it. Each is callable: (H, W, 3) uint8 BGR -> boxes (N, 4) float32, x1 y1 x2 y2 px,
and scores (N,), down to the score `lowest`; `threshold` is the one for users. All compute on the calling thread and
raise ModelError when the file isn't such a model.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.detection.detector import Timings
from facecam.detection.letterbox import letterbox
from facecam.detection.model import KIND, METADATA_KEY
from facecam.errors import ModelError
from facecam.faces.boxes import Detections, nms
from facecam.runtimes.engine import Runtime
from facecam.runtimes.model_file import read_model
from facecam.runtimes.onnx_runtime import open_session
from facecam.system.opencv import cv2

SUPPRESSION_IOU = 0.3
MOST_BOXES = 750


class UltraLight:
    """The file's input size is fixed, so pictures are letterboxed into it.

    Input (1, 3, H, W) RGB, (x - 127) / 128. Outputs: scores (1, N, 2) and boxes (1, N, 4), x1 y1 x2 y2 as fractions.
    """

    runtime = Runtime.ONNX_RUNTIME
    threshold = 0.7

    def __init__(self, model: str | Path, lowest: float = threshold) -> None:
        self._session, self._lowest = _open_session(model), lowest
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        by_width = {output.shape[-1]: output.name for output in outputs}
        shape = inputs[0].shape
        if set(by_width) != {2, 4} or len(shape) != 4 or not all(isinstance(side, int) for side in shape[2:]):
            raise ModelError(f"{model} isn't an Ultra-Light model of fixed input size with scores and boxes.")
        self._input, self.size = inputs[0].name, (shape[3], shape[2])
        self._outputs = [by_width[2], by_width[4]]

    def __call__(self, image: Image) -> tuple[Array, Array]:
        canvas, scale = letterbox(image, self.size)
        values = cv2.dnn.blobFromImage(canvas, 1 / 128, mean=(127, 127, 127), swapRB=True)  # [1CHW]
        probabilities, fractions = self._session.run(self._outputs, {self._input: values})
        rows = np.flatnonzero(probabilities[0, :, 1] >= self._lowest)
        boxes = (fractions[0, rows] * np.tile(self.size, 2) / scale).astype(np.float32)
        scores = probabilities[0, rows, 1]
        keep = nms(boxes, scores, SUPPRESSION_IOU, MOST_BOXES)
        return boxes[keep], scores[keep]


class YuNet:
    """At the size of the picture."""

    runtime = Runtime.OPENCV
    threshold = 0.9

    def __init__(self, model: str | Path, lowest: float = threshold) -> None:
        read_model(Path(model), KIND)
        try:
            self._detector = cv2.FaceDetectorYN.create(str(model), "", (320, 320), lowest, SUPPRESSION_IOU, top_k=5000)
        except cv2.error as error:
            raise ModelError(f"{model} isn't a YuNet model that OpenCV reads ({error.err}).") from None

    def __call__(self, image: Image) -> tuple[Array, Array]:
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._detector.detect(image)
        # A row is x y w h, five landmarks, score.
        found = np.zeros((0, 15), np.float32) if faces is None else np.asarray(faces, np.float32)
        return np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1), found[:, 14]


THIRD_PARTY: dict[str, type[UltraLight] | type[YuNet]] = {"ultralight": UltraLight, "yunet": YuNet}
_YUNET_OUTPUTS = {f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)}


class ThirdPartyDetector:
    """Another project's detector with the interface of ours. It has its own way with sizes and overlaps: `size` and
    `nms` are there and without effect."""

    core: int | None = None

    def __init__(self, detect: UltraLight | YuNet, name: str) -> None:
        self._detect = detect
        self.name = name
        self.threshold, self.nms = detect.threshold, SUPPRESSION_IOU
        self.size: tuple[int, int] | None = None
        self.timings = Timings(0.0, 0.0, 0.0)

    def detect(self, frame: npt.NDArray[np.uint8]) -> Detections:
        """Faces in a frame (H, W, 3) uint8 BGR from `threshold` up, best first."""
        start_s = time.perf_counter()
        boxes, scores = self._detect(frame)
        height, width = frame.shape[:2]
        boxes = np.clip(boxes, 0, np.array([width, height] * 2, np.float32))
        usable = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        chosen = np.flatnonzero(usable & (scores >= self.threshold))
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
        found = Detections(boxes[chosen], scores[chosen])
        self.timings = Timings(0.0, (time.perf_counter() - start_s) * 1e3, 0.0)
        return found


def recognise(model: str | Path) -> str | None:
    """Which of THIRD_PARTY an ONNX file is, by its outputs; None for another one. Raises ModelError if it can't be
    opened."""
    session = _open_session(model)
    if METADATA_KEY in session.get_modelmeta().custom_metadata_map:  # ours; its plain form has two such outputs too
        return None
    outputs = session.get_outputs()
    if {output.name for output in outputs} >= _YUNET_OUTPUTS:
        return "yunet"
    shapes = [output.shape for output in outputs]
    return "ultralight" if len(shapes) == 2 and {shape[-1] for shape in shapes if shape} == {2, 4} else None


def _open_session(model: str | Path) -> Any:
    data = read_model(Path(model), KIND)
    try:
        return open_session(data)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's exceptions have no common base but this
        raise ModelError(f"{model} isn't a usable ONNX model ({str(error).splitlines()[0]}); fetch it again.") from None
