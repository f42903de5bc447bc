"""What the Live tab says: figures over the picture, and the status line. No widgets."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from facecam.detection.any_detector import AnyDetector
from facecam.live.metrics import Stats
from facecam.live.pipeline import Phase, View
from facecam.live.state import Trouble
from facecam.qtkit.figure_line import Figure
from facecam.qtkit.wording import duration, faces, number, sentence, size
from facecam.ui.live.chooser import AUTO, DEMO, SCREEN, short_name
from facecam.ui.live.session import LiveSession


def figures(stats: Stats, rates: bool, unsure: bool) -> list[Figure]:
    """The line over the picture: what the source delivers, what is detected, what the core could do, how late, faces.

    Where there is little room, faces, detections and latency are left. rates: of a single picture, or a folder's, there
    are none, only faces and the time that a detection takes. unsure: all of the picture is hidden, which the last words
    tell.
    """
    found = Figure(*faces(stats.faces))
    if not rates:
        took_ms = 1000 / stats.possible_hz if stats.possible_hz > 0 else 0.0
        return [found, Figure(number(took_ms), "ms")]
    return [
        Figure(number(stats.capture_hz), "capture", rank=3),
        Figure(number(stats.detect_hz), "det/s", rank=1),
        Figure(number(stats.possible_hz), "possible", rank=4),
        Figure(number(stats.latency_p50_ms), "ms p50", rank=2),
        found,
        *([Figure("all hidden", "while unsure", rank=-1)] if unsure else []),
    ]


def comparison(
    session: LiveSession, stats: Stats, view: View, second: AnyDetector
) -> tuple[list[Figure], list[Figure]]:
    """The captions of the two pictures: each detector with its own figures, and at the second what both have found."""
    first = session.detector
    if first is None or view.second is None:
        return [], []
    took_ms = 1000 / stats.possible_hz if stats.possible_hz > 0 else 0.0
    common = len(view.second.common)
    both = Figure(str(common), "in both")
    with_size = first.name == second.name  # then the size may be what is compared
    ours = _own_figures("A", first, with_size, took_ms, len(view.detections), common)
    theirs = _own_figures("B", second, with_size, stats.second_p50_ms, len(view.second.shown), common)
    return ours, [*theirs[:3], both, *theirs[3:]]


def _own_figures(
    mark: str, detector: AnyDetector, with_size: bool, took_ms: float, count: int, common: int
) -> list[Figure]:
    """What matters most first: where there is little room, the last ones are left out."""
    possible = number(1000 / took_ms) if took_ms > 0 else "–"
    at = f" at {size(*detector.size)}" if with_size and detector.size is not None else ""
    return [
        Figure(mark, detector.name + at),
        Figure(number(took_ms), "ms"),
        Figure(*faces(count)),
        *([Figure(str(count - common), "only here")] if count > common else []),
        Figure(possible, "possible"),
    ]


def figures_help(rates: bool) -> str:
    if not rates:
        return "Faces found in this picture, and the milliseconds that it took on one core"
    return (
        "capture: pictures per second that the source delivers\n"
        "det/s: pictures per second that are searched for faces\n"
        "possible: how many the core could search\n"
        "ms p50: milliseconds from a picture's capture to its faces, median over the last seconds"
    )


def name(session: LiveSession, spec: str) -> str:
    return session.state.title or short_name(spec)


def status(session: LiveSession, spec: str, view: View | None) -> str:
    """What is happening, for the line at the bottom."""
    phase = session.phase
    if phase is Phase.OPENING:
        return f"Opening {opening_name(spec)}…"
    if phase is Phase.IDLE:
        return f"Resting while {session.rests_for}." if session.rests_for else "Stopped. Space starts."
    if phase is Phase.FAILED:
        return f"{name(session, spec)} · failed"
    if phase is Phase.RECONNECTING:
        reason, when = reconnecting(session.state.trouble)
        return sentence(when, _named(name(session, spec), reason), reconnected(session.stats()))
    if view is None:
        return f"{name(session, spec)} · waiting for the first picture"
    frame = view.detected_frame
    height, width = frame.image.shape[:2]
    title = name(session, spec)
    file = frame.path.name if isinstance(frame.path, Path) and frame.path.name != title else ""
    ended = f"ended after {duration(frame.time_s)}" if session.has_rates and phase is not Phase.RUNNING else ""
    running = flow_words(session.stats()) if phase is Phase.RUNNING and session.has_rates else ""
    named = title if session.state.trouble is None else _named(title, session.state.trouble.reason)
    again = reconnected(session.stats())
    if phase is Phase.RUNNING and session.player is not None and session.player.paused:
        running = f"paused at {duration(frame.time_s)}" if session.has_rates else "paused"
    hidden = "all is hidden until enough pictures are searched" if view.unsure else ""
    over = passed_over([] if session.folder is None else session.folder.unreadable)
    return sentence(named, file, over, hidden, again, size(width, height), detector_words(session), running, ended)


def _named(title: str, reason: str) -> str:
    """A source and what is wrong with it, which often names it already."""
    wrong = reason.rstrip(".")
    return wrong if title in wrong else sentence(title, wrong)


def passed_over(unreadable: Sequence[Path]) -> str:
    """What a slide show had to leave out, the last ones by name."""
    if not unreadable:
        return ""
    names = ", ".join(path.name for path in unreadable[-2:])
    more = f" and {len(unreadable) - 2} more" if len(unreadable) > 2 else ""
    return f"can’t read {names}{more}"


def reconnecting(trouble: Trouble | None) -> tuple[str, str]:
    """Why a live source shows nothing new, and when it is tried again."""
    if trouble is None:
        return "", ""
    if trouble.retry_at_s is None:
        return trouble.reason, "Reconnecting…"
    return trouble.reason, f"Reconnecting in {max(1, math.ceil(trouble.retry_at_s - time.perf_counter()))} s"


def reconnected(stats: Stats) -> str:
    """How often a lost source has come back, empty if it never was lost."""
    count = stats.reconnects
    return "" if count == 0 else f"reconnected {'once' if count == 1 else f'{count} times'}"


def flow_words(stats: Stats) -> str:
    """What the figures over the picture leave out: pictures shown, the slow end of the latency, frames dropped."""
    return f"{stats.display_hz:.0f} shown/s · {stats.latency_p95_ms:.0f} ms p95 · {stats.dropped} dropped"


def detector_words(session: LiveSession) -> str:
    """The detector, what computes it, and its one core."""
    detector, core = session.detector, session.state.core
    if detector is None:
        return ""
    chosen = (
        None if session.options.hold_hz is None else detector.size
    )  # chosen by the program, so that the user should see it
    at = "" if chosen is None else f" at {size(*chosen)}"
    words = f"{detector.name}{at} in {detector.engine.title}"
    return words if core is None else f"{words} on core {core}"


def opening_name(spec: str) -> str:
    """The source before it is open, within a sentence."""
    if spec.startswith("screen:"):
        return "a part of the screen"
    return {AUTO: "a camera", DEMO: "the demo", SCREEN: "the screen"}.get(spec, short_name(spec))
