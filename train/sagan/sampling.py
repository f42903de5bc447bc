"""Drawing labels, standing batch statistics, and generated pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facecam.arrays import Image
from train.sagan.data import to_bytes
from train.sagan.networks import Generator
from train.sheets import sheet


def draw_labels(count: int, frequencies: Tensor, generator: torch.Generator) -> Tensor:
    """(N,) int64 labels as frequent as in the training set. frequencies: (classes,) pictures per class."""
    return torch.multinomial(frequencies.double(), count, replacement=True, generator=generator)


@torch.no_grad()
def set_standing_statistics(network: Generator, frequencies: Tensor, batches: int = 16, batch: int = 64) -> None:
    """Replaces the batch-norm statistics by those of the network's own pictures over many batches.

    The moving average of the weights has no statistics of its own, and those of the trained weights fit it badly.
    """
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(0)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    network.train()
    for _ in range(batches):
        z = torch.randn(batch, network.config.z_dim, generator=generator)
        label = draw_labels(batch, frequencies.cpu(), generator)
        network(z.to(device), label.to(device))
    network.eval()
    for norm in norms:
        norm.momentum = 0.1


@torch.no_grad()
def generate(network: Generator, z: Tensor, label: Tensor, scale: float = 1.0) -> Tensor:
    """uint8 pictures (N, 3, R, R) on the CPU for z (N, z_dim) and label (N,). scale: factor on every gamma."""
    device = next(network.parameters()).device
    parts = []
    for some, labels in zip(z.split(64), label.split(64), strict=True):
        images, _ = network(some.to(device), labels.to(device), scale)
        parts.append(to_bytes(images).cpu())
    return torch.cat(parts)


def class_grid(network: Generator) -> Image:
    """Eight samples per class in a row, the same latents every time: RGB (rows * R, 8 R, 3)."""
    label = torch.arange(network.config.classes).repeat_interleave(8)
    z = torch.randn(len(label), network.config.z_dim, generator=torch.Generator().manual_seed(1))
    return sheet([picture.permute(1, 2, 0).numpy() for picture in generate(network, z, label)], 8)
