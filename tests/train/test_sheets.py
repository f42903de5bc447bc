"""Sheets are in order."""

import numpy as np

from train.sheets import sheet


def test_a_sheet_goes_row_by_row() -> None:
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in range(5)]
    assert sheet(pictures, 3)[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 4, 0]]
