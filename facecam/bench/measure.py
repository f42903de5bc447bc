"""Measuring: benchmarks take turns in the calling thread, and what disturbed the run is found out and told.

Two clocks: wall time is what a user waits for; the thread's CPU time leaves out what other programs took, so that
ratios between benchmarks of one run hold on a busy machine too (docs/adr/0041-benchmark-method.md).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from facecam.bench.result import Labels, Run, Series
from facecam.detection.detector import Timings
from facecam.errors import FacecamError
from facecam.system.cpu import CoreUse, core_loads, measure_core_use, thread_cpu_s

MAX_CPU_OVER_WALL = 1.05
MIN_CPU_OVER_WALL = 0.95
MAX_SPREAD = 0.5
MAX_SLOWING = 1.1
PAUSE_S = 1.0
_PAUSE_TIMES_MEDIAN = 20.0
_WARM_UP = 3
_MIN_ROUNDS = 20
_WATCH_S = 0.25
_QUICK_CALLS = 5


class PausedError(FacecamError):
    """The run stood still meanwhile: its figures say nothing and must not be reported."""


@dataclass(frozen=True)
class Benchmark:
    """What is measured.

    call: one detection; gives the parts of its time if they are known.
    """

    call: Callable[[], Timings | None]
    labels: Labels = field(default_factory=Labels)


Watch = Callable[[float, list[float]], None]
"""Is told what is known so far: the share of the time that is over, and each benchmark's median wall time in ms."""


def measure(title: str, benchmarks: Sequence[Benchmark], seconds: float = 5.0, watch: Watch | None = None) -> Run:
    """Runs the benchmarks in turns for about that time, at least 20 rounds. The caller has pinned the thread.

    watch: called a few times a second, between two rounds; the times that it takes are in no figure.
    Raises PausedError when the program stood still in between (stopped, or the machine asleep).
    """
    warm_up = [_warm_up(benchmark) for benchmark in benchmarks]
    times: list[list[tuple[float, float, Timings | None]]] = [[] for _ in benchmarks]
    marks: list[float] = []

    def rounds() -> None:
        begun_s = watched_s = time.perf_counter()
        end_s = begun_s + seconds
        while time.perf_counter() < end_s or len(marks) < _MIN_ROUNDS:
            for benchmark, own in zip(benchmarks, times, strict=True):
                cpu_s, start_s = thread_cpu_s(), time.perf_counter()
                parts = benchmark.call()
                own.append((time.perf_counter() - start_s, 1000 * (thread_cpu_s() - cpu_s), parts))
            marks.append(time.perf_counter())
            if watch is not None and marks[-1] - watched_s > _WATCH_S:
                watched_s = marks[-1]
                share = min((watched_s - begun_s) / seconds, len(marks) / _MIN_ROUNDS, 1.0)
                watch(share, [1000 * float(np.median([wall_s for wall_s, _, _ in own])) for own in times])

    clock_s = time.time() - time.perf_counter()
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()  # its pauses are not the detector's
    core_loads()  # from here on
    try:
        use = measure_core_use(rounds)
        loads = core_loads()
    finally:
        if was_enabled:
            gc.enable()
    _refuse_pauses(marks, abs(time.time() - time.perf_counter() - clock_s))
    series = tuple(map(_series, benchmarks, warm_up, times))
    return run_of(title, series, use, loads)


def run_of(title: str, series: Sequence[Series], use: CoreUse, loads_percent: Sequence[float] = ()) -> Run:
    """The record of a run. use: who computed meanwhile; loads_percent: of each core of the machine."""
    return Run(
        title=title,
        wall_s=round(use.wall_s, 3),
        cpu_over_wall=round(use.cpu_over_wall, 4),
        own_cpu_over_wall=round(use.thread_cpu_s / use.wall_s, 4),
        busy_threads=use.busy_threads,
        load_percent=tuple(loads_percent),
        problems=(*use_problems([each.labels for each in series], use), *_spread_problems(series)),
        series=tuple(series),
    )


