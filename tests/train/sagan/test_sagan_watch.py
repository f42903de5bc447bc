"""What watches a run, and what is measured on its pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from train.sagan.inception import InceptionV3, load_inception
from train.sagan.sampling import draw_labels, grid
from train.sagan.shapes import measure
from train.sagan.train import Health
from train.training import TrainingError, save_checkpoint


def test_certain_discriminator_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    health = Health(patience=3)
    assert [health.loss(value) for value in (0.0, 0.0, 0.5, 0.0, 0.01, 0.0)] == [False] * 5 + [True]
    assert "G no longer learns" in capsys.readouterr().out


def test_rising_fid_is_reported_only_when_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    health = Health(best_fid=10.0, patience=2)
    assert [health.fid(value) for value in (20.0, 9.0, 16.0, 13.0, 14.0, 15.0)] == [False] * 5 + [True]
    assert "collapsed" in capsys.readouterr().out


def test_labels_are_as_frequent_as_in_the_set() -> None:
    labels = draw_labels(4000, torch.tensor([1.0, 0.0, 3.0]), torch.Generator().manual_seed(0))
    assert labels.bincount(minlength=3)[1] == 0
    assert labels.eq(2).float().mean().item() == pytest.approx(0.75, abs=0.03)


def test_grid_goes_row_by_row() -> None:
    images = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 3, 2, 2)
    assert grid(images, 3)[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 4, 0]]


def test_maps_on_the_own_segment_beat_the_disc_and_even_maps_do_not() -> None:
    """A picture of left and right halves: queries that look at their own half only, or everywhere."""
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[:, :, 32:] = (250, 200, 10)
    image[:, :8, :8] = (10, 200, 10)  # four colours in all, as many as there are clusters
    image[:, :8, 56:] = (10, 10, 200)
    halves = np.zeros((16, 16), np.float32)
    halves[:, :8] = 1 / 128
    side = np.arange(1024) % 32 < 16
    maps = np.where(side[:, None], halves.ravel(), halves[:, ::-1].ravel())[None].astype(np.float32)
    random = np.random.default_rng(0)
    own = measure(image, maps, (32, 32), (16, 16), 200, random)
    mass = own["mass in the query's own colour segment"]
    assert mass["map"] > 0.9
    assert mass["map"] > mass["disc of the same mass"] + 0.1
    assert own["entropy, bits"]["map"] == pytest.approx(7, abs=1e-3)
    even = measure(image, np.full((1, 1024, 256), 1 / 256, np.float32), (32, 32), (16, 16), 200, random)
    mass = even["mass in the query's own colour segment"]
    assert mass["map"] == pytest.approx(mass["even map"], abs=1e-5)
    assert even["mean attention distance, px"]["map"] == pytest.approx(
        even["mean attention distance, px"]["even map"], rel=1e-3
    )


def test_inception_is_the_known_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = InceptionV3().eval()
    backbone = sum(p.numel() for name, p in network.named_parameters() if not name.startswith("fc."))
    assert backbone == 21_785_568  # of torchvision's inception_v3 without its classifier
    with torch.no_grad():
        features, logits = network(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1008)
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    again = load_inception(path)
    assert torch.equal(again.fc.weight, network.fc.weight)
    save_checkpoint(path, {"weight": torch.zeros(2)})
    with pytest.raises(TrainingError, match="pt_inception"):
        load_inception(path)
