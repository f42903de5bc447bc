"""WalkBar: from one sample to another and back, with the maps following."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from sagan_gallery.sample import Sample
from sagan_gallery.ui.paint import to_qimage
from sagan_gallery.ui.style import SPACE, STAGE_TEXT_DIM, stage_palette
from sagan_gallery.walk import End, Walk

RATE_HZ = 30
_THUMB_PX = 9 * SPACE


class WalkBar(QWidget):
    """moved: the point of the walk to be shown. start_wished, end_wished: the chosen sample is to be that end."""

    moved = Signal(End)
    start_wished = Signal()
    end_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setPalette(stage_palette())
        self._ends: dict[str, End] = {}
        self._phase_s = 0.0
        self._last_s = 0.0
        self._timer = QTimer(self, interval=round(1000 / RATE_HZ))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._thumbs = {name: QLabel() for name in ("start", "end")}
        for name, thumb in self._thumbs.items():
            thumb.setFixedSize(_THUMB_PX, _THUMB_PX)
            thumb.setAccessibleName(f"Picture at the {name} of the walk")
        self.set_start = _button("Start here", "The walk starts at the chosen sample")
        self.set_end = _button("End here", "The walk ends at the chosen sample, and goes back from there")
        self.play = _button("Play", "There and back again, as long as it is not paused")
        self.play.setCheckable(True)
        self.length = QComboBox()
        self.length.setToolTip("Time from start to end")
        self.length.setAccessibleName("Length of the walk")
        for seconds in (2, 4, 8):
            self.length.addItem(f"{seconds} s", float(seconds))
        self.length.setCurrentIndex(1)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 1000)
        self.slider.setAccessibleName("Place on the walk")
        self.slider.setToolTip("Between the start at the left and the end at the right, on the arc of a sphere")
        self._hint = QLabel("Choose a sample and make it the start, choose another and make it the end.")
        self._hint.setPalette(stage_palette(STAGE_TEXT_DIM))
        self._hint.setWordWrap(True)
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for widget in (self.set_start, self.set_end):
            upper.addWidget(widget)
        upper.addStretch()
        upper.addWidget(self.play)
        upper.addWidget(self.length)
        lower.addWidget(self._thumbs["start"])
        lower.addWidget(self.slider, 1)
        lower.addWidget(self._thumbs["end"])
        for row in (upper, lower):
            row.setSpacing(SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(upper)
        layout.addLayout(lower)
        layout.addWidget(self._hint)
        layout.addStretch()
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

    def set_point(self, name: str, sample: Sample) -> None:
        """Makes a sample the "start" or the "end"."""
        assert sample.z is not None
        self._ends[name] = End(sample.z, sample.label, sample.toward)
        self._show_thumb(name, sample.image)
        self._enable()

    def clear(self) -> None:
        """Forgets both ends: they are another model's."""
        self.play.setChecked(False)
        self._ends.clear()
        for thumb in self._thumbs.values():
            thumb.clear()
        self._enable()

    def stop(self) -> None:
        """Stops playing."""
        self.play.setChecked(False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    def _show_thumb(self, name: str, picture: npt.NDArray[np.uint8]) -> None:
        ratio = self.devicePixelRatioF()
        side = round(_THUMB_PX * ratio)
        pixmap = QPixmap.fromImage(to_qimage(picture)).scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        pixmap.setDevicePixelRatio(ratio)
        self._thumbs[name].setPixmap(pixmap)

    def _enable(self) -> None:
        ready = self.walk is not None
        for widget in (self.play, self.slider, self.length):
            widget.setEnabled(ready)
        self._hint.setVisible(not ready)

    def _toggle(self, on: bool) -> None:
        self.play.setText("Pause" if on else "Play")
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


def _button(text: str, help: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(help)
    return button
