"""Shapes, grids and conditions of the two networks."""

from typing import Any

import pytest
import torch

from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.training import TrainingError


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_pictures_and_maps_have_the_right_shapes(resolution: int) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(resolution, 3, z_dim=16, width=2, attention_g=(16, 32), attention_d=(16,))
    images, maps = Generator(config)(torch.randn(2, 16), torch.tensor([0, 2]))
    assert images.shape == (2, 3, resolution, resolution)
    assert images.abs().max() <= 1
    assert [tuple(m.shape) for m in maps] == [(2, 256, 64), (2, 1024, 256)]
    scores, maps = Discriminator(config)(images, torch.tensor([0, 2]))
    assert scores.shape == (2,)
    assert [tuple(m.shape) for m in maps] == [(2, 256, 64)]


def test_width_doubles_towards_small_maps_as_in_the_paper() -> None:
    assert NetworkConfig(64, width=64).widths_g == (1024, 512, 256, 128, 64)
    assert NetworkConfig(128, width=64).widths_g == (1024, 1024, 512, 256, 128, 64)


def test_label_decides_unless_there_is_one_class() -> None:
    torch.manual_seed(0)
    several, one = (NetworkConfig(16, classes, z_dim=8, width=4, attention_g=(), attention_d=()) for classes in (2, 1))
    x, z = torch.randn(1, 3, 16, 16), torch.randn(1, 8)
    d, g = Discriminator(several), Generator(several).eval()
    with torch.no_grad():
        for block in g.blocks.values():
            block.get_parameter("norm2.bias")[1] += 1.0
    a, b = torch.tensor([0]), torch.tensor([1])
    assert d(x, a)[0] != d(x, b)[0]
    assert not torch.equal(g(z, a)[0], g(z, b)[0])
    assert Discriminator(one).embedding is None


@pytest.mark.parametrize("resolution", [0, 8, 48])
def test_other_resolutions_are_refused(resolution: int) -> None:
    with pytest.raises(TrainingError, match="power of two"):
        NetworkConfig(resolution)


@pytest.mark.parametrize("widths", [{"widths_g": (8, 8)}, {"widths_d": (8, 8, 8, 8, 0)}, {"width": 0}])
def test_wrong_widths_are_refused(widths: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match="5 numbers"):
        NetworkConfig(64, **widths)
