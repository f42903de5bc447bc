"""Where a query pixel attends: cells, maps in both directions, and figures that describe a map.

The layer is that of Zhang et al. 2018 (arXiv 1805.08318), section 3; the maps are those of its figure 5.

Keys are pooled in the network itself, one for 2 x 2 cells (`train/sagan/self_attention.py`): a map is as coarse as the
key grid that the file states, and is laid over the picture by `cell_rect`.

Positions are picture pixels with the origin at the top left corner of the top left pixel, so pixel (x, y) covers
x..x+1, y..y+1. A pixel belongs to the feature cell that covers it. Maps are (height, width) in cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.system.opencv import cv2
from sagan_gallery.sample import Sample

GAMMA_NEAR_0 = 0.02
"""Below this size of gamma, the attention layer adds next to nothing to the picture."""
NEARLY_EVEN = 0.985
"""Above this share of an even map's entropy, a map has next to no preference."""
_SAME_COLOUR = 40.0
"""Largest RGB distance of the mean colours of two cells that belong to one segment."""


class Direction(Enum):
    """Row or column of the attention matrix."""

    ROW = "looks at"
    """Where the query under the cursor looks: a distribution over the keys."""
    RELATIVE = "looks at more than others"
    """The same over what all queries give each key, made a distribution again: many look at the same few keys, which
    hides what is one query's own."""
    COLUMN = "is seen from"
    """Which queries look at the key under the cursor: each query's weight on it, which do not sum to 1."""


@dataclass(frozen=True)
class Cell:
    """A cell of a grid, counted from the top left."""

    row: int
    column: int


@dataclass(frozen=True)
class Key:
    """A key's weight, and its centre in the picture."""

    weight: float
    x_px: float
    y_px: float


@dataclass(frozen=True)
class AttentionStats:
    """What a map is like. Each `even_...` is the figure that a map without any preference has, to compare with.

    entropy_bits: Shannon entropy, 0 for a single cell.
    distance_px: mean distance from the query to where it looks, picture pixels.
    radius_px: of a disc as large as the query's own segment, picture pixels.
    within: share of the mass within that radius, 0..1.
    strongest: the five strongest cells, the strongest one first.
    """

    entropy_bits: float
    even_entropy_bits: float
    distance_px: float
    even_distance_px: float
    radius_px: float
    within: float
    even_within: float
    strongest: list[Key]


def cell_at(grid: tuple[int, int], size_px: tuple[int, int], x_px: float, y_px: float) -> Cell:
    """The cell of a grid (height, width) over a picture (height, width) that covers a position in the picture."""
    height, width = size_px
    if not (0 <= x_px < width and 0 <= y_px < height):
        raise ValueError(f"({x_px:g}, {y_px:g}) lies outside a picture of {width} x {height} pixels")
    return Cell(int(y_px * grid[0] / height), int(x_px * grid[1] / width))


def cell_rect(grid: tuple[int, int], size_px: tuple[int, int], cell: Cell) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of a cell, picture pixels."""
    down, across = size_px[0] / grid[0], size_px[1] / grid[1]
    return cell.column * across, cell.row * down, (cell.column + 1) * across, (cell.row + 1) * down


def cell_centre(grid: tuple[int, int], size_px: tuple[int, int], cell: Cell) -> tuple[float, float]:
    """x, y of a cell's centre, picture pixels."""
    x1, y1, x2, y2 = cell_rect(grid, size_px, cell)
    return (x1 + x2) / 2, (y1 + y2) / 2


def map_for_pixel(sample: Sample, x: float, y: float) -> Array:
    """Where a pixel looks: the row of attention of the query cell that covers it (Zhang et al. 2018, section 3).

    sample: of a generator or a discriminator.
    x, y: of the pixel, from the picture's top left corner.
    Returns (key_h, key_w) float32 that sums to 1. Raises ValueError outside the picture.
    """
    return directed_map(sample, x, y, Direction.ROW)


