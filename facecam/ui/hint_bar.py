"""HintBar: a quiet line at the top of the window for what the user should know once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from facecam.ui.theme import SPACE

WELCOME = (
    "New here? <b>Space</b> starts and stops, <b>F</b> is full screen. Drop a picture or a video on the window to see "
    "the faces in it. <b>F1</b> lists all keys."
)


class HintBar(QFrame):
    """One hint at a time; the newest stays until the user has read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done: Callable[[], None] | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setAccessibleName("Hint")
        self.button = QPushButton("Got it")
        self.button.setToolTip("Hides this line")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._read)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.button)
        self.hide()

    @property
    def text(self) -> str:
        """What the line says."""
        return self._text.text()

    def say(self, text: str, done: Callable[[], None] | None = None, rich: bool = False) -> None:
        """Shows the text; `done` is called when the user has read it. rich: with the few marks of HTML in it."""
        self._done = done
        self._text.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
        self._text.setText(text)
        self.show()

    def _read(self) -> None:
        done, self._done = self._done, None
        self.hide()
        if done is not None:
            done()
