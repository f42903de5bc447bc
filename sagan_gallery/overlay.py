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
OPAQUE_AT = 7.0
"""A weight this many times an even map's is shown as opaque as weights get."""


@dataclass(frozen=True)
class Range:
    """The values that a map's colours stand for. low > 0 and log: colours go with the logarithm."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, weights: Array, log: bool = False, stretch: bool = False) -> Range:
        """From 0 to the largest weight; from three decades below it when logarithmic. stretch: from the smallest."""
        high = float(weights.max()) or 1.0
        low = high / 10**LOG_DECADES if log else 0.0
        if stretch:
            low = max(low, float(weights.min()))
        return cls(low if low < high else high * (1 - 1e-6), high, log)

    def place(self, weights: Array) -> Array:
        """Values as float32 in 0..1, clipped to the range."""
        if self.log:
            span = np.log(self.high / self.low)
            return np.clip(np.log(np.maximum(weights, self.low) / self.low) / span, 0, 1).astype(np.float32)
        return np.clip((weights - self.low) / (self.high - self.low), 0, 1).astype(np.float32)

    def value(self, place: float) -> float:
        """The value at a place of the colour bar, 0..1."""
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


def heat_rgba(places: Array, colours: str, alpha: Array | None = None) -> npt.NDArray[np.uint8]:
    """Places in 0..1 as (h, w, 4) uint8 RGBA, premultiplied. alpha: (256,) of `heat_alpha`, None for opaque."""
    index = np.rint(places * 255).astype(np.uint8)
    opaque = np.ones(256, np.float32) if alpha is None else alpha
    table = np.concatenate([lookup(colours) * opaque[:, None], 255 * opaque[:, None]], axis=1)
    return np.take(np.rint(table).astype(np.uint8), index, axis=0)


def heat_alpha(values: Range, even: float, opacity: float, by_place: bool) -> Array:
    """(256,) float32 in 0..1, how opaque each place of a map's colours is over the picture.

    It rises with the weight in terms of `even`, which a map without preference gives every cell, so that such a map
    hides little of the picture whatever its colours are; by_place: with the colours instead, for a map whose colours
    tell more than its weights. The root makes weak weights seen as weak, not as none.
    """
    places = np.linspace(0, 1, 256)
    share = 4 * places if by_place else values.value(places) / (even * OPAQUE_AT)  # type: ignore[arg-type]
    return (opacity * np.sqrt(np.minimum(1, share))).astype(np.float32)


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
