"""History: the last minute of a pipeline's figures, for the graphs."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from facecam.live.metrics import Stats

SPAN_S = 60.0

SERIES = ("capture_hz", "detect_hz", "display_hz", "latency_p50_ms", "latency_p95_ms", "faces", "dropped_hz")
"""What is kept of each moment: fields of Stats, and the frames dropped per second since the moment before."""

Values = npt.NDArray[np.float64]


class History:
    """A row of figures for each `add`, forgotten after a minute. Not thread-safe."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, ...]] = deque()
        self._dropped = 0

    def add(self, now_s: float, stats: Stats) -> None:
        """The figures at `now_s` (time.perf_counter). Counts that start again belong to another source: the drops
        before are not its own."""
        if self._rows and stats.dropped >= self._dropped:
            dropped_hz = (stats.dropped - self._dropped) / max(now_s - self._rows[-1][0], 1e-3)
        else:
            dropped_hz = 0.0
        self._dropped = stats.dropped
        own = [float(getattr(stats, name)) for name in SERIES[:-1]]
        self._rows.append((now_s, *own, dropped_hz))
        while self._rows[0][0] < now_s - SPAN_S:
            self._rows.popleft()

    def gap(self, now_s: float) -> None:
        """Nothing was measured at that time: the lines break off instead of running on to the next source."""
        if self._rows and not np.isnan(self._rows[-1][1]):
            self._rows.append((now_s, *(float("nan"),) * len(SERIES)))

    def seconds_ago(self, now_s: float) -> Values:
        """(N,) when the rows were measured: -60..0."""
        return np.array([row[0] - now_s for row in self._rows])

    def series(self, name: str) -> Values:
        """(N,) values of one of SERIES, oldest first; NaN at gaps."""
        column = 1 + SERIES.index(name)
        return np.array([row[column] for row in self._rows])
