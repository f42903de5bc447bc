"""StatusRow: the line at the bottom, with a progress bar and a way out while something long is going on."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QToolButton, QWidget

from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import StatusLine

SHOWN_AFTER_MS = 400
"""What is done sooner needs no bar: one that flashes by only disturbs."""


class StatusRow(QWidget):
    """cancelled: the user does not want what is going on."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = StatusLine()
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setFixedWidth(20 * SPACE)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(SPACE)
        self._cancel = QToolButton()
        self._cancel.setText("Cancel")
        self._cancel.setAutoRaise(True)
        self._cancel.setToolTip("Stops what is going on; what is there stays")
        self._cancel.clicked.connect(self.cancelled)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._timer.timeout.connect(self._show)
        margins = (2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        row((self._line, 1), self._bar, self._cancel, owner=self, margins=margins, spacing=SPACE)
        self.setFixedHeight(4 * SPACE)
        self.done()

    def say(self, text: str) -> None:
        """What is happening, in words."""
        self._line.say(text)

    @property
    def text(self) -> str:
        """What it says."""
        return self._line.text()

    def progress(self, share: float) -> None:
        """How much of something long is done, 0..1."""
        self._bar.setValue(round(100 * share))
        if self._bar.isHidden() and not self._timer.isActive():
            self._timer.start()

    def done(self) -> None:
        """Nothing long is going on."""
        self._timer.stop()
        self._bar.hide()
        self._cancel.hide()

    def _show(self) -> None:
        self._bar.show()
        self._cancel.show()
