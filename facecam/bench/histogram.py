"""How often each time came up: what the card and the window draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_CUT_PERCENT = 99.5
_CUT_FROM = 1.25
_NARROWEST = 1.05
Times = Sequence[float] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """Which times are drawn where they belong. low_ms: the shortest; high_ms: the longest of nearly all; cut: whether
    there are longer ones, which are drawn at the edge: one hiccup must not flatten all others."""

    low_ms: float
    high_ms: float
    cut: bool

    @classmethod
    def of(cls, times_ms: Times) -> Range:
        """The two ends differ, however alike the times are."""
        low, high, longest = (float(np.percentile(times_ms, percent)) for percent in (0, _CUT_PERCENT, 100))
        high = max(longest if longest < _CUT_FROM * high else high, low * _NARROWEST, low + 1e-3)
        return cls(low, high, longest > high)

    @property
    def low_words(self) -> str:
        return f"{self.low_ms:.1f} ms"

    @property
    def high_words(self) -> str:
        return f"{self.high_ms:.1f} ms{' or more' * self.cut}"

    def clipped(self, times_ms: Times) -> npt.NDArray[np.float64]:
        """The times, those beyond it at its edge."""
        return np.clip(np.asarray(times_ms, float), self.low_ms, self.high_ms)


def histogram(times_ms: Times, bars: int) -> tuple[Range, npt.NDArray[np.int64]]:
    """The range from the first bar's left to the last one's right, and (bars,) how many times are in each."""
    shown = Range.of(times_ms)
    counts, _ = np.histogram(shown.clipped(times_ms), bars, (shown.low_ms, shown.high_ms))
    return shown, counts
