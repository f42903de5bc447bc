"""CursorRest: takes the mouse cursor away while it rests on a widget."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

_AFTER_MS = 2000


class CursorRest(QObject):
    """Off until it is switched on; the widget tells of each move of the mouse."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._on = False
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_MS)
        self._timer.timeout.connect(lambda: widget.setCursor(Qt.CursorShape.BlankCursor))

    def switch(self, on: bool) -> None:
        """Starts or stops hiding it."""
        self._on = on
        self._timer.stop()
        self._widget.setCursor(Qt.CursorShape.ArrowCursor)
        if on:
            self._timer.start()

    def moved(self) -> None:
        """The mouse has moved: the cursor is seen again."""
        if self._on:
            self.switch(True)
