"""Folders of pictures, as a slide show."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facecam.errors import SourceError
from facecam.sources.base import Frame
from facecam.sources.photo import PICTURE_SUFFIXES, read_picture

_SLIDE_S = 2.0
_MOST_FILES = 100_000
"""Looked at in a folder and below it: the root of a disk would take minutes."""


class FolderSource:
    """The pictures of a folder and its subfolders, in natural order, as a slide show.

    skipped: one sentence for each file passed over by `read` because it can't be read.
    """

    live = False
    fps: float | None = 1 / _SLIDE_S

    def __init__(self, folder: Path) -> None:
        self.title = folder.name or str(folder)
        self.path = folder
        self.skipped: list[str] = []
        self._paths = list_files(folder, PICTURE_SUFFIXES)
        if not self._paths:
            raise SourceError(f"There are no pictures in the folder {folder}.")
        self.frame_count: int | None = len(self._paths)
        self.duration_s: float | None = _SLIDE_S * len(self._paths)
        self._position = 0
        self._index = 0

    def leave_out(self, folder: Path) -> None:
        """Passes over the pictures in a folder inside this one, such as that for results."""
        folder = folder.resolve()
        if folder != self.path.resolve():
            self._paths = [path for path in self._paths if folder not in path.resolve().parents]
            self.frame_count = len(self._paths)

    def read(self) -> Frame | None:
        while self._position < len(self._paths):
            path = self._paths[self._position]
            self._position += 1
            try:
                image = read_picture(path)
            except SourceError as error:
                self.skipped.append(str(error))
                continue
            frame = self.frame(image, self._index, path)
            self._index += 1
            return frame
        if self._index == 0 and self._paths:
            raise self.none_readable()
        return None

    def seek(self, time_s: float) -> None:
        """The next `read` gives the picture that is shown at that time of the slide show."""
        self._position = self._index = max(0, min(int(time_s / _SLIDE_S), len(self._paths) - 1))

    def take_paths(self) -> list[Path]:
        """The pictures not read yet, for someone else to read; for `read` the folder has ended."""
        paths, self._paths = self._paths[self._position :], []
        self._position = 0
        return paths

    def frame(self, image: npt.NDArray[np.uint8], index: int, path: Path) -> Frame:
        """The frame of the picture that is the `index`-th readable one."""
        return Frame(image, index, index * _SLIDE_S, time.perf_counter(), path)

    def none_readable(self) -> SourceError:
        """What to raise when there were pictures, but all of them damaged."""
        return SourceError(f"None of the {self.frame_count} pictures in the folder {self.path} can be read.")

    def close(self) -> None:
        self._position = len(self._paths)


def list_files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """Files below `folder` with one of the suffixes, in natural order (2 before 10); hidden ones are left out."""
    found = []
    seen = 0
    try:
        next(os.scandir(folder), None)  # os.walk would hide that the folder itself can't be read
    except OSError as error:
        raise SourceError(f"The folder {folder} can't be read: {error.strerror or error}.") from error
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen += 1 + len(names)
        if seen > _MOST_FILES:
            raise SourceError(f"The folder {folder} holds more than {_MOST_FILES:,} files; name a smaller one in it.")
        found += [
            Path(root, name)
            for name in names
            if os.path.splitext(name)[1].lower() in suffixes and not name.startswith(".")
        ]
    return sorted(found, key=lambda path: [_natural(part) for part in path.relative_to(folder).parts])


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key under which numbers count by value: (kind, number, letters) for each run of digits or other letters."""
    runs = re.findall(r"\d+|\D+", text.casefold())
    return [(0, int(run), run) if run.isdecimal() else (1, 0, run) for run in runs]
