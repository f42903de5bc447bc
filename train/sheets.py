"""Sheets of pictures to look at while training, and on cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facecam.arrays import Image
from facecam.system.opencv import cv2


def sheet(pictures: Sequence[Image], columns: int) -> Image:
    """Pictures (H, W, 3) of one size, row by row, as one; black where the last row has none."""
    missing = [np.zeros_like(pictures[0])] * (-len(pictures) % columns)
    pictures = [*pictures, *missing]
    return np.concatenate([np.concatenate(pictures[k : k + columns], 1) for k in range(0, len(pictures), columns)])


def save_picture(path: Path, picture: Image) -> None:
    """Writes an RGB picture (H, W, 3) in the format of the suffix."""
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(picture[:, :, ::-1]))
    if not done:
        raise OSError(f"{path} could not be encoded.")
    path.write_bytes(data.tobytes())
