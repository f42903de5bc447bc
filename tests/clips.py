"""Small videos of pictures that a test makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import av

from facecam.arrays import Image
from facecam.system.opencv import cv2


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
