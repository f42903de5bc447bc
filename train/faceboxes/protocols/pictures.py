"""What every protocol does with pictures: read, letterbox or enlarge, detect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from facecam.boxes import Array, Detections
from facecam.errors import FacecamError
from facecam.opencv import cv2

Image = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

Detect = Callable[[Image], tuple[Array, Array]]
"""Picture (H, W, 3) uint8 BGR -> boxes (N, 4), x1 y1 x2 y2 in its pixels, and scores (N,), after suppression.

For a curve that reaches its end, let it return boxes down to a score of 0.01 to 0.02.
"""


def read_image(path: Path) -> Image:
    """The picture as BGR. Raises FacecamError when it is missing or damaged."""
    # Through Python's own file access, since OpenCV can't open every path on Windows.
    try:
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise FacecamError(f"can't read the picture {path}; check the path of the image folder")
    return image  # type: ignore[return-value]


def resize(image: Image, width: int, height: int) -> Image:
    """The picture at another size: averaged where it shrinks, so that small faces don't alias, bilinear otherwise."""
    if (width, height) == (image.shape[1], image.shape[0]):
        return image
    shrinks = width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)  # type: ignore[return-value]


def letterbox(image: Image, size: tuple[int, int]) -> tuple[Image, float]:
    """The picture scaled to fit a canvas of `size` (width, height), at its top left, on black; and the scale."""
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    fitted = resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[: fitted.shape[0], : fitted.shape[1]] = fitted
    return canvas, scale


def run(detect: Detect, image: Image, enlarge: float = 1.0) -> Detections:
    """The detections on the picture enlarged `enlarge` times, best first, in the pixels of the picture as it was."""
    height, width = image.shape[:2]
    boxes, scores = detect(resize(image, max(1, round(width * enlarge)), max(1, round(height * enlarge))))
    order = np.argsort(-np.asarray(scores), kind="stable")
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)[order] / np.float32(enlarge)
    return Detections(boxes, np.asarray(scores, np.float32)[order])


def pictures(paths: Iterable[Path], progress: bool) -> Iterator[Image]:
    """The pictures one by one, with a progress bar."""
    for path in tqdm(list(paths), unit="picture", disable=not progress):
        yield read_image(path)
