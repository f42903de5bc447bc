"""Writing files: whole or not at all, under free names, with room on the disk, and words for what it refuses."""

from __future__ import annotations

import errno
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import psutil

from facecam.errors import CopyError, FacecamError, SourceError, WriteError

LEAST_FREE_BYTES = 50 << 20
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EFBIG: "files may not become that large here",
    errno.EACCES: "you may not write there; choose another folder",
    errno.EPERM: "you may not write there; choose another folder",
    errno.EROFS: "nothing can be written there; choose another folder",
    errno.ENAMETOOLONG: "its name is too long there",
    errno.EISDIR: "there is a folder of that name",
    errno.EBUSY: "what is there can't be replaced; close it in other programs, or move it away",
}
_OF_ITS_NAME = {errno.EBUSY, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}
_STEM = 50  # letters of it in the name of a hidden file: of up to four bytes each, where 255 are allowed


def named_path(text: str | Path) -> Path:
    """The path that somebody's text names: `~` is home, unless a file is called so or nobody has that name."""
    path = Path(text)
    if os.path.lexists(path):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # "~copy.jpg" is nobody's home
        return path


def why(error: OSError) -> str:
    """Half a sentence for people."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def cannot_write(path: Path, error: OSError) -> WriteError | CopyError:
    """The error for a file that can't be written: of the second kind where another name would do."""
    if isinstance(error, PermissionError) and str(error.filename) == str(path) and path.is_file():
        error = _closed()
    kind = CopyError if error.errno in _OF_ITS_NAME else WriteError
    return kind(f"{path} can't be written: {why(error)}.")


def _closed() -> OSError:
    """Instead of the system's own error where a file may not be replaced, but others may be written beside it."""
    return OSError(errno.EBUSY, os.strerror(errno.EBUSY))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """While a file of the user's is written: an OSError becomes that of `cannot_write`, also where it was one of the
    hidden file that this one grows in. That nobody reads what is piped on stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    except (WriteError, CopyError) as error:
        if isinstance(error.__cause__, OSError):
            raise cannot_write(path, error.__cause__) from error.__cause__
        raise


@contextmanager
def reading(path: Path, kind: type[FacecamError] = SourceError) -> Iterator[None]:
    """While a file is read: an OSError becomes an error of that kind, with a sentence for people."""
    try:
        yield
    except OSError as error:
        raise kind(f"{path} can't be read: {error.strerror or error}.") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file and its folder; text in UTF-8. It replaces the one before as a whole and is never seen half.
    Raises FacecamError, after which the one before is still there."""
    with growing(path) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _part(path: Path, process: int) -> Path:
    """Where a process's file lies until it is complete: hidden, so that nobody takes it for complete."""
    stem = path.stem if len(path.stem) <= _STEM else f"{path.stem[:_STEM]}-{zlib.crc32(os.fsencode(path.stem)):08x}"
    return path.with_name(f".{stem}.{process}.part{path.suffix}")


@lru_cache(1)
def _parts(folder: Path) -> list[Path]:
    """What there is of such files. Looked for once where one file after the other is written: there may be many."""
    return list(folder.glob(".*.part*"))


class PartFile:
    """A file of the user's that grows for a while. It lies beside its path, under another name, until it is complete.

    path: where it will lie, replaced if it exists; its folder must. part: where it lies until then. What a process that
    was killed has left of the same file goes. Raises FacecamError at once if it can't be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = _part(path, os.getpid())
        with writing(path):
            for left in _parts(path.parent.absolute()):
                process = left.name.removesuffix(path.suffix).removesuffix(".part").rpartition(".")[2]
                own = process.isdecimal() and left.name == _part(path, int(process)).name
                if own and not psutil.pid_exists(int(process)):
                    left.unlink(missing_ok=True)
            self.part.open("wb").close()

    def complete(self) -> None:
        """Gives it its name. Raises FacecamError."""
        with writing(self.path):
            try:
                self.part.replace(self.path)
            except PermissionError as error:  # it is not the folder that is closed: the part is in it
                raise _closed() from error

    def discard(self) -> None:
        """Removes what there is of it."""
        self.part.unlink(missing_ok=True)


@contextmanager
def growing(path: Path) -> Iterator[Path]:
    """While a file is written to the path that this gives: it gets its name at the end, and goes if that isn't reached.
    Its folder is made. Raises FacecamError where it can't be written."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    file = PartFile(path)
    try:
        with writing(path):
            yield file.part
        file.complete()
    except BaseException:
        file.discard()
        raise


def check_free(folder: Path) -> None:
    """Raises FacecamError if the disk is as good as full: what is being written still has to be completed."""
    existing = next((each for each in (folder, *folder.parents) if os.path.exists(each)), None)
    if existing is None:
        return
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_BYTES:
        raise FacecamError(
            f"There are only {free >> 20} MB left on the disk of {folder}; make room or choose another folder."
        )


def next_free(folder: Path, stem: str, suffix: str) -> Path:
    """The path "stem-0001" and the suffix, with the first number above all that are taken, made as an empty file.

    Raises FacecamError if it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(found[1]) for name in os.listdir(folder) if (found := re.match(rf"{stem}-(\d{{1,9}})\.", name))]
        number = max(numbers, default=0) + 1
        while True:
            path = folder / f"{stem}-{number:04d}{suffix}"
            try:
                path.open("xb").close()
                return path
            except FileExistsError:
                number += 1
    except OSError as error:
        raise FacecamError(f"{folder} can't be written to: {why(error)}.") from error


@contextmanager
def under_free_name(folder: Path, stem: str, suffix: str) -> Iterator[Path]:
    """The path of `next_free`, whose file is gone again where what it is for fails."""
    path = next_free(folder, stem, suffix)
    try:
        yield path
    except Exception:
        path.unlink(missing_ok=True)
        raise
