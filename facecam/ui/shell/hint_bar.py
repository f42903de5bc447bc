"""HintBar: a quiet line at the top of the window for what the user should know once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from facecam.qtkit.theme import SPACE

WELCOME = "New here? {} <b>F1</b> lists all keys."
"""The hint of the first start, around the first steps of the tab in front."""


class HintBar(QFrame):
    """One hint at a time; the newest stays until the user has read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done: Callable[[], None] | None = None
        self._words: Callable[[], str] | None = None
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

    def say(self, text: str | Callable[[], str], done: Callable[[], None] | None = None, rich: bool = False) -> None:
        """Shows the text; `done` is called when the user has read it. rich: with the few marks of HTML in it.

        A function in place of the text is asked again at `refresh`.
        """
        self._done = done
        self._words = None if isinstance(text, str) else text
        self._text.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
        self._text.setText(text if isinstance(text, str) else text())
        self.show()

    def refresh(self) -> None:
        """Another tab is in front: a hint that depends on it is put into words again."""
        if self._words is not None:
            self._text.setText(self._words())

    def _read(self) -> None:
        done, self._done = self._done, None
        self.hide()
        if done is not None:
            done()
