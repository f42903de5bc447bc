"""Fields of the control column: a slider under its name and value, a control beside its name, a box to tick, each with
a button that resets it if need be; and what ties a field to what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Remembered
from facecam.qtkit.theme import SPACE, tabular
from facecam.qtkit.widgets import Heading

_NAME_WIDTH = 11 * SPACE


class SliderField(QWidget):
    """A number set by a slider: low, low + step, ... high. say: the value in words, beside the name.

    default: if there is one, a button beside the value resets another value to it. pinned: the field stands above the
    scrolling part of the column, named like a section, so that the wheel may move it.
    """

    changed = Signal(float)
    """Moved by the user or by `set`."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float,
        say: Callable[[float], str],
        help_text: str,
        default: float | None = None,
        pinned: bool = False,
    ) -> None:
        super().__init__()
        self._low, self._step, self._say, self._default = low, step, say, default
        self.slider = slider(name, round((high - low) / step), help_text)
        self.slider.setPageStep(max(1, self.slider.maximum() // 8))
        self.value_label = QLabel()
        self.value_label.setFont(tabular(self.value_label.font()))
        self.value_label.setAccessibleName(f"Value of {name}")
        label = Heading(name) if pinned else QLabel(name)
        for widget in (label, self.value_label):
            widget.setToolTip(help_text)
        self.slider.valueChanged.connect(self._moved)
        if not pinned:
            keep_from_scrolling(self.slider)
        self._reset_button = None if default is None else _reset_button(name, say(default), self.reset)
        upper = row(label, None, *filter(None, [self._reset_button]), self.value_label, spacing=-1)
        # The button makes the upper line higher.
        column(upper, self.slider, owner=self, spacing=0 if default is not None else SPACE // 2)
        if default is not None:
            self.set(default)
        self.tell()

    @property
    def value(self) -> float:
        return round(self._low + self.slider.value() * self._step, 6)

    def set(self, value: float) -> None:
        """Moves the slider to the nearest value that it has."""
        self.slider.setValue(round((value - self._low) / self._step))

    def set_default(self, default: float) -> None:
        """Another one, of a field that has one; the value stays."""
        self._default = default
        if self._reset_button is not None:
            self._reset_button.setToolTip(f"Back to {self._say(default)}")
        self.tell()

    def reset(self) -> None:
        if self._default is not None:
            self.set(self._default)

    def _moved(self) -> None:
        self.tell()
        self.changed.emit(self.value)

    def tell(self) -> None:
        """Puts the value into words again, for words that depend on something else, too."""
        words = self._say(self.value)
        self.value_label.setText(words)
        self.slider.setAccessibleDescription(words)
        if self._reset_button is not None and self._default is not None:
            self._reset_button.setVisible(abs(self.value - self._default) > self._step / 2)


class Row(QWidget):
    """A control beside its name. default: data of a list's entry; if there is one, a button resets another choice to
    it."""

    def __init__(
        self,
        name: str,
        control: QWidget,
        help_text: str,
        default: object = None,
        name_px: int = _NAME_WIDTH,
    ) -> None:
        super().__init__()
        label = QLabel(name)
        label.setBuddy(control)
        control.setAccessibleName(name)
        for widget in (label, control):
            widget.setToolTip(help_text)
        layout = row(label, owner=self, spacing=-1)
        label.setFixedWidth(name_px)
        self.reset: Callable[[], object] = lambda: None
        if isinstance(control, QComboBox) and default is not None:
            at = next(index for index in range(control.count()) if control.itemData(index) == default)
            self.reset = partial(control.setCurrentIndex, at)
            button = _reset_button(name, control.itemText(at), self.reset)
            control.setCurrentIndex(at)
            control.currentIndexChanged.connect(lambda index: button.setVisible(index != at))
            label.setFixedWidth(name_px - button.width() - layout.spacing())
            layout.addWidget(button)
        layout.addWidget(control, 1)


class Check(QWidget):
    """A box to tick, with a button that resets it to its default."""

    def __init__(self, text: str, help_text: str, default: bool = False) -> None:
        super().__init__()
        self.box = QCheckBox(text)
        self.box.setToolTip(help_text)
        self.box.setChecked(default)
        self.reset: Callable[[], object] = partial(self.box.setChecked, default)
        button = _reset_button(text, "on" if default else "off", self.reset)
        self.box.toggled.connect(lambda on: button.setVisible(on != default))
        row(self.box, None, button, owner=self, spacing=-1)


def _reset_button(name: str, back_to: str, reset: Callable[[], object]) -> QToolButton:
    """A small hidden button that keeps its room, so that nothing jumps when it comes."""
    made = tool_button(f"Reset {name.lower()}", f"Back to {back_to}", reset, "↺")
    made.setFixedSize(2 * SPACE + SPACE // 2, 2 * SPACE + SPACE // 2)
    keep_room(made)
    made.hide()
    return made


def keep_room(widget: QWidget) -> None:
    """The widget's place stays free while it is hidden."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def slider(name: str, high: int, help_text: str = "") -> QSlider:
    """A horizontal slider from 0 to a whole number, which leaves letters and digits to the window."""
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(0, high)
    made.setAccessibleName(name)
    made.setToolTip(help_text)
    leave_keys(made)
    return made


class Combo(QComboBox):
    """A list whose chosen entry is elided where there is no room for it."""

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        complex_control, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room_px = self.style().subControlRect(complex_control, option, field, self).width()
        option.currentText = option.fontMetrics.elidedText(option.currentText, Qt.TextElideMode.ElideRight, room_px)


def combo(*entries: tuple[str, object]) -> QComboBox:
    """A list of (text, data) that takes the width it is given."""
    box = Combo()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    fill(box, entries)
    keep_from_scrolling(box)
    return box


def fill(box: QComboBox, entries: Iterable[tuple[str, object]], chosen: object = None) -> None:
    """Replaces a list's entries, (text, data), without telling. chosen: data of one of them."""
    with QSignalBlocker(box):
        box.clear()
        for text, data in entries:
            box.addItem(text, data)
        show_value(box, chosen)


def spin(low: int, high: int, suffix: str = "") -> QSpinBox:
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
    """The wheel over a control in a scrolling column must scroll the column, not change a value in passing."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not WheelFocus
    control.installEventFilter(_WheelFilter(control))
    if isinstance(control, QComboBox | QSlider):
        leave_keys(control)


class _KeyFilter(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.text().strip():
            event.ignore()
            return True
        return False


def leave_keys(control: QComboBox | QSlider) -> None:
    """Letters and digits are commands of the window, so that a list must not search its entries by them. And a click
    leaves the keyboard focus where it is: only Tab moves it to the control."""
    control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    control.installEventFilter(_KeyFilter(control))


Control = QAbstractButton | QComboBox | QSpinBox | SliderField
"""What can show a value: a bool, an entry's data (for an Enum: the member or its value), a whole number, a number."""


def show_value(control: Control, value: Any) -> None:
    """Brings a control to a value without telling."""
    with QSignalBlocker(control):
        _set(control, value)


def _set(control: Control, value: Any) -> None:
    if isinstance(control, QComboBox):
        plain = value.value if isinstance(value, Enum) else value  # Qt makes a plain text of some
        here = (index for index in range(control.count()) if control.itemData(index) in (value, plain))
        control.setCurrentIndex(next(here, control.currentIndex()))
    elif isinstance(control, SliderField):
        control.set(value)
    elif isinstance(control, QAbstractButton):
        control.setChecked(value)
    else:
        control.setValue(value)


def keep(control: Control, remembered: Remembered[Any], name: str, then: Callable[[], object] = lambda: None) -> None:
    """Ties a control to a remembered field of that name: shows its value, remembers what the user chooses, then calls
    `then`."""
    value = getattr(remembered.value, name)
    _set(control, value)

    def chosen(new: Any) -> None:
        if isinstance(control, QComboBox):
            new = type(value)(control.currentData()) if isinstance(value, Enum) else control.currentData()
        remembered.change(**{name: new})
        then()

    if isinstance(control, QAbstractButton):
        control.toggled.connect(chosen)
    elif isinstance(control, QComboBox):
        control.currentIndexChanged.connect(chosen)
    elif isinstance(control, SliderField):
        control.changed.connect(chosen)
    else:
        control.valueChanged.connect(chosen)


def check(text: str, help_text: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(help_text)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return box


def button(text: str, help_text: str, do: Callable[[], object] = lambda: None) -> QPushButton:
    """A button that a click leaves without the keyboard's focus: Space would then press it instead of Start."""
    made = QPushButton(text)
    made.setAutoDefault(False)  # in dialogs, where Enter would press it
    made.setToolTip(help_text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(lambda _checked=False: do())
    return made


def tool_button(name: str, help_text: str = "", do: Callable[[], object] = lambda: None, text: str = "") -> QToolButton:
    """A flat button. name: what it does; help_text: empty for the name; text: on it, in place of an icon."""
    made = QToolButton()
    made.setText(text)
    made.setAutoRaise(True)
    made.setAccessibleName(name)
    made.setToolTip(help_text or name)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(lambda _checked=False: do())
    return made
