"""ErrorDialog: an unexpected error with all that a report of it needs, to be copied at one go."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from facecam.doctor.brief import brief
from facecam.doctor.report import without_home
from facecam.logs import log_tail
from facecam.places import log_file
from facecam.ui.theme import SPACE
from facecam.ui.widgets import Heading


class ErrorDialog(QDialog):
    """Does not block: the picture goes on behind it. Esc closes it."""

    def __init__(self, summary: str, details: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Error in facecam")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.report = QPlainTextEdit(report_text(summary, details))
        self.report.setReadOnly(True)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setAccessibleName("Report")
        self.report.setToolTip("What a report of the fault needs")
        self.copy_button = QPushButton("Copy report")
        self.copy_button.setToolTip("Puts the whole report on the clipboard")
        self.copy_button.clicked.connect(self.copy)
        self.folder_button = QPushButton("Show log")
        self.folder_button.setToolTip(f"Opens the folder of the log, {log_file().parent}")
        self.folder_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file().parent))))
        self.close_button = QPushButton("Go on")
        self.close_button.setToolTip("Closes this report; the program goes on (Esc)")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.close)
        icon = QLabel()
        icon.setPixmap(self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).pixmap(4 * SPACE))
        words = QLabel(
            "This is a fault of the program, not yours. It goes on. If you report the fault, paste this text; "
            "it holds no pictures and no names of people."
        )
        words.setWordWrap(True)
        upper = QVBoxLayout()
        upper.setSpacing(SPACE)
        upper.addWidget(Heading("Something went wrong inside the program"))
        upper.addWidget(words)
        head = QHBoxLayout()
        head.setSpacing(2 * SPACE)
        head.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(upper, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.folder_button)
        buttons.addStretch()
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addLayout(head)
        layout.addWidget(self.report, 1)
        layout.addLayout(buttons)
        self.resize(80 * SPACE, 50 * SPACE)

    def copy(self) -> None:
        """The whole report, for the clipboard."""
        QApplication.clipboard().setText(self.report.toPlainText())
        self.copy_button.setText("Copied")


def report_text(summary: str, details: list[str]) -> str:
    """The report: the error, the program and the machine, the tracebacks, the end of the log."""
    tail = log_tail()
    parts = [summary, brief() + f"\nwindow system: {QApplication.platformName()}", *details]
    if tail:
        parts.append(f"The end of the log:\n{tail}")
    return without_home("\n\n".join(part.strip() for part in parts) + "\n")
