"""Sample: a picture together with the attention that made it or that looked at it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from facecam.arrays import Array, Image


@dataclass(frozen=True, eq=False)
class AttentionLayer:
    """One self-attention layer at work.

    attention: (Q, K) float32, row q is the distribution over keys of query q, both row-major over their grids.
    query_grid, key_grid: (height, width) in cells.
    gamma: the layer's learned weight (Zhang et al. 2018, eq. 3), without the attention scale of the sample.
    """

    attention: Array
    query_grid: tuple[int, int]
    key_grid: tuple[int, int]
    gamma: float

    @cached_property
    def mean_map(self) -> Array:
        """(K,) float32, what all queries give each key on average."""
        return np.asarray(self.attention.mean(0), np.float32)


@dataclass(frozen=True)
class Blend:
    """On the way to another class. label: its index; share: how far, 0..1."""

    label: int
    share: float


@dataclass(frozen=True)
class LatentPoint:
    """What a sample is made of. z: (D,) float32, truncation applied; label: index of the class or None; toward: the
    class that it is on the way to."""

    z: Array
    label: int | None
    toward: Blend | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and its attention.

    image: (H, W, 3) uint8 RGB.
    layers: all attention layers.
    layer: index of the one that the properties tell of.
    z: (D,) float32 as the generator saw it; None for a picture of the user's.
    label: index of the class; None where there are none, or for a picture of the user's.
    toward: the class that it is on the way to, if any.
    attention_scale: what every gamma was multiplied by.
    score: of the discriminator; None for a generated picture.
    """

    image: Image
    layers: tuple[AttentionLayer, ...]
    layer: int = 0
    z: Array | None = None
    label: int | None = None
    toward: Blend | None = None
    attention_scale: float = 1.0
    score: float | None = None

    @property
    def point(self) -> LatentPoint | None:
        """What it is made of; None for a picture of the user's."""
        return None if self.z is None else LatentPoint(self.z, self.label, self.toward)

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def attention(self) -> Array:
        """(Q, K) float32 of the chosen layer."""
        return self.layers[self.layer].attention

    @property
    def mean_map(self) -> Array:
        """(K,) float32 of the chosen layer, what all queries give each key on average."""
        return self.layers[self.layer].mean_map

    @property
    def query_grid(self) -> tuple[int, int]:
        """(height, width) in cells."""
        return self.layers[self.layer].query_grid

    @property
    def key_grid(self) -> tuple[int, int]:
        """(height, width) in cells."""
        return self.layers[self.layer].key_grid

    @property
    def gamma(self) -> float:
        """The chosen layer's learned weight."""
        return self.layers[self.layer].gamma

    def with_layer(self, layer: int) -> Sample:
        """The same sample seen through another attention layer."""
        return replace(self, layer=layer)


def to_bytes(images: Array) -> Image:
    """(..., 3, H, W) float32 in -1..1 -> (..., H, W, 3) uint8, rounded and C-contiguous."""
    scaled = np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(scaled, -3, -1))
