"""ErrorDialog: an unexpected error with all that a report of it needs."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QPushButton, QStyle, QWidget

from facecam.doctor.checks import brief
from facecam.doctor.report import without_home
from facecam.qtkit.text_dialog import TextDialog
from facecam.system.logs import log_tail
from facecam.system.paths import log_file

_WORDS = (
    "This is a fault of the program, not yours. It goes on. If you report the fault, paste this text: it holds no "
    "pictures."
)


class ErrorDialog(TextDialog):
    """The report of one error, and of those that came soon after it."""

    def __init__(self, summary: str, details: list[str], parent: QWidget | None = None) -> None:
        icon = QStyle.StandardPixmap.SP_MessageBoxWarning
        text = report_text(summary, details)
        super().__init__("Something went wrong inside the program", _WORDS, text, icon, "Go on", parent)
        folder = QPushButton("Show log")
        folder.setToolTip(f"Opens the folder of the log, {log_file().parent}")
        folder.clicked.connect(show_log)
        self.buttons.insertWidget(1, folder)


def show_log() -> None:
    """Opens the log's folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file().parent)))


def report_text(summary: str, details: list[str]) -> str:
    """The report: the error, the program and the machine, the tracebacks, the end of the log."""
    tail = log_tail()
    parts = [summary, brief() + f"\nwindow system: {QApplication.platformName()}", *details]
    if tail:
        parts.append(f"The end of the log:\n{tail}")
    return without_home("\n\n".join(part.strip() for part in parts) + "\n")
