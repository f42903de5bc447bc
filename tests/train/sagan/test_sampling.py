"""Labels are drawn as the set has them, and grids are in order."""

import pytest
import torch

from train.sagan.sampling import draw_labels, grid


def test_labels_are_as_frequent_as_in_the_set() -> None:
    labels = draw_labels(4000, torch.tensor([1.0, 0.0, 3.0]), torch.Generator().manual_seed(0))
    assert labels.bincount(minlength=3)[1] == 0
    assert labels.eq(2).float().mean().item() == pytest.approx(0.75, abs=0.03)


def test_grid_goes_row_by_row() -> None:
    images = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 3, 2, 2)
    assert grid(images, 3)[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 4, 0]]
