"""TextDialog: a text to read and to copy at one go, such as a report."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
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
        self.copy_button = QPushButton("Copy report")
        self.copy_button.setToolTip("Puts the whole text on the clipboard")
        self.copy_button.clicked.connect(self.copy)
        self.close_button = QPushButton(close_text)
        self.close_button.setToolTip("Closes this window (Esc)")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.close)
        sign = QLabel()
        sign.setPixmap(self.style().standardIcon(icon).pixmap(4 * SPACE))
        explanation = QLabel(words)
        explanation.setWordWrap(True)
        upper = QVBoxLayout()
        upper.setSpacing(SPACE)
        upper.addWidget(Heading(title))
        upper.addWidget(explanation)
        head = QHBoxLayout()
        head.setSpacing(2 * SPACE)
        head.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(upper, 1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(SPACE)
        self.buttons.addWidget(self.copy_button)
        self.buttons.addStretch()
        self.buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addLayout(head)
        layout.addWidget(self.report, 1)
        layout.addLayout(self.buttons)
        self.resize(80 * SPACE, 56 * SPACE)

    def copy(self) -> None:
        """The whole text, for the clipboard."""
        QApplication.clipboard().setText(self.report.toPlainText())
        self.copy_button.setText("Copied")
