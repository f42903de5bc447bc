"""Folders of pictures, as a slide show."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Collection
from pathlib import Path

from facecam.errors import SourceError
from facecam.sources.base import Frame
from facecam.sources.photo import PICTURE_SUFFIXES, SLIDE_S, read_picture

_logger = logging.getLogger(__name__)
_MOST_FILES = 100_000
"""Looked at in a folder and below it: the root of a disk would take minutes."""


class FolderSource:
    """The pictures of a folder and its subfolders, in natural order, as a slide show.

    paths: of the pictures. A picture's time is its place in them, also where one before it can't be read. unreadable:
    those that `read` has passed over because they can't be read.
    """

    live = False
    fps: float | None = 1 / SLIDE_S

    def __init__(self, folder: Path) -> None:
        self.title = folder.name or str(folder)
        self.path = folder
        self.unreadable: list[Path] = []
        self.paths = tuple(list_files(folder, PICTURE_SUFFIXES, _logger.warning))
        if not self.paths:
            raise SourceError(f"There are no pictures in the folder {folder}.")
        self.frame_count: int | None = len(self.paths)
        self.duration_s: float | None = SLIDE_S * len(self.paths)
        self._position = 0

    def read(self) -> Frame | None:
        while self._position < len(self.paths):
            position, path = self._position, self.paths[self._position]
            self._position += 1
            try:
                image = read_picture(path)
            except SourceError:
                if path not in self.unreadable:
                    self.unreadable.append(path)
                continue
            return Frame(image, position, position * SLIDE_S, time.perf_counter(), path)
        if len(self.unreadable) == len(self.paths):
            raise SourceError(f"None of the {self.frame_count} pictures in the folder {self.path} can be read.")
        return None

    def seek(self, time_s: float) -> None:
        """The next `read` gives the picture that is shown at that time of the slide show."""
        self._position = max(0, min(int(time_s / SLIDE_S), len(self.paths) - 1))

    def close(self) -> None:
        self._position = len(self.paths)


def list_files(folder: Path, suffixes: Collection[str] | None, tell: Callable[[str], None] | None = None) -> list[Path]:
    """Files below `folder` with one of the suffixes (None: all), in natural order (2 before 10); hidden ones are left
    out. Links to folders are followed, each folder once. tell: gets a sentence for each folder in it that can't be
    read. Raises SourceError if that is the folder itself, or nobody is told."""
    found = []
    seen, visited = 0, set()

    def unreadable(error: OSError) -> None:
        problem = SourceError(f"The folder {error.filename} can't be read: {error.strerror or error}.")
        if tell is None or error.filename == os.fspath(folder):
            raise problem from error
        tell(str(problem))

    for root, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        status = os.stat(root)
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += 1 + len(names)
        if seen > _MOST_FILES:
            raise SourceError(f"The folder {folder} holds more than {_MOST_FILES:,} files; name a smaller one in it.")
        found += [
            Path(root, name)
            for name in names
            if not name.startswith(".") and (suffixes is None or os.path.splitext(name)[1].lower() in suffixes)
        ]
    return sorted(found, key=lambda path: [natural_key(part) for part in path.relative_to(folder).parts])


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key under which numbers count by value: (kind, number, letters) for each run of digits or other letters."""
    runs = re.findall(r"\d+|\D+", text.casefold())
    return [(0, int(run), run) if run.isdecimal() else (1, 0, run) for run in runs]
