"""Detectors as the protocols want them: every box down to a very low score, at the size of the picture.

Ours, and those of `facecam.detection.third_party`. Each is callable: (H, W, 3) uint8 BGR -> boxes (N, 4) float32,
x1 y1 x2 y2 px, and scores (N,); its `threshold` is the one for users. All raise ModelError when the file isn't such a
model.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facecam.arrays import Array, Image
from facecam.bench.voc import LOWEST_SCORE
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import THIRD_PARTY, UltraLight, YuNet


class FaceBoxesFile:
    """Our own detector on an ONNX file of ours, never scaling the picture. options: with the model."""

    def __init__(self, options: DetectorOptions) -> None:
        self._detector = FaceDetector(replace(options, size=None))
        self.threshold = self._detector.threshold
        self._detector.threshold = LOWEST_SCORE

    def __call__(self, image: Image) -> tuple[Array, Array]:
        found = self._detector.detect(image)
        return found.boxes, found.scores


Detector = FaceBoxesFile | UltraLight | YuNet


def load_detector(model: str | Path, peer: str | None = None, options: DetectorOptions = DetectorOptions()) -> Detector:
    """The detector in an ONNX file: ours without `peer`, in the engine of `options`."""
    return THIRD_PARTY[peer](model, LOWEST_SCORE) if peer else FaceBoxesFile(replace(options, model=model))