def directed_map(sample: Sample, x: float, y: float, direction: Direction) -> Array:
    """The map of a pixel in a direction: as of `map_for_pixel`, also over the mean of all queries' maps; or which
    queries look at the key at the pixel, its column of the matrix, (query_h, query_w) float32, where each weight is a
    query's own: they do not sum to 1."""
    cell = cell_at(source_grid(sample, direction), sample.size_px, x, y)
    index = cell.row * source_grid(sample, direction)[1] + cell.column
    if direction is Direction.COLUMN:
        return np.ascontiguousarray(sample.attention[:, index]).reshape(sample.query_grid)
    row = sample.attention[index]
    if direction is Direction.RELATIVE:
        row = row / np.maximum(sample.mean_map, np.finfo(np.float32).tiny)
        row = row / row.sum()
    return row.reshape(sample.key_grid)


def source_grid(sample: Sample, direction: Direction) -> tuple[int, int]:
    """The grid whose cells are asked about: keys for columns, else queries."""
    return sample.key_grid if direction is Direction.COLUMN else sample.query_grid


def step(sample: Sample, x: float, y: float, across: int, down: int, direction: Direction) -> tuple[float, float]:
    """The centre of the cell that lies some cells further, kept inside the picture."""
    grid = source_grid(sample, direction)
    cell = cell_at(grid, sample.size_px, x, y)
    moved = Cell(
        min(max(cell.row + down, 0), grid[0] - 1),
        min(max(cell.column + across, 0), grid[1] - 1),
    )
    return cell_centre(grid, sample.size_px, moved)


