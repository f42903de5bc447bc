"""Turning a map into pixels: scaling, smoothing, colours, contours. numpy only, so that it can be tested and timed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sagan_gallery.colormap import lookup
from sagan_gallery.sample import Array

LOG_DECADES = 3.0


@dataclass(frozen=True)
class Range:
    """The values that a map's colours stand for. low > 0 and log: colours go with the logarithm."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, weights: Array, log: bool = False) -> Range:
        """From 0 to the largest weight; three decades below it when logarithmic."""
        high = float(weights.max()) or 1.0
        return cls(high / 10**LOG_DECADES if log else 0.0, high, log)

    def place(self, weights: Array) -> Array:
        """Values as float32 in 0..1, clipped to the range."""
        if self.log:
            span = np.log(self.high / self.low)
            return np.clip(np.log(np.maximum(weights, self.low) / self.low) / span, 0, 1).astype(np.float32)
        return np.clip((weights - self.low) / (self.high - self.low), 0, 1).astype(np.float32)

    def value(self, place: float) -> float:
        """The value at a place 0..1 of the colour bar."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + place * (self.high - self.low)


def smoothed(weights: Array, size: tuple[int, int]) -> Array:
    """Bilinear interpolation between cell centres to (h, w) pixels, float32; the edge cells go on to the edge."""
    rows = _interpolate(weights, _taps(weights.shape[0], size[0], cubic=False))
    return np.ascontiguousarray(_interpolate(rows.T, _taps(weights.shape[1], size[1], cubic=False)).T)


def enlarged(image: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 enlarged by a whole factor with Catmull and Rom's cubic, which goes through the pixels."""
    height, width, channels = image.shape
    down = _interpolate(image.reshape(height, width * channels), _taps(height, height * factor, cubic=True))
    turned = down.reshape(-1, width, channels).transpose(1, 0, 2).reshape(width, -1)  # (W, factor * H * 3)
    fine = _interpolate(turned, _taps(width, width * factor, cubic=True))
    np.clip(fine + np.float32(0.5), 0, 255, out=fine)
    return np.ascontiguousarray(fine.astype(np.uint8).reshape(width * factor, -1, channels).transpose(1, 0, 2))


_Taps = tuple[npt.NDArray[np.intp], Array]


def _interpolate(values: npt.NDArray[Any], taps: _Taps) -> Array:
    """Along the first axis of (old, n): (new, n) float32. Sums of few products instead of a matrix product, because
    NumPy would share that one out to threads on all cores, the detector's included."""
    index, weight = taps
    result = weight[:, :1] * values[index[:, 0]]
    for tap in range(1, index.shape[1]):
        result += weight[:, tap : tap + 1] * values[index[:, tap]]
    return result


@cache
def _taps(old: int, new: int, cubic: bool) -> _Taps:
    """Indices (new, k) of the values that each new one is made of, and their float32 weights; k is 2 or, cubic, 4."""
    centre = (np.arange(new) + 0.5) * old / new - 0.5
    index = np.floor(centre).astype(np.intp)[:, None] + (np.arange(-1, 3) if cubic else np.arange(2))
    d = np.abs(centre[:, None] - index)
    if cubic:
        weight = np.where(d <= 1, 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2)
    else:
        weight = 1 - d
    return np.clip(index, 0, old - 1), weight.astype(np.float32)


def heat_rgba(places: Array, colours: str, opacity: float, by_weight: bool = True) -> npt.NDArray[np.uint8]:
    """Values in 0..1 as (h, w, 4) uint8 RGBA, premultiplied. by_weight: small values let the picture through."""
    index = np.rint(places * 255).astype(np.uint8)
    return np.take(_rgba_table(colours, round(opacity * 255), by_weight), index, axis=0)


@cache
def _rgba_table(colours: str, opacity: int, by_weight: bool) -> npt.NDArray[np.uint8]:
    """(256, 4) uint8 premultiplied RGBA."""
    alpha = np.full(256, opacity / 255)
    if by_weight:
        # Rises fast: only what gets next to nothing is left clear, so that weak weights are seen as weak, not as none.
        alpha *= np.minimum(1, np.linspace(0, 1, 256) * 4) ** 0.5
    table = np.empty((256, 4), np.float64)
    table[:, :3] = lookup(colours) * alpha[:, None]
    table[:, 3] = alpha * 255
    return np.rint(table).astype(np.uint8)


def contour(values: Array, level: float) -> Array:
    """Marching squares: line segments (N, 4) float32 x1 y1 x2 y2 where the field crosses a level.

    values: (h, w), one for each cell; positions are in cells, with (0.5, 0.5) the centre of the first cell. Beyond the
    field everything is below the level, so that every contour is closed.
    """
    field = np.pad(values.astype(np.float64), 1, constant_values=min(float(values.min()), level) - abs(level) - 1e-12)
    above = field >= level
    case = above[:-1, :-1] * 8 + above[:-1, 1:] * 4 + above[1:, 1:] * 2 + above[1:, :-1] * 1

    def crossing(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.clip(np.where(a != b, (level - a) / (b - a), 0.5), 0, 1)

    rows, columns = np.mgrid[: case.shape[0], : case.shape[1]].astype(np.float64) - 0.5
    a, b, c, d = field[:-1, :-1], field[:-1, 1:], field[1:, 1:], field[1:, :-1]
    points = {
        "top": (columns + crossing(a, b), rows),
        "right": (columns + 1, rows + crossing(b, c)),
        "bottom": (columns + crossing(d, c), rows + 1),
        "left": (columns, rows + crossing(a, d)),
    }
    parts = []
    for number, edges in _CASES.items():
        hit = case == number
        for first, second in edges:
            (x1, y1), (x2, y2) = points[first], points[second]
            parts.append(np.stack([x1[hit], y1[hit], x2[hit], y2[hit]], 1))
    return np.concatenate(parts).astype(np.float32)


# Corners clockwise from the top left are the bits 8, 4, 2, 1; the two ambiguous cases keep the corners apart.
_CASES: dict[int, list[tuple[str, str]]] = {
    1: [("left", "bottom")], 2: [("bottom", "right")], 3: [("left", "right")], 4: [("top", "right")],
    5: [("left", "bottom"), ("top", "right")], 6: [("top", "bottom")], 7: [("left", "top")], 8: [("left", "top")],
    9: [("top", "bottom")], 10: [("left", "top"), ("bottom", "right")], 11: [("top", "right")],
    12: [("left", "right")], 13: [("bottom", "right")], 14: [("left", "bottom")],
}  # fmt: skip


def difference_rgb(
    image: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], float, float]:
    """What `image` has more (brighter than middle grey) or less than `other`, both (H, W, 3) uint8.

    Returns the picture (H, W, 3) uint8, the factor that makes the largest difference just fit (at most 16), and the
    mean absolute difference in levels of 255.
    """
    change = image.astype(np.int16) - other.astype(np.int16)
    largest = int(np.abs(change).max())
    factor = min(16.0, 127 / largest) if largest else 16.0
    picture = np.clip(np.rint(128 + factor * change), 0, 255).astype(np.uint8)
    return picture, factor, float(np.abs(change).mean())
