"""Pacer: a picture is painted at most as often as the display shows one."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QScreen

_USUAL_HZ = 60.0
_SLOWEST_HZ = 30.0
"""Below that a display's rate is not believed."""


class Pacer(QObject):
    """Calls `paint` at once, or when the display is ready for another picture. Wishes meanwhile are one."""

    def __init__(self, paint: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._paint = paint
        self._painted_s = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(paint)

    def wish(self, screen: QScreen | None) -> None:
        """There is something to paint on that screen."""
        interval_s = 1 / max(_SLOWEST_HZ, _USUAL_HZ if screen is None else screen.refreshRate())
        wait_s = self._painted_s + 0.9 * interval_s - time.perf_counter()
        if wait_s <= 0:
            self._paint()
        elif not self._timer.isActive():  # faster than the display: only the newest is worth painting
            self._timer.start(max(1, round(wait_s * 1000)))

    def painted(self) -> None:
        """A new picture has been painted now."""
        self._painted_s = time.perf_counter()
