"""Two results side by side: ratios, and whether they may be compared at all."""

from __future__ import annotations

from facecam.bench.result import BenchResult, Labels, SeriesResult
from facecam.bench.tables import table

NOTHING_IN_COMMON = "They have nothing in common: no model, runtime, size and faces in both."
HELP = {
    "model": "the network",
    "runtime": "what computes it",
    "size": "of the frame in pixels",
    "faces": "in the frame",
    "CPU ms, first": "median CPU time of the calling thread in the first result",
    "CPU ms, second": "median CPU time of the calling thread in the second result",
    "ratio": "second over first: below 1 the second is faster",
}
"""What each column holds, in words."""
COLUMNS = tuple(HELP)


def compare(a: BenchResult, b: BenchResult, names: tuple[str, str] = ("", "")) -> str:
    """A Markdown table of what both results measured, with the ratio of CPU times (b over a), after some cautions.

    names: of the two, such as their files'.
    """
    found = [which(a, b, names), *cautions(a, b)]
    cells = rows(a, b)
    body = table(COLUMNS, cells) if cells else [NOTHING_IN_COMMON]
    return "\n".join([*(f"- {caution}" for caution in found), "", *body]) + "\n"


def which(a: BenchResult, b: BenchResult, names: tuple[str, str]) -> str:
    """Which is the first and which the second, as a sentence."""
    first, second = (
        f"{name}{', ' * bool(name)}measured {result.when}" for name, result in zip(names, (a, b), strict=True)
    )
    return f"First: {first}. Second: {second}."


def cautions(a: BenchResult, b: BenchResult) -> list[str]:
    """Why the two may not be compared just like that, as sentences."""
    found = ["Two runs at different times: a core's clock may differ between them; measure both in one run to be sure."]
    if a.machine.cpu != b.machine.cpu:
        found.append(f"Different processors: {a.machine.cpu} and {b.machine.cpu}.")
    versions = sorted({*a.machine.versions, *b.machine.versions})
    changed = [name for name in versions if a.machine.versions.get(name) != b.machine.versions.get(name)]
    if changed:
        found.append(f"Different versions of {', '.join(changed)}.")
    named = (("first", a), ("second", b))
    troubled = [name for name, result in named if any(run.problems for run in result.runs)]
    for name, result in named:
        if name not in troubled and result.machine.busy_before:
            found.append(f"The {name} result was measured beside other work.")
    if len(troubled) == 2:
        found.append("Both results have problems of their own; their times can't be trusted.")
    elif troubled:
        found.append(f"The {troubled[0]} result has problems of its own; its times can't be trusted.")
    if a.peak and b.peak:
        found.append(f"The core's peak, second over first: {b.peak.gflops / a.peak.gflops:.2f}.")
    return found


def rows(a: BenchResult, b: BenchResult) -> list[tuple[str, ...]]:
    """What both results measured, each with its CPU times and their ratio, second over first."""
    return [_row(first, second) for first, second in in_both(a, b)]


def in_both(a: BenchResult, b: BenchResult) -> list[tuple[SeriesResult, SeriesResult]]:
    """The series of what both results measured, those of `a` and of `b` in pairs."""
    before, after = _series(a), _series(b)
    return [(series, after[key]) for key, series in before.items() if key in after]


def _row(first: SeriesResult, second: SeriesResult) -> tuple[str, ...]:
    labels, first_ms, second_ms = first.labels, first.cpu_ms.p50, second.cpu_ms.p50
    return (
        labels.model_words,
        labels.engine_words,
        labels.size_words,
        str(labels.what or labels.faces),
        f"{first_ms:.2f}",
        f"{second_ms:.2f}",
        f"{second_ms / first_ms:.3f}",
    )


def _series(result: BenchResult) -> dict[Labels, SeriesResult]:
    """The first series of each kind."""
    found: dict[Labels, SeriesResult] = {}
    for run in result.runs:
        for series in run.series:
            found.setdefault(series.labels.comparable, series)
    return found
