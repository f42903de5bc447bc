"""Small videos of pictures that a test makes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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
