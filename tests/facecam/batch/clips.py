"""A video that is long enough to be cut into pieces where these are short."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facecam.arrays import Image
from tests.clips import made


def clip_with_sound(path: Path, frames: int = 120) -> Path:
    """320 x 240 at about 10 frames a second, one that can be decoded by itself in 25, with B frames and a tone.

    Faces for the tiny model: one of a cell that jumps every seventh frame and is away every fifth, one of half a cell
    (seen at twice the size alone) in the second half.
    """

    def picture(number: int) -> Image:
        image = np.zeros((240, 320, 3), np.uint8)
        if number % 5:
            column = number // 7 % 9
            image[96:128, 32 * column : 32 * column + 32] = 255
        if number > frames / 2:
            image[176:192, 64:80] = 255
        return image

    times, encoder = [100 * number + number % 3 for number in range(frames)], {"crf": "10", "g": "25", "bf": "2"}
    return made(path, times=times, sound_s=frames / 10, size=(320, 240), picture=picture, options=encoder)
