"""VideoWriter: pictures with their true times, and sound, into an MP4 or Matroska file that plays even if its writer is
killed.

Both are written in pieces of about a second. An MP4 that is closed properly becomes an ordinary one, with its index.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from facecam.arrays import Image
from facecam.detection.letterbox import letterbox
from facecam.sources.sound import SOUND_HZ, Samples
from facecam.system.files import writing

_TICKS_HZ = 60_000  # MPEG-4 knows no finer time than 1/65535 s
_PIECE_S = 1.0
_SOUND_BITS_S = 160_000
_CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mp4": ("mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof+hybrid_fragmented"}),
    ".mkv": ("matroska", {"cluster_time_limit": "1000"}),
}
# In order of preference. Live: one thread, and no picture is held back for the sake of those after it.
_CODECS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "veryfast", "crf": "21", "tune": "zerolatency"}),
    ("mpeg4", {"flags": "+qscale", "global_quality": str(4 * 118)}),  # a quantiser of 4
)


class VideoWriter:
    """path: ends in .mp4 or .mkv, is replaced if it exists, its folder is made. fps: for programs that insist on one.

    The first picture gives the size. with_sound: set before it, the video has a track for `write_sound`.

    Raises FacecamError, here and in `write` and `close`, when it can't be written;
    what has been written until then stays playable.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.path = path
        self._rate = Fraction(fps or 30.0).limit_denominator(1001)
        self._stream: av.VideoStream | None = None
        self.with_sound = False
        self._sound: av.AudioStream | None = None
        self._samples = 0
        self._size = (0, 0)
        self._reformatter = VideoReformatter()
        self._last_tick = -1
        self._piece_tick = 0
        self._closed = False
        format, options = _CONTAINERS[path.suffix.lower()]
        with writing(self.path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("wb").close()  # says better than FFmpeg why it can't
            self._container = av.open(str(path.absolute()), "w", format, {**options, "flush_packets": "1"})

    def write(self, image: Image, time_s: float) -> bool:
        """Appends (H, W, 3) uint8 BGR, shown from `time_s` on; of another size than the first it is fitted in.

        False, and nothing is written, if the time is not after that of the one before.
        """
        tick = round(time_s * _TICKS_HZ)
        if tick <= self._last_tick:
            return False
        with writing(self.path):  # as FFmpeg's errors are
            stream = self._stream or self._begin(image)
            frame = av.VideoFrame.from_numpy_buffer(self._fitted(image), format="bgr24")
            frame = self._reformatter.reformat(frame, format="yuv420p", threads=1)  # the encoder would take one a core
            frame.pts, frame.time_base = tick, Fraction(1, _TICKS_HZ)
            if self._last_tick < 0 or tick - self._piece_tick >= _PIECE_S * _TICKS_HZ:
                frame.pict_type = av.video.frame.PictureType.I  # a new piece begins; the one before is on disk
                self._piece_tick = tick
            self._container.mux(stream.encode(frame))
        self._last_tick = tick
        return True

    def write_sound(self, samples: Samples) -> None:
        """Appends samples to the sound, which begins at 0 s; after the first picture."""
        assert self._sound is not None
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, self._samples, Fraction(1, SOUND_HZ)
        self._samples += len(samples)
        with writing(self.path):
            # What an encoder sets before the beginning would move all times of an MP4 that is written in pieces.
            self._container.mux([packet for packet in self._sound.encode(frame) if (packet.pts or 0) >= 0])

    def close(self) -> None:
        """Completes the file; may be called twice."""
        if self._closed:
            return
        self._closed = True
        with writing(self.path):
            try:
                for stream in (self._stream, self._sound):
                    if stream is not None:
                        self._container.mux(stream.encode(None))
            finally:
                self._container.close()
                self._stream = self._sound = None
                del self._container  # with the encoder, however long this writer is kept

    def _begin(self, image: Image) -> av.VideoStream:
        name, options = next((name, options) for name, options in _CODECS if name in av.codecs_available)
        height, width = (max(2, side // 2 * 2) for side in image.shape[:2])  # the colours have half the resolution
        stream = self._container.add_stream(name, rate=self._rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS_HZ)
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = 300
        stream.codec_context.max_b_frames = 0
        self._stream, self._size = stream, (width, height)
        if self.with_sound:
            self._sound = self._container.add_stream("aac", SOUND_HZ)
            self._sound.layout, self._sound.bit_rate = "stereo", _SOUND_BITS_S
        return stream

    def _fitted(self, image: Image) -> Image:
        """The picture in the file's size, letterboxed if it has another shape."""
        width, height = self._size
        if 0 <= image.shape[1] - width < 2 and 0 <= image.shape[0] - height < 2:
            return np.ascontiguousarray(image[:height, :width])
        return letterbox(image, self._size, middle=True)[0]
