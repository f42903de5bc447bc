"""The demo: two public-domain portraits as people in front of a synthetic camera, 640x480 at 30 FPS.

A wall with two framed portraits, and two people before it who sway, come nearer and walk through, so that two to four
faces of about 40 to 200 px are in view. The camera stands still, as on a desk, so that the wall is drawn once. Frame i
is a function of i alone.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from facecam.arrays import Image
from facecam.errors import SourceError
from facecam.sources.base import Frame
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset

WIDTH, HEIGHT, FPS = 640, 480, 30.0
_LOOP_FRAMES = 1800  # one minute, without a jump at its end
_BAND = 96  # rows; narrower ones touch fewer pixels, but each costs its calls
_SLAB = 8  # rows of a cut-out; its outline is that of one rectangle for each


@dataclass(frozen=True, eq=False)
class _Person:
    """A cut-out portrait. image: (H, W, 4) uint8, BGR times coverage, and the coverage (255 where opaque). outline:
    x and y of corners, of rectangles of `_SLAB` rows that hold all that is covered at all."""

    image: Image
    outline: tuple[tuple[int, int], ...]
    face_x_px: float
    face_y_px: float
    face_px: float


class DemoSource:
    """Faces without a camera."""

    live = True
    fps: float | None = FPS
    frame_count: int | None = None
    may_stand_still = True

    def __init__(self, title: str = "Demo") -> None:
        self.title = title
        self._index, self._bench = 0, _Bench()
        _scene()  # a missing asset fails at the opening

    def read(self) -> Frame | None:
        index = self._index
        self._index += 1
        return Frame(demo_frame(index, self._bench), index, index / FPS, time.perf_counter())

    def close(self) -> None:
        pass


def demo_frame(index: int, bench: _Bench | None = None) -> Image:
    """Frame `index` of the demo: (480, 640, 3) uint8 BGR, a new array. bench: kept from frame to frame, for speed."""
    wall, hopper, collins = _scene()

    def wave(cycles: int, phase: float = 0.0) -> float:
        """A sine with a whole number of cycles per loop, so that the loop closes."""
        return math.sin(2 * math.pi * (cycles * (index % _LOOP_FRAMES) / _LOOP_FRAMES + phase))

    image, bench = wall.copy(), bench or _Bench()
    # Collins crosses the view from left to right and back, coming nearer on the way; Hopper stays and sways.
    near = 0.5 - 0.5 * wave(4, 0.05)
    face_xy = (WIDTH * (0.45 - 0.58 * wave(2, 0.55)), 285 - 55 * near + 5 * wave(40))
    _paste(image, bench, collins, face_xy, 70 + 65 * near, 0.05 * wave(9))
    near = 0.5 + 0.5 * wave(3, 0.6)
    face_xy = (WIDTH * 0.62 + 70 * wave(5, 0.3), 305 - 70 * near + 6 * wave(7))
    _paste(image, bench, hopper, face_xy, 105 + 95 * near, 0.10 * wave(6, 0.15))
    return image


def _paste(
    image: Image, bench: _Bench, person: _Person, face_xy: tuple[float, float], face_px: float, angle: float
) -> None:
    """Blends the person into `image`, scaled and turned (radians), the face's centre at `face_xy`.

    In bands from top to bottom, each as wide as the person is there: a head is not as wide as its shoulders.
    """
    scale = face_px / person.face_px
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    right = face_xy[0] - cos * person.face_x_px + sin * person.face_y_px
    down = face_xy[1] - sin * person.face_x_px - cos * person.face_y_px
    outline = [(cos * x - sin * y + right, sin * x + cos * y + down) for x, y in person.outline]
    reach = scale + 1  # an edge pixel is seen as far from its place
    corner = reach + _SLAB * scale + 1  # and the rectangle that holds it has corners at most as far away
    first = _clip(min(y for _, y in outline) - reach, HEIGHT)
    last = _clip(max(y for _, y in outline) + reach + 1, HEIGHT)
    for top in range(first, last, _BAND):
        bottom = min(top + _BAND, last)
        across = [x for x, y in outline if top - corner < y < bottom + corner]
        if across:
            left, end = _clip(min(across) - reach, WIDTH), _clip(max(across) + reach + 1, WIDTH)
            if left < end:
                matrix = np.array([[cos, -sin, right - left], [sin, cos, down - top]])
                bench.blend(image[top:bottom, left:end], person.image, matrix)


def _clip(place_px: float, end_px: int) -> int:
    return max(0, min(math.floor(place_px), end_px))


class _Bench:
    """Blends bands in buffers that stay in the processor's caches from one band to the next."""

    def __init__(self) -> None:
        self._rooms = [np.empty(_BAND * WIDTH * channels, np.uint8) for channels in (4, 3, 3, 1)]

    def blend(self, below: Image, person: Image, matrix: npt.NDArray) -> None:
        """Blends a picture (H, W, 4), warped by the matrix, into a part of the view, at most a band."""
        height, width = below.shape[:2]
        warped, colour, rest, cover = (
            room[: room.size // (_BAND * WIDTH) * height * width].reshape(height, width, -1) for room in self._rooms
        )
        cv2.warpAffine(person, matrix, (width, height), dst=warped)
        cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR, dst=colour)
        cv2.cvtColor(cv2.extractChannel(warped, 3, dst=cover), cv2.COLOR_GRAY2BGR, dst=rest)
        # below * (1 - cover) + colour, in whole numbers
        cv2.subtract(below, cv2.multiply(below, rest, dst=rest, scale=1 / 255), dst=rest)
        cv2.add(rest, colour, dst=below)


