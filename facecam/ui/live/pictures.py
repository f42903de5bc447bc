"""Pictures: one picture, or two of the same frame beside or above each other, whichever leaves them larger."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from facecam.ui.live.picture import PictureView

_WIDE = 4 / 3  # of the frames of most sources


class Pictures(QWidget):
    """first: always there; second: shown while two detectors are compared."""

    def __init__(self, first: PictureView, second: PictureView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._second = second
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(first, 1)
        self._layout.addWidget(second, 1)
        second.hide()
        first.set_twin(second)

    def compare(self, on: bool) -> None:
        """Shows or hides the second picture."""
        self._second.setVisible(on)
        self._arrange()

    def resizeEvent(self, event: QEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        beside = min(self.width() / 2 / _WIDE, self.height())
        above = min(self.width() / _WIDE, self.height() / 2)
        direction = QBoxLayout.Direction.LeftToRight if beside >= above else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(direction)
