"""Colour maps: OpenCV's perceptually uniform ones for weights, two of our own for values on both sides of 0."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facecam.system.opencv import cv2

_OF_WEIGHTS = {"magma": cv2.COLORMAP_MAGMA, "viridis": cv2.COLORMAP_VIRIDIS, "cividis": cv2.COLORMAP_CIVIDIS}
NAMES = tuple(_OF_WEIGHTS)
"""Colour maps for maps of weights."""
_POINTS = {"grey": "000000 ffffff", "blue-orange": "0072b2 56b4e9 e8e8e8 e69f00 a85d00"}
"""Colour maps for values on both sides of 0, which is in their middle."""


@cache
def lookup(name: str) -> npt.NDArray[np.uint8]:
    """(256, 3) uint8 RGB from low to high values; read-only."""
    if name in _OF_WEIGHTS:
        bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], _OF_WEIGHTS[name])
        result = np.ascontiguousarray(bgr[:, 0, ::-1], np.uint8)
    else:
        points = np.array([list(bytes.fromhex(point)) for point in _POINTS[name].split()], np.float64)
        places = np.linspace(0, 255, len(points))
        table = np.stack([np.interp(np.arange(256), places, points[:, channel]) for channel in range(3)], 1)
        result = np.rint(table).astype(np.uint8)
    result.flags.writeable = False
    return result
