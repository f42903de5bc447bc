"""Labels are drawn as the set has them."""

import pytest
import torch

from train.sagan.sampling import draw_labels


def test_labels_are_as_frequent_as_in_the_set() -> None:
    labels = draw_labels(4000, torch.tensor([1.0, 0.0, 3.0]), torch.Generator().manual_seed(0))
    assert labels.bincount(minlength=3)[1] == 0
    assert labels.eq(2).float().mean().item() == pytest.approx(0.75, abs=0.03)
