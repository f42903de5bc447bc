"""A result in words and tables for people, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facecam.bench.measure import engine_words, model_words
from facecam.cpu import CoreUse

COLUMNS = (
    "model", "runtime", "size", "faces (found)", "FPS", "p50 ms", "pre + network + post", "p90", "p95", "p99",
    "CPU p50 ms", "of the first", "floors", "of the peak", "last / first fifth",
)  # fmt: skip


def markdown(result: dict[str, Any]) -> str:
    """The result as Markdown tables."""
    lines = [
        *machine_lines(result),
        "",
        *(f"- {sentence}" for sentence in [*result["verdicts"], *result["problems"], *result["warnings"]]),
    ]
    for run in result["runs"]:
        lines += [
            "",
            f"{run['title']} ({proof(run)})",
            "",
            *(line for problem in run["problems"] for line in (f"- {problem}", "")),
            *table(COLUMNS, rows(run)),
        ]
    if result["long"] is not None:
        lines += ["", result["long"]["words"], *(f"- {problem}" for problem in result["long"]["problems"])]
    return "\n".join(lines) + "\n"


def machine_lines(result: dict[str, Any]) -> list[str]:
    """What the figures hold for: the machine, its state before the start, the versions and the models."""
    machine, peak = result["machine"], result["peak"]
    state = [
        f"core {machine['pinned_core']} of {machine['cores']}" if machine["pinned_core"] is not None else "not pinned"
    ]
    state += [f"peak {peak['gflops']:.0f} GFLOP/s ({peak['method']})"] if peak is not None else []
    state += [f"governor {machine['governor']}"] if machine["governor"] else []
    state += [f"on {machine['power']}"] if machine["power"] else []
    loads = ", ".join(f"{load:.0f}" for load in machine["load_before_percent"])
    state.append(f"load before the start {loads} %")
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    models = {
        model_words(series["labels"].get("model"), series["labels"].get("format")): series["labels"]["model_sha256"][
            :12
        ]
        for run in result["runs"]
        for series in run["series"]
        if series["labels"].get("model_sha256")
    }
    return [
        f"**{machine['cpu']}**, {machine['system']}, {' '.join(machine['flags'])}; {', '.join(state)}",
        "",
        f"{result['started']}; {versions}; models {', '.join(f'{name} {sha}' for name, sha in models.items())}",
    ]


def proof(run: dict[str, Any]) -> str:
    """Who computed during a run of a result: the proof of the one core."""
    return _proof(run["cpu_over_wall"], run["busy_threads"])


def proof_words(use: CoreUse) -> str:
    """The same of a run that is not in a result."""
    return _proof(use.cpu_over_wall, use.busy_threads)


def _proof(cpu_over_wall: float, threads: int) -> str:
    return f"taking turns; CPU over wall time {cpu_over_wall:.2f}, {threads} thread{'s' * (threads != 1)} at work"


def table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in [columns, ["---"] * len(columns), *cells]]


def rows(run: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row of COLUMNS for each series of a run of a result, in words and figures for people."""
    first_ms = run["series"][0]["cpu_ms"]["p50"]
    return [_row(series, first_ms) for series in run["series"]]


def _row(series: dict[str, Any], first_ms: float) -> tuple[str, ...]:
    labels, total, cpu, floors = series["labels"], series["total_ms"], series["cpu_ms"], series["times_floor"]
    network = series["network_ms"]
    faces = labels.get("what") or f"{labels.get('faces')} ({labels.get('faces_found')})"
    return (
        model_words(labels.get("model"), labels.get("format")),
        engine_words(labels),
        f"{labels.get('width')}x{labels.get('height')}",
        str(faces),
        f"{1000 / total['p50']:.0f}",
        f"{total['p50']:.2f}",
        "" if network is None else _parts(series),
        *(f"{total[name]:.2f}" for name in ("p90", "p95", "p99")),
        f"{cpu['p50']:.2f}",
        f"{cpu['p50'] / first_ms:.3f}",
        "" if floors is None else f"{floors:.2f}",
        "" if series["network_of_peak"] is None else f"{100 * series['network_of_peak']:.0f} %",
        f"{series['slowing']:.3f}",
    )


def _parts(series: dict[str, Any]) -> str:
    return " + ".join(f"{series[name]['p50']:.2f}" for name in ("pre_ms", "network_ms", "post_ms"))
