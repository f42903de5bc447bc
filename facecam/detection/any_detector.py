"""Comparing two detectors on the same frames: the second one, of ours or of other people, and what the two agree on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.detection.detector import FaceDetector, Timings
from facecam.detection.third_party import PEERS, UltraLight, YuNet, recognise
from facecam.errors import ModelError
from facecam.faces.boxes import Detections, pairwise_iou
from facecam.system.resources import shipped_models

SAME_FACE_IOU = 0.5
_LOWEST_SCORE = 0.05


class PeerDetector:
    """Another project's detector with the interface of ours. It has its own way with sizes and overlaps: `size` and
    `nms` are there and without effect."""

    runtime = "onnxruntime"
    core: int | None = None

    def __init__(self, peer: UltraLight | YuNet, name: str) -> None:
        self._peer = peer
        self.name = name
        self.threshold, self.nms = peer.threshold, 0.3
        self.size: tuple[int, int] | None = None
        self.timings = Timings(0.0, 0.0, 0.0)

    def detect(self, frame: npt.NDArray[np.uint8]) -> Detections:
        """Faces in a frame (H, W, 3) uint8 BGR from `threshold` up, best first."""
        start_s = time.perf_counter()
        boxes, scores = self._peer(frame)
        height, width = frame.shape[:2]
        boxes = np.clip(boxes, 0, np.array([width, height] * 2, np.float32))
        usable = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        chosen = np.flatnonzero(usable & (scores >= self.threshold))
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
        found = Detections(boxes[chosen], scores[chosen])
        self.timings = Timings(0.0, (time.perf_counter() - start_s) * 1e3, 0.0)
        return found


AnyDetector = FaceDetector | PeerDetector


def load_any(model: str, **how: Any) -> AnyDetector:
    """A shipped model by name, or an ONNX file of ours, of Ultra-Light or of YuNet. Raises ModelError.

    how: runtime, precision and so on, as of FaceDetector, for ours.
    """
    peer = None if model in shipped_models() else recognise(model)
    if peer is None:
        return FaceDetector(model, **how)
    detector = PeerDetector(PEERS[peer](model, _LOWEST_SCORE), Path(model).stem)
    try:
        detector.detect(np.zeros((480, 640, 3), np.uint8))
    except Exception as error:
        raise ModelError(f"{model} can be opened, but it finds no faces: {error}") from error
    return detector


def in_common(a: Detections, b: Detections) -> int:
    """How many faces both have found: pairs of boxes that overlap by half, each counted once."""
    iou = pairwise_iou(a.boxes, b.boxes)
    count = 0
    while iou.size and iou.max() >= SAME_FACE_IOU:
        row, column = np.unravel_index(int(iou.argmax()), iou.shape)
        iou[row, :] = iou[:, column] = 0
        count += 1
    return count
