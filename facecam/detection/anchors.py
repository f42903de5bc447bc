"""FaceBoxes anchors with densification (Zhang et al. 2017, section 3.1 and figure 3): the one definition.

Training matches faces against these anchors and the detector decodes with them, so both import this module. The
offsets inside a cell follow the public FaceBoxes checkpoints (0, 1/n, 2/n, ... of the stride for densified anchors,
the cell's centre for the others), so that such a checkpoint decodes to the same boxes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

Pixels = Annotated[int, Meta(ge=1, le=8192)]


@dataclass(frozen=True)
class AnchorLevel:
    """The anchors of one feature map, also as a model file's metadata has them. Raises ValueError.

    stride: image pixels per feature cell. sizes: side length of the square anchors, in image pixels.
    densities: for each size, how many copies tile a cell along each axis (1: one anchor at the cell's centre).
    """

    stride: Pixels
    sizes: tuple[Pixels, ...]
    densities: tuple[Annotated[int, Meta(ge=1, le=16)], ...]

    def __post_init__(self) -> None:
        if len(self.sizes) != len(self.densities):
            raise ValueError("a level of anchors has a density for each size")

    @property
    def per_cell(self) -> int:
        """Anchors in one feature cell."""
        return sum(density * density for density in self.densities)


AnchorSpec = tuple[AnchorLevel, ...]

FACEBOXES: AnchorSpec = (
    AnchorLevel(32, (32, 64, 128), (4, 2, 1)),
    AnchorLevel(64, (256,), (1,)),
    AnchorLevel(128, (512,), (1,)),
)
"""The paper's anchors: 21 per cell at stride 32, one per cell at strides 64 and 128."""

FACEBOXES_S8: AnchorSpec = (
    AnchorLevel(8, (16,), (1,)),
    AnchorLevel(16, (32, 64), (1, 1)),
    AnchorLevel(32, (128, 256, 512), (1, 1, 1)),
)
"""No stride is more than half of an anchor's size, so that none needs densification."""


@lru_cache(maxsize=32)
def anchor_grid(spec: AnchorSpec, height: int, width: int) -> npt.NDArray[np.float32]:
    """All anchors for an input of `height` x `width` pixels.

    Returns (A, 4) float32, cx cy w h in input pixels; order: level, cell row, cell column, size, then the row and the
    column of the densified copy. The array is shared and read-only.
    """
    if height < 1 or width < 1:
        raise ValueError(f"an input of {width} x {height} pixels has no anchors")
    grids = []
    for level in spec:
        rows, columns = -(-height // level.stride), -(-width // level.stride)
        cell = _cell_anchors(level)  # (per_cell, 4)
        y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        shift = np.stack([x, y], axis=-1).reshape(-1, 1, 2) * level.stride  # (cells, 1, 2)
        grid = np.broadcast_to(cell, (rows * columns, *cell.shape)).copy()
        grid[..., :2] += shift
        grids.append(grid.reshape(-1, 4))
    anchors = np.concatenate(grids).astype(np.float32)
    anchors.flags.writeable = False
    return anchors


def _cell_anchors(level: AnchorLevel) -> npt.NDArray[np.float64]:
    """(per_cell, 4) cx cy w h of the anchors of the cell at row 0, column 0."""
    anchors = []
    for size, density in zip(level.sizes, level.densities, strict=True):
        offsets = [0.5] if density == 1 else [step / density for step in range(density)]
        anchors += [(x * level.stride, y * level.stride, size, size) for y in offsets for x in offsets]
    return np.array(anchors, np.float64)
