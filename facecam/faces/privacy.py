"""Privacy: faces made unrecognisable in a picture, whatever it is for: the window, a snapshot, a recording.

from facecam.faces.privacy import PrivacyOptions, hide_faces
safe = hide_faces(image, boxes, PrivacyOptions())  # a new picture, the old one stays as it was

Of a hidden face nothing finer remains than the mean colours of a few cells, so that no filter brings it back. (A
Gaussian blur alone can be undone in part.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from facecam.arrays import Array, Image
from facecam.system.opencv import cv2

PADDING_RANGE = (0.0, 1.0)
HOLD_RANGE_S = (0.0, 3.0)
LEAST_RANGE_HZ = (1.0, 30.0)
_BLUR_CELLS = 5
_MOSAIC_CELLS = 8
_COVER = (38, 34, 32)  # BGR
_ROUND = 2**0.5  # an ellipse through the corners of a box is so much larger than it


class Hiding(Enum):
    """How a face is hidden."""

    BLUR = "blur"
    PIXELATE = "pixelate"
    COVER = "cover"


@dataclass(frozen=True)
class PrivacyOptions:
    """padding: what is hidden around a box, as a share of its size on each side; hold_s: for how long the place of a
    face that the detector has lost is hidden on. least_hz: the whole picture is hidden while fewer pictures a second
    than that are searched, as at the start, or the source is in trouble; None: never."""

    how: Hiding = Hiding.BLUR
    padding: float = 0.1
    hold_s: float = 0.7
    least_hz: float | None = None


def hide_faces(image: Image, boxes: Array, options: PrivacyOptions, where: Image | None = None) -> Image:
    """A picture (H, W, 3) uint8 BGR, or (H, W, 4) with alpha, with the boxes (N, 4), x1 y1 x2 y2 in its pixels, hidden;
    itself if there are none.

    Each is hidden by an ellipse that holds the whole box with its padding, as far as it lies in the picture. where:
    (H, W) uint8, which is made 255 in these ellipses, also where what they show looks as before.
    """
    if len(boxes) == 0:
        return image
    hidden = image.copy()
    for rows, columns, ellipse in _ellipses(image, boxes, options):
        part = hidden[rows, columns]
        cv2.copyTo(_unrecognisable(part, options.how), ellipse, part)
        if where is not None:
            where[rows, columns] |= ellipse
    return hidden


def _ellipses(image: Image, boxes: Array, options: PrivacyOptions) -> Iterator[tuple[slice, slice, Image]]:
    """Rows and columns of what is hidden for each box, and there 255 within the ellipse."""
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in boxes.astype(np.float64).tolist():
        across, down = (x2 - x1) * (0.5 + options.padding) * _ROUND, (y2 - y1) * (0.5 + options.padding) * _ROUND
        middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
        left, right = max(0, int(middle_x - across)), min(width, int(np.ceil(middle_x + across)))
        top, bottom = max(0, int(middle_y - down)), min(height, int(np.ceil(middle_y + down)))
        if left >= right or top >= bottom:
            continue
        mask = np.zeros((bottom - top, right - left), np.uint8)
        centre = (round(middle_x - left), round(middle_y - top))
        cv2.ellipse(mask, centre, (int(np.ceil(across)), int(np.ceil(down))), 0, 0, 360, 255, cv2.FILLED)
        yield slice(top, bottom), slice(left, right), mask


def hide_all(image: Image, options: PrivacyOptions) -> Image:
    """A picture of which as little remains as of one hidden face."""
    return _unrecognisable(image, options.how)


def _unrecognisable(part: Image, how: Hiding) -> Image:
    """The same piece of a picture without anything that is smaller than a few cells."""
    if how is Hiding.COVER:
        return np.full_like(part, (*_COVER, part[..., -1].max())[: part.shape[2]])  # as opaque as the place was
    cells = _BLUR_CELLS if how is Hiding.BLUR else _MOSAIC_CELLS
    height, width = part.shape[:2]
    size = (min(cells, width), min(cells, height))
    few = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    way = cv2.INTER_LINEAR if how is Hiding.BLUR else cv2.INTER_NEAREST
    return cv2.resize(few, (width, height), interpolation=way)  # type: ignore[return-value]
