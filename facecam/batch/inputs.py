"""Inputs of a batch: what its arguments name, what a file is under whatever name, and how each is opened."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facecam.errors import FacecamError, SourceError
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Source, list_files, natural_key, open_picture, open_source

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
        status = os.stat(Path(path).expanduser())
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def open_input(part: Input) -> Source:
    """Its source; a picture file is one whatever is in it. Raises SourceError."""
    path = Path(part.spec).expanduser()
    is_picture = path.suffix.lower() in PICTURE_SUFFIXES and file_id(path) is not None
    return open_picture(path) if is_picture else open_source(part.spec)


@dataclass(frozen=True)
class Gathered:
    """inputs: in the order of the arguments. problems: sentences about arguments of which nothing came. others: how
    many files in the folders are neither pictures nor videos, by suffix."""

    inputs: tuple[Input, ...]
    problems: tuple[str, ...]
    others: Counter[str]


def gather(specs: Sequence[str], out_dir: Path | None = None) -> Gathered:
    """Looks up what the arguments name. out_dir: inside a folder it is passed over, as it holds copies.

    A folder stands for its pictures and videos and those below it, a pattern (`*.png`) for what it fits, a text file
    for the paths in it, a line each. What is wrong with a single source is told when it is opened.
    """
    inputs: list[Input] = []
    problems: list[str] = []
    others: Counter[str] = Counter()
    for spec in specs:
        try:
            inputs += _named(spec, out_dir, others)
        except FacecamError as error:
            problems.append(str(error))
    return Gathered(tuple(inputs), tuple(problems), others)


def _named(spec: str, out_dir: Path | None, others: Counter[str]) -> list[Input]:
    path = Path(spec).expanduser()
    try:
        if spec.strip() and path.is_dir():
            return _in_folder(path, out_dir, others)
        if path.suffix.lower() == LIST_SUFFIX and path.is_file():
            return [part for line in _lines(path) for part in _named(line, out_dir, others)]
        if glob.has_magic(spec) and "://" not in spec and not path.exists():
            found = sorted(glob.glob(str(path), recursive=True), key=natural_key)
            if not found:
                raise SourceError(f"No file fits {spec}.")
            return [part for each in found for part in _named(each, out_dir, others)]
    except (OSError, ValueError):
        pass  # whatever is wrong with the name is told when it is opened
    return [Input(spec)]


def _in_folder(folder: Path, out_dir: Path | None, others: Counter[str]) -> list[Input]:
    paths = list_files(folder, None)
    if out_dir is not None and (out := out_dir.resolve()) != folder.resolve():
        paths = [path for path in paths if out not in path.resolve().parents]
    wanted = [path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES]
    others.update(path.suffix.lower() for path in set(paths).difference(wanted))
    if not wanted:
        raise SourceError(f"There are no pictures and no videos in the folder {folder}.")
    return [Input(str(path), folder) for path in wanted]


def _lines(path: Path) -> list[str]:
    """The paths in a list; those that are relative and not there from here are looked for beside the list."""
    if path.stat().st_size > _MAX_LIST_BYTES:
        raise SourceError(f"{path} is too large for a list of files.")
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not a list of files, a line each, in UTF-8.") from error
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise SourceError(f"The list {path} names no file.")
    beside = {line: path.parent / line for line in lines}
    return [line if os.path.exists(line) or not near.exists() else str(near) for line, near in beside.items()]
