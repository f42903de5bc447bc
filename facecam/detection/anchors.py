"""FaceBoxes anchors with densification (Zhang et al. 2017, section 3.1 and figure 3): the one definition.

Training matches faces against these anchors and the detector decodes with them, so both import this module. The
offsets inside a cell follow the public FaceBoxes checkpoints (0, 1/n, 2/n, ... of the stride for densified anchors,
the cell's centre for the others), so that such a checkpoint decodes to the same boxes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class AnchorLevel:
    """The anchors of one feature map.

    stride: image pixels per feature cell. sizes: side length of the square anchors, in image pixels.
    densities: for each size, how many copies tile a cell along each axis (1: one anchor at the cell's centre).
    """

    stride: int
    sizes: tuple[int, ...]
    densities: tuple[int, ...]

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


def spec_to_json(spec: AnchorSpec) -> list[dict[str, Any]]:
    """The spec as plain JSON values, as stored in a model file's metadata."""
    return [{"stride": level.stride, "sizes": list(level.sizes), "densities": list(level.densities)} for level in spec]


def spec_from_json(values: Any) -> AnchorSpec:
    """The inverse of `spec_to_json`. Raises ValueError when the values don't describe anchors."""
    try:
        spec = tuple(
            AnchorLevel(int(v["stride"]), tuple(map(int, v["sizes"])), tuple(map(int, v["densities"]))) for v in values
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a description of anchors: {error}") from error
    for level in spec:
        if len(level.sizes) != len(level.densities) or min((level.stride, *level.sizes, *level.densities)) < 1:
            raise ValueError(f"not a description of anchors: {level}")
        if max((level.stride, *level.sizes)) > 8192 or max(level.densities) > 16:
            raise ValueError(f"anchors out of range: {level}")
    if not spec:
        raise ValueError("a detector needs at least one level of anchors")
    return spec
