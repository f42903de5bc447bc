"""Turning a map into pixels: scaling, smoothing, colours, contours. No Qt, so that it can be tested and timed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from contourpy import LineType, contour_generator

from facecam.arrays import Array, Image
from facecam.system.opencv import cv2
from sagan_gallery.colormap import lookup

LEVELS = 4096
"""Entries of the colour tables: enough for a peaked map's alpha to rise by few levels of 255 from one entry to the
next."""
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
    def of(
        cls,
        weights: Array,
        log: bool = False,
        stretch: bool = False,
        above_even: bool = False,
        most: float = math.inf,
    ) -> Range:
        """From 0 to the largest weight; from three decades below it when logarithmic. stretch: from the smallest;
        above_even: from what every cell of an even map has. most: up to so many times that, however large one is."""
        high = min(float(weights.max()), most * float(weights.mean())) or 1.0
        low = high / 10**LOG_DECADES if log else 0.0
        if stretch:
            low = max(low, float(weights.min()))
        if above_even:
            low = max(low, float(weights.mean()))
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
    return np.asarray(cv2.resize(weights, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def within_size(weights: Array, rows: int, columns: int) -> Array:
    """(h, w) float32, averaged down to at most this many rows and columns."""
    size = min(weights.shape[1], columns), min(weights.shape[0], rows)
    return np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_AREA), np.float32)


def enlarged(image: Image, factor: int) -> Image:
    """(H, W, 3) uint8 enlarged by a whole factor with a cubic that goes through the pixels."""
    # In float32: of bytes, OpenCV rounds the weights of the neighbours first.
    fine = cv2.resize(image.astype(np.float32), None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.clip(fine + 0.501, 0, 255).astype(np.uint8)  # halves, which float32 misses by chance, go up


def heat_rgba(places: Array, colours: str, alpha: Array | None = None) -> Image:
    """Places in 0..1 as (h, w, 4) uint8 RGBA, premultiplied. alpha: (LEVELS,) of `heat_alpha`, None for opaque."""
    index = np.rint(places * (LEVELS - 1)).astype(np.uint16)
    opaque = np.ones(LEVELS, np.float32) if alpha is None else alpha
    table = np.rint(_opaque_levels(colours) * opaque[:, None]).astype(np.uint8)
    pixels = np.take(table.view(np.uint32)[:, 0], index)  # whole ones, not byte by byte
    return pixels.view(np.uint8).reshape(*index.shape, 4)


@cache
def _opaque_levels(colours: str) -> Array:
    """(LEVELS, 4) float32 RGBA."""
    rgb = lookup(colours)[np.rint(np.linspace(0, 255, LEVELS)).astype(np.uint8)]
    return np.concatenate([rgb, np.full((LEVELS, 1), 255)], axis=1).astype(np.float32)


def heat_alpha(values: Range, even: float, opacity: float, by_place: bool) -> Array:
    """(LEVELS,) float32 in 0..1, how opaque each place of a map's colours is over the picture.

    It rises with the weight relative to `even`, the weight of every cell in a map without preference, so that such a
    map hides little of the picture whatever its colours are. by_place: it rises with the colours instead, for a map
    whose colours say more than its weights. It is steepest at its start, so that weak weights are visible as weak; but
    it starts without a step, which would be visible as an edge on bright pictures.
    """
    places = np.linspace(0, 1, LEVELS)
    share = 4 * places if by_place else values.value(places) / (even * OPAQUE_AT)  # type: ignore[arg-type]
    return (opacity * (1 - (1 - np.minimum(1, share)) ** 2)).astype(np.float32)


def contour(values: Array, level: float) -> list[Array]:
    """Where the field crosses a level: closed lines, each (N, 2) float32 x y with the first point again at the end.

    values: (h, w), one for each cell; positions are in cells, with (0.5, 0.5) the centre of the first cell. Beyond the
    field everything is below the level, so that every contour is closed.
    """
    field = np.pad(values.astype(np.float64), 1, constant_values=min(float(values.min()), level) - abs(level) - 1e-12)
    rows, columns = np.arange(field.shape[0]) - 0.5, np.arange(field.shape[1]) - 0.5
    lines = contour_generator(columns, rows, field, line_type=LineType.Separate).lines(level)
    return [np.asarray(line, np.float32) for line in lines]


DIFFERENCE_LEVELS = 96
"""Differences of this many levels of 255 are shown as black or white, whatever the picture: they can be compared."""


def difference_rgb(image: Image, other: Image) -> Image:
    """What `image` has more (brighter than middle grey) or less than `other`, all (H, W, 3) uint8, on a fixed scale."""
    change = image.astype(np.float32) - other
    return np.clip(np.rint(128 + change * np.float32(127 / DIFFERENCE_LEVELS)), 0, 255).astype(np.uint8)


def falls_rgb(image: Image, falls: Array, values: Range) -> Image:
    """A picture (H, W, 3) uint8 in grey, tinted blue where its score rises and orange where it falls when a place is
    covered. falls: (h, w) float32, one for each place; values: what the colours stand for, on both sides of 0."""
    height, width = image.shape[:2]
    places = cv2.resize(values.place(falls), (width, height), interpolation=cv2.INTER_NEAREST)
    tint = lookup("blue-orange")[np.rint(255 * places).astype(np.uint8)]
    share = np.abs(2 * places - 1)[..., None] * np.float32(0.75)
    grey = image.mean(2, dtype=np.float32)[..., None]
    return np.rint((1 - share) * grey + share * tint).astype(np.uint8)


def mean_change(image: Image, other: Image) -> float:
    """Mean absolute difference of two pictures (H, W, 3) uint8, in levels of 255."""
    return float(np.abs(image.astype(np.int16) - other).mean())
