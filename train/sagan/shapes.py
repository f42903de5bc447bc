"""Do attention maps follow the shapes in the picture, as the paper says, rather than a fixed neighbourhood?

    python -m train.sagan.shapes assets/sagan_gallery/sagan64.onnx --out shapes.json

For random queries in generated pictures: the share of the map's mass that lies in the colour segment the query lies in,
against a disc of the same mass around the query (the nearest key cells, as many as the map has in effect: two to the
power of its entropy), against an even map (the segment's share of the picture) and against the map of another random
query of the same picture. Segments are four k-means clusters of Lab colour. And how far the maps look. All of it for
the maps, and for the relative ones, over what all queries give each key.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.arrays import Array
from facecam.system.opencv import cv2
from sagan_gallery.attention import (
    Cell,
    Direction,
    cell_centre,
    cell_distances,
    directed_map,
    entropy_bits,
    mean_distance_px,
)
from sagan_gallery.generator import Generator
from sagan_gallery.model_file import attention_outputs
from sagan_gallery.sample import Sample
from train.training import command, tell_figures


def colour_segments(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(H, W) index of the one of four colour clusters of each pixel of an RGB picture (H, W, 3)."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)
    empty = np.empty((0, 0), np.int32)
    _, labels, _ = cv2.kmeans(lab, 4, empty, criteria, 2, cv2.KMEANS_PP_CENTERS)
    return labels.reshape(image.shape[:2]).astype(np.int64)


def cell_share(mask: NDArray[np.bool_], grid: tuple[int, int]) -> Array:
    """(h, w) float32: the share of each cell's pixels that lie in a mask (H, W)."""
    height, width = mask.shape
    return mask.reshape(grid[0], height // grid[0], grid[1], width // grid[1]).mean((1, 3), dtype=np.float32)


def disc(grid: tuple[int, int], size_px: tuple[int, int], x_px: float, y_px: float, cells: int) -> Array:
    """(h, w) float32: an even map over the `cells` key cells nearest to a position."""
    nearest = np.argsort(cell_distances(grid, size_px, x_px, y_px).ravel(), kind="stable")[:cells]
    weights = np.zeros(grid[0] * grid[1], np.float32)
    weights[nearest] = 1 / cells
    return weights.reshape(grid)


def measure(
    samples: Sequence[Sample], queries: int, random: np.random.Generator, direction: Direction = Direction.ROW
) -> dict[str, Any]:
    """The figures for so many random queries of each sample's chosen layer. direction: ROW or RELATIVE."""
    columns: dict[str, list[float]] = defaultdict(list)
    key_grid = samples[0].key_grid
    for sample in samples:
        size, query_grid = sample.size_px, sample.query_grid
        segments = colour_segments(sample.image)
        for pair in random.integers(0, len(sample.attention), (queries, 2)):
            (x, y), other = (cell_centre(query_grid, size, Cell(*divmod(int(cell), query_grid[1]))) for cell in pair)
            inside = cell_share(segments == segments[int(y), int(x)], key_grid)
            weights = directed_map(sample, x, y, direction)
            bits = entropy_bits(weights)
            round_map = disc(key_grid, size, x, y, max(1, round(2**bits)))
            columns["map"].append(float((weights * inside).sum()))
            columns["disc"].append(float((round_map * inside).sum()))
            columns["even"].append(float(inside.mean()))
            columns["other"].append(float((directed_map(sample, *other, direction) * inside).sum()))
            columns["bits"].append(bits)
            columns["distance"].append(mean_distance_px(weights, size, x, y))
            columns["local"].append(mean_distance_px(round_map, size, x, y))
            columns["far"].append(float(cell_distances(key_grid, size, x, y).mean()))
    means = {name: float(np.mean(values)) for name, values in columns.items()}
    wins = float(np.mean(np.array(columns["map"]) > np.array(columns["disc"])))
    return {
        "pictures": len(samples),
        "queries": len(columns["map"]),
        "mass in the query's own colour segment": {
            "map": means["map"],
            "disc of the same mass": means["disc"],
            "even map": means["even"],
            "map of another query": means["other"],
        },
        "queries whose map beats the disc": wins,
        "entropy, bits": {"map": means["bits"], "even map": float(np.log2(key_grid[0] * key_grid[1]))},
        "mean attention distance, px": {
            "map": means["distance"],
            "disc of the same mass": means["local"],
            "even map": means["far"],
        },
    }


def main(argv: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported generator")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--queries", type=int, default=16, help="random queries in each picture")
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    args = parser.parse_args(argv)
    generator = Generator(args.model)
    random = np.random.default_rng(0)
    latents = random.standard_normal((args.samples, generator.z_dim), np.float32)
    samples = [generator.sample(z, index % max(1, len(generator.classes))) for index, z in enumerate(latents)]
    figures: dict[str, Any] = {}
    for index, (name, _) in enumerate(attention_outputs(generator.layer_count)):
        chosen = [sample.with_layer(index) for sample in samples]
        for title, direction in ((name, Direction.ROW), (f"{name}, relative", Direction.RELATIVE)):
            figures[title] = measure(chosen, args.queries, copy.deepcopy(random), direction)
    tell_figures(figures, args.out)
    return figures


if __name__ == "__main__":
    sys.exit(command(main)())
