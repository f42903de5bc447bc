"""Decoder: the pictures of a video file or a network stream, by FFmpeg (PyAV), with the times that they carry."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from facecam.errors import SourceError
from facecam.sources.web import WebStream
from facecam.system.opencv import cv2

_LONGEST_GAP_S = 3600.0
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_DAMAGE = (av.FFmpegError, ValueError, OverflowError)

av.logging.set_level(av.logging.PANIC)  # FFmpeg writes about every damaged packet; what matters is a SourceError


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture. image: (H, W, 3) uint8 BGR, C-contiguous; time_s: from the start of the video."""

    image: npt.NDArray[np.uint8]
    time_s: float


class Decoder:
    """Pictures of one video, in order. Used by one thread at a time.

    address: path, URL, or a stream that is open; name: for people; most_pixels: a picture above it is refused before
    there is memory for it; options: FFmpeg's, for container and streams.
    timeout_s: for opening, and for reading each picture; None: wait for ever, as for a file. Raises SourceError.
    """

    def __init__(
        self,
        address: str | WebStream,
        name: str,
        most_pixels: int,
        options: dict[str, str],
        timeout_s: tuple[float, float] | None = None,
    ) -> None:
        self._name, self._most_pixels, self._timeout_s = name, most_pixels, timeout_s
        self._decoded: Iterator[Picture] | None = None
        self._last_s: float | None = None
        self._reformatter = VideoReformatter()
        self._web = address if isinstance(address, WebStream) else None
        format = None if self._web is None else self._web.format
        limits = {"max_pixels": str(most_pixels), **options}
        # An FFmpegError goes to the caller, who knows what kind of address it is.
        self._container = av.open(address, "r", format, limits, timeout=timeout_s)
        streams = self._container.streams.video
        if not streams:
            self.close()
            raise SourceError(f"{name} has no pictures in it, only other things such as sound.")
        self._stream = streams[0]
        codec = self._stream.codec_context
        if codec is None:
            self.close()
            raise SourceError(f"{name} has pictures of a kind that can't be decoded here.")
        codec.thread_count = 1  # the other cores are not ours
        self._check(codec.width, codec.height)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate and 0 < rate <= 1000 else None
        self._start_s = (self._container.start_time or 0) / av.time_base
        duration = self._container.duration
        self.duration_s = duration / av.time_base if duration and duration > 0 else None
        self.frame_count = self._stream.frames or None
        if self.frame_count is None and self.duration_s is not None and self.fps is not None:
            self.frame_count = round(self.duration_s * self.fps)

    def read(self) -> Picture | None:
        """The next picture, None at the end or where the rest is damaged. Raises SourceError for one too large."""
        if self._decoded is None:
            self._decoded = self._decode()
        return next(self._decoded, None)

    def seek(self, time_s: float) -> None:
        """Goes to the last picture before that time which can be decoded by itself. Raises SourceError."""
        self._decoded = self._last_s = None
        try:
            self._container.seek(round((self._start_s + max(0.0, time_s)) * av.time_base))
        except _DAMAGE as error:
            raise SourceError(f"{self._name} can't be played from another place.") from error

    def close(self) -> None:
        """Frees file and connection; may be called twice."""
        self._decoded = None
        self._container.close()
        if self._web is not None:
            self._web.close()

    def _decode(self) -> Iterator[Picture]:
        packets = self._container.demux(self._stream)
        asked_s = time.perf_counter()
        while True:
            try:
                packet = next(packets, None)
            except _DAMAGE:
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except _DAMAGE:  # one damaged packet; the next may be good
                frames = []
                codec = self._stream.codec_context
                self._check(codec.width, codec.height)
            for frame in frames:
                self._check(frame.width, frame.height)
                if self._web is not None:
                    self._web.had_picture()
                yield Picture(self._bgr(frame), self._time_s(frame))
                asked_s = time.perf_counter()
            if self._timeout_s is not None and time.perf_counter() - asked_s > self._timeout_s[1]:
                return  # plenty arrives, but no picture

    def _bgr(self, frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
        image = np.asarray(self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray(), np.uint8)
        turn = _TURNS.get(round(frame.rotation) % 360) if frame.rotation else None
        if turn is not None:
            image = np.asarray(cv2.rotate(image, turn), np.uint8)
        return np.ascontiguousarray(image)

    def _time_s(self, frame: av.VideoFrame) -> float:
        time_s = None if frame.time is None else round(frame.time - self._start_s, 6)
        if self._last_s is None:
            time_s = max(0.0, time_s or 0.0)
        elif time_s is None or not 0 < time_s - self._last_s < _LONGEST_GAP_S:  # a file without good times
            time_s = self._last_s + 1 / (self.fps or 30.0)
        self._last_s = time_s
        return time_s

    def _check(self, width: int, height: int) -> None:
        if width * height > self._most_pixels:
            self.close()
            raise SourceError(f"{self._name} has frames of {width} x {height} pixels, more than can be handled.")
