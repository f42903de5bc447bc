"""What a batch in another process tells of itself: a line of JSON each."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from facecam.batch.batch import Summary
from facecam.batch.estimate import Estimate
from facecam.batch.work import Record


class Progress(msgspec.Struct, frozen=True, tag=True):
    """file: that is worked at, or was done last. files, frames: done so far. all_files: of the batch."""

    file: str
    files: int
    all_files: int
    frames: int


Told = Progress | Summary | Estimate


def to_line(told: Told) -> bytes:
    """One line that `from_line` reads, for another process."""
    return msgspec.json.encode(_plain(msgspec.to_builtins(told))) + b"\n"


def _plain(value: Any) -> Any:
    """Names of files may hold bytes that are no text, which JSON can't."""
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(_plain, value))
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def from_line(line: bytes) -> Told | None:
    """What was told; None if it is something else."""
    try:
        return msgspec.json.decode(line, type=Told)
    except msgspec.MsgspecError:
        return None


class Teller:
    """A BatchListener that writes lines to standard output. all_files: of the batch."""

    def __init__(self) -> None:
        self.all_files = 0
        self._file, self._files, self._frames = "", 0, 0

    def on_opened(self, title: str, frame_count: int | None, remaining: int) -> None:
        self._file = title
        self._files = self.all_files - remaining - 1
        self._tell()

    def on_done(self, result: Record, is_picture: bool) -> None:
        self._frames += 1
        self._tell()

    def on_problem(self, sentence: str) -> None:
        """It is in the summary."""

    def say(self, told: Told) -> None:
        """Raises BrokenPipeError when nobody listens any more."""
        sys.stdout.buffer.write(to_line(told))
        sys.stdout.buffer.flush()

    def _tell(self) -> None:
        self.say(Progress(self._file, self._files, self.all_files, self._frames))
