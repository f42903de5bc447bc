"""What is measured on attention maps."""

import numpy as np
import pytest

from train.sagan.shapes import measure


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
