"""Fields of the control column: a slider under its name and value, and a control beside its name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QSpinBox, QVBoxLayout, QWidget

from facecam.qtkit.theme import SPACE, tabular

_NAME_WIDTH = 11 * SPACE


class SliderField(QWidget):
    """A number set by a slider: low, low + step, ... high. say: the value in words, beside the name."""

    changed = Signal(float)
    """Moved by the user or by `set`, but not by `show_value`."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float,
        say: Callable[[float], str],
        help_text: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._step, self._say = low, step, say
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((high - low) / step))
        self.slider.setPageStep(max(1, self.slider.maximum() // 8))
        self.slider.setAccessibleName(name)
        self.value_label = QLabel()
        self.value_label.setFont(tabular(self.value_label.font()))
        self.value_label.setAccessibleName(f"Value of {name}")
        label = QLabel(name)
        for widget in (label, self.slider, self.value_label):
            widget.setToolTip(help_text)
        self.slider.valueChanged.connect(self._moved)
        keep_from_scrolling(self.slider)
        heading = QHBoxLayout()
        heading.addWidget(label)
        heading.addStretch()
        heading.addWidget(self.value_label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        layout.addLayout(heading)
        layout.addWidget(self.slider)
        self._tell()

    @property
    def value(self) -> float:
        """The number."""
        return round(self._low + self.slider.value() * self._step, 6)

    def set(self, value: float) -> None:
        """Moves the slider to the nearest value that it has."""
        self.slider.setValue(round((value - self._low) / self._step))

    def show_value(self, value: float) -> None:
        """Moves the slider without telling."""
        blocked = self.slider.blockSignals(True)
        self.set(value)
        self.slider.blockSignals(blocked)
        self._tell()

    def _moved(self) -> None:
        self._tell()
        self.changed.emit(self.value)

    def _tell(self) -> None:
        words = self._say(self.value)
        self.value_label.setText(words)
        self.slider.setAccessibleDescription(words)


class Row(QWidget):
    """A control beside its name."""

    def __init__(self, name: str, control: QWidget, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = QLabel(name)
        label.setFixedWidth(_NAME_WIDTH)
        label.setBuddy(control)
        control.setAccessibleName(name)
        for widget in (label, control):
            widget.setToolTip(help_text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(control, 1)


def combo(*entries: tuple[str, object]) -> QComboBox:
    """A list of (text, data) that is no wider than its place."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for text, data in entries:
        box.addItem(text, data)
    keep_from_scrolling(box)
    return box


def show_data(box: QComboBox, data: object) -> None:
    """Chooses the entry with that data without telling; leaves the list as it is if there is none."""
    index = next((index for index in range(box.count()) if box.itemData(index) == data), -1)
    if index >= 0:
        blocked = box.blockSignals(True)
        box.setCurrentIndex(index)
        box.blockSignals(blocked)


def spin(low: int, high: int, suffix: str = "") -> QSpinBox:
    """A whole number."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setSuffix(suffix)
    keep_from_scrolling(box)
    return box


class _WheelFilter(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # goes on to the column, which scrolls
            return True
        return False


def keep_from_scrolling(control: QWidget) -> None:
    """The wheel over a control in a column that scrolls must scroll it, not change a value in passing."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not WheelFocus
    control.installEventFilter(_WheelFilter(control))
