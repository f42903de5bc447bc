"""What every source of frames has in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from facecam.sources.sound import Sound

MAX_PIXELS = 100_000_000
"""Pictures and frames above this are refused, so that a small file can't fill the memory."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source.

    image: (H, W, 3) uint8, BGR, C-contiguous, never written to after `read` has returned it. index: 0, 1, 2, ... in the
    source. time_s: its time in the source (a video's own clock; since the opening for live sources). captured_s:
    `time.perf_counter()` when it was captured. path: the picture's own file, where a frame has one. page: which of that
    file's pictures it is. alpha: (H, W) uint8, how opaque its pixels are; None: wholly. sound, sound_s: what is heard
    with it, and when in that; None: nothing. take: another one after each jump in the source.
    """

    image: npt.NDArray[np.uint8]
    index: int
    time_s: float
    captured_s: float
    path: Path | None = None
    page: int = 0
    alpha: npt.NDArray[np.uint8] | None = None
    sound: Sound | None = None
    sound_s: float = 0.0
    take: int = 0


class Source(Protocol):
    """A source of frames, open from its construction until `close`. Used by one thread at a time.

    title: what it is, for people. live: it doesn't wait for the reader (camera, stream, demo). fps: nominal frames per
    second, None if unknown. frame_count: None if unknown or endless.

    A source may have more: see `Seekable`, `Reopenable`, `Cancellable`, `MayStandStill` and `MayBeDamaged`.
    """

    title: str
    live: bool
    fps: float | None
    frame_count: int | None

    def read(self) -> Frame | None:
        """The next frame as soon as it can be had, None at the end. Raises SourceError."""

    def close(self) -> None:
        """Frees device and file; may be called twice."""


@runtime_checkable
class Seekable(Protocol):
    """A source that can be read from any place. duration_s: None if unknown."""

    duration_s: float | None

    def seek(self, time_s: float) -> None:
        """The next `read` gives the frame that is shown at that time. Raises SourceError."""


@runtime_checkable
class Reopenable(Protocol):
    """A source that knows how to find its device again after it was lost."""

    def open_again(self) -> Source:
        """Opens the same device anew. Raises SourceError while it isn't there."""


@runtime_checkable
class Cancellable(Protocol):
    """A source whose `read` may wait for long."""

    def cancel(self) -> None:
        """From any thread: a `read` that waits ends soon."""


@runtime_checkable
class MayStandStill(Protocol):
    """A live source. may_stand_still: a picture that doesn't change is no sign of trouble."""

    may_stand_still: bool


@runtime_checkable
class MayBeDamaged(Protocol):
    """A source of a file. damage: half sentences about what could not be read of it so far; whole after its end."""

    @property
    def damage(self) -> list[str]: ...


def without_password(url: str) -> str:
    """The URL without user name and password, to be shown or stored; whatever is none as it is."""
    # A password with / ? or # should have been quoted; it can be told from a port, which has digits alone.
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*|[^/?#:\[]*:(?!\d*[/?#]).*)@", r"\1", url)