def use_problems(labels: Sequence[Labels], use: CoreUse) -> Iterator[str]:
    """Why wall times can't be trusted, by who computed meanwhile, as sentences. labels: of what was measured."""
    own_share = use.thread_cpu_s / use.wall_s
    one_core = all(each.is_one_thread for each in labels)
    if one_core and use.others_cpu_s > (MAX_CPU_OVER_WALL - 1) * use.wall_s:
        yield (
            f"More than one thread computed: CPU over wall time is {use.cpu_over_wall:.2f}, and other threads of"
            f" this program took {use.others_cpu_s:.2f} s."
        )
    if one_core and own_share < MIN_CPU_OVER_WALL:
        yield (
            f"The core was at work on this for only {100 * own_share:.0f} % of the time: other programs took the"
            " rest, or it waited."
        )


def _spread_problems(series: Sequence[Series]) -> Iterator[str]:
    wild = [each for each in series if each.spread > MAX_SPREAD]
    if wild:
        worst = max(wild, key=lambda each: each.spread)
        yield (
            f"The times of {_with_others(worst, wild)} spread too much: the middle 80 % of them are"
            f" {100 * worst.spread:.1f} % of their median apart (at most {100 * MAX_SPREAD:.0f} %)."
        )


def warnings(run: Run) -> list[str]:
    """What should be known of a run besides its problems."""
    slower = [series for series in run.series if series.slowing > MAX_SLOWING]
    if not slower:
        return []
    worst = max(slower, key=lambda series: series.slowing)
    percent = f"{'up to ' * (len(slower) > 1)}{100 * (worst.slowing - 1):.0f} %"
    return [
        f"{_with_others(worst, slower)} slowed down by {percent} in the course of “{run.title}”: the core may be"
        " throttling; let it cool, and measure again."
    ]


def _warm_up(benchmark: Benchmark) -> tuple[float, ...]:
    return tuple(_call_ms(benchmark) for _ in range(_WARM_UP))


def _call_ms(benchmark: Benchmark) -> float:
    start_s = time.perf_counter()
    benchmark.call()
    return 1000 * (time.perf_counter() - start_s)


def quick_look_ms(benchmark: Benchmark) -> float:
    """A median wall time at once, of a few calls after the warm-up: to show something, not for a result."""
    _warm_up(benchmark)
    return float(np.median([_call_ms(benchmark) for _ in range(_QUICK_CALLS)]))


def _refuse_pauses(marks: list[float], clock_jump_s: float) -> None:
    """Raises PausedError if the seconds between two rounds are far too many, or the clock has jumped."""
    gaps_s = np.diff(marks)
    longest_s, median_s = float(gaps_s.max()), float(np.median(gaps_s))
    # A busy machine stretches a round by a few times; only a program that stood still waits this long.
    if longest_s > max(PAUSE_S, _PAUSE_TIMES_MEDIAN * median_s):
        raise PausedError(f"The run stood still for {longest_s:.1f} s, so there is nothing to report; run it again.")
    if clock_jump_s > PAUSE_S:
        raise PausedError("The machine's clock was set, or it slept during the run; run it again.")


def _series(
    benchmark: Benchmark, warm_up_ms: tuple[float, ...], times: list[tuple[float, float, Timings | None]]
) -> Series:
    walls_s, cpu_ms, timings = zip(*times, strict=True)
    known = [each for each in timings if each is not None]
    parts = [(each.pre_ms, each.network_ms, each.post_ms) for each in known]
    return Series.of(benchmark.labels, warm_up_ms, [1000 * wall_s for wall_s in walls_s], cpu_ms, parts)


def _with_others(one: Series, among: Sequence[Series]) -> str:
    return one.labels.words + (f" and {len(among) - 1} more" if len(among) > 1 else "")
