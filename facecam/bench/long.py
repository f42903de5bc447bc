"""Long mode: the same detection for minutes. Does it slow down, does memory grow, how warm does the machine get?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil

from facecam.bench.measure import Subject, measure

_POINTS = 120
_SHORTEST_S = 1.0
_IN_MINUTES_S = 120
_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "acpitz")
"""Chips that tell the processor's temperature, the best first."""


@dataclass(frozen=True)
class Point:
    """One stretch of a long run. time_s: its end, from the start; p50_ms, p99_ms: wall times; cpu_ms: median;
    memory_mib: resident; celsius, mhz: of the processor, None where the system doesn't tell."""

    time_s: float
    detections: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    memory_mib: float
    celsius: float | None
    mhz: float | None


@dataclass(frozen=True)
class LongRun:
    """All stretches in order, and what disturbed them."""

    labels: dict[str, str | int | float | None]
    points: tuple[Point, ...]
    problems: tuple[str, ...]

    @property
    def drift(self) -> float:
        """Median CPU time of the last fifth over that of the first: above 1 where the machine slows down."""
        return self._last_over_first([point.cpu_ms for point in self.points])

    @property
    def memory_growth_mib(self) -> float:
        """From the first fifth's median to the last's."""
        memory = [point.memory_mib for point in self.points]
        fifth = max(1, len(memory) // 5)
        return float(np.median(memory[-fifth:]) - np.median(memory[:fifth]))

    def words(self) -> str:
        """What it showed, in a sentence or two."""
        change = "no slower" if self.drift < 1.02 else f"{100 * (self.drift - 1):.0f} % slower"
        text = f"After {_length(self.points[-1].time_s)} it is {change} than at the start; memory changed by "
        text += f"{self.memory_growth_mib:+.1f} MiB to {self.points[-1].memory_mib:.0f} MiB."
        warmest = max((point.celsius for point in self.points if point.celsius is not None), default=None)
        if warmest is not None:
            text += f" The processor went from {self.points[0].celsius:.0f} to at most {warmest:.0f} °C."
        return text

    @staticmethod
    def _last_over_first(values: list[float]) -> float:
        fifth = max(1, len(values) // 5)
        return float(np.median(values[-fifth:]) / max(1e-9, np.median(values[:fifth])))


def measure_long(subject: Subject, minutes: float, tell: Callable[[str], None] = lambda sentence: None) -> LongRun:
    """Runs for that long in stretches. The caller has pinned the thread. Raises PausedError as `measure` does."""
    process = psutil.Process()
    stretch_s = max(_SHORTEST_S, 60 * minutes / _POINTS)
    start_s = time.perf_counter()
    points: list[Point] = []
    problems: list[str] = []
    disturbed = 0
    while not points or time.perf_counter() - start_s < 60 * minutes - stretch_s / 2:
        run = measure("long", [subject], min(stretch_s, 60 * minutes))
        (series,) = run.series
        found = run.problems()
        disturbed += bool(found)
        problems = problems or found  # of the first one: each tells its own figures
        elapsed_s = time.perf_counter() - start_s
        p50_ms, p99_ms = (float(np.percentile(series.total_ms, percent)) for percent in (50, 99))
        memory_mib = process.memory_info().rss / (1 << 20)
        point = Point(
            elapsed_s, len(series.total_ms), p50_ms, p99_ms, float(np.median(series.cpu_ms)), memory_mib,
            temperature(), _mhz(),
        )  # fmt: skip
        points.append(point)
        warm = "" if point.celsius is None else f", {point.celsius:.0f} °C"
        tell(f"{_length(elapsed_s)} of {_length(60 * minutes)}: {point.p50_ms:.2f} ms, {memory_mib:.0f} MiB{warm}")
    if disturbed:
        problems = [f"{disturbed} of {len(points)} stretches were disturbed, the first one so: {' '.join(problems)}"]
    return LongRun(subject.labels, tuple(points), tuple(problems))


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _IN_MINUTES_S else f"{seconds / 60:.1f} minutes"


def temperature() -> float | None:
    """The processor's, in degrees Celsius; None where the system doesn't tell."""
    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError):  # not on this system
        return None
    for name in _SENSORS:
        values = [sensor.current for sensor in sensors.get(name, ()) if sensor.current and sensor.current > 0]
        if values:
            return float(max(values))
    return None


def _mhz() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (AttributeError, OSError, NotImplementedError, FileNotFoundError):
        return None
    return float(frequency.current) if frequency is not None and frequency.current else None
