"""A benchmark's result as JSON (`schema.json` describes it), and as a verdict in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from facecam.bench import quiet
from facecam.bench.long import LongRun
from facecam.bench.measure import Run, Series, describe
from facecam.bench.peak import Peak
from facecam.runtimes.engine import F32
from facecam.runtimes.providers import CPU

SCHEMA = 2
PAPER_FPS, JOURNAL_FPS = 20.0, 28.0
"""FaceBoxes at VGA on one core of a Xeon E5-2660v3: the conference paper (2017) and the journal version (2019)."""
PAPER_GPU_FPS, JOURNAL_GPU_FPS = 125.0, 254.0
"""The same on a graphics card."""
_PERCENTS = (10, 50, 90, 95, 99)
_BINS = 30


def report(
    machine: dict[str, Any], peak: Peak | None, runs: list[Run], started: str, long: LongRun | None = None
) -> dict[str, Any]:
    """Everything as plain JSON values. The first run is the main one: the verdicts are on its series."""
    main = runs[0]
    return {
        "schema": SCHEMA,
        "started": started,
        "machine": machine,
        "peak": None if peak is None else {"gflops": round(peak.gflops, 2), "method": peak.method},
        "runs": [_run(run, peak, machine) for run in runs],
        "warnings": _machine_warnings(machine, main) + [sentence for run in runs for sentence in run.warnings()],
        "problems": problems(main, machine),
        "verdicts": [verdict(main, series, machine) for series in main.series],
        "long": None if long is None else _long(long),
    }


def problems(run: Run, machine: dict[str, Any]) -> list[str]:
    """Why there is no verdict on that run, as sentences; empty where there is one. machine: of `describe_machine`."""
    found = [quiet.shared_before(machine), quiet.shared_meanwhile(machine, run.loads_percent)] if run.one_core else []
    return [*filter(None, found), *run.problems()]


def verdict(run: Run, series: Series, machine: dict[str, Any]) -> str:
    """What the run shows about this series, in words; nothing, when the run has problems, which are told beside it.

    That other cores were busy is part of the words, so that nobody quotes one without the other.
    """
    on_card = series.labels.get("provider", CPU) != CPU
    shown = ("model", "format", "runtime", "precision", "threads", "provider")
    name = describe({key: series.labels[key] for key in shown if key in series.labels})
    if problems(run, machine):
        return f"{name}: no verdict."
    fps = 1000 / float(np.median(series.total_ms))
    if on_card:
        text = f"{name}: {fps:.0f} FPS"
    elif machine.get("pinned_core") is None:
        text = f"{name}: {fps:.0f} FPS with one thread, not pinned, on {machine['cpu']}"
    else:
        text = f"{name}: {fps:.0f} FPS on one core of {machine['cpu']}"
    if (series.labels.get("width"), series.labels.get("height")) == (640, 480):
        paper, journal = (PAPER_GPU_FPS, JOURNAL_GPU_FPS) if on_card else (PAPER_FPS, JOURNAL_FPS)
        where = "on a graphics card (2017)" if on_card else "(2017, E5-2660v3)"
        text += (
            f", {fps / paper:.1f} times the paper's {paper:.0f} FPS {where}"
            f" and {fps / journal:.1f} times the {journal:.0f} FPS of its journal version"
        )
    beside = quiet.busy_beside(machine, run.loads_percent)
    return text + ("." if beside is None else f"; other cores were busy ({beside}).")


def _long(long: LongRun) -> dict[str, Any]:
    points = [
        {name: None if value is None else round(value, 4) for name, value in asdict(point).items()}
        for point in long.points
    ]
    return {
        "labels": long.labels,
        "words": long.words(),
        "drift": round(long.drift, 4),
        "memory_growth_mib": round(long.memory_growth_mib, 2),
        "problems": list(long.problems),
        "points": points,
    }


def _run(run: Run, peak: Peak | None, machine: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": run.title,
        "wall_s": round(run.use.wall_s, 3),
        "cpu_over_wall": round(run.use.cpu_over_wall, 4),
        "own_cpu_over_wall": round(run.use.thread_cpu_s / run.use.wall_s, 4),
        "busy_threads": run.use.busy_threads,
        "load_percent": list(run.loads_percent),
        "problems": problems(run, machine),
        "series": [_series(series, peak) for series in run.series],
    }


def _series(series: Series, peak: Peak | None) -> dict[str, Any]:
    adds = series.labels.get("multiply_adds")
    floor_ms = 2 * float(adds) / peak.gflops / 1e6 if peak is not None and isinstance(adds, (int, float)) else None
    exact = bool(series.network_ms) and series.labels.get("precision", F32) == F32  # as the peak is
    counts, edges = np.histogram(series.total_ms, _BINS)
    return {
        "labels": series.labels,
        "detections": len(series.total_ms),
        "warm_up_ms": _rounded(series.warm_up_ms),
        **{name: _percentiles(getattr(series, name)) for name in _TIMES},
        "spread": round(series.spread, 4),
        "slowing": round(series.slowing, 4),
        "floor_ms": None if floor_ms is None else round(floor_ms, 4),
        "times_floor": None if floor_ms is None else round(float(np.median(series.cpu_ms)) / floor_ms, 4),
        "network_of_peak": None if floor_ms is None or not exact else _ratio(floor_ms, series.network_ms),
        "histogram": {"edges_ms": _rounded(edges), "counts": counts.tolist()},
        "series_ms": _rounded(series.total_ms),
    }


_TIMES = ("total_ms", "cpu_ms", "pre_ms", "network_ms", "post_ms")


def _ratio(floor_ms: float, times_ms: tuple[float, ...]) -> float:
    return round(floor_ms / float(np.median(times_ms)), 4)


def _percentiles(values: tuple[float, ...]) -> dict[str, float] | None:
    if not values:
        return None
    return {f"p{percent}": round(float(np.percentile(values, percent)), 4) for percent in _PERCENTS}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def _machine_warnings(machine: dict[str, Any], main: Run) -> list[str]:
    warnings = []
    beside = quiet.busy_beside(machine, main.loads_percent)
    if beside is not None:
        warnings.append(f"Other cores were busy ({beside}), which may have slowed down the measured one.")
    if machine["power"] == "battery":
        warnings.append("The machine runs on battery, which may slow it down.")
    if machine["pinned_core"] is None:
        warnings.append("The thread is not pinned to a core: this system can't.")
    return warnings
