"""Pictures at another size, and fitted into a canvas of one."""

from __future__ import annotations

import numpy as np

from facecam.arrays import Image
from facecam.system.opencv import cv2


def resize(image: Image, width: int, height: int) -> Image:
    """The picture at another size: averaged where it shrinks, so that small faces don't alias, bilinear otherwise."""
    if (width, height) == (image.shape[1], image.shape[0]):
        return image
    shrinks = width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)  # type: ignore[return-value]


def letterbox(
    image: Image, size: tuple[int, int], middle: bool = False, ground: tuple[int, int, int] = (0, 0, 0)
) -> tuple[Image, float]:
    """The picture scaled to fit a canvas of `size` (width, height), at its top left or in the middle; and the scale.
    ground: BGR around it."""
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    fitted = resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
    if fitted.shape[:2] == size[::-1]:
        return fitted, scale
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    if any(ground):
        canvas[:] = ground
    left, top = ((size[0] - fitted.shape[1]) // 2, (size[1] - fitted.shape[0]) // 2) if middle else (0, 0)
    canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return canvas, scale
