"""The tracks of videos and network streams, by FFmpeg (PyAV): which are played, and sound on the pictures' clock."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.format import Flags as ContainerFlags
from av.stream import Disposition, Stream

from facecam.sources.sound import SOUND_HZ, Samples, SoundRing

DAMAGE = (av.FFmpegError, ValueError, OverflowError)
"""What PyAV raises for a file that is not as it should be."""
_StreamT = TypeVar("_StreamT", bound=Stream)
_KEPT_S = 10.0
_LONGEST_GAP_S = 3600
_READS_ON = 2 * SOUND_HZ  # so far ahead it is quicker to read on than to seek
_MOST_PACKETS = 1024  # of a stream whose sound nobody has asked for yet: some 20 s
_BEFORE_S = 0.1  # a decoder needs a little of what was before


def main_stream(streams: Iterable[_StreamT]) -> _StreamT | None:
    """The one of a file's video or audio streams that players play: the default one, else the first; covers and
    thumbnails are none."""
    played = [stream for stream in streams if not stream.disposition & Disposition.attached_pic]
    return next((stream for stream in played if stream.disposition & Disposition.default), next(iter(played), None))


def packets_of(container: av.container.InputContainer, *streams: Stream) -> Iterator[av.Packet]:
    """The packets of these streams, to the end. Of transport streams that were joined, whose clock begins anew, the
    later one goes on where the one before ends."""
    may_join = bool(container.format.flags & ContainerFlags.ts_discont.value)  # type: ignore[operator]
    clocks = _JoinedClocks()
    while True:
        try:
            for packet in container.demux(*streams):
                if may_join and packet.dts is not None:
                    clocks.set_right(packet)
                yield packet
        except IndexError:  # of a stream that was not there at the beginning, as in a damaged transport stream
            continue
        return


class _JoinedClocks:
    """Sets right the times of packets from parts that follow one another and begin anew each."""

    def __init__(self) -> None:
        self._later_s = [Fraction(0)]  # what each part comes later than it says
        self._part_of: dict[int, int] = {}
        self._first_s: dict[int, Fraction] = {}
        self._last_s: dict[int, Fraction] = {}
        self._end_s = Fraction(0)

    def set_right(self, packet: av.Packet) -> None:
        """packet: the next one, of any stream. All follow the first one that jumps, and stay together so."""
        assert packet.dts is not None
        index, tick_s = packet.stream.index, packet.time_base
        decoded_s, shown_s = ((packet.dts if ticks is None else ticks) * tick_s for ticks in (packet.dts, packet.pts))
        part = self._part_of.get(index, len(self._later_s) - 1)
        if packet.stream.type in ("audio", "video"):
            first_s = self._first_s.setdefault(index, shown_s)
            last_s = self._last_s.get(index, decoded_s + self._later_s[part])

            def jumps(part: int) -> bool:
                return not last_s <= decoded_s + self._later_s[part] < last_s + _LONGEST_GAP_S

            if jumps(part):
                part = next((each for each in range(part + 1, len(self._later_s)) if not jumps(each)), -1)
            if part < 0:
                part = len(self._later_s)
                begins_s = shown_s - (first_s - min(self._first_s.values()))  # if it is like the first part
                self._later_s.append(self._end_s - begins_s)
            self._part_of[index] = part
            self._last_s[index] = decoded_s + self._later_s[part]
            self._end_s = max(self._end_s, shown_s + self._later_s[part] + (packet.duration or 0) * tick_s)
        if later := round(self._later_s[part] / tick_s):
            packet.dts += later
            packet.pts = None if packet.pts is None else packet.pts + later


class _Soundtrack:
    """What both have in common. start_s: of the container's clock, where that of the pictures begins."""

    trouble = ""

    def __init__(self, start_s: float = 0.0) -> None:
        self._start_s = start_s
        self._lock = threading.Lock()  # guards everything here
        self._ring = SoundRing(_KEPT_S)
        self._resampler = av.AudioResampler("s16", "stereo", SOUND_HZ)

    def _decode(self, packet: av.Packet) -> None:
        """Under the lock."""
        with suppress(*DAMAGE):  # one damaged packet; the next may be good
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                try:
                    parts = self._resampler.resample(frame)
                except ValueError:  # rate or channels have changed
                    self._resampler = av.AudioResampler("s16", "stereo", SOUND_HZ)
                    parts = self._resampler.resample(frame)
                for part in parts:
                    time_s = None if part.time is None else part.time - self._start_s
                    self._ring.put(time_s, np.asarray(part.to_ndarray(), np.int16).reshape(-1, 2))


