"""Pages of a benchmark's result: what the Speed tab lists, and which times belong to each row. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from facecam.bench import compare
from facecam.bench.tables import COLUMNS, proof, rows

LONG_COLUMNS = ("minute", "detections", "p50 ms", "p99", "CPU p50 ms", "memory MiB", "°C", "MHz")


@dataclass(frozen=True)
class Page:
    """A table. times_ms: for each row what the charts show, empty where there is nothing; first: the row to begin with.
    note: what to know about the whole page."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    times_ms: tuple[tuple[float, ...], ...]
    first: int = 0
    note: str = ""


def pages(result: dict[str, Any], main: dict[str, Any]) -> list[Page]:
    """One for each run, and one for the long mode. main: the series that stands for the result."""
    found = []
    for run in result["runs"]:
        first = next((index for index, series in enumerate(run["series"]) if series is main), 0)
        times = tuple(tuple(series["series_ms"]) for series in run["series"])
        words = proof(run)
        note = f"{words[0].upper()}{words[1:]}. {' '.join(run['problems'])}"
        found.append(Page(run["title"], COLUMNS, tuple(rows(run)), times, first, note.strip()))
    if result["long"] is not None:
        found.append(_long_page(result["long"]))
    return found


def comparison(result: dict[str, Any], other: dict[str, Any], name: str) -> Page:
    """The result beside an earlier one, `other`, which is the first of the two. name: of its file."""
    cells = tuple(compare.rows(other, result))
    note = " ".join(compare.cautions(other, result)) if cells else compare.NOTHING_IN_COMMON
    return Page(f"Compared with {name}", compare.COLUMNS, cells, ((),) * len(cells), 0, note)


def _long_page(long: dict[str, Any]) -> Page:
    points = long["points"]
    cells = tuple(
        (
            f"{point['time_s'] / 60:.1f}",
            str(point["detections"]),
            f"{point['p50_ms']:.2f}",
            f"{point['p99_ms']:.2f}",
            f"{point['cpu_ms']:.2f}",
            f"{point['memory_mib']:.0f}",
            "" if point["celsius"] is None else f"{point['celsius']:.0f}",
            "" if point["mhz"] is None else f"{point['mhz']:.0f}",
        )
        for point in points
    )
    times = (tuple(point["p50_ms"] for point in points),) * len(points)
    note = " ".join([long["words"], *long["problems"]])
    return Page("Long run", LONG_COLUMNS, cells, times, 0, note)
