"""What every protocol does with pictures: read, letterbox or enlarge, detect by the network in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from facecam.arrays import Image
from facecam.bench.voc import LOWEST_SCORE
from facecam.detection.any_detector import open_detector
from facecam.detection.letterbox import resize
from facecam.detection.options import DetectorOptions
from facecam.faces.boxes import Detections
from facecam.sources.photo import read_picture

Detect = Callable[[Image], Detections]
"""Of a picture (H, W, 3) uint8 BGR, best first; for a curve that reaches its end, down to a score of 0.01 to 0.02."""


class FileDetector:
    """The detector in an ONNX file of ours or of a third party: every box down to a very low score, at the size of the
    picture. threshold: the one for users. Raises FacecamError when the file is no such model."""

    def __init__(self, options: DetectorOptions) -> None:
        self._detector = open_detector(replace(options, size=None))
        self.threshold = self._detector.threshold
        self._detector.threshold = LOWEST_SCORE

    def __call__(self, image: Image) -> Detections:
        return self._detector.detect(image)


def enlarged(detect: Detect, image: Image, factor: float) -> Detections:
    """The detections on the picture enlarged so many times, in the pixels of the picture as it was."""
    height, width = image.shape[:2]
    found = detect(resize(image, max(1, round(width * factor)), max(1, round(height * factor))))
    return Detections(found.boxes / factor, found.scores)


def pictures(paths: Iterable[Path], progress: bool) -> Iterator[Image]:
    """The pictures one by one, with a progress bar. Raises SourceError for one that can't be read."""
    for path in tqdm(list(paths), unit="picture", disable=not progress):
        yield read_picture(path)
