"""Fields of the control column: sliders, lists and boxes that can be reset, rows, headings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

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
        self._reset = _reset_button(name, self._words(default))
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


def combo(name: str, help: str, items: Sequence[tuple[str, Any]] = (), default: Any = None) -> QComboBox:
    """A list with its name for assistive technology, its tooltip, its items (text, value) and what it is reset to."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(help)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    for text, value in items:
        combo.addItem(text, value)
    if default is not None:
        combo.setProperty("default", default)
        combo.setCurrentIndex(combo.findData(default))
    return combo


class Row(QWidget):
    """A name with its control beside it, and between them a button that resets it while it is not at its default.
    Controls of all rows have the same width."""

    def __init__(self, name: str, widget: QWidget) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        label = QLabel(name)
        label.setBuddy(widget)
        label.setToolTip(widget.toolTip())
        layout.addWidget(label)
        layout.addStretch()
        if isinstance(widget, QComboBox) and widget.property("default") is not None:
            layout.addWidget(_combo_reset(widget))
        widget.setFixedWidth(16 * SPACE)
        layout.addWidget(widget)


class Check(QWidget):
    """A box to tick, with a button that resets it while it is not at its default."""

    def __init__(self, text: str, help: str, default: bool = False) -> None:
        super().__init__()
        self.box = QCheckBox(text)
        self.box.setToolTip(help)
        self.box.setChecked(default)
        reset = _reset_button(text, "on" if default else "off")
        reset.clicked.connect(lambda: self.box.setChecked(default))
        reset.hide()
        self.box.toggled.connect(lambda on: reset.setVisible(on != default))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        layout.addStretch()
        layout.addWidget(reset)


def _reset_button(name: str, back_to: str) -> QToolButton:
    """A small button that keeps its room while it is hidden, so that nothing jumps."""
    button = QToolButton()
    button.setText("↺")
    button.setAutoRaise(True)
    button.setFixedSize(2 * SPACE + SPACE // 2, 2 * SPACE + SPACE // 2)
    button.setToolTip(f"Back to {back_to}")
    button.setAccessibleName(f"Reset {name.lower()}")
    policy = button.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    button.setSizePolicy(policy)
    return button


def _combo_reset(choice: QComboBox) -> QToolButton:
    default = choice.property("default")
    button = _reset_button(choice.accessibleName(), choice.itemText(choice.findData(default)))

    def show() -> None:
        button.setVisible(choice.currentData() != default)

    button.clicked.connect(lambda: choice.setCurrentIndex(choice.findData(default)))
    choice.currentIndexChanged.connect(show)
    show()
    return button
