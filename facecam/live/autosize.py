"""AutoSize: the largest input size at which the core keeps up with a wanted rate, found while it runs."""

from __future__ import annotations

from statistics import median

from facecam.live.options import Size

SIZES: tuple[Size, ...] = ((640, 480), (480, 360), (320, 240))
"""From the finest to the fastest."""

_FRAMES = 12  # that a decision rests on
_ROOM = 0.85  # share of a frame's time that the detection may take: capture and window need some too
_UP_ROOM = 0.7  # a larger size must promise to fit this well, so that it does not go up and down all the time
_FIRST_WAIT = 40  # frames before a larger size is tried
_LONGEST_WAIT = 2000


class AutoSize:
    """Told how long each detection took, it says at what size the next one should be. Not thread-safe."""

    def __init__(self) -> None:
        self._step = 0
        self._times_ms: list[float] = []
        self._settled = 0  # frames at this size
        self._wait = _FIRST_WAIT

    @property
    def size(self) -> Size:
        """(width, height) for the next detection."""
        return SIZES[self._step]

    def took(self, detect_ms: float, hold_hz: float) -> None:
        """One detection at `size` took so long; `hold_hz` a second are wanted."""
        self._times_ms = [*self._times_ms[-_FRAMES + 1 :], detect_ms]
        self._settled += 1
        if len(self._times_ms) < _FRAMES:
            return
        budget_ms = 1000 / hold_hz
        now_ms = median(self._times_ms)
        if now_ms > _ROOM * budget_ms and self._step + 1 < len(SIZES):
            if self._settled < 2 * _FRAMES and self._wait < _LONGEST_WAIT:
                self._wait *= 2  # the larger size has just failed: be slower to try it again
            self._go(1)
        elif self._step > 0 and self._settled >= self._wait:
            grown = _pixels(SIZES[self._step - 1]) / _pixels(self.size)  # the time goes with the pixels
            if now_ms * grown < _UP_ROOM * budget_ms:
                self._go(-1)

    def _go(self, steps: int) -> None:
        self._step += steps
        self._times_ms, self._settled = [], 0


def _pixels(size: Size) -> int:
    return size[0] * size[1]
