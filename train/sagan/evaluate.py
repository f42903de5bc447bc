"""Measures a trained generator: FID, inception score, class accuracy, memorisation and diversity.

    python -m train.sagan.evaluate runs/00000-sagan64/best.pt --data ../shared/data/sagan --features runs/features-a.pt

On the features of our own classifier, so figures are named `own features`; they are no published FID. The floor is what
real pictures get against real pictures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from train.sagan.data import PictureSet, load_pictures, to_float
from train.sagan.features import FeatureNet, compute_features, held_out, load_features
from train.sagan.metrics import Array, frechet_distance, inception_score, nearest_distances
from train.sagan.networks import Generator, NetworkConfig
from train.sagan.sampling import draw_labels, generate, set_standing_statistics
from train.sagan.self_attention import gammas
from train.training import TrainingError, command, load_checkpoint, placed, tell_figures, world


def load_run(path: Path) -> dict[str, Any]:
    """A checkpoint of `train.sagan.train`. Raises TrainingError for any other file."""
    state = load_checkpoint(path)
    if not {"ema", "network", "classes", "discriminator"} <= state.keys():
        raise TrainingError(f"{path} is no checkpoint of python -m train.sagan.train.")
    return state


def averaged_generator(state: dict[str, Any], device: torch.device, frequencies: Tensor) -> Generator:
    """The averaged generator of a checkpoint, with standing statistics."""
    generator = Generator(NetworkConfig(**state["network"]))
    generator.load_state_dict(state["ema"]["module"])
    generator = placed(generator, device).requires_grad_(False)
    set_standing_statistics(generator, frequencies)
    return generator


class Judge:
    """Features of all real pictures under one network, to compare any number of generators against.

    features: (N, D) float32 in the order of the set; frequencies: (classes,) pictures per class.
    """

    def __init__(self, network: FeatureNet, data: PictureSet) -> None:
        self.network, self.frequencies = network, data.frequencies
        self.features = compute_features(network, data.images)[0]

    def sample(self, generator: Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Generated pictures, always the same, with their latents and labels, classes as frequent as in the set."""
        random = torch.Generator().manual_seed(0)
        label = draw_labels(count, self.frequencies, random)
        z = torch.randn(count, generator.config.z_dim, generator=random)
        return generate(generator, z, label), z, label

    def fid(self, generator: Generator, samples: int) -> float:
        """Fréchet distance of so many generated pictures to all real ones."""
        images, *_ = self.sample(generator, samples)
        return frechet_distance(compute_features(self.network, images)[0], self.features)


