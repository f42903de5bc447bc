"""Fields of the control column: sliders that can be reset, lists, rows, headings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from sagan_gallery.ui.style import SPACE, tabular


class Slider(QWidget):
    """A heading with its value, a button that resets it, and the slider below. value: a float."""

    changed = Signal(float)

    def __init__(self, name: str, low: float, high: float, default: float, help: str, percent: bool = True) -> None:
        super().__init__()
        self._default, self._percent = default, percent
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(100 * low), round(100 * high))
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(name)
        self._value = QLabel()
        self._value.setFont(tabular(self._value.font()))
        self._reset = QToolButton()
        self._reset.setText("↺")
        self._reset.setAutoRaise(True)
        self._reset.setToolTip(f"Back to {self._words(default)}")
        self._reset.setAccessibleName(f"Reset {name.lower()}")
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.clicked.connect(lambda: self.set_value(self._default, tell=True))
        self.setToolTip(help)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(name))
        row.addStretch()
        row.addWidget(self._reset)
        row.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._moved)
        self.set_value(default)

    @property
    def value(self) -> float:
        """Where the slider is."""
        return self.slider.value() / 100

    def set_value(self, value: float, tell: bool = False) -> None:
        """Moves the slider, silently unless `tell`."""
        self.slider.blockSignals(not tell)
        self.slider.setValue(round(100 * value))
        self.slider.blockSignals(False)
        self._show()

    def _moved(self) -> None:
        self._show()
        self.changed.emit(self.value)

    def _show(self) -> None:
        self._value.setText(self._words(self.value))
        self._reset.setVisible(abs(self.value - self._default) > 1e-6)

    def _words(self, value: float) -> str:
        return f"{100 * value:.0f} %" if self._percent else f"{value:.2f}"


def heading(text: str) -> QLabel:
    """A section's heading."""
    label = QLabel(text)
    label.setFont(tabular(label.font(), 1.0, QFont.Weight.DemiBold))
    return label


def combo(name: str, help: str) -> QComboBox:
    """A list with its name for assistive technology and its tooltip."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(help)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    return combo


def row(name: str, widget: QWidget) -> QWidget:
    """A name with its control beside it; controls of all rows have the same width."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE)
    label = QLabel(name)
    label.setBuddy(widget)
    label.setToolTip(widget.toolTip())
    layout.addWidget(label)
    layout.addStretch()
    widget.setFixedWidth(18 * SPACE)
    layout.addWidget(widget)
    return row