@lru_cache(maxsize=1)
def _scene() -> tuple[Image, _Person, _Person]:
    """The wall with its framed portraits, and the two people."""
    try:
        hopper, collins = read_picture(asset("demo/hopper.jpg")), read_picture(asset("demo/collins.jpg"))
        hopper_mask, collins_mask = (read_picture(asset(f"demo/{name}-mask.jpg")) for name in ("hopper", "collins"))
    except SourceError as error:
        raise SourceError(f"The demo's pictures are missing or damaged, please install again: {error}") from error
    wall = _wall()
    _hang(wall, collins, (120, 44), 196)
    _hang(wall, hopper, (490, 80), 134)
    wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), 0.6), np.uint8)
    return wall, _cut_out(hopper, hopper_mask, (265, 215), 200), _cut_out(collins, collins_mask, (224, 118), 105)


def _wall() -> Image:
    """(480, 640, 3) uint8: a plain wall, lit softly from the upper left, darker towards the floor."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 1.0 - 0.36 * np.hypot((x - 0.25 * WIDTH) / WIDTH, (y - 0.1 * HEIGHT) / HEIGHT)
    wall = light[..., None] * np.array([176, 188, 190], np.float32)
    # A little grain keeps the gradient from banding.
    grain = np.random.default_rng(0).normal(0, 1.5, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return np.clip(wall + grain, 0, 255).astype(np.uint8)


def _hang(wall: Image, picture: Image, top_left: tuple[int, int], width_px: int) -> None:
    """A framed picture on the wall, with its shadow."""
    height_px = round(width_px * picture.shape[0] / picture.shape[1])
    small = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    x, y = top_left
    border = 7
    shadow = np.zeros(wall.shape[:2], np.float32)
    shadow[y - border + 5 : y + height_px + border + 9, x - border + 5 : x + width_px + border + 9] = 0.35
    wall[...] = wall * (1 - cv2.GaussianBlur(shadow, (0, 0), 5))[..., None]
    wall[y - border : y + height_px + border, x - border : x + width_px + border] = (38, 52, 66)
    wall[y : y + height_px, x : x + width_px] = small


def _cut_out(picture: Image, mask: Image, face_xy: tuple[float, float], face_px: float) -> _Person:
    colour = cv2.multiply(picture, mask, scale=1 / 255)
    cover = np.ascontiguousarray(mask[..., 0])
    corners = []
    for top in range(0, len(cover), _SLAB):
        across = np.flatnonzero(cover[top : top + _SLAB].any(axis=0))
        if len(across):
            last = min(top + _SLAB, len(cover)) - 1
            corners += [(int(x), y) for x in (across[0], across[-1]) for y in (top, last)]
    return _Person(np.dstack([colour, cover]), tuple(corners), *face_xy, face_px)
