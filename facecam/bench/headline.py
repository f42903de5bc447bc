"""A result in one large figure and a few words, for the card and for the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from facecam.bench.measure import engine_words, model_words
from facecam.bench.report import JOURNAL_FPS, JOURNAL_GPU_FPS, PAPER_FPS, PAPER_GPU_FPS
from facecam.runtimes.engine import F32
from facecam.runtimes.providers import CPU


@dataclass(frozen=True)
class Headline:
    """figure: "169 FPS", or "No verdict"; place: on what; against: beside the papers' figures, or why there is none;
    caution: what else to know, such as other cores that were busy, a line each; empty where there is nothing."""

    figure: str
    place: str
    against: str
    trusted: bool
    caution: str = ""


def main_series(result: dict[str, Any]) -> dict[str, Any]:
    """The series that stands for the result: the first model in its fastest engine among the exact ones."""
    series: list[dict[str, Any]] = result["runs"][0]["series"]
    first = [one for one in series if one["labels"].get("model_sha256") == series[0]["labels"].get("model_sha256")]
    exact = [one for one in first if one["labels"].get("precision", F32) == F32]
    return min(exact or first, key=lambda one: float(one["cpu_ms"]["p50"]))


def series_words(series: dict[str, Any]) -> str:
    """Model and engine of a series."""
    labels = series["labels"]
    return f"{model_words(labels.get('model'), labels.get('format'))} · {engine_words(labels)}"


def headline(result: dict[str, Any]) -> Headline:
    """What a result comes to. Without trust in its wall times there is no figure, only the reason."""
    series, machine = main_series(result), result["machine"]
    place = f"on one core of {machine['cpu']}" if machine["pinned_core"] is not None else f"on {machine['cpu']}"
    if result["problems"]:
        caution = "\n".join([*result["problems"][1:], *result["warnings"]])
        return Headline("No verdict", place, result["problems"][0], False, caution)
    fps = 1000 / series["total_ms"]["p50"]
    on_card = series["labels"].get("provider", CPU) != CPU
    paper, journal = (PAPER_GPU_FPS, JOURNAL_GPU_FPS) if on_card else (PAPER_FPS, JOURNAL_FPS)
    against = f"{fps / paper:.1f} times the paper's {paper:.0f} FPS (2017)"
    against += f" and {fps / journal:.1f} times the {journal:.0f} FPS of its journal version"
    return Headline(f"{fps:.0f} FPS", place, against, True, "\n".join(result["warnings"]))
