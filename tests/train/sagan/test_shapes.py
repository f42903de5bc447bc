"""What is measured on attention maps."""

import numpy as np
import pytest

from sagan_gallery.sample import AttentionLayer, Sample
from train.sagan.shapes import measure


def sample(image: np.ndarray, maps: np.ndarray) -> Sample:
    """With one layer of 32 x 32 queries and 16 x 16 keys."""
    return Sample(image, (AttentionLayer(maps.astype(np.float32), (32, 32), (16, 16), 1.0),))


def test_maps_on_the_own_segment_beat_the_disc_and_even_maps_do_not() -> None:
    """A picture of left and right halves: queries that look at their own half only, or everywhere."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 32:] = (250, 200, 10)
    image[:8, :8] = (10, 200, 10)  # four colours in all, as many as there are clusters
    image[:8, 56:] = (10, 10, 200)
    halves = np.zeros((16, 16), np.float32)
    halves[:, :8] = 1 / 128
    side = np.arange(1024) % 32 < 16
    maps = np.where(side[:, None], halves.ravel(), halves[:, ::-1].ravel())
    random = np.random.default_rng(0)
    own = measure([sample(image, maps)], 200, random)
    mass = own["mass in the query's own colour segment"]
    assert mass["map"] > 0.9
    assert mass["map"] > mass["disc of the same mass"] + 0.1
    assert own["entropy, bits"]["map"] == pytest.approx(7, abs=1e-3)
    even = measure([sample(image, np.full((1024, 256), 1 / 256))], 200, random)
    mass = even["mass in the query's own colour segment"]
    assert mass["map"] == pytest.approx(mass["even map"], abs=1e-5)
    assert even["mean attention distance, px"]["map"] == pytest.approx(
        even["mean attention distance, px"]["even map"], rel=1e-3
    )
