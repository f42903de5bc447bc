"""Detectors as the protocols want them: every box down to a very low score, at the size of the picture.

Ours, and those of `facecam.detection.third_party`. Each is callable: (H, W, 3) uint8 BGR -> boxes (N, 4) float32,
x1 y1 x2 y2 px, and scores (N,); its `threshold` is the one for users. All raise ModelError when the file isn't such a
model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facecam.arrays import Array
from facecam.detection.detector import FaceDetector
from facecam.detection.third_party import PEERS, UltraLight, YuNet
from facecam.faces.boxes import VOTES_FROM
from train.faceboxes.protocols.pictures import Image

LOWEST_SCORE = VOTES_FROM
"""Lower ones add nothing to a curve but time in the suppression."""


class FaceBoxesFile:
    """Our own detector on an ONNX file of ours, never scaling the picture. engine: as FaceDetector takes it."""

    def __init__(self, model: str | Path, **engine: Any) -> None:
        self._detector = FaceDetector(model, size=None, **engine)
        self.threshold = self._detector.threshold
        self._detector.threshold = LOWEST_SCORE

    def __call__(self, image: Image) -> tuple[Array, Array]:
        found = self._detector.detect(image)
        return found.boxes, found.scores


Detector = FaceBoxesFile | UltraLight | YuNet


def load_detector(model: str | Path, peer: str | None = None, **engine: Any) -> Detector:
    """The detector in an ONNX file: ours without `peer`."""
    return PEERS[peer](model, LOWEST_SCORE) if peer else FaceBoxesFile(model, **engine)
