"""Two results side by side: ratios, and whether they may be compared at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from facecam.bench import tables
from facecam.bench.report import PAPERS, Bar, Role, bars, main_series
from facecam.bench.result import BenchResult, Labels, Series

NOTHING_IN_COMMON = "They have nothing in common: no model, runtime, size and faces in both."
HELP = {
    **{name: tables.HELP[name] for name in ("model", "runtime", "size")},
    "faces": "in the frame",
    **{f"CPU ms, {one}": f"median CPU time of the calling thread in the {one} result" for one in ("first", "second")},
    "ratio": "second over first: below 1 the second is faster",
}
"""What each column holds, in words."""
_EQUAL = 0.03
"""CPU times of two runs differ by so much by themselves (docs/adr/0041-benchmark-method.md)."""
_MOST = 0.6
COLUMNS = tuple(HELP)


def compare(a: BenchResult, b: BenchResult, names: tuple[str, str] = ("", "")) -> str:
    """A Markdown table of what both results measured, with the ratio of CPU times (b over a), after some cautions.

    names: of the two, such as their files'.
    """
    cells = rows(a, b)
    found = [which(a, b, names), *([verdict(a, b)] if cells else []), *cautions(a, b)]
    body = tables.table(COLUMNS, cells) if cells else [NOTHING_IN_COMMON]
    return "\n".join([*(f"- {caution}" for caution in found), "", *body]) + "\n"


OVERVIEW = ("result", "processor", f"{PAPERS[:1].lower()}{PAPERS[1:]}", "what Live runs", "AP of that", "measured")


def overview(results: Mapping[str, BenchResult]) -> str:
    """A Markdown table of many results by their names, the fastest first; those without a verdict have no figures."""
    cells = []
    for name, result in results.items():
        shown = bars(result)
        exact = max((bar for bar in shown if bar.network == PAPERS), key=lambda bar: bar.fps, default=None)
        live = next((bar for bar in shown if bar.role is Role.LIVE), None)
        speeds = ["no verdict" if result.problems else f"{bar.fps:.0f} FPS" if bar else "" for bar in (exact, live)]
        accuracy = "" if live is None else live.labels.accuracy_words.removeprefix("AP ")
        order = 0.0 if result.problems or exact is None else -exact.fps
        cells.append((order, (name, result.machine.cpu, *speeds, accuracy, result.when)))
    return "\n".join(tables.table(OVERVIEW, [row for _, row in sorted(cells)])) + "\n"


def which(a: BenchResult, b: BenchResult, names: tuple[str, str]) -> str:
    """Which result is the first and which the second, as a sentence."""
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
    for name, result in (("first", a), ("second", b)):
        if not result.problems and result.machine.busy_before:
            found.append(f"The {name} result was measured beside other work.")
    networks = dict.fromkeys(
        (first.labels.model, first.labels.model_sha256, second.labels.model_sha256) for first, second in in_both(a, b)
    )
    for model, before, after in networks:
        if before and after and before != after:
            found.append(f"Another network of the same name, {model}: {before[:8]} first, then {after[:8]}.")
    if a.peak and b.peak:
        found.append(f"The core's peak, second over first: {b.peak.gflops / a.peak.gflops:.2f}.")
    return found


def verdict(a: BenchResult, b: BenchResult, names: tuple[str, str] = ("the first", "the second")) -> str:
    """How fast `b` is beside `a`, and where most of the difference comes from, as a sentence. By CPU time, which other
    programs don't change much; none where one of them can't be trusted. names: of the two, in the sentence."""
    troubled = [name for name, result in zip(names, (a, b), strict=True) if result.problems]
    if troubled:
        return f"No verdict: {' and '.join(troubled)} had none either; measure again, with other programs closed."
    main, pairs = main_series(b), in_both(a, b)
    if not pairs:
        return NOTHING_IN_COMMON
    first, second = next((pair for pair in pairs if pair[1] is main), pairs[0])
    times = first.cpu_ms.p50 / second.cpu_ms.p50
    second_words, on = f"{names[1][:1].upper()}{names[1][1:]}", f"({second.labels.words})"
    if abs(times - 1) <= _EQUAL:
        return f"{second_words} is as fast as {names[0]}, within {100 * _EQUAL:.0f} % {on}."
    how = f"is {times:.2f} times as fast as" if times > 1 else f"takes {1 / times:.2f} times as long as"
    return f"{second_words} {how} {names[0]}, {_where(first, second)} {on}."


def _where(first: Series, second: Series) -> str:
    """The part of a detection that most of the difference comes from."""
    parts = {
        "mostly in the network": (first.network_ms, second.network_ms),
        "mostly in preparing the frame": (first.pre_ms, second.pre_ms),
        "mostly in the boxes from the network's output": (first.post_ms, second.post_ms),
    }
    changes = {name: abs(one.p50 - other.p50) for name, (one, other) in parts.items() if one and other}
    largest = max(changes, key=lambda name: changes[name], default="")
    return largest if changes and changes[largest] > _MOST * sum(changes.values()) else "in all of its parts"


def compared_bars(a: BenchResult, b: BenchResult) -> list[Bar]:
    """The main run of `b` as a picture, beside what `a` measured of the same."""
    before = {second.labels: first.fps for first, second in in_both(a, b)}
    return [replace(bar, before_fps=before[bar.labels]) for bar in bars(b) if bar.labels in before]


def rows(a: BenchResult, b: BenchResult) -> list[tuple[str, ...]]:
    """What both results measured, each with its CPU times and their ratio, second over first."""
    return [_row(first, second) for first, second in in_both(a, b)]


def in_both(a: BenchResult, b: BenchResult) -> list[tuple[Series, Series]]:
    """The series of what both results measured, those of `a` and of `b` in pairs: of the same network, or else of one
    with the same name."""
    before, after = _series(a), _series(b)
    found = []
    for key, first in before.items():
        namesakes = (one for one in after if one not in before and _by_name(one) == _by_name(key))
        other = key if key in after else next(namesakes, None)
        if other is not None:
            found.append((first, after.pop(other)))
    return found


def _by_name(labels: Labels) -> Labels:
    """The same of whatever network has this name."""
    return replace(labels, model_sha256=None)


def _row(first: Series, second: Series) -> tuple[str, ...]:
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


def _series(result: BenchResult) -> dict[Labels, Series]:
    """The first series of each kind."""
    found: dict[Labels, Series] = {}
    for run in result.runs:
        for series in run.series:
            found.setdefault(series.labels.comparable, series)
    return found
