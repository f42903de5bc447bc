"""WalkBar: from one sample to another and back, with the maps of all pins following."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget

from facecam.arrays import Image
from facecam.qtkit.fields import combo, slider, tool_button
from facecam.qtkit.icons import icon
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE, STAGE_TEXT, stage_palette, tabular
from sagan_gallery.sample import LatentPoint, Sample
from sagan_gallery.ui.paint import smooth_qimage
from sagan_gallery.ui.words import class_name
from sagan_gallery.walk import Walk

RATE_HZ = 30
WALK_PX = 10 * SPACE
"""Height of the walk's row."""
_THUMB_PX = 6 * SPACE


class WalkBar(QWidget):
    """The walk's two ends, which are samples that were shown large, and the place between them."""

    moved = Signal(LatentPoint)
    """The point of the walk to be shown."""
    thumb_wanted = Signal(LatentPoint)
    """A point that is to be the end has no picture yet: `set_point` is to be called with one."""
    said = Signal(str)
    """Why something can't be done."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.setFixedHeight(WALK_PX)
        self.setPalette(stage_palette())
        self._ends: dict[str, LatentPoint] = {}
        self.sample: Sample | None = None
        """What is shown large, and can become one of the ends."""
        self._phase_s = 0.0
        self._last_s = 0.0
        self._timer = QTimer(self, interval=round(1000 / RATE_HZ))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.set_start = _end_button(
            "Start", "The walk starts here. Click to start at the picture that is shown large."
        )
        self.set_end = _end_button(
            "End",
            "The walk ends here and goes back. Click to end at the large picture;\n"
            "the arrow beside it lets the walk end at the start's own latent in another class.",
        )
        self.play = tool_button("Play the walk", "There and back again, until it is paused (Space)")
        self.play.setAutoRaise(False)
        self.play.setIcon(icon("play", STAGE_TEXT, checked="pause"))
        self.play.setIconSize(QSize(2 * SPACE, 2 * SPACE))
        self.play.setFixedSize(5 * SPACE, 4 * SPACE)
        self.play.setCheckable(True)
        self.length = combo(*((f"{seconds} s", float(seconds)) for seconds in (2, 4, 8)))
        self.length.setMinimumContentsLength(3)
        self.length.setToolTip("Time from start to end")
        self.length.setAccessibleName("Length of the walk")
        self.length.setCurrentIndex(1)
        slider_help = "Between the start at the left and the end at the right, on the arc of a sphere"
        self.slider = slider("Place on the walk", 1000, slider_help)
        self.slider.setMinimumWidth(8 * SPACE)
        between = column(None, self.slider, row(None, self.length, None), None, spacing=SPACE)
        margins = (2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        row(self.play, self.set_start, (between, 1), self.set_end, owner=self, margins=margins, spacing=SPACE)
        self.set_start.clicked.connect(lambda: self._begin_or_end_here("start"))
        self.set_end.clicked.connect(lambda: self._begin_or_end_here("end"))
        self.play.toggled.connect(self._toggle)
        self.slider.valueChanged.connect(self._slid)
        self._enable()

    @property
    def walk(self) -> Walk | None:
        """Between the two ends, once there are both."""
        if len(self._ends) < 2:
            return None
        return Walk(self._ends["start"], self._ends["end"])

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def set_point(self, name: str, end: LatentPoint, picture: Image | None) -> None:
        """Makes a point with its picture (H, W, 3) uint8, if there is one, the "start" or the "end"."""
        self._ends[name] = end
        button = self.set_start if name == "start" else self.set_end
        button.setIcon(QIcon() if picture is None else QIcon(QPixmap.fromImage(smooth_qimage(picture))))
        self._enable()

    def prepare(self, following: LatentPoint) -> None:
        """Without ends so far, the walk leads from the sample that is shown to the one that follows it."""
        if not self._ends:
            self._begin_or_end_here("start")
            if self._ends:
                self.set_point("end", following, None)
                self.thumb_wanted.emit(following)

    def _begin_or_end_here(self, name: str) -> None:
        sample = self.sample
        if sample is None or sample.point is None:
            self.said.emit("A walk leads from sample to sample: choose one in the grid first.")
        else:
            self.stop()
            self.set_point(name, sample.point, sample.image)

    def _lead_to_class(self, label: int) -> None:
        if "start" in self._ends:
            self.stop()
            self.thumb_wanted.emit(LatentPoint(self._ends["start"].z, label))

    def begin_anew(self, classes: list[str]) -> None:
        """Forgets both ends: another model is there, with these classes."""
        self.stop()
        self._ends.clear()
        for button in (self.set_start, self.set_end):
            button.setIcon(QIcon())
        self._enable()
        menu = QMenu(self) if len(classes) > 1 else None  # of classes that the walk can lead to
        if menu is not None:
            menu.setPalette(QApplication.palette())
            for index, name in enumerate(classes):
                menu.addAction(class_name(name), partial(self._lead_to_class, index))
        self.set_end.setMenu(menu)  # type: ignore[arg-type]  # None takes it away
        mode = QToolButton.ToolButtonPopupMode.MenuButtonPopup
        self.set_end.setPopupMode(mode if menu is not None else QToolButton.ToolButtonPopupMode.DelayedPopup)

    def stop(self) -> None:
        self.play.setChecked(False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    def _enable(self) -> None:
        ready = self.walk is not None
        for widget in (self.play, self.slider, self.length):
            widget.setEnabled(ready)

    def _toggle(self, on: bool) -> None:
        if on:
            # go on from where the slider is, on the way to the end
            self._phase_s = float(np.arccos(1 - 2 * self.slider.value() / 1000) / np.pi) * self.length.currentData()
            self._last_s = time.perf_counter()
            self._timer.start()
        else:
            self._timer.stop()

    def _tick(self) -> None:
        walk, now_s = self.walk, time.perf_counter()
        if walk is None:
            return
        self._phase_s, self._last_s = self._phase_s + now_s - self._last_s, now_s
        t = walk.there_and_back(self._phase_s, self.length.currentData())
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(1000 * t))
        self.moved.emit(walk.at(t))

    def _slid(self, value: int) -> None:
        self.stop()
        if self.walk is not None:
            self.moved.emit(self.walk.at(value / 1000))


def _end_button(text: str, help: str) -> QToolButton:
    button = tool_button(f"{text} of the walk: the chosen sample", help, text=text)
    button.setFont(tabular(button.font(), 0.85))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(_THUMB_PX, _THUMB_PX))
    button.setMinimumWidth(_THUMB_PX + 2 * SPACE)
    return button
