"""How long a batch will take, told before it starts: what the detector needs for a pixel is measured, and the pixels of
pictures and frames are counted from the headers of files, of a sample where there are many."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from facecam.batch.work import VIEWS_OF_TRANSPARENT, Task
from facecam.detection.detector import FaceDetector
from facecam.detection.thorough import TILE_PX, pixels_searched
from facecam.sources import is_picture
from facecam.sources.photo import HEIF_SUFFIXES, Photo, know_heif, may_be_transparent
from facecam.system.files import named_path

SAMPLE, SAMPLE_OF_PICTURES = 60, 20
"""So many videos and pictures are opened; the others count as their mean. Transparent pictures are decoded for that."""
QUICK_SIZE = (640, 480)
_CUT_FRAMES = 1200
"""Longer videos are cut into pieces."""
_SHARE_USEFUL = 0.5
"""Of the sizes besides a frame's own, how many tell more; it takes looking to know."""
_AROUND_S = 35e-9
"""Decoding, drawing and encoding a pixel, on a machine of average speed."""


class Estimate(msgspec.Struct, frozen=True, tag=True):
    """pictures, videos: how many files of each. frames: of all of them. thorough_s: at several sizes, on one core;
    quick_s: scaled down to QUICK_SIZE. sure: nothing in it has an unknown length, such as a stream."""

    pictures: int
    videos: int
    frames: int
    thorough_s: float
    quick_s: float
    sure: bool = True

    def seconds(self, thorough: bool, jobs: int) -> float:
        """In so many processes."""
        pieces = self.frames // _CUT_FRAMES if thorough and self.videos else 0
        parts = self.pictures + self.videos + pieces
        return (self.thorough_s if thorough else self.quick_s) / max(1, min(jobs, parts))


def estimate(tasks: Sequence[Task], detector: FaceDetector) -> Estimate:
    """detector: runs a few times, at the size of a tile whatever it is set to."""
    tile_s = _tile_s(detector)
    pixel_s = tile_s / (TILE_PX[0] * TILE_PX[1])
    pictures, videos, others = [], [], 0
    for task in tasks:
        path = named_path(task.input.spec)
        if not os.path.isfile(path):
            others += 1
        elif is_picture(path):
            pictures.append(path)
        else:
            videos.append(path)
    frames, thorough_s, quick_s = 0.0, 0.0, 0.0
    sure = others == 0
    for paths, moving in ((pictures, False), (videos, True)):
        sizes = [size for path in _sample(paths, moving) if (size := _size(path, moving)) is not None]
        if not sizes:
            continue
        more = len(paths) / len(sizes)
        for width, height, count, views in sizes:
            sure &= count > 0
            frames += more * count
            around_s, view_s = _AROUND_S * width * height, views * pixel_s
            thorough_s += more * count * (view_s * pixels_searched(width, height, moving, _SHARE_USEFUL) + around_s)
            share = min(1.0, QUICK_SIZE[0] / width, QUICK_SIZE[1] / height)
            quick_s += more * count * (view_s * width * height * share**2 + around_s)
    return Estimate(len(pictures), len(videos), round(frames), round(thorough_s, 1), round(quick_s, 1), sure)


def words(seconds: float) -> str:
    """A time that nobody knows exactly: "about 4 min"."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * math.ceil(seconds / 5)} s"
    if seconds < 3300:
        return f"about {math.ceil(seconds / 60 - 0.25)} min"
    return f"about {seconds / 3600:.1f} h"


def _tile_s(detector: FaceDetector) -> float:
    """Seconds that a tile takes."""
    tile = np.full((TILE_PX[1], TILE_PX[0], 3), 127, np.uint8)
    size, detector.size = detector.size, None
    times_ms = []
    for _ in range(3):
        detector.detect(tile)
        times_ms.append(detector.timings.total_ms)
    detector.size = size
    return min(times_ms) / 1000


def _sample(paths: Sequence[Path], moving: bool) -> list[Path]:
    """Evenly from all."""
    count = min(SAMPLE if moving else SAMPLE_OF_PICTURES, len(paths))
    return [paths[index * len(paths) // count] for index in range(count)]


def _size(path: Path, moving: bool) -> tuple[int, int, int, int] | None:
    """Width, height and number of pictures, 0 where that is unknown, by the file's header, and how many views of each
    are searched; None if it has none."""
    if not moving:
        if path.suffix.lower() in HEIF_SUFFIXES:
            know_heif()
        with suppress(Exception), Image.open(path) as file:
            is_short = os.path.getsize(path) < 64 << 20
            transparent = may_be_transparent(file) and Photo(path).page().alpha is not None
            count = int(getattr(file, "n_frames", 1)) if is_short else 1
            return file.width, file.height, count, VIEWS_OF_TRANSPARENT if transparent else 1
        return None
    from facecam.sources.video import VideoSource

    with suppress(Exception):
        source = VideoSource(path)
        try:
            first = source.read()
            assert first is not None
            return first.image.shape[1], first.image.shape[0], source.frame_count or 0, 1
        finally:
            source.close()
    return None
