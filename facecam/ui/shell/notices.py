"""The lines at the top of the window: ErrorBanner tells of unexpected errors, HintBar of what one should know once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QStyle

from facecam.qtkit.fields import button
from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import ElidedLabel
from facecam.ui.shell.dialogs import ErrorDialog

_KEPT = 5
"""Tracebacks in one report."""


class ErrorBanner(QFrame):
    """The first error stays in sight, as it tends to be the cause; later ones are counted.

    A new kind of error opens its report by itself, one report at a time; one that is known, or that comes while a
    report is open, only counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self._details: list[str] = []
        self._count = 0
        self._summary = ""
        self._known: set[str] = set()
        self.dialog: ErrorDialog | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.text = ElidedLabel()
        self.text.setAccessibleName("Error")
        icon = QLabel()
        icon.setPixmap(self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).pixmap(2 * SPACE))
        report_help = "What a report of the fault needs, to read and to copy"
        self.details_button = button("Report…", report_help, self.show_report)
        self.dismiss_button = button("Dismiss", "Hides this line", self._dismiss)
        parts = (icon, (self.text, 1), self.details_button, self.dismiss_button)
        row(*parts, owner=self, margins=(2 * SPACE, SPACE, 2 * SPACE, SPACE), spacing=SPACE)
        self.hide()

    def report(self, summary: str, details: str) -> None:
        self._count += 1
        if len(self._details) < _KEPT:
            self._details.append(details)
        if self._count == 1:
            self._summary = summary
        more = f" (and {self._count - 1} more)" if self._count > 1 else ""
        self.text.say(f"An error inside the program; it goes on. {self._summary}{more}")
        self.show()
        if details not in self._known:
            self._known.add(details)
            if self.dialog is None and self.window().isVisible():
                self.show_report()

    def show_report(self) -> None:
        """Opens the report of what has been told, or brings it to the front."""
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        self.dialog = ErrorDialog(self.text.text(), self._details, self.window())
        self.dialog.destroyed.connect(self._report_closed)
        self.dialog.show()

    def _report_closed(self) -> None:
        self.dialog = None

    def _dismiss(self) -> None:
        self._details, self._count = [], 0
        self.hide()


class HintBar(QFrame):
    """One hint at a time; the newest stays until the user has read it."""

    def __init__(self) -> None:
        super().__init__()
        self._done: Callable[[], None] | None = None
        self._words: Callable[[], str] | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setAccessibleName("Hint")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # it may name a command
        self.button = button("Got it", "Hides this line", self._read)
        margins = (2 * SPACE, SPACE, 2 * SPACE, SPACE)
        row((self.text, 1), self.button, owner=self, margins=margins, spacing=2 * SPACE)
        self.hide()

    def say(self, text: str | Callable[[], str], done: Callable[[], None] | None = None, rich: bool = False) -> None:
        """Shows the text; `done` is called when the user has read it. rich: with the few marks of HTML in it.

        A function in place of the text is asked again at `refresh`.
        """
        self._done = done
        self._words = None if isinstance(text, str) else text
        self.text.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
        self.text.setText(text if isinstance(text, str) else text())
        self.show()

    def refresh(self) -> None:
        """Another tab is in front: a hint that depends on it is put into words again."""
        if self._words is not None:
            self.text.setText(self._words())

    def _read(self) -> None:
        done, self._done = self._done, None
        self.hide()
        if done is not None:
            done()
