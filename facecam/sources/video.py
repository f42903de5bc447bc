"""Video files."""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path

import av

from facecam.errors import SourceError
from facecam.sources.base import MAX_PIXELS, Frame
from facecam.sources.decoder import Decoder, Picture
from facecam.sources.soundtrack import FileSound
from facecam.system.files import reading

_BACK_S = 1e-4  # how far before a picture's own time still counts as that time: containers round to milliseconds


class VideoSource:
    """A video file, frame by frame, as fast as it is read. frame_count is the file's own claim. picture: what the last
    frame was made of."""

    live = False

    def __init__(self, path: Path) -> None:
        with reading(path), path.open("rb") as file:
            if not file.read(1):
                raise SourceError(f"{path} is empty (0 bytes).")
        self.title = path.name
        self.path = path
        self._decoder = self._open()
        self.fps, self.frame_count = self._decoder.fps, self._decoder.frame_count
        self.duration_s = self._decoder.duration_s
        self._index = 0
        self._sound = FileSound(path) if self._decoder.has_sound else None
        self.picture: Picture | None = None
        self._ahead: deque[Picture] = deque()  # decoded, but not read yet
        first = self._decoder.read()  # a file without a single frame fails at the opening
        if first is None:
            self._decoder.close()
            raise self._unplayable()
        self._ahead.append(first)

    @property
    def damage(self) -> list[str]:
        """Half sentences about what could not be read of it so far."""
        return self._decoder.damage

    def read(self) -> Frame | None:
        picture = self._ahead.popleft() if self._ahead else self._decoder.read()
        if picture is None:
            return None
        self.picture = picture
        time_s = picture.time_s
        frame = Frame(picture.image, self._index, time_s, time.perf_counter(), sound=self._sound, sound_s=time_s)
        self._index += 1
        return frame

    def seek(self, time_s: float) -> None:
        """The next `read` gives the picture that is shown at that time: the last one that began by then."""
        self._ahead.clear()
        try:
            self._decoder.seek(time_s)
            shown = self._decoder.read()
        except SourceError:
            shown = None
        if shown is None or shown.time_s > time_s + _BACK_S:  # no index, as in a GIF: from the beginning
            self._decoder.close()
            self._decoder = self._open()
            shown = self._decoder.read()
        while shown is not None and (following := self._decoder.read()) is not None:
            if following.time_s > time_s + _BACK_S:
                self._ahead.append(following)
                break
            shown = following
        if shown is not None:
            self._ahead.appendleft(shown)
            self._index = max(0, round(shown.time_s * (self.fps or 30.0)))

    def close(self) -> None:
        self._ahead.clear()
        self.picture = None
        self._decoder.close()

    def _open(self) -> Decoder:
        # An absolute path can't be taken for a protocol ("12:30.mp4"), and a file may name no address of another kind.
        try:
            return Decoder(os.path.abspath(self.path), str(self.path), MAX_PIXELS, {"protocol_whitelist": "file"})
        except (av.FFmpegError, ValueError) as error:
            raise self._unplayable() from error

    def _unplayable(self) -> SourceError:
        return SourceError(f"{self.path} is not a video that can be played; it may be damaged or of another kind.")
