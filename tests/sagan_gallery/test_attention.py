"""Geometry and figures of attention maps, on made matrices."""

import numpy as np
import pytest

from sagan_gallery.attention import (
    Cell,
    Direction,
    attention_stats,
    cell_at,
    cell_rect,
    directed_map,
    entropy_bits,
    informative_queries,
    map_for_pixel,
    mass_mask,
    mean_distance_px,
    mean_evenness,
    segment_radius_px,
    step,
    strongest,
)
from sagan_gallery.sample import AttentionLayer, Sample
from tests.sagan_gallery.made import made_sample

GRIDS = pytest.mark.parametrize(("query", "key"), [(32, 16), (32, 32), (16, 16), (8, 4)])


@GRIDS
def test_the_map_is_the_row_of_the_cell_that_covers_the_pixel(query, key):
    sample = made_sample(query, key)
    cell_px = 64 // query
    for y in range(64):
        for x in (0, 1, 31, 32, 62, 63, y):
            row = (y // cell_px) * query + x // cell_px
            expected = sample.attention[row].reshape(key, key)
            assert np.array_equal(map_for_pixel(sample, x, y), expected)
            assert np.array_equal(map_for_pixel(sample, x + 0.999, y + 0.999), expected)


@GRIDS
def test_the_inverse_map_is_the_column_of_the_key_under_the_pixel(query, key):
    sample = made_sample(query, key)
    cell_px = 64 // key
    for x, y in [(0, 0), (63, 0), (0, 63), (63, 63), (17, 40)]:
        column = (y // cell_px) * key + x // cell_px
        assert np.array_equal(
            directed_map(sample, x, y, Direction.COLUMN), sample.attention[:, column].reshape(query, query)
        )


def test_the_relative_map_is_what_a_query_gives_beyond_all_others():
    rows = np.zeros((16, 4), np.float32)
    rows[:, 3] = 0.9  # where all look
    rows[:8, 0], rows[8:, 1] = 0.1, 0.1  # where the upper and the lower half look besides; nobody looks at 2
    sample = Sample(np.zeros((8, 8, 3), np.uint8), (AttentionLayer(rows, (4, 4), (2, 2), gamma=1.0),))
    upper = directed_map(sample, 1, 1, Direction.RELATIVE).ravel()
    assert upper == pytest.approx([2 / 3, 0, 0, 1 / 3])
    assert directed_map(sample, 1, 7, Direction.RELATIVE).ravel() == pytest.approx([0, 2 / 3, 0, 1 / 3])
    assert directed_map(sample, 1, 1, Direction.ROW).argmax() == 3


def test_corners_and_beyond():
    sample = made_sample()
    assert np.array_equal(map_for_pixel(sample, 63.99, 63.99).ravel(), sample.attention[-1])
    assert np.array_equal(map_for_pixel(sample, 63.99, 0).ravel(), sample.attention[31])
    for x, y in [(-0.01, 5), (64, 5), (5, 64), (5, -1)]:
        with pytest.raises(ValueError, match="outside"):
            map_for_pixel(sample, x, y)


def test_oblong_pictures_and_grids():
    assert cell_at((4, 8), (32, 64), 63, 31) == Cell(3, 7)
    assert cell_at((4, 8), (32, 64), 8, 7.9) == Cell(0, 1)
    assert cell_rect((4, 8), (32, 64), Cell(3, 1)) == (8, 24, 16, 32)


def test_steps_go_by_one_cell_and_stop_at_the_edge():
    sample = made_sample(32, 16)
    assert step(sample, 10, 10, 1, 0, Direction.ROW) == (13, 11)  # query cells of 2 px
    assert step(sample, 10, 10, 0, -1, Direction.COLUMN) == (10, 6)  # key cells of 4 px
    assert step(sample, 0, 63, -1, 1, Direction.ROW) == (1, 63)


def test_entropy_of_known_maps():
    assert entropy_bits(np.full((16, 16), 1 / 256, np.float32)) == pytest.approx(8)
    one = np.zeros((16, 16), np.float32)
    one[3, 4] = 1
    assert entropy_bits(one) == 0
    assert entropy_bits(np.array([[0.5, 0.25], [0.125, 0.125]], np.float32)) == pytest.approx(1.75)
    assert entropy_bits(np.array([[5, 5]], np.float32)) == pytest.approx(1)  # columns don't sum to 1


def test_distance_of_a_map_with_two_cells():
    weights = np.zeros((16, 16), np.float32)
    weights[0, 0], weights[0, 10] = 0.75, 0.25  # centres (2, 2) and (42, 2) in a picture of 64 px
    assert mean_distance_px(weights, (64, 64), 2, 2) == pytest.approx(10)


def test_the_strongest_keys_in_order():
    weights = np.zeros((4, 4), np.float32)
    weights[1, 2], weights[3, 0], weights[0, 3] = 0.5, 0.3, 0.2
    keys = strongest(weights, (64, 64))
    assert [(key.x_px, key.y_px) for key in keys] == [(40, 24), (8, 56), (56, 8), (8, 8), (24, 8)]
    assert [key.weight for key in keys] == pytest.approx([0.5, 0.3, 0.2, 0, 0])


def test_the_mass_mask_is_the_smallest_set_that_holds_the_share():
    weights = np.array([[0.5, 0.25], [0.125, 0.125]], np.float32)
    assert mass_mask(weights, 0.5).tolist() == [[True, False], [False, False]]
    assert mass_mask(weights, 0.51).tolist() == [[True, True], [False, False]]
    assert mass_mask(weights, 1.0).all()
    assert not mass_mask(weights, 0.0).any()


def test_the_segment_is_what_hangs_together_in_one_colour():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32] = 200
    image[40:44, 40:44] = 200  # the same colour, not connected
    assert segment_radius_px(image, (32, 32), 10, 10) == pytest.approx(np.sqrt(64 * 32 / np.pi))
    assert segment_radius_px(image, (32, 32), 42, 42) == pytest.approx(np.sqrt(16 / np.pi))


def test_figures_of_an_even_map_equal_those_it_is_compared_with():
    sample = made_sample(32, 16)
    even = np.full((16, 16), 1 / 256, np.float32)
    found = attention_stats(sample, even, 20.0, 30.0)
    assert found.entropy_bits == pytest.approx(found.even_entropy_bits)
    assert found.distance_px == pytest.approx(found.even_distance_px, rel=1e-5)
    assert found.within == pytest.approx(found.even_within)
    assert len(found.strongest) == 5


def test_evenness_is_1_for_even_maps_and_0_for_pointed_ones():
    even, pointed = np.full((4, 16), 1 / 16, np.float32), np.eye(16, dtype=np.float32)[:4]
    for matrix, expected in ((even, 1.0), (pointed, 0.0), (np.concatenate([even, pointed]), 0.5)):
        layer = AttentionLayer(matrix, (len(matrix) // 2, 2), (4, 4), 1.0)
        assert mean_evenness(Sample(np.zeros((8, 8, 3), np.uint8), (layer,))) == pytest.approx(expected)


def test_informative_queries_stand_for_the_groups_of_maps():
    attention = np.zeros((32, 32, 256), np.float32)
    attention[:, :16, 10] = 1  # the left half looks at one key, the upper right at another, the lower right at a third
    attention[:16, 16:, 20] = 1
    attention[16:, 16:, 30] = 1
    layer = AttentionLayer(attention.reshape(1024, 256), (32, 32), (16, 16), 0.5)
    found = informative_queries(Sample(np.zeros((64, 64, 3), np.uint8), (layer,)), 3)
    keys = [int(attention[int(y) // 2, int(x) // 2].argmax()) for x, y in found]
    assert keys[0] == 10  # the largest group
    assert set(keys) == {10, 20, 30}


def test_informative_queries_keep_apart_and_off_the_edges_even_in_small_grids():
    for query, key in ((32, 16), (8, 4), (4, 4)):
        sample = made_sample(query, key)
        found = np.array(informative_queries(sample, 4))
        assert len(found) >= 2
        assert found.min() > 64 / query
        assert found.max() < 64 - 64 / query
        apart = np.abs(found[:, None] - found[None]).max(2) + 64 * np.eye(len(found))
        assert apart.min() > 0.2 * 64


def test_the_own_cell_is_always_within_the_own_radius():
    sample = made_sample(32, 16)  # noise: no two cells have much the same colour
    for x, y in ((0.5, 0.5), (3.5, 3.5), (33.0, 18.0)):
        weights = np.zeros((16, 16), np.float32)
        weights[int(y) // 4, int(x) // 4] = 1
        assert attention_stats(sample, weights, x, y).within == 1
        assert attention_stats(sample, weights + 1, x, y).within == pytest.approx(2 / 257)
