"""Small videos of pictures that a test makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from facecam.arrays import Image
from facecam.system.cpu import no_more_urgent
from facecam.system.opencv import cv2

SIZE = (96, 64)


def write_clip(path: Path, pictures: Iterable[Image], fps: float = 10.0, codec: str = "MJPG") -> Path:
    """Writes pictures (H, W, 3) uint8 BGR of one size; gives the path. codec: four letters."""
    first, *rest = pictures
    height, width = first.shape[:2]
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, (width, height))
    assert writer.isOpened()
    for picture in (first, *rest):
        writer.write(picture)
    writer.release()
    return path


def scene(index: int = 0, size: tuple[int, int] = SIZE) -> Image:
    """(H, W, 3) B G R: another colour in each quarter, and a stripe that moves."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    for (y, x), colour in zip(
        [(0, 0), (0, 1), (1, 0), (1, 1)], [(30, 30, 200), (30, 200, 30), (200, 60, 30), (90, 90, 90)], strict=True
    ):
        picture[y * height // 2 :, x * width // 2 :][: height // 2, : width // 2] = colour
    picture[:, 4 * index : 4 * index + 4] = 220
    return picture


def made(
    path: Path,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: Sequence[int] = range(0, 1000, 100),
    sound: str | None = "aac",
    sound_first: bool = False,
    sound_s: float = 1.0,
    size: tuple[int, int] = SIZE,
    picture: Callable[[int], Image] | None = None,
    **tags: Any,
) -> Path:
    """A video whose pictures begin at those milliseconds, with a tone; gives the path. size: width and height. picture:
    gives each by its number, in place of `scene`. tags: of the encoder."""
    with no_more_urgent(), av.open(str(path), "w") as file:
        order = (1, 0) if sound_first else (0, 1)
        streams: dict[int, Any] = {}
        for kind in order:
            if kind == 0:
                stream = streams[0] = file.add_stream(codec, rate=10)
                stream.width, stream.height, stream.pix_fmt = *size, pixels
                stream.codec_context.time_base = Fraction(1, 1000)
                stream.codec_context.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
                for tag, value in tags.items():
                    setattr(stream.codec_context, tag, value)
            elif sound:
                streams[1] = file.add_stream(sound, rate=48000)
                streams[1].metadata["language"] = "fra"
                streams[1].codec_context.options = {"strict": "experimental"}  # FFmpeg's Vorbis
        file.metadata["title"] = "SECRET"
        for index, time_ms in enumerate(times):
            image = scene(index, size) if picture is None else picture(index)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame = frame.reformat(format=pixels, dst_colorspace=tags.get("colorspace"))
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            file.mux(streams[0].encode(frame))
        if sound:
            samples = (np.sin(np.arange(round(48000 * sound_s)) / 20)[None].repeat(2, 0) / 4).astype(np.float32)
            tone = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            tone.sample_rate, tone.pts = 48000, 0
            fifo = av.AudioFifo()
            fifo.write(tone)
            needed = streams[1].codec_context.frame_size or 960
            while (part := fifo.read(needed)) is not None:
                file.mux(streams[1].encode(part))
            file.mux(streams[1].encode(None))
        file.mux(streams[0].encode(None))
    return path


def remux(
    path: Path,
    *originals: Path,
    before: Callable[..., object] | None = None,
    change: Callable[[av.Packet], av.Packet] | None = None,
    **options: str,
) -> Path:
    """Writes all streams of other files into one, as they are; gives the path. before: is called with the file that is
    written and its streams, before their packets. change: gives what is written for a packet. options: the muxer's.
    """
    with av.open(str(path), "w", options=options) as file:
        streams: dict[Any, Any] = {}
        for original in originals:
            with av.open(str(original)) as read:
                streams |= {(original, stream.index): file.add_stream_from_template(stream) for stream in read.streams}
        if before is not None:
            before(file, *streams.values())
        for original in originals:
            with av.open(str(original)) as read:
                for packet in read.demux():
                    if packet.size:
                        written = packet if change is None else change(packet)
                        written.stream = streams[original, packet.stream.index]
                        file.mux(written)
    return path
