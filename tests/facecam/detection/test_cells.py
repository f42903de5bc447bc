"""Pictures in cells of 4x4 pixels."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.detection.cells import CellBuffer

MEAN = (104.0, 117.0, 123.0)


@pytest.mark.parametrize("size", [(8, 12), (33, 51), (1, 1), (64, 63)])
def test_each_pixel_lies_in_its_cell_and_the_mean_colour_around_the_picture(size: tuple[int, int]) -> None:
    height, width = size
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    buffer = CellBuffer(height, width, MEAN)
    buffer.fill(np.zeros_like(picture))
    buffer.fill(picture)
    rows, columns = -(-height // 4) + 1, -(-width // 4) + 1
    assert buffer.array.shape == (1, rows, columns, 48)
    seen = buffer.array.reshape(rows, columns, 4, 4, 3).transpose(0, 2, 1, 3, 4).reshape(rows * 4, columns * 4, 3)
    expected = np.empty_like(seen)
    expected[:] = MEAN
    expected[4 : 4 + height, 4 : 4 + width] = picture
    np.testing.assert_array_equal(seen, expected)


def test_a_smaller_picture_leaves_the_mean_colour_and_a_view_is_read_like_a_copy() -> None:
    buffer = CellBuffer(32, 32, MEAN)
    whole = np.random.default_rng(2).integers(0, 256, (20, 64, 3), np.uint8)
    buffer.fill(whole[:, ::2])
    other = CellBuffer(32, 32, MEAN)
    other.fill(np.ascontiguousarray(whole[:, ::2]))
    np.testing.assert_array_equal(buffer.array, other.array)
    np.testing.assert_array_equal(buffer.array[0, 6:, :, :3], np.broadcast_to(MEAN, (3, 9, 3)))
