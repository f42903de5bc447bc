"""Long mode: the same detection for minutes. Does it slow down, does memory grow, how warm does the machine get?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psutil

from facecam.bench.machine import asked
from facecam.bench.measure import Benchmark, measure
from facecam.bench.result import Labels, LongRun, Stretch, outer_fifths, rounded
from facecam.system.cpu import by_core

_POINTS = 120
_SHORTEST_S = 1.0
_IN_MINUTES_S = 120
_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "acpitz")
"""Chips that tell the processor's temperature, the best first."""


def long_run(labels: Labels, points: Sequence[Stretch], problems: Sequence[str] = ()) -> LongRun:
    """What the stretches of a long run come to."""
    memory_mib = [point.memory_mib for point in points]
    first_ms, last_ms = outer_fifths([point.cpu_ms for point in points])
    first_mib, last_mib = outer_fifths(memory_mib)
    drift, growth_mib = last_ms / max(1e-9, first_ms), last_mib - first_mib
    change = "no slower" if drift < 1.02 else f"{100 * (drift - 1):.0f} % slower"
    words = f"After {_length(points[-1].time_s)} it is {change} than at the start; memory changed by "
    words += f"{growth_mib:+.1f} MiB to {memory_mib[-1]:.0f} MiB."
    celsius = [point.celsius for point in points if point.celsius is not None]
    if celsius:
        words += f" The processor went from {celsius[0]:.0f} to at most {max(celsius):.0f} °C."
    return LongRun(labels, words, round(drift, 4), round(growth_mib, 2), tuple(problems), tuple(points))


def measure_long(
    benchmark: Benchmark,
    minutes: float,
    tell: Callable[[str], None] = lambda sentence: None,
    core: int | None = None,
) -> LongRun:
    """Runs for that long in stretches. core: that the caller has pinned the thread to. Raises PausedError as `measure`
    does."""
    process = psutil.Process()
    stretch_s = max(_SHORTEST_S, 60 * minutes / _POINTS)
    start_s = time.perf_counter()
    points: list[Stretch] = []
    problems: tuple[str, ...] = ()
    disturbed = 0
    while not points or time.perf_counter() - start_s < 60 * minutes - stretch_s / 2:
        run = measure("long", [benchmark], min(stretch_s, 60 * minutes))
        (series,) = run.series
        found = run.problems
        disturbed += bool(found)
        problems = problems or found  # of the first one: each tells its own figures
        elapsed_s = time.perf_counter() - start_s
        memory_mib = process.memory_info().rss / (1 << 20)
        (time_s, kept_mib), total = rounded((elapsed_s, memory_mib)), series.total_ms
        times_ms = (total.p50, total.p99, series.cpu_ms.p50)
        point = Stretch(time_s, series.detections, *times_ms, kept_mib, temperature(), _mhz(core))
        points.append(point)
        warm = "" if point.celsius is None else f", {point.celsius:.0f} °C"
        tell(f"{_length(elapsed_s)} of {_length(60 * minutes)}: {point.p50_ms:.2f} ms, {memory_mib:.0f} MiB{warm}")
    if disturbed:
        problems = (f"{disturbed} of {len(points)} stretches were disturbed, the first one so: {' '.join(problems)}",)
    return long_run(benchmark.labels, points, problems)


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _IN_MINUTES_S else f"{seconds / 60:.1f} minutes"


def _mhz(core: int | None) -> float | None:
    """Of that core, or of all where the system tells of them together; None where it doesn't tell."""
    frequencies = asked("cpu_freq", percpu=True) or []
    one = frequencies[0] if len(frequencies) == 1 else by_core(frequencies).get(-1 if core is None else core)
    return float(one.current) if one is not None and one.current else None


def temperature() -> float | None:
    """The processor's, in degrees Celsius; None where the system doesn't tell."""
    sensors = asked("sensors_temperatures") or {}
    for name in _SENSORS:
        values = [sensor.current for sensor in sensors.get(name, ()) if sensor.current and sensor.current > 0]
        if values:
            return float(max(values))
    return None
