"""A result in words and tables for people, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facecam.bench.machine import precision_words
from facecam.bench.result import BenchResult, Run, Series

HELP = {
    "model": "the network",
    "runtime": "what computes it, in float32 unless it says int8 or bf16",
    "size": "of the frame in pixels",
    "faces (found)": "faces in the frame, and how many of them were found; of the gallery, what was made",
    "FPS": "detections a second, by the median",
    "p50 ms": "median wall time of a detection, frame in, boxes out",
    "pre+network+post": "medians of its parts in ms: preparing the frame, the network, boxes from its output",
    **{f"p{percent}": f"wall time in ms that {percent} % of the detections keep to" for percent in (90, 95, 99)},
    "CPU ms": "median CPU time of the calling thread, without the time that other programs had the core",
    "ratio": "its CPU time over that of the first row; its wall time where several threads or a graphics card compute",
    "× bound": "its CPU time over the compute bound, the least that the network's arithmetic takes at the core's peak",
    "of peak": "share of the core's peak that the network reaches, by wall time",
    "throttling": "CPU time in the last fifth of the run over that in the first; above 1: it slowed down",
}
"""What each column holds, in words."""
COLUMNS = tuple(HELP)
_FIGURE = re.compile(r"-?\d+(\.\d+)?(\+\d+(\.\d+)?)*( %)?")
_NAMES = COLUMNS[: COLUMNS.index("FPS")]
_EXPLAINED = ("runtime", *COLUMNS[COLUMNS.index("p50 ms") :])


def markdown(result: BenchResult) -> str:
    """The result as Markdown tables."""
    if result.problems:
        found = ["No verdict, because of what follows; close other programs and measure again:"]
        found += ["", *_list(result.problems)]
        found += ["", "Besides:", "", *_list(result.warnings)] if result.warnings else []
    else:
        found = _list([*result.verdicts, *result.warnings])
    lines = [*machine_lines(result), "", *found]
    for run in result.runs:
        lines += ["", f"{run.title} ({proof(run)})", ""]
        own = own_problems(result, run)
        lines += [*_list(own), ""] if own else []
        lines += _narrow_table(rows(run))
    if result.long is not None:
        lines += ["", result.long.words, "", *_list(result.long.problems)]
    lines += ["", *_list([f"{name}: {HELP[name]}" for name in _EXPLAINED])]
    return "\n".join(lines) + "\n"


def own_problems(result: BenchResult, run: Run) -> list[str]:
    """The problems of a run that the result doesn't tell already as those of its main run."""
    return [problem for problem in run.problems if problem not in result.problems]


def _narrow_table(cells: list[tuple[str, ...]]) -> list[str]:
    shared, columns, narrowed = narrow(cells)
    lines = table(columns, narrowed)
    said = ", ".join(f"{name} {value}" for name, value in shared.items())
    return [f"In all rows: {said}.", "", *lines] if said else lines


def narrow(cells: Sequence[Sequence[str]]) -> tuple[dict[str, str], list[str], list[tuple[str, ...]]]:
    """Rows of COLUMNS without those columns that tell nothing, to fit into a terminal or a small window: what all rows
    have in common by the column's name, the columns that are left, and the rows of these."""
    same = {
        name: values[0]
        for name, values in zip(COLUMNS, zip(*cells, strict=True), strict=True)
        if len(values) > 1 and len(set(values)) == 1 and (name in _NAMES or not values[0])
    }
    kept = [index for index, name in enumerate(COLUMNS) if name not in same]
    shared = {name: value for name, value in same.items() if value}
    return shared, [COLUMNS[index] for index in kept], [tuple(row[index] for index in kept) for row in cells]


def _list(sentences: Sequence[str]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def machine_lines(result: BenchResult) -> list[str]:
    """What the figures hold for: the machine, its state before the start, the versions and the models."""
    machine, peak = result.machine, result.peak
    state = [f"core {machine.pinned_core} of {machine.cores}" if machine.pinned_core is not None else "not pinned"]
    state += [f"peak {peak.gflops:.0f} GFLOP/s ({peak.method})"] if peak is not None else []
    state += [f"governor {machine.governor}"] if machine.governor else []
    state += [f"on {machine.power}"] if machine.power else []
    state.append(f"load before the start {', '.join(f'{load:.0f}' for load in machine.load_before_percent)} %")
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items() if version)
    all_labels = [series.labels for run in result.runs for series in run.series]
    models = dict.fromkeys(f"{one.model} {one.model_sha256[:12]}" for one in all_labels if one.model_sha256)
    return [
        f"**{machine.cpu}**, {machine.system}, {' '.join(machine.flags)}; {', '.join(state)}",
        "",
        f"{result.when}; {versions}; models {', '.join(models)}",
        *(["", f"This processor computes in {precision_words(machine)}."] if machine.precisions else []),
    ]


def proof(run: Run) -> str:
    """Who computed during a run of a result: the proof of the one core."""
    threads = f"{run.busy_threads} thread{'s' * (run.busy_threads != 1)} at work"
    return f"taking turns; CPU over wall time {run.cpu_over_wall:.2f}, {threads}"


def table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table, its columns aligned for those who read it as it is."""
    lines = [tuple(columns), *map(tuple, cells)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    figures = [all(map(is_figure, column)) and any(column) for column in zip(*cells, strict=True)]
    figures = figures or [False] * len(columns)

    def line(texts: Sequence[str]) -> str:
        fitted = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, figures, strict=True)
        )
        return f"| {' | '.join(fitted)} |"

    rule = [f"{'-' * (width - 1)}:" if right else "-" * width for width, right in zip(widths, figures, strict=True)]
    return [line(lines[0]), line(rule), *map(line, lines[1:])]


def is_figure(text: str) -> bool:
    """Whether a cell holds a figure, or nothing: a column of these is aligned to the right."""
    return not text or _FIGURE.fullmatch(text) is not None


def rows(run: Run) -> list[tuple[str, ...]]:
    """A row of COLUMNS for each series of a run of a result, in words and figures for people."""
    by_cpu = all(series.labels.is_one_thread for series in run.series)
    times_ms = [(series.cpu_ms if by_cpu else series.total_ms).p50 for series in run.series]
    return [_row(series, time_ms / times_ms[0]) for series, time_ms in zip(run.series, times_ms, strict=True)]


def _row(series: Series, ratio: float) -> tuple[str, ...]:
    labels, total = series.labels, series.total_ms
    parts = [part.p50 for part in (series.pre_ms, series.network_ms, series.post_ms) if part is not None]
    return (
        labels.model_words,
        labels.engine_words,
        labels.size_words,
        labels.what or f"{labels.faces} ({labels.faces_found})",
        f"{series.fps:.0f}",
        f"{total.p50:.2f}",
        "+".join(f"{part:.2f}" for part in parts),
        *(f"{value:.2f}" for value in (total.p90, total.p95, total.p99)),
        f"{series.cpu_ms.p50:.2f}",
        f"{ratio:.3f}",
        "" if series.times_floor is None else f"{series.times_floor:.2f}",
        "" if series.network_of_peak is None else f"{100 * series.network_of_peak:.0f} %",
        f"{series.slowing:.3f}",
    )
