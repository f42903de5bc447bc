"""A small classifier trained on the training pictures themselves; FID and its like are measured on its features.

    python -m train.sagan.features --data ../shared/data/sagan --out runs/features-a.pt

Whatever is computed on these features is named `own features`: it compares pictures within this project only. A tenth
of the pictures, picked by a hash of their names, is held out of its training.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.augment import diff_augment
from train.sagan.data import BatchSampler, PictureSet, load_pictures, to_float
from train.sagan.metrics import Array
from train.training import (
    TrainingError,
    autocast,
    command,
    load_checkpoint,
    placed,
    save_checkpoint,
    world,
)


class ResidualBlock(nn.Module):
    """(N, inputs, s, s) -> (N, outputs, s/2, s/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(h)) + self.shortcut(F.avg_pool2d(x, 2)))


class FeatureNet(nn.Module):
    """Pictures (N, 3, R, R) float32 in -1..1 -> features (N, D) float32 and class logits (N, classes) float32."""

    def __init__(self, classes: int, widths: tuple[int, ...] = (32, 64, 128, 256)) -> None:
        super().__init__()
        self.classes, self.widths = classes, widths
        self.stem = nn.Conv2d(3, widths[0], 4, stride=2, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.blocks = nn.ModuleList(ResidualBlock(a, b) for a, b in itertools.pairwise(widths))
        self.head = nn.Linear(widths[-1], classes)

    def maps(self, images: Tensor) -> list[Tensor]:
        """The feature map after the stem and after each block, largest first."""
        x = F.relu(self.stem_norm(self.stem(images.contiguous(memory_format=torch.channels_last))))
        maps = [x]
        for block in self.blocks:
            x = block(x)
            maps.append(x)
        return maps

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.maps(images)[-1].float().mean((2, 3))
        return features, self.head(features).float()


def held_out(names: list[str]) -> Tensor:
    """(N,) bool: the tenth of the pictures that the classifier does not learn from, by a hash of their names."""
    return torch.tensor([int(hashlib.sha256(n.encode()).hexdigest()[:8], 16) / 2**32 < 0.1 for n in names])


def load_features(path: Path, device: torch.device | str = "cpu") -> FeatureNet:
    """The classifier in a file of `python -m train.sagan.features`, in evaluation mode."""
    state = load_checkpoint(path)
    if "widths" not in state:
        raise TrainingError(f"{path} holds no feature network: make one with python -m train.sagan.features.")
    network = FeatureNet(len(state["classes"]), tuple(state["widths"]))
    network.load_state_dict(state["network"])
    return placed(network, device).eval().requires_grad_(False)


@torch.no_grad()
def compute_features(network: FeatureNet, images: Tensor) -> tuple[Array, Array]:
    """Features (N, D) and probabilities (N, classes) float32 of uint8 pictures (N, 3, R, R)."""
    device = network.head.weight.device
    features, probabilities = [], []
    for part in images.split(128):
        some, logits = network(to_float(part.to(device)))
        features.append(some.cpu().numpy())
        probabilities.append(logits.softmax(1).cpu().numpy())
    return np.concatenate(features), np.concatenate(probabilities)


def train_features(
    data: PictureSet, widths: tuple[int, ...], epochs: float, batch: int, rate: float, seed: int
) -> tuple[FeatureNet, dict[str, Any]]:
    """Trains on nine tenths of the set; returns the network and {"classes", "widths", "accuracy", "held_out", ...}."""
    torch.manual_seed(seed)
    device = data.images.device
    apart = held_out(data.names)
    learn, test = data.select(~apart), data.select(apart)
    network = placed(FeatureNet(len(data.classes), widths), device)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.05, fused=True)
    sampler = BatchSampler(learn, batch, seed)
    steps = max(1, round(epochs * len(learn) / batch))
    random = torch.Generator().manual_seed(seed)
    started = time.perf_counter()
    for step in range(steps):
        warm = min(1.0, (step + 1) / (0.1 * steps + 1))
        optimizer.param_groups[0]["lr"] = rate * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
        images, labels = sampler.next()
        with autocast(device):
            _, logits = network(diff_augment(images, 0.125, 0.0, random))
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if (step + 1) % max(1, steps // 20) == 0:
            print(f"{step + 1}/{steps} loss {loss.item():.3f} {time.perf_counter() - started:.0f} s", flush=True)
    network.eval()
    facts: dict[str, Any] = {"classes": data.classes, "widths": list(widths), "epochs": epochs, "seed": seed}
    right = compute_features(network, test.images)[1].argmax(1) == test.labels.cpu().numpy()
    facts |= {
        "resolution": data.images.shape[2],
        "held_out": len(test),
        "accuracy": float(right.sum() / max(1, len(right))),
    }
    return network, facts


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of class folders")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"), help="folder for the resized pictures")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--epochs", type=float, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    with world(args.device) as run:
        data = load_pictures(args.data, args.resolution, args.cache).to(run.device)
        network, facts = train_features(data, tuple(args.widths), args.epochs, args.batch, args.lr, args.seed)
    save_checkpoint(args.out, {"network": network.state_dict(), **facts})
    print(f"{args.out}: accuracy {facts['accuracy']:.3f} on {facts['held_out']} held-out pictures")


if __name__ == "__main__":
    sys.exit(command(main)())
