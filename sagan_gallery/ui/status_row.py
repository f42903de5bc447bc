"""StatusRow: the line at the bottom, with a progress bar and a Cancel button while something takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtWidgets import QMenu, QProgressBar, QToolButton, QWidget

from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import StatusLine

SHOWN_AFTER_MS = 400
"""What is done sooner needs no bar: one that flashes by only disturbs."""


@dataclass(frozen=True)
class Task:
    """Something long. words: what it is; share: of it that is done, 0..1; end: ends it."""

    words: str
    share: float
    end: Callable[[], object]


class StatusRow(QWidget):
    """The bar shows the first task; if others wait, Cancel asks which one to cancel."""

    cancelled = Signal(Task)
    """The user does not want it."""

    def __init__(self) -> None:
        super().__init__()
        self._tasks: Sequence[Task] = ()
        self.menu = QMenu(self)
        self._line = StatusLine()
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setFixedWidth(20 * SPACE)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(SPACE)
        self.cancel = QToolButton()
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Stops what is going on; what is there stays")
        self.cancel.clicked.connect(self._ask)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._progress = QWidget()
        self._timer.timeout.connect(self._progress.show)
        row(self._bar, self.cancel, owner=self._progress, spacing=SPACE)
        margins = (2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        row((self._line, 1), self._progress, owner=self, margins=margins, spacing=SPACE)
        self.setFixedHeight(4 * SPACE)
        self.setAutoFillBackground(True)
        self.show_tasks(())

    def say(self, text: str) -> None:
        self._line.say(text)

    @property
    def text(self) -> str:
        return self._line.text()

    def show_tasks(self, tasks: Sequence[Task]) -> None:
        if len(tasks) != len(self._tasks):
            self.menu.hide()  # it names one that is done
        self._tasks = tasks
        self.cancel.setText("Cancel" if len(tasks) <= 1 else f"Cancel ({len(tasks)})…")
        if not tasks:
            self._timer.stop()
            self._progress.hide()
            return
        self._bar.setValue(round(100 * tasks[0].share))
        self._bar.setToolTip(tasks[0].words)
        if self._progress.isHidden() and not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        """Ends the only task, or the one that is chosen from all."""
        if len(self._tasks) == 1:
            self.cancelled.emit(self._tasks[0])
            return
        self.menu.clear()
        for index, task in enumerate(self._tasks):
            far = "waits" if index else f"{100 * task.share:.0f} %"
            self.menu.addAction(f"{task.words}, {far}", partial(self.cancelled.emit, task))
        self.menu.addAction("All", self._end_all)
        self.menu.popup(self.cancel.mapToGlobal(QPoint(0, -self.menu.sizeHint().height())))

    def _end_all(self) -> None:
        for task in reversed(self._tasks):
            self.cancelled.emit(task)
