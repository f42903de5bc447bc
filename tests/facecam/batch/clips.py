"""A video that is long enough to be cut into pieces where these are short."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def clip_with_sound(path: Path, frames: int = 120) -> Path:
    """320 x 240 at about 10 frames a second, one that can be decoded by itself in 25, with B frames and a tone.

    Faces for the tiny model: one of a cell that jumps every seventh frame and is away every fifth, one of half a cell
    (seen at twice the size alone) in the second half.
    """
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=10, options={"crf": "10", "g": "25", "bf": "2"})
        pictures.width, pictures.height, pictures.pix_fmt = 320, 240, "yuv420p"
        pictures.codec_context.time_base = pictures.time_base = Fraction(1, 1000)
        sound = file.add_stream("aac", rate=48000)
        for number in range(frames):
            image = np.zeros((240, 320, 3), np.uint8)
            if number % 5:
                column = number // 7 % 9
                image[96:128, 32 * column : 32 * column + 32] = 255
            if number > frames / 2:
                image[176:192, 64:80] = 255
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = 100 * number + number % 3, Fraction(1, 1000)
            file.mux(pictures.encode(frame))
        tone = (0.1 * np.sin(np.arange(48000 * frames // 10) / 20)).astype(np.float32)[None]
        for start in range(0, tone.shape[1], 1024):
            part = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[:, start : start + 1024]), "fltp", "mono")
            part.sample_rate, part.pts = 48000, start
            file.mux(sound.encode(part))
        for stream in (pictures, sound):
            file.mux(stream.encode(None))
    return path
