"""TextDialog: a text to read and to copy at one go, such as a report."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPlainTextEdit, QStyle, QWidget

from facecam.qtkit.fields import button
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import Heading


class TextDialog(QDialog):
    """Does not block: the picture goes on behind it. Esc closes it."""

    def __init__(
        self,
        title: str,
        words: str,
        text: str,
        icon: QStyle.StandardPixmap,
        close_text: str = "Close",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.report = QPlainTextEdit(text)
        self.report.setReadOnly(True)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setAccessibleName("Report")
        self.report.setToolTip("Everything that a report of a fault needs")
        self.copy_button = button("Copy report", "Puts the whole text on the clipboard", self.copy)
        self.close_button = button(close_text, "Closes this window (Esc)", self.close)
        self.close_button.setDefault(True)
        sign = QLabel()
        sign.setPixmap(self.style().standardIcon(icon).pixmap(4 * SPACE))
        self.explanation = QLabel(words)
        self.explanation.setWordWrap(True)
        upper = column(Heading(title), self.explanation, spacing=SPACE)
        head = row(sign, (upper, 1), spacing=2 * SPACE)
        head.setAlignment(sign, Qt.AlignmentFlag.AlignTop)
        self.buttons = row(self.copy_button, None, self.close_button, spacing=SPACE)
        column(head, (self.report, 1), self.buttons, owner=self, margins=(2 * SPACE,) * 4, spacing=2 * SPACE)
        self.resize(80 * SPACE, 56 * SPACE)

    def copy(self) -> None:
        QApplication.clipboard().setText(self.report.toPlainText())
        self.copy_button.setText("Copied")
