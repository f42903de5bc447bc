"""Latent walks: the latents between two samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sagan_gallery.generator import Generator
from sagan_gallery.latent import slerp
from sagan_gallery.sample import Array, Image


@dataclass(frozen=True)
class End:
    """One end of a walk. z: (D,) float32, truncation applied; label: index of the class or None."""

    z: Array
    label: int | None


@dataclass(frozen=True)
class Walk:
    """From one sample to another and back.

    The generator knows whole classes only, so between two classes the class changes half-way, at once.
    """

    start: End
    end: End

    def at(self, t: float) -> End:
        """The point at t in 0..1."""
        label = self.start.label if t < 0.5 else self.end.label
        return End(slerp(self.start.z, self.end.z, t), label)

    def there_and_back(self, time_s: float, length_s: float) -> float:
        """t at a time: 0 to 1 within `length_s`, back within the same, easing in and out at both ends."""
        phase = (time_s / length_s) % 2
        return float(0.5 - 0.5 * np.cos(np.pi * phase))


def walk_pictures(generator: Generator, walk: Walk, count: int, attention_scale: float = 1.0) -> Iterator[Image]:
    """`count` pictures (H, W, 3) uint8 for a film that can be looped: there and back."""
    for index in range(count):
        point = walk.at(walk.there_and_back(2 * index / count, 1.0))
        yield generator.pictures(point.z[None], [point.label], attention_scale)[0]
