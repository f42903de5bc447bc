"""Inputs of a batch: what its arguments name, what a file is under whatever name, and how each is opened."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facecam.errors import FacecamError, SourceError
from facecam.saving.photo_file import is_copy
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Source, is_picture, open_source
from facecam.sources.folder import list_files, natural_key
from facecam.sources.photo import open_picture
from facecam.system.files import named_path

LIST_SUFFIX = ".txt"
_MAX_LIST_BYTES = 64 << 20
FileId = tuple[int, int]


@dataclass(frozen=True)
class Input:
    """One source. spec: as `facecam.sources.open_source` takes it. folder: that it was found in or below; None: it was
    named itself."""

    spec: str
    folder: Path | None = None


def file_id(path: str | Path) -> FileId | None:
    """What a file is, under whatever name: device and number. None where there is none."""
    try:
        status = os.stat(named_path(path))
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def open_input(part: Input) -> Source:
    """Its source; a picture file is one whatever is in it. Raises SourceError."""
    path = named_path(part.spec)
    return open_picture(path) if os.path.isfile(path) and is_picture(path) else open_source(part.spec)


class Gathered:
    """What arguments name.

    A folder stands for its pictures and videos and those below it, a pattern (`*.png`) for what it fits, a text file
    for the paths in it, a line each. What is wrong with a single source is told when it is opened.

    out_dir: inside a folder it is passed over, as it holds copies; where it is the folder itself, the copies in it are.
    inputs: in the order of the arguments. lists: files that named some of them. problems: sentences about arguments of
    which nothing came. others: how many files in the folders are neither pictures nor videos, by suffix.
    """

    def __init__(self, specs: Iterable[str], out_dir: Path | None) -> None:
        self._out = None if out_dir is None else Path(os.path.realpath(out_dir))
        self._open: list[FileId | None] = []  # lists that are being read
        self.inputs: list[Input] = []
        self.lists: list[Path] = []
        self.problems: list[str] = []
        self.others: Counter[str] = Counter()
        self._add_all(specs)

    def _add_all(self, specs: Iterable[str]) -> None:
        """Each by itself: what is wrong with one is none of the others' business."""
        for spec in specs:
            try:
                self._add(spec)
            except FacecamError as error:
                self.problems.append(str(error))

    def _add(self, spec: str) -> None:
        path = named_path(spec)
        try:
            if spec.strip() and path.is_dir():
                return self._add_folder(path)
            if path.suffix.lower() == LIST_SUFFIX and path.is_file():
                return self._add_list(path)
            if glob.has_magic(spec) and "://" not in spec and not path.exists():
                found = sorted(glob.glob(str(path), recursive=True), key=natural_key)
                if not found:
                    raise SourceError(f"No file fits {spec}.")
                return self._add_all(found)
        except (OSError, ValueError):
            pass  # whatever is wrong with the name is told when it is opened
        self.inputs.append(Input(spec))

    def _add_folder(self, folder: Path) -> None:
        paths = list_files(folder, None, self.problems.append)
        if self._out == Path(os.path.realpath(folder)):  # copies of copies would double it each time
            paths = [path for path in paths if not is_copy(path)]
        elif self._out is not None:
            paths = [path for path in paths if self._out not in Path(os.path.realpath(path)).parents]
        known = PICTURE_SUFFIXES | VIDEO_SUFFIXES
        wanted = [path for path in paths if path.suffix.lower() in known]
        self.others.update(kind for kind in (path.suffix.lower() for path in paths) if kind not in known)
        if not wanted:
            raise SourceError(f"There are no pictures and no videos in the folder {folder}.")
        self.inputs += [Input(str(path), folder) for path in wanted]

    def _add_list(self, path: Path) -> None:
        number = file_id(path)
        if number in self._open:
            raise SourceError(f"The list {path} names itself; take that line out.")
        self.lists.append(path)
        self._open.append(number)
        self._add_all(_lines(path))
        self._open.pop()


def _lines(path: Path) -> list[str]:
    """The paths in a list; those that are relative and not there from here are looked for beside the list."""
    if path.stat().st_size > _MAX_LIST_BYTES:
        raise SourceError(f"{path} is too large for a list of files.")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not a list of files, a line each, in UTF-8.") from error
    named = [spec for line in dict.fromkeys(lines) if (spec := _listed(line, path.parent)) is not None]
    if not named:
        raise SourceError(f"The list {path} names no file.")
    return named


def _listed(line: str, folder: Path) -> str | None:
    """What a line names; None of a blank one and of a comment. Names may begin with #, and end with a blank."""
    text = line.strip()
    there = (spec for name in (line, text) if text for spec in (name, str(folder / name)) if os.path.exists(spec))
    return next(there, text if text and not text.startswith("#") else None)
