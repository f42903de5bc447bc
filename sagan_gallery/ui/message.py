"""GalleryMessage: what the stage says over the picture, or while there is none."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction

from facecam.qtkit.stage import Action, StageMessage, StagePanel
from sagan_gallery.ui import words
from sagan_gallery.ui.session import GallerySession

LOADING_SHOWN_AFTER_MS = 300
"""What is loaded sooner says nothing: a message that flashes by only disturbs."""


class GalleryMessage(StagePanel):
    """That something can be dropped, the explanation, what is being loaded, or that there is no model: the first of
    these that holds; nothing where the picture is enough. open_model: what is to be done about the last."""

    def __init__(self, session: GallerySession, open_model: QAction) -> None:
        super().__init__(opaque=True)
        self._session, self._open_model = session, open_model
        self._loading = self._problem = ""
        self._helps = self._dragged_over = self._has_picture = False
        self._timer = QTimer(self, singleShot=True, interval=LOADING_SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.refresh)
        self.hide()

    def begin_loading(self, text: str) -> None:
        self._loading = text
        self._timer.start()

    def show_picture(self) -> None:
        self._loading, self._has_picture = "", True
        self.refresh()

    def fail(self, problem: str) -> None:
        """What was being loaded can't be. problem: why, if it is a file's fault."""
        self._loading, self._problem = "", problem or self._problem
        self.refresh()

    def toggle_help(self) -> None:
        self._helps = not self._helps
        self.refresh()

    def leave_help(self) -> bool:
        """Hides the explanation; False when it is not shown."""
        shown = self._helps
        if shown:
            self.toggle_help()
        return shown

    def show_drop(self, on: bool) -> None:
        """Whether something that can be dropped is being dragged over the gallery."""
        self._dragged_over = on
        self.refresh()

    def refresh(self) -> None:
        """The model may be another one."""
        self.show_message(self._wanted(), over_picture=True)

    def _wanted(self) -> StageMessage | None:
        generator = self._session.generator
        if self._dragged_over:
            return StageMessage(words.DROP)
        if self._helps:
            about = "" if generator is None else words.about_model(generator.name, generator.metadata)
            close = Action("Close", self.leave_help, "Back to the picture (H)")
            return StageMessage(words.HELP_TITLE, words.help_html(about), (close,), rich=True)
        if self._loading and not self._has_picture:
            return None if self._timer.isActive() else StageMessage(self._loading, words.LOADING)
        if generator is None and not self._loading:
            title = words.WRONG_MODEL_TITLE if self._problem else words.NO_MODEL_TITLE
            action = Action("Open a model…", self._open_model.trigger, "An exported SAGAN generator (Ctrl+O)")
            return StageMessage(title, self._problem or words.NO_MODEL, (action,))
        return None
