"""Pictures in cells of 4x4 pixels: the input of int8 networks (format 3).

conv1 of FaceBoxes moves by 4 px, so a network can read a cell's 48 bytes where it would otherwise gather pixels from
four rows, and bytes where it would read floats: a quarter of the memory.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CELL = 4
CHANNELS = CELL * CELL * 3
_ROW = np.dtype(f"V{CELL * 3}")
"""A cell's four pixels of one row, moved as a whole."""


class CellBuffer:
    """A picture of one size in cells, in an array that stays where it is.

    array: (1, ceil(height / 4) + 1, ceil(width / 4) + 1, 48) uint8, C-contiguous: one row and one column of cells of
    the mean colour, then the picture's. A cell is its four rows, each of four pixels BGR. What no picture has filled is
    of the mean colour.
    """

    def __init__(self, height: int, width: int, mean: npt.ArrayLike) -> None:
        """mean: of B, G and R; it is rounded to whole grey levels."""
        rows, columns = -(-height // CELL), -(-width // CELL)
        colour = np.rint(np.asarray(mean, np.float64)).astype(np.uint8)
        cells = np.empty((rows + 1, columns + 1, CELL * CELL, 3), np.uint8)
        cells[:] = colour
        self.array = cells.reshape(1, rows + 1, columns + 1, CHANNELS)
        self._cells = self.array[0].view(_ROW)[1:, 1:]  # (rows, columns, 4)
        self._padded = np.empty((rows * CELL, columns * CELL, 3), np.uint8)
        self._padded[:] = colour

    def fill(self, picture: npt.NDArray[np.uint8]) -> None:
        """Puts a picture (h, w, 3) uint8 BGR, at most as large as the buffer's, into its upper left part."""
        if picture.shape != self._padded.shape or not picture.flags.c_contiguous:
            self._padded[: picture.shape[0], : picture.shape[1]] = picture
            picture = self._padded
        rows, columns = self._cells.shape[:2]
        lines = picture.reshape(rows, CELL, columns, CELL * 3).view(_ROW)[..., 0]  # (rows, 4, columns)
        for line in range(CELL):
            self._cells[:, :, line] = lines[:, line]