def informative_queries(sample: Sample, count: int) -> list[tuple[float, float]]:
    """Queries that stand for what there is to see: centres of their cells, picture pixels, the most typical one first.

    count: how many at most; small grids have room for fewer.
    The maps are put into `count` groups by k-means in Hellinger's distance; each group, the largest one first, gives
    the query whose map is nearest to its mean. Queries keep off the edges and off each other.
    """
    height, width = sample.query_grid
    rows, columns = np.mgrid[:height, :width].reshape(2, -1)
    edge = max(1, min(height, width) // 8)
    free = (rows >= edge) & (rows < height - edge) & (columns >= edge) & (columns < width - edge)
    roots = np.sqrt(sample.attention)
    cv2.setRNGSeed(0)  # the same for the same sample
    enough = (cv2.TERM_CRITERIA_COUNT, 8, 0)  # for groups to settle; their exact borders don't matter
    _, group, means = cv2.kmeans(roots, count, np.empty(0, np.int32), enough, 1, cv2.KMEANS_PP_CENTERS)
    chosen: list[tuple[float, float]] = []
    for g in np.argsort(-np.bincount(group.ravel(), minlength=count), kind="stable"):
        if free.any():
            away = np.linalg.norm(roots - means[g], axis=1)
            best = int(np.argmin(np.where(free, away, np.inf)))
            cell = Cell(*divmod(best, width))
            chosen.append(cell_centre(sample.query_grid, sample.size_px, cell))
            free &= np.maximum(np.abs(rows - cell.row) / height, np.abs(columns - cell.column) / width) > 0.2
    return chosen


def entropy_bits(weights: Array) -> float:
    """Shannon entropy of a map, made a distribution first: 0 for one cell, log2 of the cell count for an even map."""
    total = float(weights.sum(dtype=np.float64))
    if total <= 0:
        return 0.0
    p = weights.astype(np.float64).ravel() / total
    p = p[p > 0]
    return max(0.0, float(-(p * np.log2(p)).sum()))


def mean_evenness(sample: Sample) -> float:
    """Mean entropy of all queries' maps as a share of an even map's, 0..1."""
    p = sample.attention
    bits = -(p * np.log2(np.maximum(p, np.finfo(np.float32).tiny))).sum(1)
    return float(bits.mean(dtype=np.float64) / np.log2(p.shape[1]))


@lru_cache(maxsize=1)  # for the figures of one map
def cell_distances(grid: tuple[int, int], size_px: tuple[int, int], x_px: float, y_px: float) -> Array:
    """(h, w) float32, read-only: distance of each cell's centre from a position, picture pixels."""
    ys = (np.arange(grid[0]) + 0.5) * size_px[0] / grid[0] - y_px
    xs = (np.arange(grid[1]) + 0.5) * size_px[1] / grid[1] - x_px
    distances = np.hypot(ys[:, None], xs[None, :]).astype(np.float32)
    distances.flags.writeable = False
    return distances


def mean_distance_px(weights: Array, size_px: tuple[int, int], x_px: float, y_px: float) -> float:
    """Mean distance from a position to where the map looks, picture pixels."""
    total = float(weights.sum())
    distances = cell_distances(weights.shape, size_px, x_px, y_px)
    return float((weights * distances).sum() / total) if total > 0 else 0.0


def strongest(weights: Array, size_px: tuple[int, int]) -> list[Key]:
    """The five cells with the largest weights, largest first; on a tie the one further up and left first."""
    grid = (weights.shape[0], weights.shape[1])
    order = np.argsort(-weights, axis=None, kind="stable")[:5]
    cells = [Cell(*divmod(int(index), grid[1])) for index in order]
    return [Key(float(weights[cell.row, cell.column]), *cell_centre(grid, size_px, cell)) for cell in cells]


def mass_mask(weights: Array, share: float) -> npt.NDArray[np.bool_]:
    """(h, w) bool: the fewest cells that hold at least `share` (0..1) of the map's mass."""
    flat = weights.astype(np.float64).ravel()
    order = np.argsort(-flat, kind="stable")
    sums = np.cumsum(flat[order])
    needed = int(np.searchsorted(sums, min(share, 1.0) * sums[-1] * (1 - 1e-9))) + 1 if share > 0 else 0
    mask = np.zeros(flat.shape, np.bool_)
    mask[order[:needed]] = True
    return mask.reshape(weights.shape)


def segment_radius_px(image: Image, grid: tuple[int, int], x_px: float, y_px: float) -> float:
    """Radius of a disc as large as the query's own segment: the connected cells of much the same colour around it.

    image: (H, W, 3) uint8 RGB; grid: of the queries.
    """
    height, width = image.shape[:2]
    start = cell_at(grid, (height, width), x_px, y_px)
    # the mean of each cell; the nearest pixel where cells are smaller
    colours = cv2.resize(image.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA)
    near = np.linalg.norm(colours - colours[start.row, start.column], axis=2) <= _SAME_COLOUR
    labels = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)[1]
    cells = int((labels == labels[start.row, start.column]).sum())
    return float(np.sqrt(cells * (height / grid[0]) * (width / grid[1]) / np.pi))


def attention_stats(sample: Sample, weights: Array, x_px: float, y_px: float) -> AttentionStats:
    """All figures of a pixel's map, in either direction.

    weights: (h, w) float32, the pixel's map of `directed_map`.
    x_px, y_px: the pixel, picture pixels.
    """
    size, total = sample.size_px, float(weights.sum())
    cell = np.hypot(size[0] / weights.shape[0], size[1] / weights.shape[1])
    # Not less than half a cell's diagonal, so that the cell that the query lies in always counts as its own.
    radius = max(segment_radius_px(sample.image, sample.query_grid, x_px, y_px), float(cell) / 2)
    distances = cell_distances(weights.shape, size, x_px, y_px)
    near = distances <= radius
    return AttentionStats(
        entropy_bits=entropy_bits(weights),
        even_entropy_bits=float(np.log2(weights.size)),
        distance_px=mean_distance_px(weights, size, x_px, y_px),
        even_distance_px=float(distances.mean()),
        radius_px=radius,
        within=float(weights[near].sum() / total) if total > 0 else 0.0,
        even_within=float(near.mean()),
        strongest=strongest(weights, size),
    )
