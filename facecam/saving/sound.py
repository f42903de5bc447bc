"""VideoWithSound: a video of a source's frames, beside which is heard what belongs to them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from facecam.arrays import Image
from facecam.saving.video_file import VideoWriter
from facecam.sources import Frame
from facecam.sources.sound import SOUND_HZ, Sound

_WAITS_S = 2.0  # for sound that comes later than its picture
_WAITS_AT_THE_END_S = 0.5
_LOOKS_EVERY_S = 0.02
_NEAR_S = 0.03  # as far as it may be beside its picture before it jumps there: less is heard as a click, and not seen
_LAST_S = 1 / 30  # the last picture has its time, too


@dataclass(frozen=True, eq=False)
class _Piece:
    """What is heard with a picture, until the next one. count: samples; asked_s: since when it is waited for."""

    frame: Frame
    count: int
    asked_s: float


class VideoWithSound:
    """Each picture brings the sound from its own moment on, for as long as it is shown: so pauses, jumps and pictures
    left out can't part the two. Used by one thread.

    video: to write to. of_source: whether the frames' own sound counts. microphone: is heard, too, and closed at the
    end. Raises FacecamError, in `write` and `close`, when it can't be written.
    """

    def __init__(self, video: VideoWriter, of_source: bool, microphone: Sound | None = None) -> None:
        self._video, self._of_source, self._microphone = video, of_source, microphone
        self._last: Frame | None = None
        self._end = 0  # of the pieces, in samples of the video
        self._pieces: deque[_Piece] = deque()
        self._goes_on_at_s: dict[Sound, float] = {}

    @property
    def sounds(self) -> bool:
        """Whether it has a track for sound, which the first picture decides."""
        return self._video.with_sound

    def write(self, frame: Frame, image: Image, time_s: float) -> bool:
        """Appends a picture of that frame, as of `VideoWriter.write`, and what there is by now of its sound. The first
        one is at 0 s."""
        if self._last is None:
            heard = self._of_source and frame.sound is not None
            self._video.with_sound = heard or self._microphone is not None
        written = self._video.write(image, time_s)
        if written:
            self._append(time_s)
            self._last = frame
        while self._pieces:
            piece = self._pieces[0]
            if time.perf_counter() - piece.asked_s < _WAITS_S and not self._has(piece):
                break
            self._write(self._pieces.popleft())
        return written

    def close(self) -> None:
        """Completes the file; may be called twice."""
        try:
            self._append(self._end / SOUND_HZ + _LAST_S)
            self._last = None
            end_s = time.perf_counter() + _WAITS_AT_THE_END_S
            while self._pieces:
                if time.perf_counter() < end_s and not self._has(self._pieces[0]):
                    time.sleep(_LOOKS_EVERY_S)
                else:
                    self._write(self._pieces.popleft())
        finally:
            for sound in {*self._goes_on_at_s, *([] if self._microphone is None else [self._microphone])}:
                sound.close()
            self._video.close()

    def _append(self, until_s: float) -> None:
        """What is heard with the last picture, until that time of the video."""
        end = round(until_s * SOUND_HZ)
        if self._last is not None and end > self._end and self.sounds:
            self._pieces.append(_Piece(self._last, end - self._end, time.perf_counter()))
            self._end = end

    def _heard(self, frame: Frame) -> list[tuple[Sound, float]]:
        """What is heard with a picture, and from when on."""
        own = [(frame.sound, frame.sound_s)] if self._of_source and frame.sound is not None else []
        return own if self._microphone is None else [*own, (self._microphone, frame.captured_s)]

    def _has(self, piece: _Piece) -> bool:
        return all(sound.has(start_s + piece.count / SOUND_HZ) for sound, start_s in self._heard(piece.frame))

    def _write(self, piece: _Piece) -> None:
        heard = []
        for sound, start_s in self._heard(piece.frame):
            goes_on_at_s = self._goes_on_at_s.get(sound, start_s)
            heard.append((sound, goes_on_at_s if abs(goes_on_at_s - start_s) < _NEAR_S else start_s))
        for done in range(0, piece.count, SOUND_HZ):  # a picture may stay for an hour
            count = min(SOUND_HZ, piece.count - done)
            mixed = np.zeros((count, 2), np.int32)
            for sound, start_s in heard:
                mixed += sound.read(start_s + done / SOUND_HZ, count)
            self._video.write_sound(mixed.clip(-32768, 32767).astype(np.int16))
        self._goes_on_at_s |= {sound: start_s + piece.count / SOUND_HZ for sound, start_s in heard}
