"""Copies of video files: what was changed in the pictures is encoded anew, in the original's shape, colours and times;
sound, subtitles and chapters are carried over as they are.

The stored pictures are changed, not those that are shown: where nothing was changed the encoder gets what the decoder
gave. Place, camera and times of day (metadata, and lines of subtitles), covers, data tracks and what an edit list cuts
away are left out on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags as CodecFlags
from av.format import Flags as ContainerFlags
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from facecam.arrays import Image
from facecam.saving.photo_file import COPY_MARK
from facecam.sources import Frame
from facecam.sources.decoder import Picture, colourspace_of
from facecam.sources.soundtrack import DAMAGE, main_stream, packets_of
from facecam.sources.video import VideoSource
from facecam.system.cpu import no_more_urgent
from facecam.system.files import PartFile, writing
from facecam.system.opencv import cv2

_MUXERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".avi": "avi", ".ts": "mpegts",
    ".mts": "mpegts", ".m2ts": "mpegts", ".qt": "mov",
    ".mpg": "mpeg", ".mpeg": "mpeg", ".flv": "flv", ".3gp": "3gp",
}  # fmt: skip
_FALLBACK = ".mkv"
"""Holds whatever there is."""
_OPTIONS: dict[str, dict[str, str]] = {
    "h264": {"preset": "veryfast", "crf": "18"},
    "hevc": {"preset": "superfast", "crf": "20", "x265-params": "log-level=none", "a53cc": "1"},
    "vp8": {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "8M"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "0", "row-mt": "0"},
    "av1": {"preset": "10", "crf": "24", "svtav1-params": "lp=1"},
    "mpeg4": {"flags": "+qscale", "global_quality": str(3 * 118)},
}
"""Codecs that are written as they are read, at a quality whose loss is not seen; all others become H.264."""
_ENCODERS = {"av1": "libsvtav1", "h264": "libx264"}
_HOLD = {"h264": {"mp4", "mov", "matroska", "mpegts", "flv", "3gp"}, "av1": {"mp4", "matroska", "webm"}}
_PLANAR = {f"yuv{chroma}p{depth}" for chroma in ("420", "422", "444") for depth in ("", "10le", "12le")} | {"yuvj420p"}
_CARRIED = ("audio", "subtitle")
_FOR_HDR = (
    *(SideData.MASTERING_DISPLAY_METADATA, SideData.CONTENT_LIGHT_LEVEL, SideData.AMBIENT_VIEWING_ENVIRONMENT),
    *(SideData.DYNAMIC_HDR_PLUS, SideData.DYNAMIC_HDR_VIVID, SideData.DOVI_METADATA, SideData.DOVI_RPU_BUFFER),
)
_LOST = {
    SideData.SPHERICAL: "that it shows all around (360 degrees) is left out",
    **dict.fromkeys(_FOR_HDR, "what it says to HDR screens about its brightness is left out"),
}
"""What pictures come with, for players, that no encoder here takes over."""
_DAY = r"""(?:
    \d{4}[-/.:年]\s?\d{1,2}[-/.:月]\s?\d{1,2}日?
    | \d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}
    | \d{1,2}[\W_]{0,2}[^\W\d_]{3,10}[\W_]{1,2}\d{4}  # 3 May 2024
    | [^\W\d_]{3,10}[\W_]{1,2}\d{1,2}[\W_]{1,2}\d{4}  # May 3, 2024
)"""
_WHERE_AND_WHEN = re.compile(
    rf"""(?ix)
    \d(?:\.\d{{4}}|,\d{{5}})(?s:.*?)\d(?:\.\d{{4}}|,\d{{5}})  # two numbers as fine as coordinates are
    # Two less fine ones at once; those that both end in 0 may be thousands.
    | (?!\d\.\d\d0\D+\d+\.\d\d0\b) \d\.\d{{3,}}[^\w.]{{0,2}}[NSEWO]?[^\w.]{{1,3}}[NSEWO]?[^\w.]{{0,2}}\d+\.\d{{3}}
    | \b(?:gps|lat(?:itude)?|lon(?:gt?itude)?|lng)\W{{0,6}}\d+[.,]\d
    | \d\s*(?:[°º˚\ufffd]|deg)\s*\d+\s*(?:['’′]|[.,]\d\d)  # degrees and minutes
    | \d[.,]\d{{3,}}\s*(?:[°º˚\ufffd]|deg)
    | \$G[A-Z]{{4}},  # a receiver's own words (NMEA 0183)
    | (?<!\d)(?:19|20)\d\d[01]\d[0-3]\d[T_\ -]?[0-2]\d[0-5]\d
    # A day and a time beside each other; or not far, if the time has seconds, which nobody says.
    | {_DAY}(?:[\WT_]{{1,3}}\d{{1,2}}(?:[:h]|[.-]\d\d[.-])\d\d | \D{{1,16}}\d{{1,2}}(?:[:.-]\d\d){{2}})
    | \d:\d\d(?:\W?[AP]\W?M\b)?[\W_]{{1,3}}{_DAY} | :\d\d:\d\d\D{{1,16}}(?:{_DAY}|(?:19|20)\d\d\b)
    """
)
"""In subtitles as drones and dashcams write them for each second."""
_SHAPE = re.compile(r"\{[^{}]*\\p[1-9][^{]*|\{\\[^{}]*\}")
"""What is drawn, and where and how letters are shown (ASS)."""
_ASS_KEPT = re.compile(
    rb"(?mi)^(?:\[(?:Fonts|Graphics)\].*\n(?:(?!\[[\w+ ]+\]\s*$).*\n?)*"
    rb"|(?:\xef\xbb\xbf)?\[(?:Script Info|V4\+* Styles|Events)\].*\n?"
    rb"|(?:ScriptType|(?:Play|Layout)Res[XY]|WrapStyle|ScaledBorderAndShadow|YCbCr Matrix|Collisions|Timer|Kerning"
    rb"|Format|Style) *:.*\n?)"
)
"""What a header of subtitles says about how they are shown."""


class VideoCopy:
    """A copy of a video file, written as its frames are read; to be closed.

    original: reads them. path: where the copy goes; `path` is another one afterwards if its container can't hold what
    is in the original. sound: whether audio is carried over. whole: what is left of sound and subtitles after the last
    picture is, too. other_path: gives the path with another suffix. `converted`: half sentences about what could not
    be kept. Raises WriteError if it can't be written.
    """

    def __init__(
        self,
        original: VideoSource,
        path: Path,
        sound: bool = True,
        whole: bool = True,
        other_path: Callable[[str], Path] | None = None,
    ) -> None:
        self._original, self._whole = original, whole
        self.converted: list[str] = []
        self._source = av.open(str(original.path.absolute()), "r", options={"protocol_whitelist": "file"})
        pictures = main_stream(self._source.streams.video)
        assert pictures is not None
        self._pictures = pictures
        self._tick_s = pictures.time_base or Fraction(1, 90_000)
        kinds = _CARRIED if sound else _CARRIED[1:]
        telling = _telling_tracks(original.path)
        self._carried = [
            stream for stream in self._source.streams if stream.type in kinds and stream.index not in telling
        ]
        for language in telling.values():
            self._tell(f"its subtitles{language} are left out, as lines of them say where or when it was filmed")
        self._others: Any = None
        self._pending: av.Packet | None = None
        self._cut_away: dict[int, av.Packet] = {}  # the last of each stream
        self._reformatter = VideoReformatter()
        self._last_pts: int | None = None
        self._last_s = 0.0  # of the decoder's clock, which goes on where the file's times are none
        self.path = path
        suffix = path.suffix.lower()
        try:
            self._open(_MUXERS[suffix])
        except (KeyError, ValueError):
            self.path = (other_path or path.with_suffix)(_FALLBACK)
            self.converted.append(f"written as {_FALLBACK}, as {suffix or 'its format'} can't hold what is in it")
            self._open(_MUXERS[_FALLBACK])
        codec = pictures.codec_context
        if self._stream.codec_context.codec.canonical_name != codec.codec.canonical_name:
            self.converted.append(f"its pictures ({codec.codec.canonical_name}) are written as H.264")
        elif self._format != codec.pix_fmt:
            self.converted.append(f"its colours ({codec.pix_fmt}) are written as {self._format}")
        parts = codec.format.components if codec.format else ()
        if any(part.is_alpha for part in parts) or pictures.metadata.get("alpha_mode") == "1":
            self.converted.append("its transparency is left out")
        if sum(not stream.disposition & Disposition.attached_pic for stream in self._source.streams.video) > 1:
            self.converted.append("its other tracks of pictures are left out")

    def _open(self, muxer: str) -> None:
        """Raises ValueError if this container can't hold one of the streams."""
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = PartFile(self.path)
            self._container = av.open(str(self._file.part.absolute()), "w", muxer)
        try:
            self._stream = self._video_stream(muxer)
            self._copies = {stream.index: self._carry(stream) for stream in self._carried[:]}
        except ValueError:
            self._container.close()
            self._file.discard()
            raise
        self._container.metadata["comment"] = COPY_MARK
        self._container.metadata["service_provider"] = COPY_MARK  # in transport streams
        if chapters := self._source.chapters():
            for chapter in chapters:  # which may say more than their titles
                title = chapter["metadata"].get("title", "")
                chapter["metadata"] = {"title": title}
                if _WHERE_AND_WHEN.search(title):
                    chapter["metadata"] = {}
                    self._tell("titles of chapters that say where or when it was filmed are left out")
            self._container.set_chapters(chapters)

    def _video_stream(self, muxer: str) -> av.VideoStream:
        codec = self._pictures.codec_context
        name = codec.codec.canonical_name
        if name in _OPTIONS and codec.pix_fmt in _PLANAR and name != "av1":
            stream = self._container.add_stream_from_template(self._pictures, opaque=False)
            self._format = codec.pix_fmt
        else:
            if name != "av1" or "420p" not in str(codec.pix_fmt):
                name = "h264"
            if muxer not in _HOLD[name]:
                raise ValueError(f"{muxer} with {name}")
            # AV1's encoder and decoder are two libraries, so that a stream can't be made from the other one.
            added = self._container.add_stream(_ENCODERS[name], self._pictures.average_rate)
            assert isinstance(added, av.VideoStream)
            stream = added
            stream.width, stream.height = codec.width, codec.height
            deep = max((part.bits for part in codec.format.components), default=8) > 8 if codec.format else False
            sampling = "444" if name == "h264" and (codec.width | codec.height) & 1 else "420"  # which needs even sides
            self._format = stream.pix_fmt = f"yuv{sampling}p10le" if deep else f"yuv{sampling}p"
            for tag in ("sample_aspect_ratio", "colorspace", "color_range", "color_primaries", "color_trc"):
                if value := getattr(codec, tag):
                    setattr(stream.codec_context, tag, value)
        encoder = stream.codec_context
        encoder.options = _OPTIONS[name]
        encoder.extradata = None  # the original's headers
        if name == "hevc" and muxer in ("mp4", "mov"):
            encoder.codec_tag = "hvc1"  # without which Apple's players show nothing
        if self._container.format.flags & ContainerFlags.global_header.value:  # type: ignore[operator]
            encoder.flags |= CodecFlags.global_header.value
        encoder.thread_count = 1
        encoder.max_b_frames = 0  # which would shift all times
        encoder.time_base = stream.time_base = self._tick_s
        if self._pictures.average_rate:
            encoder.framerate = self._pictures.average_rate
        with no_more_urgent():
            encoder.open()  # now, so that the file begins with its headers and not with the original's
        _keep_tags(self._pictures, stream)
        return stream

    def _carry(self, stream: Any) -> Any:
        try:
            copy = self._container.add_stream_from_template(stream)
        except ValueError:
            if self._container.format.name != _MUXERS[_FALLBACK]:
                raise
            self._carried.remove(stream)
            self.converted.append(f"its {stream.type} ({stream.codec_context.name}) can't be kept")
            return None
        _keep_tags(stream, copy)
        header = stream.codec_context.extradata or b""
        if (bare := _bare(header)) != header:
            copy.codec_context.extradata = bare
        return copy

    def add(self, frame: Frame, changed: Image, where: Image) -> None:
        """The frame that was read last, whose stored picture is changed. changed: (H, W, 3) uint8 BGR, what the copy is
        to show wherever `where`, (H, W) uint8, is not 0."""
        picture = self._original.picture
        assert picture is not None
        if self._last_pts is None:
            self._stream.set_display_matrix(picture.geometry.matrix)
            with suppress(ValueError):  # of a kind that PyAV does not know, such as EXIF
                for kind, what in _LOST.items():
                    if picture.frame.side_data.get(kind) is not None:  # type: ignore[call-overload]
                        self._tell(what)
        if picture.frame.interlaced_frame:
            self._tell("its half pictures (interlaced) are written as whole ones")
        if (picture.frame.width, picture.frame.height) != (self._stream.width, self._stream.height):
            self._tell("its pictures change their size, and are all written in that of the first")
        stored = self._changed(picture, changed, where)
        pts = picture.frame.pts
        if pts is None or (self._last_pts is not None and pts <= self._last_pts):
            later = round((picture.time_s - self._last_s) / self._tick_s)
            pts = 0 if self._last_pts is None else self._last_pts + max(1, later)
        stored.pts, stored.time_base, self._last_pts, self._last_s = pts, self._tick_s, pts, picture.time_s
        stored.pict_type = av.video.frame.PictureType.NONE
        with writing(self.path):
            self._carry_on(pts * self._tick_s)
            self._container.mux(self._stream.encode(stored))

    def _tell(self, what: str) -> None:
        if what not in self.converted:
            self.converted.append(what)

    def close(self) -> tuple[Path, list[str]]:
        """Completes the file and puts it where it belongs. Gives its path, and what it could not keep."""
        try:
            with writing(self.path):
                if self._whole:
                    self._carry_on(None)
                self._container.mux(self._stream.encode(None))
                self._container.close()
                if self._container.format.name == "mpeg":  # which has no place for a comment but padding
                    with self._file.part.open("ab") as file:
                        file.write(b"\0\0\1\xbe" + len(COPY_MARK).to_bytes(2, "big") + COPY_MARK.encode())
                self._file.complete()
        finally:
            self.discard()
        return self.path, self.converted

    def discard(self) -> None:
        """Gives an unfinished copy up, without a trace; does nothing after `close`."""
        with suppress(OSError):  # as a full disk says again when FFmpeg completes what there is
            self._container.close()
        self._source.close()
        self._file.discard()

    def _carry_on(self, until_s: Fraction | None) -> None:
        """Carries packets over up to a time of the file, or all."""
        if not self._carried:
            return
        if self._others is None:
            self._others = packets_of(self._source, *self._source.streams)  # of which any tells where films were joined
            self._pending = next(self._others, None)
        while self._pending is not None:
            packet = self._pending
            if packet.dts is not None and packet.stream in self._carried:
                if until_s is not None and packet.dts * packet.time_base > until_s:
                    return
                index = packet.stream.index
                if packet.is_discard:
                    self._cut_away[index] = packet
                else:
                    run_up = self._cut_away.pop(index, None)  # without which a decoder's first sound is wrong
                    for each in filter(None, (run_up, packet)):
                        each.stream = self._copies[index]
                        self._container.mux_one(each)
            self._pending = next(self._others, None)

    def _changed(self, picture: Picture, changed: Image, where: Image) -> av.VideoFrame:
        frame, geometry = picture.frame, picture.geometry
        size, colours = (frame.width, frame.height), colourspace_of(frame)
        if frame.format.name != self._format:
            frame = self._reformatter.reformat(frame, format=self._format, threads=1)
        if not cv2.hasNonZero(where):
            return frame
        stored, where = geometry.stored(changed), geometry.stored(where)
        if (geometry.width, geometry.height) != size:
            stored, where = _shrunk(stored, size), _shrunk(where, size)
        converted = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(stored, format="bgr24"),
            format=self._format,
            dst_colorspace=colours,
            dst_color_range=frame.color_range or None,
            threads=1,
        )
        frame.make_writable()  # it stays the same frame, with its captions
        for old, new in zip(_planes(frame), _planes(converted), strict=True):
            cv2.copyTo(new, _shrunk(where, new.shape[::-1]), old)
        return frame


def _telling_tracks(path: Path) -> dict[int, str]:
    """The tracks of subtitles of which a line says where or when the film was made, and their languages. Such a track
    goes as a whole: what it tells in one line it tells in others, too, maybe in words that are not known here."""
    telling: dict[int, str] = {}
    with av.open(str(path.absolute()), "r", options={"protocol_whitelist": "file"}) as file:
        tracks = [track for track in file.streams.subtitles if not _is_drawn(track)]
        with suppress(*DAMAGE):  # what can't be read is not carried over either
            for packet in packets_of(file, *tracks) if tracks else ():
                if packet.stream.index not in telling and _WHERE_AND_WHEN.search(_words(packet)):
                    language = packet.stream.metadata.get("language")
                    telling[packet.stream.index] = f" ({language})" if language else ""
                    if len(telling) == len(tracks):
                        break
    return telling


def _is_drawn(track: Any) -> bool:
    return track.codec_context is not None and track.codec_context.codec.bitmap_sub


def _words(packet: av.Packet) -> str:
    """What is read in a line of subtitles."""
    codec = packet.stream.codec_context
    text = bytes(packet)[2 if codec and codec.name == "mov_text" else 0 :]  # which says its length first
    return _SHAPE.sub(" ", text.replace(b"\0", b"").decode(errors="replace"))  # also of UTF-16 and Latin 1


def _keep_tags(original: Any, copy: Any) -> None:
    """Language, and which stream is the default one."""
    if language := original.metadata.get("language"):
        copy.metadata["language"] = language
    copy.disposition = original.disposition & ~Disposition.attached_pic


def _bare(header: bytes) -> bytes:
    """A decoder's header without what was written in it beside: comments (Vorbis); titles, names, paths (SSA, ASS)."""
    if (setup := header.rfind(b"\5vorbis")) > 0:
        first = header.find(b"\1vorbis")
        return b"\2\x1e\x10" + header[first : first + 30] + b"\3vorbis" + bytes(8) + b"\1" + header[setup:]
    return b"".join(_ASS_KEPT.findall(header)) if b"[Script Info]" in header[:99] else header


def _planes(frame: av.VideoFrame) -> Iterator[npt.NDArray[Any]]:
    """(H, W) values of each plane, to be read and written."""
    kind = np.dtype(np.uint16 if frame.format.components[0].bits > 8 else np.uint8)
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
        yield rows[: plane.height, : plane.width]


def _shrunk(pixels: Image, size: tuple[int, ...]) -> Image:
    """A picture in another size (width, height); a mask is set there wherever any of its pixels is."""
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
