"""DiffAugment (Zhao et al. 2020): the same kinds of random change for real and generated pictures, differentiable.

Translation and cutout only. Colour would be wrong here: it is what tells some classes apart.
"""

from __future__ import annotations

import torch
from torch import Tensor


def translate(images: Tensor, ratio: float, generator: torch.Generator | None = None) -> Tensor:
    """Shifts each picture (N, C, H, W) by up to `ratio` of its side, with zeros coming in.

    A shift is a product with a shifted identity from both sides, which is cheap at these sizes and differentiable.
    """
    count, _, height, width = images.shape

    def shift(side: int) -> Tensor:  # (N, side, side)
        reach = int(side * ratio + 0.5)
        by = torch.randint(-reach, reach + 1, (count, 1, 1), generator=generator).to(images.device)
        cell = torch.arange(side, device=images.device)
        return (cell[None, :, None] - cell[None, None, :] == by).to(images.dtype)

    rows, columns = shift(height)[:, None], shift(width)[:, None]
    return rows @ images @ columns.transpose(2, 3)


def cutout(images: Tensor, ratio: float, generator: torch.Generator | None = None) -> Tensor:
    """Blanks a rectangle of `ratio` of each side at a random place in each picture (N, C, H, W)."""
    count, _, height, width = images.shape

    def outside(side: int) -> Tensor:  # (N, side) bool
        length = int(side * ratio + 0.5)
        start = torch.randint(0, side + 1 - length % 2, (count, 1), generator=generator) - length // 2
        cell = torch.arange(side)
        return ((cell < start) | (cell >= start + length)).to(images.device)

    keep = outside(height)[:, None, :, None] | outside(width)[:, None, None, :]
    return images * keep.to(images.dtype)


def diff_augment(
    images: Tensor, translation: float = 0.125, cut: float = 0.5, generator: torch.Generator | None = None
) -> Tensor:
    """Translation and cutout with the paper's strengths; 0 leaves one out. generator: a CPU generator."""
    if translation > 0:
        images = translate(images, translation, generator)
    if cut > 0:
        images = cutout(images, cut, generator)
    return images
