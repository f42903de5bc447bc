"""WalkBar: from one sample to another and back, with the maps of all pins following."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QIcon, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QMenu, QSlider, QToolButton, QWidget

from facecam.arrays import Image
from facecam.qtkit.icons import icon
from facecam.qtkit.theme import SPACE, STAGE_TEXT, stage_palette, tabular
from sagan_gallery.ui.paint import to_qimage
from sagan_gallery.walk import End, Walk

RATE_HZ = 30
WALK_PX = 10 * SPACE
"""Height of the walk's row."""
_THUMB_PX = 6 * SPACE


class WalkBar(QWidget):
    """moved: the point of the walk to be shown. start_wished, end_wished: the chosen sample is to be that end.
    class_wished: the end is to be the start's latent in the class with that index."""

    moved = Signal(End)
    start_wished = Signal()
    end_wished = Signal()
    class_wished = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setFixedHeight(WALK_PX)
        self.setPalette(stage_palette())
        self._ends: dict[str, End] = {}
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
        self.play = QToolButton()
        self.play.setIcon(icon("play", STAGE_TEXT, checked="pause"))
        self.play.setIconSize(QSize(2 * SPACE, 2 * SPACE))
        self.play.setFixedSize(5 * SPACE, 4 * SPACE)
        self.play.setAccessibleName("Play the walk")
        self.play.setToolTip("There and back again, until it is paused (Space)")
        self.play.setCheckable(True)
        self.length = QComboBox()
        self.length.setToolTip("Time from start to end")
        self.length.setAccessibleName("Length of the walk")
        for seconds in (2, 4, 8):
            self.length.addItem(f"{seconds} s", float(seconds))
        self.length.setCurrentIndex(1)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 1000)
        self.slider.setMinimumWidth(8 * SPACE)
        self.slider.setAccessibleName("Place on the walk")
        self.slider.setToolTip("Between the start at the left and the end at the right, on the arc of a sphere")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        layout.setSpacing(SPACE)
        for widget in (self.play, self.set_start, self.slider, self.set_end, self.length):
            layout.addWidget(widget, 1 if widget is self.slider else 0)
        self.set_start.clicked.connect(self.start_wished)
        self.set_end.clicked.connect(self.end_wished)
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
        """Whether it plays."""
        return self._timer.isActive()

    def set_point(self, name: str, end: End, picture: Image | None) -> None:
        """Makes a point with its picture (H, W, 3) uint8, if there is one, the "start" or the "end"."""
        self._ends[name] = end
        button = self.set_start if name == "start" else self.set_end
        button.setIcon(QIcon() if picture is None else _thumb(picture, self.devicePixelRatioF()))
        self._enable()

    def clear(self) -> None:
        """Forgets both ends: they are another model's."""
        self.play.setChecked(False)
        self._ends.clear()
        for button in (self.set_start, self.set_end):
            button.setIcon(QIcon())
        self._enable()

    @property
    def start(self) -> End | None:
        """Where the walk starts, once that is chosen."""
        return self._ends.get("start")

    def set_classes(self, names: list[str]) -> None:
        """The classes that a walk can lead to; fewer than two are no choice."""
        menu = QMenu(self) if len(names) > 1 else None
        if menu is not None:
            menu.setPalette(QApplication.palette())
            for index, name in enumerate(names):
                menu.addAction(name.replace("_", " ").capitalize(), partial(self.class_wished.emit, index))
        self.set_end.setMenu(menu)  # type: ignore[arg-type]  # None takes it away
        mode = QToolButton.ToolButtonPopupMode.MenuButtonPopup
        self.set_end.setPopupMode(mode if menu is not None else QToolButton.ToolButtonPopupMode.DelayedPopup)

    def stop(self) -> None:
        """Stops playing."""
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
        self.slider.blockSignals(True)
        self.slider.setValue(round(1000 * t))
        self.slider.blockSignals(False)
        self.moved.emit(walk.at(t))

    def _slid(self, value: int) -> None:
        self.stop()
        if self.walk is not None:
            self.moved.emit(self.walk.at(value / 1000))


def _end_button(text: str, help: str) -> QToolButton:
    """A picture with a word below it."""
    button = QToolButton()
    button.setText(text)
    button.setFont(tabular(button.font(), 0.85))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(_THUMB_PX, _THUMB_PX))
    button.setAutoRaise(True)
    button.setMinimumWidth(_THUMB_PX + 2 * SPACE)
    button.setToolTip(help)
    button.setAccessibleName(f"{text} of the walk: the chosen sample")
    return button


def _thumb(picture: Image, ratio: float) -> QIcon:
    """A small picture with round corners."""
    side = round(_THUMB_PX * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, side, side), 4 * ratio, 4 * ratio)
    painter.setClipPath(path)
    painter.drawImage(QRectF(0, 0, side, side), to_qimage(picture))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return QIcon(pixmap)
