"""What the Live tab's stage says in each phase, and which buttons stand below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from facecam.live.pipeline import Phase
from facecam.qtkit.stage import Action, StageMessage
from facecam.ui.live import words
from facecam.ui.live.chooser import DEMO
from facecam.ui.live.session import LiveSession


@dataclass(frozen=True)
class StageWishes:
    """What the stage's buttons do."""

    start: Callable[[], None]
    stop: Callable[[], None]
    retry_now: Callable[[], None]
    play_demo: Callable[[], None]
    open_file: Callable[[], None]


def stage_message(session: LiveSession, spec: str, has_picture: bool, wishes: StageWishes) -> StageMessage | None:
    """The message for the session's phase; None where the picture speaks for itself. spec: the chosen source."""
    title, text = words.stage(session, spec, has_picture)
    phase = session.phase
    if not title or (phase is Phase.ENDED and session.is_still):
        return None
    return StageMessage(title, text, _actions(phase, spec, wishes))


def _actions(phase: Phase, spec: str, wishes: StageWishes) -> tuple[Action, ...]:
    file = Action("Open a file…", wishes.open_file, "A picture or a video (O)")
    if phase in (Phase.OPENING, Phase.RUNNING):
        return ()
    if phase is Phase.IDLE:
        return Action("Start", wishes.start, "Starts the source that is chosen at the right (Space)"), file
    if phase is Phase.ENDED:
        return Action("Play again", wishes.start, "From the beginning (Space)"), file
    if phase is Phase.RECONNECTING:
        retry = Action("Try now", wishes.retry_now, "Doesn't wait for the next attempt")
        return retry, Action("Stop", wishes.stop, "Gives it up (Space)")
    again = Action("Try again", wishes.start, "Opens the same source once more")
    demo = Action("Play the demo", wishes.play_demo, "Moving portraits, no camera needed")
    return (again, file) if spec == DEMO else (again, demo, file)
