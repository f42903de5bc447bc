"""Two results side by side: ratios, and whether they may be compared at all."""

from __future__ import annotations

from typing import Any

from facecam.bench.measure import model_words

_KEYS = ("model", "format", "runtime", "width", "height", "faces")


def compare(a: dict[str, Any], b: dict[str, Any]) -> str:
    """A Markdown table of what both results measured, with the ratio of CPU times (b over a), after some cautions."""
    cautions = [
        "Two runs at different times: a core's clock may differ between them; measure both in one run to be sure."
    ]
    if a["machine"]["cpu"] != b["machine"]["cpu"]:
        cautions.append(f"Different processors: {a['machine']['cpu']} and {b['machine']['cpu']}.")
    if a["machine"]["versions"] != b["machine"]["versions"]:
        names = sorted(set(a["machine"]["versions"]) | set(b["machine"]["versions"]))
        changed = [name for name in names if a["machine"]["versions"].get(name) != b["machine"]["versions"].get(name)]
        cautions.append(f"Different versions of {', '.join(changed)}.")
    for name, result in (("first", a), ("second", b)):
        if any(run["problems"] for run in result["runs"]):
            cautions.append(f"The {name} result has problems of its own; its wall times can't be trusted.")
    if a["peak"] and b["peak"]:
        ratio = b["peak"]["gflops"] / a["peak"]["gflops"]
        cautions.append(f"The core's peak, second over first: {ratio:.2f}.")
    before, after = _series(a), _series(b)
    rows = [
        f"| {model_words(key[0], key[1])} | {key[2]} | {key[3]}x{key[4]} | {key[5]}"
        f" | {old_ms:.2f} | {after[key]:.2f} | {after[key] / old_ms:.3f} |"
        for key, old_ms in before.items()
        if key in after
    ]
    table = ["| model | runtime | size | faces | CPU p50 ms, first | second | ratio |", "|---|---|---|---|---|---|---|"]
    body = [*table, *rows] if rows else ["They have nothing in common: no model, runtime, size and faces in both."]
    return "\n".join([*(f"- {caution}" for caution in cautions), "", *body]) + "\n"


def _series(result: dict[str, Any]) -> dict[tuple[Any, ...], float]:
    found: dict[tuple[Any, ...], float] = {}
    for run in result["runs"]:
        for series in run["series"]:
            key = tuple(series["labels"].get(name) for name in _KEYS)
            found.setdefault(key, series["cpu_ms"]["p50"])
    return found