@torch.no_grad()
def diversity(network: FeatureNet, images: Tensor, labels: Tensor) -> float:
    """Mean distance of two pictures of one class over normalised feature maps, as LPIPS computes it but unweighted.

    images: (N, 3, R, R) uint8; labels: (N,). Larger is more diverse; compare only with real pictures, same network.
    """
    random = np.random.default_rng(0)
    first, second = [], []
    for label in labels.unique().tolist():
        members = torch.nonzero(labels == label)[:, 0].numpy()
        count = max(1, 400 // len(labels.unique()))
        if len(members) >= 2:
            chosen = [random.choice(members, 2, replace=False) for _ in range(count)]
            first += [a for a, _ in chosen]
            second += [b for _, b in chosen]
    total = 0.0
    for a, b in zip(torch.tensor(first).split(64), torch.tensor(second).split(64), strict=True):
        maps = zip(*(network.maps(to_float(images[i].to(network.head.weight.device))) for i in (a, b)), strict=True)
        total += sum(float((F.normalize(x) - F.normalize(y)).square().sum(1).mean((1, 2)).sum()) for x, y in maps)
    return total / len(first)


def evaluate(generator: Generator, network: FeatureNet, data: PictureSet, samples: int) -> dict[str, Any]:
    """All figures as one dict of plain numbers; see the module docstring."""
    judge = Judge(network, data)
    images, z, label = judge.sample(generator, samples)
    features, probabilities = compute_features(network, images)

    order = np.random.default_rng(0).permutation(len(data))
    halves = order[::2], order[1::2]
    mean, deviation = inception_score(probabilities)
    figures: dict[str, Any] = {
        "samples": samples,
        "reference": f"all {len(data)} training pictures",
        "FID (own features)": frechet_distance(features, judge.features),
        "FID (own features) floor, real half against real half": frechet_distance(
            *(judge.features[half] for half in halves)
        ),
        "IS (own features)": [mean, deviation],
        "per class (own features)": per_class(judge, data, features, probabilities, label.numpy(), halves),
        "nearest training picture, in features": nearest_training(judge, data, features[:1000], order[:1000]),
    }
    some = slice(0, 500)
    without = generate(generator, z[some], label[some], scale=0.0)
    change = (without.int() - images[some].int()).abs().float().mean().item()
    figures["attention switched off changes a pixel by, of 255"] = change
    apart = data.select(held_out(data.names))
    _, real_probabilities = compute_features(network, apart.images)
    figures["class accuracy, samples"] = float((probabilities.argmax(1) == label.numpy()).mean())
    figures["class accuracy, held-out real"] = float((real_probabilities.argmax(1) == apart.labels.numpy()).mean())
    figures["diversity within a class (own features), samples"] = diversity(network, images, label)
    figures["diversity within a class (own features), real"] = diversity(network, data.images, data.labels)
    return figures


def per_class(
    judge: Judge,
    data: PictureSet,
    features: Array,
    probabilities: Array,
    labels: NDArray[np.int64],
    halves: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> dict[str, Any]:
    """The figures of each class that has two pictures everywhere. features, probabilities, labels: of the samples;
    halves: indices of the real pictures."""
    figures = {}
    real_labels = data.labels.cpu().numpy()
    for index, name in enumerate(data.classes):
        mine, real = features[labels == index], judge.features[real_labels == index]
        parts = [judge.features[half[real_labels[half] == index]] for half in halves]
        if min(len(mine), len(parts[0]), len(parts[1])) < 2:
            continue
        figures[name] = {
            "samples": len(mine),
            "FID": frechet_distance(mine, real),
            "floor": frechet_distance(*parts),
            "accuracy": float((probabilities[labels == index].argmax(1) == index).mean()),
        }
    return figures


def nearest_training(judge: Judge, data: PictureSet, features: Array, subset: NDArray[np.int64]) -> dict[str, Any]:
    """How near samples come to training pictures: memorised ones would lie far closer to one than real pictures lie to
    each other. features: of the samples; subset: indices of the real pictures to compare with."""
    generated, nearest = nearest_distances(features, judge.features)
    real = nearest_distances(judge.features, judge.features, same=True)[0][subset]
    return {
        "median, samples": float(np.median(generated)),
        "median, real to other real": float(np.median(real)),
        "smallest, samples": float(generated.min()),
        "samples nearer than 99 % of real": float((generated < np.percentile(real, 1)).mean()),
        "closest pair": [int(generated.argmin()), data.names[int(nearest[generated.argmin()])]],
    }


def main(argv: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the folder of class folders it was trained on")
    parser.add_argument("--features", type=Path, required=True, help="a classifier of python -m train.sagan.features")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"), help="folder for the resized pictures")
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    with world(args.device) as run:
        state = load_run(args.checkpoint)
        data = load_pictures(args.data, state["network"]["resolution"], args.cache)
        generator = averaged_generator(state, run.device, data.frequencies)
        network = load_features(args.features, run.device)
        figures = {"images seen": state["images"]}
        figures |= evaluate(generator, network, data, args.samples)
        figures["gamma"] = [float(g) for g in gammas(generator)]
    tell_figures(figures, args.out)
    return figures


if __name__ == "__main__":
    sys.exit(command(main)())
