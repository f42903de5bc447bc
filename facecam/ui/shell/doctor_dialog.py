"""DoctorDialog: what `facecam doctor` says, for people who have no terminal open."""

from __future__ import annotations

import sys

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QStyle, QWidget

from facecam.qtkit.text_dialog import TextDialog

_WORDS = "Versions, cameras, the processor, the models and hints: what a report of a fault needs. It holds no pictures."


class DoctorDialog(TextDialog):
    """Runs the command in a process of its own and shows its text; closing ends it."""

    def __init__(self, parent: QWidget | None = None, command: list[str] | None = None) -> None:
        icon = QStyle.StandardPixmap.SP_MessageBoxInformation
        super().__init__("This machine", _WORDS, "Looking around, which takes some seconds…", icon, parent=parent)
        self.copy_button.setEnabled(False)
        program, *arguments = command or [sys.executable, "-m", "facecam", "doctor"]
        self._process = QProcess(self)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._process.start(program, arguments)
        self.finished.connect(self._process.kill)

    def _finished(self) -> None:
        text = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        problem = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self.report.setPlainText(text or problem or "It has found nothing to say.")
        self.copy_button.setEnabled(True)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.report.setPlainText("It can't be started here; type `facecam doctor` in a terminal.")
