"""LiveShowing: what the session has, on the Live tab's picture, stage and line of words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from facecam.live.pipeline import Phase, View
from facecam.qtkit.stage import StageMessage, StagePanel
from facecam.qtkit.widgets import StatusLine
from facecam.qtkit.wording import sentence
from facecam.ui.live import words
from facecam.ui.live.pacer import Pacer
from facecam.ui.live.picture import PictureView
from facecam.ui.live.session import LiveSession
from facecam.ui.live.stage_message import StageWishes, stage_message

FIGURES_EVERY_MS = 500
"""Figures that change more often can't be read."""
OPENING_SHOWN_AFTER_MS = 300
"""What opens faster says nothing: a message that flashes by only disturbs."""


class LiveShowing(QObject):
    """Frames at the display's rate, figures twice a second, the stage and the words of every phase.

    spec: asked for the chosen source; more_words: asked for what the status line says before the session's state.
    """

    phase_changed = Signal(object)
    """The session's Phase is another than before, or a new wish begins."""
    view_shown = Signal(object)
    """The View that the picture shows from now on."""
    refreshed = Signal()
    """Time for everything else to look at the session again: twice a second while pictures come, at each phase."""

    def __init__(
        self,
        session: LiveSession,
        picture: PictureView,
        panel: StagePanel,
        status: StatusLine,
        wishes: StageWishes,
        spec: Callable[[], str],
        more_words: Callable[[], str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._picture, self._panel, self._status = session, picture, panel, status
        self._wishes, self._spec, self._more_words = wishes, spec, more_words
        self._phase: Phase | None = None
        self._view: View | None = None
        self._pacer = Pacer(self._show_latest, self)
        self._figures_timer = QTimer(self, interval=FIGURES_EVERY_MS)
        self._figures_timer.timeout.connect(self.refresh_words)
        self._opening_timer = QTimer(self, singleShot=True, interval=OPENING_SHOWN_AFTER_MS)
        self._opening_timer.timeout.connect(self._refresh_stage)
        session.changed.connect(self._session_changed)
        picture.painted.connect(session.displayed)

    @property
    def view(self) -> View | None:
        """The view that the picture shows, None on the empty stage."""
        return self._view

    @property
    def message(self) -> StageMessage | None:
        """What the stage has to say now."""
        opening = self._phase is Phase.OPENING or (self._phase is Phase.RUNNING and self._view is None)
        if opening and self._opening_timer.isActive():
            return None
        return stage_message(self._session, self._spec(), self._view is not None, self._wishes)

    def refresh(self) -> None:
        """Brings everything up to date."""
        self.refresh_words()
        self._refresh_stage()

    def begin(self, wish: Callable[[], None]) -> None:
        """Utters a new wish to the session, on an empty stage."""
        # Cleared here and not when a phase is seen: what opens or fails at once is never seen opening, and a camera
        # that is off must leave no picture on the screen.
        self._view = None
        self._picture.clear()
        self._phase = None
        wish()
        self._follow_phase()

    def end(self) -> None:
        """The window is closing."""
        self._figures_timer.stop()

    def _session_changed(self) -> None:
        self._follow_phase()
        self._pacer.wish(self._picture.screen())

    def _follow_phase(self) -> None:
        phase = self._session.phase
        if phase is self._phase:
            return
        self._phase = phase
        if phase is Phase.OPENING:
            self._opening_timer.start()
            self._panel.show_message(None)
        elif phase is not Phase.RUNNING:  # running, but without a picture so far, counts as opening
            self._opening_timer.stop()
        if phase in (Phase.RUNNING, Phase.RECONNECTING):
            self._figures_timer.start()
        else:
            self._figures_timer.stop()
        self.phase_changed.emit(phase)
        self.refreshed.emit()

    def _show_latest(self) -> None:
        view = self._session.latest()
        self._follow_phase()  # after latest(): from there on every change is told again
        first = self._view is None
        if view is not None and view is not self._view:
            self._view = view
            self._pacer.painted()
            self._picture.show_frame(view.image, view.detections)
            self.view_shown.emit(view)
        if first or self._phase is not Phase.RUNNING:
            self.refresh_words()
        self._refresh_stage()

    def refresh_words(self) -> None:
        """The figures over the picture, the status line, and all that follows `refreshed`."""
        still = self._session.is_still
        if self._view is not None and (still or self._phase is Phase.RUNNING):
            figures = words.figures(self._session.stats(), still)
            self._picture.set_figures(figures, words.figures_help(still))
        elif self._phase is not Phase.RUNNING:
            self._picture.set_figures([])
        self.refresh_status()
        if self._phase is Phase.RECONNECTING:
            self._refresh_stage()
        self.refreshed.emit()

    def refresh_status(self) -> None:
        """The status line alone."""
        status = words.status(self._session, self._spec(), self._view)
        self._status.say(sentence(self._more_words(), status))

    def _refresh_stage(self) -> None:
        message = self.message
        self._picture.set_dimmed(message is not None)
        self._panel.show_message(message, over_picture=self._view is not None)
