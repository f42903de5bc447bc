"""Decoder: the pictures of a video file or a network stream, by FFmpeg (PyAV), with the times that they carry."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type as SideData
from av.video.reformatter import Colorspace, VideoReformatter

from facecam.errors import SourceError
from facecam.sources.soundtrack import DAMAGE, StreamSound, main_stream, packets_of
from facecam.sources.web import WebStream

_LONGEST_GAP_S = 3600.0
_HD_HEIGHT_PX = 720
_UNTOLD = (2, 3)  # AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_RESERVED
_LEFT_OUT = "damaged parts of it are left out"
_SAYS_LENGTH = ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "avi", "flv")
"""Containers whose header says how long they are; of others it is guessed from what there is."""
_LEAST_MISSING_S, _MISSING_SHARE = 0.5, 0.02  # headers are no more exact
_SHAPES = (0.05, 20.0)
"""Widths of a pixel over its height that are believed."""

av.logging.set_level(av.logging.PANIC)  # FFmpeg writes about every damaged packet; what matters is a SourceError


@dataclass(frozen=True)
class Geometry:
    """How a video's stored pictures are shown: first in the shape of their pixels, then turned and mirrored as its
    display matrix says.

    width, height: of the stored picture as wide as it is shown. transposed: rows and columns change places; then
    flipped_x: mirrored left to right, flipped_y: top to bottom.
    """

    width: int
    height: int
    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame, pixel_shape: float) -> Geometry:
        """pixel_shape: width of a pixel over its height."""
        width, height = frame.width, frame.height
        if pixel_shape > 1:
            width = round(width * pixel_shape)
        elif pixel_shape < 1:  # all that is there is shown
            height = round(height / pixel_shape)
        # A point x, y of the stored picture is shown at (a x + c y, b x + d y), but for where that begins.
        try:
            matrix = frame.side_data.get(SideData.DISPLAYMATRIX)  # type: ignore[call-overload]
            a, b, _, c, d = (1, 0, 0, 0, 1) if matrix is None else np.frombuffer(matrix, np.int32)[:5].tolist()
        except ValueError:  # beside it there is a kind of data that PyAV does not know, such as EXIF
            turned = math.radians(frame.rotation)  # to the left
            a, b, c, d = math.cos(turned), -math.sin(turned), math.sin(turned), math.cos(turned)
        transposed = abs(b) > abs(a)
        x, y = (c, b) if transposed else (a, d)
        return cls(width, height, transposed, x < 0, y < 0)

    @property
    def matrix(self) -> tuple[int, ...] | None:
        """The display matrix that says so, as FFmpeg has it; None where the picture lies as it is shown."""
        x, y = (-1 if flipped else 1 for flipped in (self.flipped_x, self.flipped_y))
        if (x, y, self.transposed) == (1, 1, False):
            return None
        a, b, c, d = (0, y, x, 0) if self.transposed else (x, 0, 0, y)
        return (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)

    def shown(self, stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A picture (height, width, 3) turned as it is shown, C-contiguous."""
        if self.transposed:
            stored = stored.swapaxes(0, 1)
        return np.ascontiguousarray(stored[:: -1 if self.flipped_y else 1, :: -1 if self.flipped_x else 1])

    def stored(self, shown: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The inverse of `shown`, for pictures (H, W, ...)."""
        shown = shown[:: -1 if self.flipped_y else 1, :: -1 if self.flipped_x else 1]
        return np.ascontiguousarray(shown.swapaxes(0, 1) if self.transposed else shown)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture. image: (H, W, 3) uint8 BGR, C-contiguous, as it is shown; time_s: from the start of the video.
    frame, geometry: what it was made of."""

    image: npt.NDArray[np.uint8]
    time_s: float
    frame: av.VideoFrame
    geometry: Geometry


class Decoder:
    """Pictures of one video, in order. Used by one thread at a time.

    address: path, URL, or a stream that is open; name: for people; most_pixels: a picture above it is refused before
    there is memory for it; options: FFmpeg's, for container and streams.
    timeout_s: for opening, and for reading each picture; None: wait for ever, as for a file. damage: half sentences
    about what could not be read. Raises SourceError.
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
        self._decoded = self._decode()
        self._last_s: float | None = None
        self.damage: list[str] = []
        self._ends_s = dict.fromkeys(("of anything", "of pictures", "of good pictures"), 0.0)
        self._sound: StreamSound | None = None
        self._reformatter = VideoReformatter()
        self.web = address if isinstance(address, WebStream) else None
        limits = {"max_pixels": str(most_pixels), **options}
        # An FFmpegError goes to the caller, who knows what kind of address it is.
        self._container = av.open(address, "r", None, limits, timeout=timeout_s)
        stream = main_stream(self._container.streams.video)
        if stream is None:
            self.close()
            raise SourceError(f"{name} has no pictures in it, only other things such as sound.")
        self._stream = stream
        audio = main_stream(self._container.streams.audio)
        self._audio = audio if audio is not None and audio.codec_context is not None else None
        self.has_sound = self._audio is not None
        codec = self._stream.codec_context
        if codec is None:
            self.close()
            raise SourceError(f"{name} has pictures of a kind that can't be decoded here.")
        codec.thread_count = 1  # the other cores are not ours
        self._check(codec.width, codec.height)
        shape = self._stream.sample_aspect_ratio
        self._pixel_shape = float(shape) if shape and _SHAPES[0] < shape < _SHAPES[1] else 1.0
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate and 0 < rate <= 1000 else None
        self._start_s = (self._container.start_time or 0) / av.time_base
        duration = self._container.duration
        self.duration_s = duration / av.time_base if duration and duration > 0 else None
        self.frame_count = self._stream.frames or None
        if self.frame_count is None and self.duration_s is not None and self.fps is not None:
            self.frame_count = round(self.duration_s * self.fps)

    def listen(self) -> StreamSound | None:
        """The sound that comes with the pictures that are read from now on, if there is any."""
        if self._audio is not None:
            self._sound = StreamSound(self._start_s)
        return self._sound

    def read(self) -> Picture | None:
        """The next picture, None at the end or where the rest is damaged. Raises SourceError for one too large."""
        return next(self._decoded, None)

    def seek(self, time_s: float) -> None:
        """Goes to the last picture before that time which can be decoded by itself. Raises SourceError."""
        self._decoded, self._last_s = self._decode(), None
        try:
            self._container.seek(round((self._start_s + max(0.0, time_s)) * av.time_base))
        except DAMAGE as error:
            raise SourceError(f"{self._name} can't be played from another place.") from error

    def close(self) -> None:
        """Frees file and connection; may be called twice. There are no pictures any more."""
        self._decoded = iter(())
        if self._sound is not None:
            self._sound.end()
        self._container.close()
        if self.web is not None:
            self.web.close()

    def _decode(self) -> Iterator[Picture]:
        packets = packets_of(self._container, *self._container.streams)
        asked_s = time.perf_counter()
        while True:
            try:
                packet = next(packets, None)
            except DAMAGE:
                self._left_out()
                packet = None
            if packet is None:
                return self._check_end()
            self._saw(packet, "of anything")
            if packet.dts is not None and not packet.size:  # no damage: the picture before is shown on
                continue
            frames: list[av.VideoFrame] = []
            try:
                if packet.stream is self._stream:
                    self._saw(packet, "of pictures")
                    frames = self._stream.decode(packet)
                    self._saw(packet, "of good pictures")
                elif self._sound is not None and packet.stream is self._audio:
                    self._sound.add(packet)
            except DAMAGE:  # one damaged packet; the next may be good
                self._left_out()
                codec = self._stream.codec_context
                self._check(codec.width, codec.height)
            for frame in frames:
                self._check(frame.width, frame.height)
                if self.web is not None:
                    self.web.had_picture()
                yield self._picture(frame)
                asked_s = time.perf_counter()
            if self._timeout_s is not None and time.perf_counter() - asked_s > self._timeout_s[1]:
                return  # plenty arrives, but no picture

    def _left_out(self) -> None:
        if _LEFT_OUT not in self.damage:
            self.damage.append(_LEFT_OUT)

    def _saw(self, packet: av.Packet, what: str) -> None:
        begins = packet.dts if packet.pts is None else packet.pts
        if begins is not None and packet.time_base:
            ends_s = float((begins + (packet.duration or 0)) * packet.time_base) - self._start_s
            self._ends_s[what] = max(self._ends_s[what], ends_s)

    def _check_end(self) -> None:
        """After the last packet: whether the header promised more, or the last pictures can't be decoded."""
        kind, whole_s = self._container.format.name, self.duration_s or 0.0
        if kind == "avi" and self._stream.frames and self.fps:  # of which FFmpeg believes the size more than the header
            whole_s = self._stream.frames / self.fps
        least_s = max(_LEAST_MISSING_S, _MISSING_SHARE * whole_s)
        if kind not in _SAYS_LENGTH or whole_s - self._ends_s["of anything"] < least_s:
            whole_s = self._ends_s["of pictures"]  # the sound may go on for longer
        there_s = self._ends_s["of good pictures"]
        if whole_s - there_s > least_s:
            self.damage.append(f"it breaks off after {there_s:.1f} of its {whole_s:.1f} s, {there_s / whole_s:.0%}")

    def _picture(self, frame: av.VideoFrame) -> Picture:
        geometry = Geometry.of(frame, self._pixel_shape)
        self._check(geometry.width, geometry.height)
        shown = self._reformatter.reformat(
            frame, geometry.width, geometry.height, "bgr24", src_colorspace=colourspace_of(frame), threads=1
        )
        return Picture(geometry.shown(np.asarray(shown.to_ndarray(), np.uint8)), self._time_s(frame), frame, geometry)

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


def colourspace_of(frame: av.VideoFrame) -> int:
    """The matrix of a frame's colours: as it says, otherwise as players guess by its size."""
    if frame.colorspace not in _UNTOLD:
        return int(frame.colorspace)
    return int(Colorspace.ITU709 if frame.height >= _HD_HEIGHT_PX else Colorspace.ITU601)
