"""Rates, latency percentiles and drops, as the overlay and the headless mode show them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

_WINDOW_S = 2.0
RECENT = 120
"""Detections that percentiles are of."""


@dataclass(frozen=True)
class Stats:
    """Figures of a running pipeline: rates over about the last two seconds, milliseconds of RECENT detections; 0 where
    nothing has been measured yet.

    capture_hz: frames that the source delivers; detect_hz: frames detected; display_hz: frames painted, all per second.
    possible_hz: detections per second that the detector's core could do (1000 / median milliseconds of a detection).
    latency_p50_ms, latency_p95_ms: from capture to result ready. dropped: frames since the start that were replaced by
    a newer one before the detector was free. faces: in the latest result. captured, detected: frames since the start.
    reconnects: how often a lost source has come back since the start. second_p50_ms: milliseconds of a detection of
    the detector that is compared with.
    """

    capture_hz: float = 0.0
    detect_hz: float = 0.0
    display_hz: float = 0.0
    possible_hz: float = 0.0
    latency_p50_ms: float = 0.0
    latency_p95_ms: float = 0.0
    dropped: int = 0
    faces: int = 0
    captured: int = 0
    detected: int = 0
    reconnects: int = 0
    second_p50_ms: float = 0.0


class RateMeter:
    """Events per second over a sliding window. Not thread-safe: the pipeline holds its lock."""

    def __init__(self, window_s: float = _WINDOW_S) -> None:
        self._window_s = window_s
        self._times_s: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Counts one event at `now_s` (time.perf_counter)."""
        self._times_s.append(now_s)
        self._forget(now_s)

    def hz(self, now_s: float) -> float:
        """The rate at `now_s`. It falls while events stay away, instead of freezing at the last figure."""
        self._forget(now_s)
        if len(self._times_s) < 2:
            return 0.0
        gaps = len(self._times_s) - 1
        span_s = self._times_s[-1] - self._times_s[0]
        if now_s - self._times_s[-1] > 2 * span_s / gaps:
            span_s = now_s - self._times_s[0]
        return gaps / span_s if span_s > 0 else 0.0

    def _forget(self, now_s: float) -> None:
        # A slide show of one picture every two seconds still has a rate: two events always stay for a while.
        while len(self._times_s) > 2 and self._times_s[0] < now_s - self._window_s:
            self._times_s.popleft()
        while self._times_s and self._times_s[-1] < now_s - 4 * self._window_s:
            self._times_s.clear()


class Percentiles:
    """Percentiles of the most recent values. Not thread-safe: the pipeline holds its lock."""

    def __init__(self, keep: int = RECENT) -> None:
        self._values: deque[float] = deque(maxlen=keep)

    def add(self, value: float) -> None:
        self._values.append(value)

    def at(self, *percents: float) -> tuple[float, ...]:
        """The given percentiles; zeros before the first value."""
        ordered = sorted(self._values) or [0.0]  # numpy's take a third of a millisecond for so few

        def between(place: float) -> float:
            below = math.floor(place)
            above = min(below + 1, len(ordered) - 1)
            return ordered[below] + (place - below) * (ordered[above] - ordered[below])

        return tuple(between(percent / 100 * (len(ordered) - 1)) for percent in percents)


class LiveMetrics:
    """All that a pipeline counts and measures. Not thread-safe: the pipeline holds its lock.

    displays: each view that is painted. detector_ms: of each detection; second_ms: by the detector that is compared
    with. reconnects: how often a lost source has come back.
    """

    def __init__(self) -> None:
        self.displays, self.detector_ms, self.second_ms = RateMeter(), Percentiles(), Percentiles()
        self.reconnects = 0
        self._captures, self._detections, self._latency_ms = RateMeter(), RateMeter(), Percentiles()
        self._last_ready_s = 0.0
        self._captured = self._detected = self._dropped = 0

    def count_captured(self, captured_s: float, dropped: bool) -> None:
        """A frame has come. dropped: an older one that nobody had taken made room for it."""
        self._captures.tick(captured_s)
        self._captured += 1
        self._dropped += dropped

    def count_detected(self, ready_s: float, captured_s: float) -> None:
        """The faces of a frame that the detector had not seen before are known."""
        self._detected += 1
        self._last_ready_s = ready_s
        self._detections.tick(ready_s)
        self._latency_ms.add((ready_s - captured_s) * 1000)

    def detect_hz(self, now_s: float) -> float:
        """Frames searched per second; at once less where the last search is longer ago than such a rate allows."""
        since_s = now_s - self._last_ready_s
        return min(self._detections.hz(now_s), 1 / since_s if since_s > 0 else math.inf)

    def stats(self, now_s: float, faces: int) -> Stats:
        """The figures at `now_s`."""
        latency_p50_ms, latency_p95_ms = self._latency_ms.at(50, 95)
        (detector_p50_ms,), (second_p50_ms,) = self.detector_ms.at(50), self.second_ms.at(50)
        return Stats(
            capture_hz=self._captures.hz(now_s),
            detect_hz=self._detections.hz(now_s),
            display_hz=self.displays.hz(now_s),
            possible_hz=1000 / detector_p50_ms if detector_p50_ms > 0 else 0.0,
            latency_p50_ms=latency_p50_ms,
            latency_p95_ms=latency_p95_ms,
            dropped=self._dropped,
            faces=faces,
            captured=self._captured,
            detected=self._detected,
            reconnects=self.reconnects,
            second_p50_ms=second_p50_ms,
        )