class FileSound(_Soundtrack):
    """Sound of a video file, which is opened again for it when it is first read, so that it can be read at any
    place."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._container: av.container.InputContainer | None = None
        self._stream: av.AudioStream | None = None
        self._packets: Iterator[av.Packet] = iter(())
        self._over = False

    def has(self, until_s: float) -> bool:
        return True

    def read(self, start_s: float, count: int) -> Samples:
        first = round(start_s * SOUND_HZ)
        with self._lock:
            with suppress(*DAMAGE):  # the rest is silence
                self._go_to(start_s)
                while self._ring.end < first + count and not self._over:
                    packet = next(self._packets, None)
                    self._over = packet is None
                    if packet is not None:
                        self._decode(packet)
            return self._ring.read(first, count)

    def close(self) -> None:
        with self._lock:
            if self._container is not None:
                self._container.close()
            self._container = self._stream = None
            self._packets = iter(())

    def _go_to(self, start_s: float) -> None:
        if self._container is None:
            self._begin()
        first = round(start_s * SOUND_HZ)
        goes_on = self._ring.first <= first <= self._ring.end + _READS_ON
        if goes_on or (self._over and first > self._ring.end):  # the pictures may go on for longer
            return
        assert self._container is not None
        assert self._stream is not None
        try:
            wanted_s = self._start_s + max(0.0, start_s - _BEFORE_S)
            self._container.seek(round(wanted_s / (self._stream.time_base or 1)), stream=self._stream)
            self._packets, self._over = packets_of(self._container, self._stream), False
        except DAMAGE:  # no index: from the beginning
            self._container.close()
            self._begin()

    def _begin(self) -> None:
        container = av.open(os.path.abspath(self._path), "r", options={"protocol_whitelist": "file"})
        stream = main_stream(container.streams.audio)
        if stream is None:
            container.close()
            raise ValueError("the file is another one by now")
        self._container, self._stream = container, stream
        self._start_s = (container.start_time or 0) / av.time_base
        self._packets, self._over = packets_of(container, stream), False
        self._ring = SoundRing(_KEPT_S)


class StreamSound(_Soundtrack):
    """Sound of a network stream: its packets are kept as they come, and decoded when somebody asks."""

    def __init__(self, start_s: float) -> None:
        super().__init__(start_s)
        self._packets: deque[av.Packet] = deque(maxlen=_MOST_PACKETS)
        self._over = False

    def add(self, packet: av.Packet) -> None:
        """In the thread that reads the stream."""
        with self._lock:
            self._packets.append(packet)

    def end(self) -> None:
        """The stream is about to be closed. What has come can still be read."""
        with self._lock:
            self._decode_all()
            self._over = True

    def has(self, until_s: float) -> bool:
        with self._lock:
            self._decode_all()
            return self._over or self._ring.end >= until_s * SOUND_HZ

    def read(self, start_s: float, count: int) -> Samples:
        with self._lock:
            self._decode_all()
            return self._ring.read(round(start_s * SOUND_HZ), count)

    def close(self) -> None:
        """Does nothing: the stream itself is closed by whoever reads its pictures."""

    def _decode_all(self) -> None:
        while self._packets:
            self._decode(self._packets.popleft())
