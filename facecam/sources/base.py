"""What every source of frames has in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from facecam.errors import SourceError

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

    A source may have more: `may_stand_still`, true where a live picture that doesn't change is no sign of trouble;
    `open_again()`, which opens the same device after it was lost; `cancel()`, which any thread may call to end a `read`
    that waits; and what `Seekable` lists.
    """

    title: str
    live: bool
    fps: float | None
    frame_count: int | None

    def read(self) -> Frame | None:
        """The next frame as soon as it can be had, None at the end. Raises SourceError."""

    def close(self) -> None:
        """Frees device and file; may be called twice."""


def without_password(url: str) -> str:
    """The URL without user name and password, to be shown or stored."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # such as http://[
        raise SourceError(f"{url} is not a valid address.") from error
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url
