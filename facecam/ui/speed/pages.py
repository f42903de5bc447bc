"""Pages of a benchmark's result: what the Speed tab lists, and which times belong to each row. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass

from facecam.bench import compare
from facecam.bench.result import BenchResult, LongRun, Series
from facecam.bench.tables import HELP, narrow, own_problems, proof, rows

_LONG_HELP = {
    "minute": "end of the stretch, from the start",
    "detections": "in the stretch",
    **{name: HELP[name] for name in ("p50 ms", "p99", "CPU ms")},
    "memory MiB": "resident memory of the measuring process",
    "°C": "of the processor, where the system tells it",
    "MHz": "of the processor, where the system tells it",
}


@dataclass(frozen=True)
class Page:
    """A table.

    columns: name and what it holds, in words.
    times_ms: for each row what the charts show.
    candidates: for each row whose times these are.
    first: the row to begin with.
    note: what to know about the whole page.
    markdown: to copy in place of the result; empty for the result itself.
    """

    title: str
    columns: dict[str, str]
    rows: tuple[tuple[str, ...], ...]
    times_ms: tuple[tuple[float, ...], ...]
    candidates: tuple[str, ...]
    first: int = 0
    note: str = ""
    markdown: str = ""


def pages(result: BenchResult, main: Series) -> list[Page]:
    """One for each run, and one for the long mode. main: the series that stands for the result."""
    found = []
    for run in result.runs:
        first = next((index for index, series in enumerate(run.series) if series is main), 0)
        times = tuple(series.series_ms for series in run.series)
        words = proof(run)
        note = f"{words[0].upper()}{words[1:]}. {' '.join(own_problems(result, run))}"
        candidates = tuple(_candidate(series) for series in run.series)
        # What all rows have in common stands in the title or above, where the chosen row is named.
        _, names, cells = narrow(rows(run))
        columns = {name: HELP[name] for name in names}
        found.append(Page(run.title, columns, tuple(cells), times, candidates, first, note.strip()))
    if result.long is not None:
        found.append(_long_page(result.long))
    return found


def comparison(result: BenchResult, other: BenchResult, name: str) -> Page:
    """The result beside an earlier one, `other`, which is the first of the two. name: of its file."""
    cells = tuple(compare.rows(other, result))
    names = (name, "the result above")
    note = [compare.which(other, result, names), *compare.cautions(other, result)]
    if not cells:
        note = [compare.NOTHING_IN_COMMON]
    mine = [second for _, second in compare.in_both(other, result)]
    times = tuple(series.series_ms for series in mine)
    candidates = tuple(map(_candidate, mine))
    text = compare.compare(other, result, (name, ""))
    return Page(f"Compared with {name}", compare.HELP, cells, times, candidates, 0, " ".join(note), text)


def _candidate(series: Series) -> str:
    """Whose times they are: network, engine, size and faces."""
    labels = series.labels
    parts = [labels.model_words, labels.engine_words, labels.size_words]
    if labels.what:
        parts.append(labels.what)
    elif labels.faces is not None:
        parts.append(f"{labels.faces_words}, {labels.faces_found} found")
    return " · ".join(parts)


def _long_page(long: LongRun) -> Page:
    points = long.points
    cells = tuple(
        (
            f"{point.time_s / 60:.1f}",
            str(point.detections),
            f"{point.p50_ms:.2f}",
            f"{point.p99_ms:.2f}",
            f"{point.cpu_ms:.2f}",
            f"{point.memory_mib:.0f}",
            "" if point.celsius is None else f"{point.celsius:.0f}",
            "" if point.mhz is None else f"{point.mhz:.0f}",
        )
        for point in points
    )
    times = (tuple(point.p50_ms for point in points),) * len(points)
    note = " ".join([long.words, *long.problems])
    candidates = ("Long run, the median of each stretch",) * len(points)
    return Page("Long run", _LONG_HELP, cells, times, candidates, 0, note)
