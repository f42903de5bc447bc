"""Sound that belongs to pictures, and the newest seconds of it by their times."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

SOUND_HZ = 48_000
Samples = npt.NDArray[np.int16]
"""(n, 2), at SOUND_HZ."""
_NEAR = SOUND_HZ // 200  # less is a container's rounding, not a gap


class Sound(Protocol):
    """The sound of a source, on the clock of its pictures (`Frame.sound_s`), or of a microphone, on that of
    `time.perf_counter()`. Used from any thread.
    """

    @property
    def trouble(self) -> str:
        """A sentence that says why there is none, empty while all is well."""

    def has(self, until_s: float) -> bool:
        """Whether all that is to come until that time has come."""

    def read(self, start_s: float, count: int) -> Samples:
        """`count` samples from that time on, with silence where there is no sound."""

    def close(self) -> None:
        """Frees file or device; may be called twice."""


class SoundRing:
    """The newest samples, by their number: their time times SOUND_HZ. It holds those from `first` to before `end`."""

    def __init__(self, seconds: float) -> None:
        self._ring = np.zeros((round(seconds * SOUND_HZ), 2), np.int16)
        self.first = self.end = 0

    def put(self, time_s: float | None, samples: Samples) -> None:
        """Samples that begin at that time; None: after the last ones. A gap is silence, of two at one time the later
        counts, and after a jump nothing is kept."""
        size = len(self._ring)
        at = self.end if time_s is None else round(time_s * SOUND_HZ)
        if abs(at - self.end) <= _NEAR:
            at = self.end
        elif not self.first <= at < self.end + size:
            self.first = self.end = at
        if at > self.end:
            self._ring[np.arange(self.end, at) % size] = 0
        kept = samples[-size:]
        self.end = at + len(samples)
        self._ring[np.arange(self.end - len(kept), self.end) % size] = kept
        self.first = max(self.first, self.end - size)

    def read(self, first: int, count: int) -> Samples:
        """`count` samples from a number on, with silence for those that are not here."""
        samples = np.zeros((count, 2), np.int16)
        low, high = max(first, self.first), min(first + count, self.end)
        if low < high:
            samples[low - first : high - first] = self._ring[np.arange(low, high) % len(self._ring)]
        return samples
