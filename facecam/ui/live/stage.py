"""LiveStage: what the session shows, one picture or two, and above them what there is to say about its phase."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from facecam.errors import FacecamError, ModelError
from facecam.live.pipeline import Phase, View
from facecam.qtkit.layouts import column, row
from facecam.qtkit.stage import Action, StageMessage, StagePanel
from facecam.qtkit.theme import stage_palette
from facecam.ui.live import words
from facecam.ui.live.chooser import DEMO
from facecam.ui.live.picture import PictureView
from facecam.ui.live.session import LiveSession

FIGURES_EVERY_MS = 500
"""Figures that change more often can't be read."""
OPENING_SHOWN_AFTER_MS = 300
"""What opens faster says nothing: a message that flashes by only disturbs."""
_WIDE = 4 / 3  # of the frames of most sources


class LiveStage(QWidget):
    """Frames at the display's rate, figures twice a second, a message and words for every phase.

    picture, second: of the detector, and of a second one that `compare` shows, beside or below the first, whichever
    leaves them larger. spec: the chosen source, which the words are about.
    """

    demo_wanted = Signal()
    """One of the message's buttons was pressed, as with the next."""
    file_wanted = Signal()
    phase_changed = Signal(object, object)
    """The session's Phase was the one, None at a new request, and is the other."""
    view_shown = Signal(object)
    """The View that the picture shows from now on."""
    said = Signal(str)
    """What is happening, for the status line."""
    refreshed = Signal()
    """Everything else should look at the session again: twice a second while pictures come, and at each phase."""

    def __init__(self, session: LiveSession, spec: str) -> None:
        super().__init__()
        self._session, self.spec = session, spec
        self._phase: Phase | None = None
        self._view: View | None = None
        self._compares = False
        self._figures_timer = QTimer(self, interval=FIGURES_EVERY_MS)
        self._figures_timer.timeout.connect(self._look)
        self._opening_timer = QTimer(self, singleShot=True, interval=OPENING_SHOWN_AFTER_MS)
        self._opening_timer.timeout.connect(self._refresh_message)
        self.picture, self.panel = PictureView(), StagePanel()
        self.second = PictureView(self.picture)
        self.pictures = (self.picture, self.second)
        self.panel.hide()
        column(self.panel, owner=self.picture)  # as a child of the picture: what is dropped on it reaches that
        self._layout = row(*((picture, 1) for picture in self.pictures), owner=self, spacing=2)
        self.setAutoFillBackground(True)  # what is seen between them
        self.setPalette(stage_palette())
        self.second.hide()
        session.changed.connect(self._follow_phase)
        self.picture.follow(session)
        self.picture.fetched.connect(self._fetched)
        self.picture.resized.connect(self._refresh_message)

    @property
    def message(self) -> StageMessage | None:
        """What there is to say now, and what can be done; None where the picture speaks for itself."""
        session, opening = self._session, words.opening_name(self.spec)
        file = Action("Open a file…", self.file_wanted.emit, "A picture or a video (O)")
        match session.phase:
            case Phase.OPENING | Phase.RUNNING:
                is_quiet = self._view is not None or self._opening_timer.isActive()
                return None if is_quiet else StageMessage(f"Opening {opening}…")
            case Phase.IDLE:
                start = Action("Start", self.start, "Starts the source that is chosen at the right (Space)")
                title, text = "Ready", "Press Start, or drop a picture, a video or a folder here."
                if session.rests_for:
                    title = f"Resting while {session.rests_for}"
                    text = "It goes on by itself after that; Start doesn’t wait."
                return StageMessage(title, text, (start, file))
            case Phase.RECONNECTING:
                reason, when = words.reconnecting(session.state.trouble)
                retry = Action("Try now", session.retry_now, "Doesn't wait for the next attempt")
                stop = Action("Stop", self.start_or_stop, "Gives it up (Space)")
                return StageMessage(when, reason, (retry, stop)) if when else None
            case Phase.ENDED:
                replay = Action("Play again", self.start, "From the beginning (Space)")
                title = f"{words.name(session, self.spec)} has ended"
                return None if session.state.still else StageMessage(title, actions=(replay, file))
        again = Action("Try again", self.start, "Opens the same source once more")
        demo = Action("Play the demo", self.demo_wanted.emit, "Moving portraits, no camera needed")
        others = (file,) if self.spec == DEMO else (demo, file)
        error = session.error
        if isinstance(error, ModelError):  # which shows nothing of any source
            return StageMessage("No detector", str(error), (again,))
        if isinstance(error, FacecamError):
            title = f"{session.state.title} has stopped" if session.state.title else f"Can’t show {opening}"
            return StageMessage(title, str(error), (again, *others))
        fault = f"An error inside the program: {type(error).__name__}: {error}"
        return StageMessage("Something went wrong", fault, (again, *others))

    def start(self) -> None:
        self._begin(partial(self._session.start, self.spec))

    def start_or_stop(self) -> None:
        """Stops what is running or opening, else starts the chosen source."""
        if self._session.phase.is_busy:
            self._begin(self._session.stop)
        else:
            self.start()

    def _begin(self, request: Callable[[], None]) -> None:
        self._clear()  # not when a phase is seen: what opens or fails at once is never seen opening
        self._phase = None
        request()
        self._follow_phase()

    def _clear(self) -> None:
        self._view = None
        for picture in self.pictures:
            picture.clear()

    def end(self) -> None:
        """The window is closing."""
        self._figures_timer.stop()

    def refresh(self) -> None:
        self._refresh_figures()
        self._refresh_message()
        self.refreshed.emit()

    def _refresh_figures(self) -> None:
        rates = self._session.has_rates
        if self._view is not None and (self._session.state.still or self._phase is Phase.RUNNING):
            figures = words.figures(self._session.stats(), rates, self._view.unsure)
            self.picture.set_figures(figures, words.figures_help(rates))
        elif self._phase is not Phase.RUNNING:
            self.picture.set_figures([])
        self.refresh_status()

    def _look(self) -> None:
        """What nobody tells: figures change, and a picture that nothing follows may have to be hidden."""
        self.picture.fetch()
        self.refresh()

    def refresh_status(self) -> None:
        self.said.emit(words.status(self._session, self.spec, self._view))

    def _follow_phase(self) -> None:
        phase = self._session.phase
        if phase is self._phase:
            return
        before, self._phase = self._phase, phase
        if phase is Phase.IDLE:  # a camera that is off leaves no picture on the screen, whoever has asked for rest
            self._clear()
        if phase is Phase.OPENING:
            self._opening_timer.start()
        elif phase is not Phase.RUNNING:  # running, but without a picture so far, counts as opening
            self._opening_timer.stop()
        if phase in (Phase.RUNNING, Phase.RECONNECTING):
            self._figures_timer.start()
        else:
            self._figures_timer.stop()
        self.phase_changed.emit(before, phase)
        self.refresh()

    def _fetched(self) -> None:
        self._follow_phase()  # after fetching the view, from which on every change is signalled again
        first, view = self._view is None, self.picture.view
        new = view is not None and view is not self._view
        if new:
            self._view = view
            self.view_shown.emit(view)
        if first or self._phase is not Phase.RUNNING:
            self.refresh()
        elif new and not self._session.has_rates:  # a picture that stays, and its figures with it
            self._refresh_figures()

    def _refresh_message(self) -> None:
        message = self.message
        for picture in self.pictures:
            picture.set_dimmed(message is not None)
        self.second.setVisible(self._compares and message is None)  # a message has the stage to itself
        self.panel.set_scale(self.picture.scale)
        self.panel.show_message(message, over_picture=self._view is not None)

    # -- one picture or two

    def compare(self, on: bool) -> None:
        self._compares = on
        self._refresh_message()
        self._arrange()

    def resizeEvent(self, event: QEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        beside = min(self.width() / 2 / _WIDE, self.height())
        above = min(self.width() / _WIDE, self.height() / 2)
        direction = QBoxLayout.Direction.LeftToRight if beside >= above else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(direction)
