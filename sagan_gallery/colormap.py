"""Perceptually uniform colour maps, each from 33 points of its published table (largest error 6 of 255)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

_POINTS = {
    "magma": """
        000004 030311 0a0822 130d33 1d1146 28115a 36106a 430f76 50127c 5d177f 691c81 762181 822681 8f2a81 9c2e7f a9327d
        b63779 c33b75 cf4170 db486a e65163 ee5c5e f5695c f9785d fb8761 fd9668 fea571 feb47b fec387 fed194 fde0a2 fceeb0
        fcfdbf""",
    "viridis": """
        440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d 2f6a8e 2c728e 297a8e 26818e 23898e
        21908c 1f988b 1f9f88 21a685 28ae80 31b57b 3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a
        fde725""",
    "cividis": """
        00224e 00285b 002e6a 043371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 52596d 5a5f6e 61656f 686a71 6f7073 757676
        7c7b78 848179 8b8778 938d78 9b9376 a39a75 aba072 b3a670 bbad6c c3b469 ccba64 d4c15f ddc958 e6d051 efd748 f8df3c
        fee838""",
}
NAMES = tuple(_POINTS)
"""Of maps of weights."""
_POINTS |= {"grey": "000000 ffffff", "blue-orange": "0072b2 56b4e9 e8e8e8 e69f00 a85d00"}
"""For values on both sides of 0, which is in their middle."""


@cache
def lookup(name: str) -> npt.NDArray[np.uint8]:
    """(256, 3) uint8 RGB from low to high values; read-only."""
    points = np.array([list(bytes.fromhex(point)) for point in _POINTS[name].split()], np.float64)
    places = np.linspace(0, 255, len(points))
    table = np.stack([np.interp(np.arange(256), places, points[:, channel]) for channel in range(3)], 1)
    result = np.rint(table).astype(np.uint8)
    result.flags.writeable = False
    return result
