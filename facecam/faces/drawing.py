"""Boxes drawn into a picture, for files. (The window paints its own, at any zoom.)"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facecam.faces.boxes import Detections
from facecam.faces.palette import bgr, label
from facecam.system.opencv import cv2

_OUTLINE = (0, 0, 0)


def draw_detections(image: npt.NDArray[np.uint8], detections: Detections) -> npt.NDArray[np.uint8]:
    """A copy of `image` (H, W, 3) uint8 BGR with a box for each face, its score and number; lines suit the picture's
    size."""
    drawn = image.copy()
    line = max(1, round(max(image.shape[:2]) / 400))
    text_scale = max(0.35, line * 0.25)
    numbers = [0] * len(detections) if detections.ids is None else detections.ids.tolist()
    colours = [bgr(colour) for colour in detections.colours or (0,) * len(detections)]
    for box, score, number, colour in zip(detections.boxes, detections.scores, numbers, colours, strict=True):
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), _OUTLINE, line + 2)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, line)
        text = label(number, score)
        (_, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, text_scale, line)
        above = y1 - line - 2
        at = (x1, above if above > text_height else min(y2 + text_height + line + 3, image.shape[0] - 2))
        cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, text_scale, _OUTLINE, line + 2, cv2.LINE_AA)
        cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, text_scale, colour, line, cv2.LINE_AA)
    return drawn
