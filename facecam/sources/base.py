"""What every source of frames has in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

MAX_PIXELS = 100_000_000
"""Pictures and frames above this are refused, so that a small file can't fill the memory."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source.

    image: (H, W, 3) uint8, BGR, C-contiguous, never written to after `read` has returned it. index: 0, 1, 2, ... in
    the source. time_s: its time in the source (a video's own clock; since the opening for live sources). captured_s:
    `time.perf_counter()` when it was captured. path: the picture's own file, where a frame has one.
    """

    image: npt.NDArray[np.uint8]
    index: int
    time_s: float
    captured_s: float
    path: Path | None = None


class Source(Protocol):
    """A source of frames, open from its construction until `close`. Used by one thread at a time.

    title: what it is, for people. live: it doesn't wait for the reader (camera, stream, demo). fps: nominal frames per
    second, None if unknown. frame_count: None if unknown or endless.
    """

    title: str
    live: bool
    fps: float | None
    frame_count: int | None

    def read(self) -> Frame | None:
        """The next frame as soon as it can be had, None at the end. Raises SourceError."""

    def close(self) -> None:
        """Frees device and file; may be called twice."""


class paced:
    """A source played at its own speed: a video by its timestamps, a folder as a slide show, the demo at 30 FPS.

    `wait(seconds)` sleeps and returns True when the playing shall stop (`threading.Event.wait`). Frames that come late
    anyway, as those of a camera, are not delayed.
    """

    def __init__(self, source: Source, wait: Callable[[float], object] | None = None) -> None:
        self._source = source
        self._wait = wait or time.sleep
        self._start_s: float | None = None
        self.title, self.live = source.title, source.live
        self.fps, self.frame_count = source.fps, source.frame_count

    def read(self) -> Frame | None:
        """The next frame when it is due, captured now; None at the end or when `wait` said to stop."""
        frame = self._source.read()
        if frame is None:
            return None
        now_s = time.perf_counter()
        if self._start_s is None:
            self._start_s = now_s - frame.time_s
        early_s = self._start_s + frame.time_s - now_s
        if early_s > 0:
            if self._wait(early_s):
                return None
            return replace(frame, captured_s=time.perf_counter())
        if early_s < -0.5:  # after a stall go on at the right speed instead of racing to catch up
            self._start_s -= early_s
        return frame

    def close(self) -> None:
        self._source.close()
