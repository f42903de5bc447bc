"""Copies of inputs: where they go, and how each kind is written."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facecam.arrays import Image
from facecam.batch.inputs import Input, file_id
from facecam.errors import CopyError
from facecam.saving.photo_file import CopiedPage, changed_page, check_length, copy_suffix, is_copy, write_photo
from facecam.sources import Frame, Source, without_password
from facecam.sources.photo import PictureSource
from facecam.system.files import named_path


@dataclass(frozen=True)
class CopyPlace:
    """Where a copy goes. path: with the original's suffix. alone: no other copy has that name but for the suffix."""

    path: Path
    alone: bool

    def with_suffix(self, suffix: str) -> Path:
        """The path where a copy needs another suffix than its original's."""
        if suffix == self.path.suffix:
            return self.path
        return self.path.with_suffix(suffix) if self.alone else self.path.with_name(self.path.name + suffix)


def copy_places(folder: Path, inputs: Sequence[Input]) -> list[CopyPlace]:
    """Where the copies of inputs go: named like the originals, in their subfolders, never where an input lies (under
    whatever name, and whatever suffix the copy gets), and none twice, also where A is a."""
    originals = {each for each in map(file_id, (part.spec for part in inputs)) if each is not None}
    of_inputs = {_names(named_path(part.spec))[1] for part in inputs if file_id(part.spec) is not None}
    taken: set[str] = set()
    taken_stems: Counter[str] = Counter()
    places: list[Path] = []
    for part in inputs:
        path = named_path(part.spec)
        if part.folder is not None:
            wanted = folder / path.relative_to(part.folder)
        else:
            wanted = folder / (path.name if file_id(path) is not None else _file_name(without_password(part.spec)))
        path, number = wanted, 1
        while (  # the copy of "a.wmv" may be "a.mkv", or "a.wmv.mkv"
            {*(names := _names(path))} & taken
            or names[0] in taken_stems
            or names[1] in of_inputs
            or file_id(path) in originals
        ):
            path = wanted.with_name(f"{wanted.stem}-faces{'' if number == 1 else f'-{number}'}{wanted.suffix}")
            number += 1
        taken.add(names[0])
        taken_stems[names[1]] += 1
        places.append(path)
    return [CopyPlace(path, taken_stems[_names(path)[1]] == 1) for path in places]


def _names(path: Path) -> tuple[str, str]:
    """A path's one name, however its folder is written, and that without a suffix. Upper and lower case are one, and so
    are a letter with its accent and the two apart: a disk may be for another system than this one."""
    name = os.path.join(os.path.realpath(path.parent), path.name)
    name = unicodedata.normalize("NFC", name).casefold()
    return name, os.path.splitext(name)[0]


def _file_name(title: str) -> str:
    """A title as a file name that every system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in title).strip("-.")[:80] or "video"


class Copy(Protocol):
    """A copy that is being written."""

    def add(self, frame: Frame, changed: Image, where: Image) -> None:
        """The source's next frame, and its picture (H, W, 3) uint8 BGR with what the copy is to show, or (H, W, 4) with
        alpha where the frame has that. where: (H, W) uint8, not 0 where the copy is to be so and nothing of the file's
        own, however fine, may stay. Raises WriteError."""

    def close(self) -> tuple[Path, list[str]]:
        """Completes it. Gives where it lies, and what it could not keep. Raises WriteError."""

    def discard(self) -> None:
        """Gives it up, without a trace; does nothing after `close`."""


def copy_of(source: Source, place: CopyPlace, opaque: bool, sound: bool, whole: bool) -> Copy:
    """Begins the copy of a source. opaque: as of `changed_page`. sound: it keeps that of videos. whole: the source is
    read to its end. Raises CopyError and WriteError."""
    from facecam.sources.video import VideoSource

    if isinstance(source, PictureSource):
        return _PhotoCopy(source, place, opaque)
    if not isinstance(source, VideoSource):
        return _StreamCopy(source, place, sound)
    from facecam.saving.video_copy import VideoCopy

    copy = VideoCopy(source, place.path, sound, whole, place.with_suffix)
    try:
        _check_free(copy.path)
    except CopyError:
        copy.discard()
        raise
    return copy


def _check_free(path: Path) -> None:
    """Raises CopyError where a file lies that is no copy of an earlier run."""
    if os.path.isfile(path) and not is_copy(path):
        raise CopyError(
            f"{path} is there already and may be no copy of this program's; move it away, or name another folder."
        )


class _PhotoCopy:
    """Of a picture file; written at its end."""

    def __init__(self, source: PictureSource, place: CopyPlace, opaque: bool) -> None:
        self._source, self._opaque = source, opaque
        self._path = place.with_suffix(copy_suffix(source.path, source.photo.info))
        _check_free(self._path)
        assert source.page is not None
        check_length(source.photo, source.page)
        self._pages: list[CopiedPage] = []

    def add(self, frame: Frame, changed: Image, where: Image) -> None:
        assert self._source.page is not None
        page = changed_page(self._source.page, changed, where, self._opaque)
        self._pages.append(page if self._source.photo.page_count == 1 else page.packed())

    def close(self) -> tuple[Path, list[str]]:
        return self._path, list(write_photo(self._path, self._source.photo.info, self._pages))

    def discard(self) -> None:
        self._pages.clear()


class _StreamCopy:
    """Of what is no file: a camera, a stream, the demo. With sound the times are those of the stream's own clock."""

    def __init__(self, source: Source, place: CopyPlace, sound: bool) -> None:
        from facecam.saving.sound import VideoWithSound
        from facecam.saving.video_file import VideoWriter

        self._path = place.path.with_name(place.path.name + ".mkv")  # "192.168.0.2" has no suffix
        _check_free(self._path)  # nor can what is there be had once more
        self._writer = VideoWithSound(VideoWriter(self._path, source.fps), sound)
        self._sound = sound
        self._began_s: float | None = None

    def add(self, frame: Frame, changed: Image, where: Image) -> None:
        time_s = frame.time_s
        if self._sound and frame.sound is not None:
            self._began_s = frame.sound_s if self._began_s is None else self._began_s
            time_s = frame.sound_s - self._began_s
        self._writer.write(frame, changed, time_s)

    def close(self) -> tuple[Path, list[str]]:
        self._writer.close()
        return self._path, []

    def discard(self) -> None:
        self._writer.close()  # what has been seen of a stream does not come again
