"""StageMessage: what the stage says while there is no picture, and help, with what one can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sagan_gallery.ui.style import SPACE, STAGE, STAGE_RAISED, STAGE_TEXT, STAGE_TEXT_DIM, stage_palette, tabular

_TEXT_WIDTH = 60 * SPACE


class StageMessage(QWidget):
    """A title, a text and buttons in the middle of the dark stage."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        palette = stage_palette()
        palette.setColor(QPalette.ColorRole.Window, STAGE)
        self.setPalette(palette)
        self.title = QLabel()
        self.title.setFont(tabular(self.font(), 1.6, QFont.Weight.DemiBold))
        self.title.setPalette(stage_palette(STAGE_TEXT))
        self.text = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setPalette(stage_palette(STAGE_TEXT_DIM))
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        layout.addStretch(2)
        for label in (self.title, self.text):
            label.setWordWrap(True)
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(SPACE)
        row = QHBoxLayout()
        row.addStretch()
        row.addLayout(self._buttons)
        row.addStretch()
        layout.addLayout(row)
        layout.addStretch(3)
        self.hide()

    def say(
        self, title: str, text: str, actions: Sequence[tuple[str, str, Callable[[], object]]] = (), left: bool = False
    ) -> None:
        """Shows a message. actions: (label, tooltip, what to do), the first one is expected. left: long, as HTML."""
        self.title.setText(title)
        self.text.setTextFormat(Qt.TextFormat.RichText if left else Qt.TextFormat.PlainText)
        self.text.setText(text)
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignHCenter
        for label in (self.title, self.text):
            label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        while (item := self._buttons.takeAt(0)) is not None:
            if (button := item.widget()) is not None:
                button.hide()
                button.deleteLater()
        for index, (name, help, do) in enumerate(actions):
            self._buttons.addWidget(_button(name, help, do, first=index == 0))
        self.setAccessibleName(f"{title}. {text}")
        self._wrap()
        self.show()
        self.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wrap()

    def _wrap(self) -> None:
        """Gives the text its lines: a layout that centres a label doesn't ask how high it gets at which width."""
        width = max(16 * SPACE, min(_TEXT_WIDTH, self.width() - 4 * SPACE))
        for label in (self.title, self.text):
            label.setFixedSize(width, max(0, label.heightForWidth(width)))


def _button(name: str, help: str, do: Callable[[], object], first: bool) -> QPushButton:
    button = QPushButton(name)
    button.setToolTip(help)
    button.setMinimumHeight(4 * SPACE)
    own, palette = QApplication.palette(), QPalette()
    palette.setColor(QPalette.ColorRole.Button, own.color(QPalette.ColorRole.Highlight) if first else STAGE_RAISED)
    text = own.color(QPalette.ColorRole.HighlightedText) if first else STAGE_TEXT
    palette.setColor(QPalette.ColorRole.ButtonText, text)
    button.setPalette(palette)
    button.clicked.connect(lambda _checked=False: do())
    return button
