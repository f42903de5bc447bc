"""Network streams."""

from __future__ import annotations

import time

import av

from facecam.errors import SourceError
from facecam.sources.base import Frame, without_password
from facecam.sources.decoder import Decoder, Picture
from facecam.sources.jpegs import JpegReader
from facecam.sources.sound import Sound
from facecam.sources.web import JPEGS, STILL, WebStream, open_web_stream

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 8.0
MAX_STREAM_PIXELS = 36_000_000
"""8K. A stream comes from elsewhere and goes on: a larger picture is refused before there is memory for it."""
STREAM_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "udp", "rtp", "srt"})
_PROTOCOLS = "http,https,tls,tcp,udp,rtp,rtsp,rtsps,rtmp,rtmps,srt,crypto,httpproxy"  # no file


class StreamSource:
    """A network stream: HTTP (MJPEG, single JPEGs, MP4, HLS), RTSP and others that FFmpeg knows.

    live unless it is a video of known length, which plays at its own pace like a file. read_timeout_s: `read` gives up
    when no picture has come for that long, whatever else has.
    """

    def __init__(
        self, url: str, open_timeout_s: float = OPEN_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self.title = without_password(url)
        scheme, rest = url.split("://", 1)
        scheme = scheme.lower()
        url = f"{scheme}://{rest}"  # as FFmpeg wants it
        if scheme not in STREAM_SCHEMES:
            raise SourceError(f"Streams of the kind {scheme}:// are not supported; use http(s):// or rtsp://.")
        # A slow camera's rate would take seconds to measure. TCP, as a picture with holes is no use to a detector.
        options = {"protocol_whitelist": _PROTOCOLS, "fpsprobesize": "0", "rtsp_transport": "tcp"}
        timeout_s = (open_timeout_s, read_timeout_s)

        def ask() -> WebStream | None:
            return open_web_stream(url, self.title, *timeout_s) if scheme in ("http", "https") else None

        web = ask()
        self._decoder: Decoder | JpegReader
        self._sound: Sound | None = None
        try:
            if web is not None and web.format in (JPEGS, STILL):
                self._decoder = JpegReader(web, MAX_STREAM_PIXELS, ask if web.format == STILL else None)
            else:
                decoder = self._decoder = Decoder(web or url, self.title, MAX_STREAM_PIXELS, options, timeout_s)
                self._sound = decoder.listen()
        except (av.FFmpegError, ValueError, SourceError) as error:
            if web is not None:
                web.close()
            raise error if isinstance(error, SourceError) else SourceError(self._unopened(error)) from error
        self.fps, self.frame_count = self._decoder.fps, self._decoder.frame_count
        self.live = self._decoder.duration_s is None
        if self.live:
            self.frame_count = None
        self._index = 0
        self._opened_s = time.perf_counter()
        self._read_timeout_s = read_timeout_s

    def read(self) -> Frame | None:
        asked_s = time.perf_counter()
        picture = self._decoder.read()
        now_s = time.perf_counter()
        if picture is not None:
            # The clock of a live stream is the moment of arrival; those in the packets often are made up.
            image, own_s = (picture.image, picture.time_s) if isinstance(picture, Picture) else (picture, 0.0)
            time_s = now_s - self._opened_s if self.live else own_s
            frame = Frame(image, self._index, time_s, now_s, sound=self._sound, sound_s=own_s)
            self._index += 1
            return frame
        if self._index == 0:
            raise SourceError(f"The stream {self.title} delivers no pictures.")
        if now_s - asked_s > 0.9 * self._read_timeout_s:
            raise SourceError(f"The stream {self.title} has stopped sending pictures.")
        return None

    def cancel(self) -> None:
        """From any thread: a `read` that waits for data ends soon."""
        if self._decoder.web is not None:
            self._decoder.web.cancel()

    def close(self) -> None:
        self._decoder.close()

    def _unopened(self, error: Exception) -> str:
        if isinstance(error, av.InvalidDataError):
            return f"What {self.title} sends is not a video that can be played, or its pictures are too large."
        return f"The stream {self.title} can't be opened; is the address right and the server up?"
