"""What is measured on attention maps."""

import numpy as np
import pytest

from sagan_gallery.attention import Direction
from sagan_gallery.sample import AttentionLayer, Sample
from train.sagan.shapes import measure


def sample(image: np.ndarray, maps: np.ndarray) -> Sample:
    """With one layer of 32 x 32 queries and 16 x 16 keys."""
    return Sample(image, (AttentionLayer(maps.astype(np.float32), (32, 32), (16, 16), 1.0),))


def two_halves() -> tuple[np.ndarray, np.ndarray]:
    """A picture (64, 64, 3) of left and right halves, and maps (1024, 256) that look at the query's own half only."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 32:] = (250, 200, 10)
    image[:8, :8] = (10, 200, 10)  # four colours in all, as many as there are clusters
    image[:8, 56:] = (10, 10, 200)
    halves = np.zeros((16, 16), np.float32)
    halves[:, :8] = 1 / 128
    side = np.arange(1024) % 32 < 16
    return image, np.where(side[:, None], halves.ravel(), halves[:, ::-1].ravel())


def test_maps_on_the_own_segment_beat_the_disc_and_even_maps_do_not() -> None:
    """Queries that look at their own half only, or everywhere."""
    image, maps = two_halves()
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


def test_a_place_that_all_look_at_hides_shapes_from_maps_and_not_from_relative_ones() -> None:
    image, maps = two_halves()
    corner = np.zeros(256)
    corner[0] = 1
    looked_at = [sample(image, 0.4 * maps + 0.6 * corner)]
    plain, relative = (
        measure(looked_at, 200, np.random.default_rng(0), direction)
        for direction in (Direction.ROW, Direction.RELATIVE)
    )
    assert plain["queries whose map beats the disc"] < 0.2
    assert relative["queries whose map beats the disc"] > 0.8
    assert relative["mass in the query's own colour segment"]["map"] > 0.9
