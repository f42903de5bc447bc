"""From runs to a result: its records, its verdicts in words, and its headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facecam.bench.machine import busy_beside, shared_before, shared_meanwhile
from facecam.bench.measure import Run, Series
from facecam.bench.result import (
    SCHEMA,
    BenchResult,
    Bins,
    LongRun,
    Machine,
    Peak,
    Percentiles,
    RunResult,
    SeriesResult,
    rounded,
)
from facecam.runtimes.engine import Precision
from facecam.runtimes.providers import CPU

PAPER_FPS, JOURNAL_FPS = 20.0, 28.0
"""FaceBoxes at VGA on one core of a Xeon E5-2660v3: the conference paper (2017) and the journal version (2019)."""
PAPER_GPU_FPS, JOURNAL_GPU_FPS = 125.0, 254.0
"""The same on a graphics card."""
_BINS = 30


def report(
    machine: Machine, peak: Peak | None, runs: Sequence[Run], started: str, long: LongRun | None = None
) -> BenchResult:
    """The result of all runs. The first one is the main one: the verdicts are on its series."""
    main = runs[0]
    return BenchResult(
        schema=SCHEMA,
        started=started,
        machine=machine,
        peak=None if peak is None else replace(peak, gflops=round(peak.gflops, 2)),
        runs=tuple(_run(run, peak, machine) for run in runs),
        warnings=(*_machine_warnings(machine, main), *(sentence for run in runs for sentence in run.warnings())),
        problems=problems(main, machine),
        verdicts=tuple(verdict(main, series, machine) for series in main.series),
        long=long,
    )


def _run(run: Run, peak: Peak | None, machine: Machine) -> RunResult:
    return RunResult(
        title=run.title,
        wall_s=round(run.use.wall_s, 3),
        cpu_over_wall=round(run.use.cpu_over_wall, 4),
        own_cpu_over_wall=round(run.use.thread_cpu_s / run.use.wall_s, 4),
        busy_threads=run.use.busy_threads,
        load_percent=run.loads_percent,
        problems=problems(run, machine),
        series=tuple(_series(series, peak) for series in run.series),
    )


def _series(series: Series, peak: Peak | None) -> SeriesResult:
    adds = series.labels.multiply_adds
    floor_ms = None if peak is None or adds is None else 2 * adds / peak.gflops / 1e6
    exact = bool(series.network_ms) and series.labels.precision == Precision.F32  # as the peak is
    counts, edges = np.histogram(series.total_ms, _BINS)
    return SeriesResult(
        labels=series.labels,
        detections=len(series.total_ms),
        warm_up_ms=rounded(series.warm_up_ms),
        total_ms=Percentiles.of(series.total_ms),
        cpu_ms=Percentiles.of(series.cpu_ms),
        pre_ms=Percentiles.of(series.pre_ms) if series.pre_ms else None,
        network_ms=Percentiles.of(series.network_ms) if series.network_ms else None,
        post_ms=Percentiles.of(series.post_ms) if series.post_ms else None,
        spread=round(series.spread, 4),
        slowing=round(series.slowing, 4),
        floor_ms=None if floor_ms is None else round(floor_ms, 4),
        times_floor=None if floor_ms is None else round(float(np.median(series.cpu_ms)) / floor_ms, 4),
        network_of_peak=round(floor_ms / float(np.median(series.network_ms)), 4) if floor_ms and exact else None,
        histogram=Bins(rounded(edges), tuple(counts.tolist())),
        series_ms=rounded(series.total_ms),
    )


def _machine_warnings(machine: Machine, main: Run) -> list[str]:
    warnings = []
    beside = busy_beside(machine, main.loads_percent)
    if beside is not None:
        warnings.append(f"Other cores were busy ({beside}), which may have slowed down the measured one.")
    if machine.power == "battery":
        warnings.append("The machine runs on battery, which may slow it down.")
    if machine.pinned_core is None:
        warnings.append("The thread is not pinned to a core: this system can't.")
    return warnings


# In words


def problems(run: Run, machine: Machine) -> tuple[str, ...]:
    """Why there is no verdict on that run, as sentences; empty where there is one."""
    found = [shared_before(machine), shared_meanwhile(machine, run.loads_percent)] if run.one_core else []
    return (*filter(None, found), *run.problems())


def verdict(run: Run, series: Series, machine: Machine) -> str:
    """What the run shows about this series, in words; nothing, when the run has problems, which are told beside it.

    That other cores were busy is part of the words, so that nobody quotes one without the other.
    """
    labels = series.labels
    name = labels.candidate
    if problems(run, machine):
        return f"{name}: no verdict."
    fps = 1000 / float(np.median(series.total_ms))
    on_card = labels.provider != CPU
    if on_card:
        text = f"{name}: {fps:.0f} FPS"
    elif machine.pinned_core is None:
        text = f"{name}: {fps:.0f} FPS with one thread, not pinned, on {machine.cpu}"
    else:
        text = f"{name}: {fps:.0f} FPS on one core of {machine.cpu}"
    if (labels.width, labels.height) == (640, 480):
        where = "on a graphics card (2017)" if on_card else "(2017, E5-2660v3)"
        text += f", {_beside_the_papers(fps, on_card, where)}"
    beside = busy_beside(machine, run.loads_percent)
    return text + ("." if beside is None else f"; other cores were busy ({beside}).")


def _beside_the_papers(fps: float, on_card: bool, where: str) -> str:
    paper, journal = (PAPER_GPU_FPS, JOURNAL_GPU_FPS) if on_card else (PAPER_FPS, JOURNAL_FPS)
    return (
        f"{fps / paper:.1f} times the paper's {paper:.0f} FPS {where}"
        f" and {fps / journal:.1f} times the {journal:.0f} FPS of its journal version"
    )


@dataclass(frozen=True)
class Headline:
    """figure: "169 FPS", or "No verdict"; place: on what; against: beside the papers' figures, or why there is none;
    caution: what else to know, such as other cores that were busy, a line each; empty where there is nothing."""

    figure: str
    place: str
    against: str
    trusted: bool
    caution: str = ""


def main_series(result: BenchResult) -> SeriesResult:
    """The series that stands for the result: the first model in its fastest engine among the exact ones."""
    series = result.runs[0].series
    first = [one for one in series if one.labels.model_sha256 == series[0].labels.model_sha256]
    exact = [one for one in first if one.labels.precision == Precision.F32]
    return min(exact or first, key=lambda one: one.cpu_ms.p50)


def headline(result: BenchResult) -> Headline:
    """What a result comes to. Without trust in its wall times there is no figure, only the reason."""
    series, machine = main_series(result), result.machine
    place = f"on one core of {machine.cpu}" if machine.pinned_core is not None else f"on {machine.cpu}"
    if result.problems:
        caution = "\n".join([*result.problems[1:], *result.warnings])
        return Headline("No verdict", place, result.problems[0], False, caution)
    against = _beside_the_papers(series.fps, series.labels.provider != CPU, "(2017)")
    return Headline(f"{series.fps:.0f} FPS", place, against, True, "\n".join(result.warnings))
