"""Zoom and pan: every view pixel shows the picture's pixel that it is over."""

import numpy as np
import pytest

from sagan_gallery.attention import cell_at
from sagan_gallery.placement import MAX_ZOOM, Placement


def test_the_picture_fits_and_is_centred():
    placement = Placement.fit((800, 600), (64, 64))
    assert placement.rect == (100, 0, 600, 600)
    assert placement.to_picture(100, 0) == (0, 0)
    assert placement.to_picture(99.9, 10) is None
    assert placement.to_picture(700, 10) is None


@pytest.mark.parametrize("seed", range(5))
def test_there_and_back_after_any_zoom_and_pan(seed):
    random = np.random.default_rng(seed)
    placement = Placement.fit((733, 491), (64, 48))
    for _ in range(20):
        placement = placement.zoomed(float(random.uniform(0.5, 2)), *random.uniform(0, 700, 2))
        placement = placement.panned(*random.uniform(-300, 300, 2))
        for x, y in random.uniform(0, 48, (5, 2)):
            assert placement.to_picture(*placement.to_view(x, y)) == pytest.approx((x, y), abs=1e-6)


def test_zooming_keeps_the_point_under_the_cursor():
    placement = Placement.fit((600, 600), (64, 64))
    before = placement.to_picture(420, 333)
    assert placement.zoomed(3, 420, 333).to_picture(420, 333) == pytest.approx(before)


def test_panning_stops_at_the_edges_and_zoom_at_its_limits():
    placement = Placement.fit((600, 600), (64, 64))
    assert placement.panned(50, 50) == placement
    assert placement.zoomed(0.1, 5, 5).zoom == 1
    assert placement.zoomed(1000, 5, 5).zoom == MAX_ZOOM
    far = placement.zoomed(4, 300, 300).panned(1e6, -1e6)
    x, y, width, height = far.rect
    assert x == pytest.approx(0)
    assert y + height == pytest.approx(600)
    assert width == pytest.approx(2400)


def test_a_drag_beyond_the_picture_stays_on_its_last_cell():
    placement = Placement.fit((800, 600), (64, 64))
    for grid in ((32, 32), (16, 16)):
        assert cell_at(grid, (64, 64), *placement.clamped(9999, 9999)).row == grid[0] - 1
        assert cell_at(grid, (64, 64), *placement.clamped(-50, -50)).column == 0


def test_resizing_keeps_zoom_and_centre():
    placement = Placement.fit((600, 600), (64, 64)).zoomed(4, 100, 100)
    resized = placement.resized((300, 300))
    assert resized.centre_px == pytest.approx(placement.centre_px)
    assert resized.zoom == placement.zoom
