"""Video files and network streams, through OpenCV's FFmpeg."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from facecam.errors import SourceError
from facecam.opencv import cv2
from facecam.sources.base import MAX_PIXELS, Frame

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
_LONGEST_GAP_S = 3600.0
STREAM_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "udp", "rtp", "srt"})

# FFmpeg and OpenCV write to stderr about every damaged packet; what matters is said by SourceError.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class _Player:
    """Frames of an opened capture with the times of its own clock. Used by one thread at a time."""

    def __init__(self, capture: cv2.VideoCapture, name: str) -> None:
        self.capture = capture
        self.index = 0
        self._time_s = 0.0
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if width * height > MAX_PIXELS:
            capture.release()
            raise SourceError(f"{name} has frames of {width:.0f} x {height:.0f} pixels, more than can be handled.")
        self.fps = _positive(capture.get(cv2.CAP_PROP_FPS), 1000.0)
        count = _positive(capture.get(cv2.CAP_PROP_FRAME_COUNT), 1e9)
        self.frame_count = None if count is None else int(count)

    def read(self) -> Frame | None:
        """The next frame, None at the end or when it can't be had."""
        ok, image = self.capture.read()
        if not ok or image is None:
            return None
        time_s = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self.index and not 0 < time_s - self._time_s < _LONGEST_GAP_S:  # a file without good timestamps
            time_s = self._time_s + 1 / (self.fps or 30.0)
        self._time_s = max(0.0, time_s)
        frame = Frame(_bgr(image), self.index, self._time_s, time.perf_counter())
        self.index += 1
        return frame


class VideoSource:
    """A video file (or an animated GIF), frame by frame, as fast as it is read. frame_count is the file's own claim."""

    live = False

    def __init__(self, path: Path) -> None:
        _check_file(path)
        self.title = path.name
        self.path = path
        # An absolute path can't be taken for a protocol ("12:30.mp4"). One decoding thread leaves other cores alone.
        capture = cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self._player = _Player(capture, str(path))
        self.fps = self._player.fps
        self.frame_count = self._player.frame_count
        self._first = self._player.read()  # a file without a single frame is told at the opening
        if self._first is None:
            capture.release()
            raise SourceError(f"{path} is not a video that can be played; it may be damaged or of another kind.")

    def read(self) -> Frame | None:
        first, self._first = self._first, None
        return first or self._player.read()

    def close(self) -> None:
        self._first = None
        self._player.capture.release()


class StreamSource:
    """A network stream: HTTP (MJPEG, MP4, HLS), RTSP and others that FFmpeg knows.

    live unless it is a video of known length, which plays at its own pace like a file.
    """

    def __init__(
        self, url: str, open_timeout_s: float = OPEN_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self.title = without_password(url)
        scheme = url.partition("://")[0].lower()
        if scheme not in STREAM_SCHEMES:
            raise SourceError(f"Streams of the kind {scheme}:// are not supported; use http(s):// or rtsp://.")
        options = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(read_timeout_s * 1000)),
            *(cv2.CAP_PROP_N_THREADS, 1),
        ]
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, options)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"The stream {self.title} can't be opened; is the address right and the server up?")
        self._player = _Player(capture, self.title)
        self.fps, self.frame_count = self._player.fps, self._player.frame_count
        self.live = self.frame_count is None
        self._opened_s = time.perf_counter()
        self._read_timeout_s = read_timeout_s

    def read(self) -> Frame | None:
        asked_s = time.perf_counter()
        frame = self._player.read()
        now_s = time.perf_counter()
        if frame is not None:
            # The clock of a live stream is the moment of arrival; those in the packets often are made up.
            return replace(frame, time_s=now_s - self._opened_s) if self.live else frame
        if self._player.index == 0:
            raise SourceError(f"The stream {self.title} delivers no pictures.")
        if now_s - asked_s > 0.9 * self._read_timeout_s:
            raise SourceError(f"The stream {self.title} has stopped sending pictures.")
        return None

    def close(self) -> None:
        self._player.capture.release()


def without_password(url: str) -> str:
    """The URL without user name and password, to be shown or stored."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # such as http://[
        raise SourceError(f"{url} is not a valid address.") from error
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def _bgr(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """What a capture returned as (H, W, 3) uint8, C-contiguous; grey pictures become three equal channels."""
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return np.ascontiguousarray(image, np.uint8)


def _positive(value: float, limit: float) -> float | None:
    return float(value) if 0 < value < limit else None


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise SourceError(f"{path} is empty (0 bytes).")
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror or error}.") from error
