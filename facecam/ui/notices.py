"""Unexpected errors: caught wherever they arise, told in the window, never the end of the program."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QMessageBox, QPushButton, QStyle, QWidget

from facecam.ui.theme import SPACE
from facecam.ui.widgets import ElidedLabel

_log = logging.getLogger(__name__)


class ErrorRelay(QObject):
    """Receives every exception that nobody caught, of any thread, and passes it on in the GUI thread."""

    unexpected = Signal(str, str)
    """One line, and the traceback."""

    def install(self) -> None:
        """Takes over sys.excepthook and threading.excepthook until `uninstall`."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._caught
        threading.excepthook = lambda args: self._caught(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def uninstall(self) -> None:
        """Gives both hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            self._before[0](kind, error, trace)
            return
        _log.error("unexpected error", exc_info=(kind, error, trace))
        self.unexpected.emit(f"{kind.__name__}: {error}", "".join(traceback.format_exception(kind, error, trace)))


class ErrorBanner(QFrame):
    """A line at the top of the window. The first error stays, as it tends to be the cause; later ones are counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details: list[str] = []
        self._count = 0
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self._text = ElidedLabel()
        self._text.setAccessibleName("Error")
        icon = QLabel()
        icon.setPixmap(self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).pixmap(2 * SPACE))
        self.details_button = QPushButton("Details…")
        self.details_button.setToolTip("What a report of the fault needs, to read and to copy")
        self.details_button.clicked.connect(self._show_details)
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setToolTip("Hides this line")
        self.dismiss_button.clicked.connect(self._dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(icon)
        layout.addWidget(self._text, 1)
        for button in (self.details_button, self.dismiss_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """What the line says."""
        return self._text.text()

    def report(self, summary: str, details: str) -> None:
        """Tells of one more error."""
        self._count += 1
        if len(self._details) < 5:  # an error in the painting comes back with every frame
            self._details.append(details)
        if self._count == 1:
            self._summary = summary
        more = f" (and {self._count - 1} more)" if self._count > 1 else ""
        self._text.say(f"An error inside the program; it goes on. {self._summary}{more}")
        self.show()

    def _show_details(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Error report")
        box.setText(self.text)
        box.setDetailedText("\n".join(self._details))
        box.setStandardButtons(QMessageBox.StandardButton.Close)
        copy = box.addButton("Copy report", QMessageBox.ButtonRole.ActionRole)
        report = f"{self.text}\n\n" + "\n".join(self._details)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(report))
        box.open()

    def _dismiss(self) -> None:
        self._details, self._count = [], 0
        self.hide()
