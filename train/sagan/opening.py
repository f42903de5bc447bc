"""Chooses the samples that the gallery opens on, and finds the directions of the latents that it plays in.

    python -m train.sagan.opening assets/sagan_gallery/sagan64.onnx --data ../shared/data/sagan --features
        runs/features-a.pt

Of each class, some seeds are sampled and judged by our own classifier: how sure it is of the class, how far the nearest
training picture is in its features, and how typical the sample is of its class (Mahalanobis distance from the mean of
its real pictures). A sample must be given its own class, and must lie further from every training picture than a tenth
of them do from their nearest: it is none of them. Of the rest the one with the best sum of ranks is taken, and then
those that are next best and far from the ones taken. The first of all classes come first, in the order of another sum
of ranks: how sure the class is, how typical the sample, and how much its maps differ, which shows most.

The directions are those along which pictures change most: the left singular vectors of the linear map from latents to
pictures that fits the samples best.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sagan_gallery.generator import Generator
from sagan_gallery.latent import SampleSpec, latent
from sagan_gallery.opening import opening_file
from sagan_gallery.sample import Sample
from train.sagan.data import load_pictures
from train.sagan.features import FeatureNet, compute_features, load_features
from train.sagan.metrics import Array, nearest_distances
from train.training import TrainingError, command

_BATCH = 16
_THUMB_PX = 16
"""Side of the pictures that directions are found from: what is finer is not what a direction is to be about."""
_SHRINK = 0.1
"""Share of the identity in a covariance, so that it has an inverse with few pictures."""


@dataclass(frozen=True)
class Judged:
    """A sample and its figures. probability: of its class; distance: to the nearest training picture, in features;
    typicality: Mahalanobis distance to its class; features: (D,)."""

    spec: SampleSpec
    probability: float
    distance: float
    typicality: float
    features: Array


def sample_pictures(generator: Generator, label: str | None, seeds: Sequence[int], truncation: float) -> Tensor:
    """(N, 3, R, R) uint8, one for each seed."""
    index = generator.label_index(label)
    z = np.stack([latent(seed, generator.z_dim) for seed in seeds]) * np.float32(truncation)
    parts = [
        generator.pictures(z[start : start + _BATCH], [index] * len(z[start : start + _BATCH]))
        for start in range(0, len(z), _BATCH)
    ]
    return torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2).contiguous()


def choose(judged: Sequence[Judged], count: int, closest: float) -> list[Judged]:
    """The `count` best of one class; see the module's docstring. closest: the distance that none may fall below."""
    fair = [one for one in judged if one.probability > 0.5 and one.distance >= closest]
    if len(fair) < count:
        raise TrainingError(f"Only {len(fair)} samples of a class are good enough for {count}: try more --seeds.")
    ranks = rank_sums([(-one.probability, one.distance, one.typicality) for one in fair])
    features = np.stack([one.features for one in fair])
    apart = float(np.median(np.linalg.norm(features - features.mean(0), axis=1)))
    taken: list[int] = []
    order = np.argsort(ranks, kind="stable")
    for index in order:
        near = any(np.linalg.norm(features[index] - features[other]) < apart for other in taken)
        if len(taken) < count and not near:
            taken.append(int(index))
    taken += [int(index) for index in order if index not in taken][: count - len(taken)]
    return [fair[index] for index in taken]


def rank_sums(figures: Sequence[tuple[float, ...]]) -> npt.NDArray[np.intp]:
    """(N,) for N tuples: the sum of the places that each has in the orders by its figures, the smallest one first."""
    ranks: npt.NDArray[np.intp] = np.array(figures).argsort(0).argsort(0).sum(1)
    return ranks


def principal_directions(z: Array, pictures: Array, count: int) -> Array:
    """(count, z_dim) float32 unit vectors along which pictures change most. z: (N, z_dim); pictures: (N, pixels), each
    class's mean taken out."""
    fit = np.linalg.lstsq(z - z.mean(0), pictures, rcond=None)[0]
    vectors = np.linalg.svd(fit, full_matrices=False)[0].T[:count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], 1)
    return (vectors * np.sign(largest)).astype(np.float32)  # which way a vector points is chance: not in our file


