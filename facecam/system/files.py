"""Files that the user saves: free names, room on the disk, and words for what the disk refuses."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from facecam.errors import FacecamError

LEAST_FREE_BYTES = 50 << 20
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EFBIG: "files may not become that large here",
    errno.EACCES: "you may not write there; choose another folder",
    errno.EPERM: "you may not write there; choose another folder",
    errno.EROFS: "nothing can be written there; choose another folder",
}


def why(error: OSError) -> str:
    """Half a sentence for people."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def check_free(folder: Path) -> None:
    """Raises FacecamError if the disk is as good as full: what is being written still has to be completed."""
    existing = next((each for each in (folder, *folder.parents) if each.exists()), None)
    if existing is None:
        return
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_BYTES:
        raise FacecamError(
            f"There are only {free >> 20} MB left on the disk of {folder}; make room or choose another folder."
        )


def next_free(folder: Path, stem: str, suffixes: Sequence[str]) -> Path:
    """The path "stem-0001" and the first suffix, with the first number above all that are taken, made as an empty file.

    Raises FacecamError if it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(found[1]) for name in os.listdir(folder) if (found := re.match(rf"{stem}-(\d{{1,9}})\.", name))]
        number = max(numbers, default=0) + 1
        while True:
            paths = [folder / f"{stem}-{number:04d}{suffix}" for suffix in suffixes]
            number += 1
            try:
                paths[0].open("xb").close()
            except FileExistsError:
                continue
            return paths[0]
    except OSError as error:
        raise FacecamError(f"{folder} can't be written to: {why(error)}.") from error
