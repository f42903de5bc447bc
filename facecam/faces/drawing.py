"""Boxes drawn into a picture, for files. (The window paints its own, at any zoom.)"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from facecam.arrays import Array, Image
from facecam.faces.boxes import Detections
from facecam.faces.palette import PILL_BGR, PILL_OPACITY, bgr, label
from facecam.system.opencv import cv2

_OUTLINE = (0, 0, 0)
_TEXT = (245, 244, 242)


def draw_detections(image: Image, detections: Detections) -> Image:
    """A copy of `image` (H, W, 3) uint8 BGR with a box for each face, its score and number on a dark pill as in the
    window; lines suit the picture's size."""
    drawn = image.copy()
    line = max(1, round(max(image.shape[:2]) / 400))
    numbers = [0] * len(detections) if detections.ids is None else detections.ids.tolist()
    colours = [bgr(colour) for colour in detections.colours or (0,) * len(detections)]
    corners = [tuple(round(float(value)) for value in box) for box in detections.boxes]
    for (x1, y1, x2, y2), colour in zip(corners, colours, strict=True):
        cv2.rectangle(drawn, (x1, y1), (x2, y2), _OUTLINE, line + 2)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, line)
    for (x1, y1, *_), score, number in zip(corners, detections.scores, numbers, strict=True):
        _draw_label(drawn, label(number, score), x1, y1, line)
    return drawn


def changed_pixels(image: Image, changed: Image) -> Image:
    """(H, W) uint8: not 0 where two pictures (H, W, 3) differ. numpy's `any` over three channels takes twenty times as
    long."""
    differs = cv2.compare(image, changed, cv2.CMP_NE)  # 0 or 255, of which no channel's share in grey is rounded away
    return np.asarray(cv2.cvtColor(differs, cv2.COLOR_BGR2GRAY), np.uint8)


def _draw_label(drawn: Image, text: str, left: int, top: int, line: int) -> None:
    """Text on a pill above the box whose upper left corner is given, or inside it where the picture ends."""
    scale, weight, around = max(0.35, line * 0.25), max(1, round(0.7 * line)), 2 + 2 * line
    (text_width, text_height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    width, height = text_width + 2 * around, text_height + base + around
    room_y, room_x = drawn.shape[:2]
    y = top - height - 2 * line
    if y < 0:
        y = max(0, top) + 2 * line
    x = max(0, min(left, room_x - width))
    part = drawn[y : min(y + height, room_y), x : min(x + width, room_x)]
    if part.size == 0:
        return
    pill = _pill(width, height, min(height // 3, 2 + 2 * line))
    ground, opacity = (whole[: part.shape[0], : part.shape[1]] for whole in pill)
    part[:] = cv2.blendLinear(part, ground, 1 - opacity, opacity)
    at = (x + around, y + around // 2 + text_height)
    cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _TEXT, weight, cv2.LINE_AA)


@lru_cache(maxsize=64)
def _pill(width: int, height: int, bend: int) -> tuple[Image, Array]:
    """Its colour, (height, width, 3) uint8, and its opacity, (height, width) float32. bend: radius of its corners."""
    shape = np.zeros((height, width), np.uint8)
    for first, last in (((bend, 0), (width - bend, height)), ((0, bend), (width, height - bend))):
        cv2.rectangle(shape, first, (last[0] - 1, last[1] - 1), 255, cv2.FILLED)
    for middle in ((a, b) for a in (bend, width - bend - 1) for b in (bend, height - bend - 1)):
        cv2.circle(shape, middle, bend, 255, cv2.FILLED, cv2.LINE_AA)
    return np.full((height, width, 3), PILL_BGR, np.uint8), shape * np.float32(PILL_OPACITY / 255)