def find_opening(
    generator: Generator, network: FeatureNet, real: tuple[Tensor, Tensor], seeds: int, count: int, truncation: float
) -> tuple[list[Judged], Array]:
    """The samples in their order, see the module's docstring, and the directions.

    real: training pictures (N, 3, R, R) uint8 and their labels (N,); count: of samples of each class.
    """
    features, labels = compute_features(network, real[0])[0], real[1].numpy()
    closest = float(np.percentile(nearest_distances(features, features, same=True)[0], 10))
    rounds: list[list[Judged]] = [[] for _ in range(count)]
    latents, changes = [], []
    for index, label in enumerate(generator.classes or [None]):
        images = sample_pictures(generator, label, range(seeds), truncation)
        mine, probabilities = compute_features(network, images)
        ours = features[labels == index]
        covariance = np.cov(ours, rowvar=False)
        scale = np.trace(covariance) / len(covariance)
        inverse = np.linalg.inv((1 - _SHRINK) * covariance + _SHRINK * scale * np.eye(len(covariance)))
        away = mine - ours.mean(0)
        typicality = np.sqrt(np.einsum("nd,de,ne->n", away, inverse, away))
        distances = nearest_distances(mine, features)[0]
        judged = [
            Judged(
                SampleSpec(generator.name, generator.model_hash, seed, label, truncation),
                float(probabilities[seed, index]), float(distances[seed]), float(typicality[seed]), mine[seed],
            )
            for seed in range(seeds)
        ]  # fmt: skip
        for taken, one in zip(rounds, choose(judged, count, closest), strict=True):
            taken.append(one)
        small = torch.nn.functional.adaptive_avg_pool2d(images.float(), _THUMB_PX).flatten(1).numpy()
        changes.append(small - small.mean(0))
        latents.append(np.stack([latent(seed, generator.z_dim) for seed in range(seeds)]))
    directions = principal_directions(np.concatenate(latents), np.concatenate(changes), 4)
    return [one for taken in rounds for one in in_order(generator, taken)], directions


def in_order(generator: Generator, taken: Sequence[Judged]) -> list[Judged]:
    """The samples of different classes in the order in which the grid shows them; see the module's docstring."""
    figures = []
    for one in taken:
        variety = map_variety(generator.sample(one.spec.seed, one.spec.label, one.spec.truncation))
        figures.append((-one.probability, one.typicality, -variety))
    return [taken[index] for index in np.argsort(rank_sums(figures), kind="stable")]


def map_variety(sample: Sample) -> float:
    """How much the maps of a sample differ, 0..1: mean total variation distance of each from the mean map."""
    return float(np.abs(sample.attention - sample.attention.mean(0)).sum(1).mean() / 2)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported generator; the opening is written beside it")
    parser.add_argument("--data", type=Path, required=True, help="the folder of class folders it was trained on")
    parser.add_argument("--features", type=Path, required=True, help="our own classifier, of train.sagan.features")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"), help="folder for the resized pictures")
    parser.add_argument("--seeds", type=int, default=200, help="of each class, to choose from")
    parser.add_argument("--count", type=int, default=2, help="samples of each class")
    parser.add_argument("--truncation", type=float, default=0.8)
    args = parser.parse_args(argv)
    generator = Generator(args.model)
    data = load_pictures(args.data, generator.resolution_px, args.cache)
    if generator.classes not in ([], data.classes):
        raise TrainingError(f"{args.model} has other classes than {args.data}.")
    network = load_features(args.features)
    chosen, directions = find_opening(
        generator, network, (data.images, data.labels), args.seeds, args.count, args.truncation
    )
    for one in chosen:
        print(f"{one.spec}: p {one.probability:.3f}, nearest {one.distance:.2f}, typicality {one.typicality:.1f}")
    found = {"samples": [str(one.spec) for one in chosen], "directions": np.round(directions.astype(float), 4).tolist()}
    opening_file(args.model).write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(command(main)())
