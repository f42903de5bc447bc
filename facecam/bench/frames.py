"""Frames with a known number of faces pasted in: does the speed depend on it?"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from facecam.sources.pictures import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset

Image = npt.NDArray[np.uint8]

_PORTRAITS = {"demo/hopper.jpg": (150, 110, 382, 342), "demo/collins.jpg": (160, 48, 291, 179)}
"""Of each portrait, the part that is pasted (x1, y1, x2, y2): the face with little around it."""
_LARGEST_PX = 160


def frame_with_faces(count: int, width: int, height: int) -> Image:
    """(height, width, 3) uint8 BGR: `count` faces in an even grid before a grey, slightly uneven wall.

    200 faces at VGA leave cells of 37 px for faces of 25 px, of which a detector finds but some: what it finds is to be
    told beside what was pasted.
    """
    y, x = np.mgrid[0:height, 0:width]
    wall = (120 + 15 * np.sin(x / 61) + 15 * np.cos(y / 47)).astype(np.uint8)
    frame = np.ascontiguousarray(np.repeat(wall[..., None], 3, axis=2))
    if count <= 0:
        return frame
    columns = min(count, max(1, round(math.sqrt(count * width / height))))
    rows = -(-count // columns)
    cell_x, cell_y = width / columns, height / rows
    side = max(8, min(_LARGEST_PX, int(0.95 * min(cell_x, cell_y))))
    tiles = [cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA) for portrait in _portraits()]
    for index in range(count):
        left = int((index % columns + 0.5) * cell_x - side / 2)
        top = int((index // columns + 0.5) * cell_y - side / 2)
        target = frame[max(0, top) : top + side, max(0, left) : left + side]
        target[:] = tiles[index % len(tiles)][: target.shape[0], : target.shape[1]]
    return frame


@lru_cache(maxsize=1)
def _portraits() -> tuple[Image, ...]:
    return tuple(
        np.ascontiguousarray(read_picture(asset(name))[top:bottom, left:right])
        for name, (left, top, right, bottom) in _PORTRAITS.items()
    )
