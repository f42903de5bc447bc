"""Latent walks and planes: the latents between two samples, and around one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facecam.arrays import Array
from sagan_gallery.latent import slerp
from sagan_gallery.sample import Blend, LatentPoint


@dataclass(frozen=True)
class Walk:
    """From one sample to another and back, through their classes too."""

    start: LatentPoint
    end: LatentPoint

    def at(self, t: float) -> LatentPoint:
        """The point at t in 0..1."""
        if t in (0, 1):
            return self.end if t else self.start
        z, start, end = slerp(self.start.z, self.end.z, t), _class_of(self.start), _class_of(self.end)
        toward = None if start is None or end is None or start == end else Blend(end, t)
        return LatentPoint(z, start, toward)

    def there_and_back(self, time_s: float, length_s: float) -> float:
        """t at a time: 0 to 1 within `length_s`, back within the same, easing in and out at both ends."""
        phase = (time_s / length_s) % 2
        return float(0.5 - 0.5 * np.cos(np.pi * phase))


def _class_of(end: LatentPoint) -> int | None:
    """The class that an end is nearest to: a walk between two blends goes from one class to one other."""
    return end.toward.label if end.toward is not None and end.toward.share >= 0.5 else end.label


def walk_points(walk: Walk, count: int) -> Iterator[LatentPoint]:
    """`count` points for a film that can be looped: there and back."""
    for index in range(count):
        yield walk.at(walk.there_and_back(2 * index / count, 1.0))


@dataclass(frozen=True, eq=False)
class Axis:
    """A direction to go in. name: in words; offset: (D,) float32, how far the latent goes, or None; label: index of the
    class that it leads to instead."""

    name: str
    offset: Array | None = None
    label: int | None = None


@dataclass(frozen=True)
class Plane:
    """Around a sample, in two directions."""

    centre: LatentPoint
    across: Axis
    up: Axis

    def at(self, x: float, y: float) -> LatentPoint:
        """The point at x, y in -1..1: as far from 0 as the centre, since the generator knows latents of that length.

        A class is reached at 1; the other side of it is the centre's own.
        """
        z, blends = self.centre.z, []
        for axis, share in ((self.across, x), (self.up, y)):
            if axis.offset is not None:
                z = z + np.float32(share) * axis.offset
            elif axis.label is not None and share > 0:
                blends.append(Blend(axis.label, share))
        toward = max(blends, key=lambda blend: blend.share, default=self.centre.toward)
        length, wanted = float(np.linalg.norm(z)), float(np.linalg.norm(self.centre.z))
        return LatentPoint(z * np.float32(wanted / length) if length > 0 else z, self.centre.label, toward)
