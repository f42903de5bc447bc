"""FrameReader: any frame of a file, with some places hidden, decoded in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from facecam.arrays import Array, Image
from facecam.batch.inputs import Input, open_input
from facecam.errors import SourceError
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.qtkit.worker import Asker
from facecam.sources import Source
from facecam.sources.base import Seekable

_AHEAD = 12
"""Up to this many frames are skipped by reading them; further ones are reached by seeking."""


class FrameReader(Asker):
    """Answers with a frame's number, and its picture (H, W, 3) uint8 BGR with what was to be hidden.

    times_s: of the file's frames, by which they are found.
    """

    def __init__(self, path: Path, times_s: Sequence[float], parent: QObject | None = None) -> None:
        super().__init__("facecam-review", parent)
        self._path, self._times_s = path, times_s
        self._source: Source | None = None
        self._next = 0
        self._last: tuple[int, Image] | None = None

    def read(self, frame: int, places: Array, options: PrivacyOptions) -> None:
        """Asks for a frame. places: (N, 4) boxes that are hidden in it."""
        self.ask(partial(self._read, frame, places, options))

    def end(self) -> None:
        self.close(1.0, at_the_end=self._leave)

    # In the thread

    def _read(self, frame: int, places: Array, options: PrivacyOptions) -> tuple[int, Image]:
        if self._last is None or self._last[0] != frame:
            self._last = frame, self._decoded(frame)
        return frame, hide_faces(self._last[1], places, options)

    def _decoded(self, frame: int) -> Image:
        if self._source is None or not 0 <= frame - self._next <= _AHEAD:
            self._go_to(frame)
        assert self._source is not None
        while (decoded := self._source.read()) is not None:
            self._next += 1
            if self._next > frame:
                return decoded.image
        self._leave()
        raise SourceError(f"Frame {frame + 1} of {self._path} can't be read.")

    def _go_to(self, frame: int) -> None:
        begins = not isinstance(self._source, Seekable)
        if begins:
            self._leave()
            self._source = open_input(Input(str(self._path)))
        if isinstance(self._source, Seekable) and not (begins and frame <= _AHEAD):
            self._source.seek(self._times_s[frame])
            self._next = frame

    def _leave(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        self._next, self._last = 0, None
