"""Which of many times a chart draws where they belong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_CUT_PERCENT = 99.5
_CUT_FROM = 1.25
_NARROWEST = 1.05


def shown_range_ms(times_ms: Sequence[float] | npt.NDArray[np.float64]) -> tuple[float, float]:
    """The shortest time, and the longest to draw where it belongs: one hiccup must not flatten all others, so that what
    is far beyond nearly all of them is drawn at the edge. The two differ, however alike the times are."""
    low, high, longest = (float(np.percentile(times_ms, percent)) for percent in (0, _CUT_PERCENT, 100))
    return low, max(longest if longest < _CUT_FROM * high else high, low * _NARROWEST, low + 1e-3)
