"""StagePanel: what the dark stage says while there is no picture, and what one can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QWidget

from facecam.qtkit import icons, theme
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE

_TEXT_WIDTH = 56 * SPACE
"""Widest text, logical pixels: about 70 letters a line."""


@dataclass(frozen=True)
class Action:
    """A button of the panel."""

    label: str
    do: Callable[[], object]
    help: str


@dataclass(frozen=True)
class StageMessage:
    """A state in words. title: what is; text: why, or what to do; actions: the first is the one to expect; rich: the
    text is long and HTML, and stands at the left."""

    title: str
    text: str = ""
    actions: tuple[Action, ...] = ()
    rich: bool = False


class StagePanel(QWidget):
    """A message in the middle of the dark stage, above the picture; a text that is higher than the room scrolls. Never
    in the way of a drop: it accepts none.

    opaque: hides what it lies over. message: what is shown.
    """

    def __init__(self, opaque: bool = False) -> None:
        super().__init__()
        self.message: StageMessage | None = None
        self.setPalette(theme.stage_palette())
        self.setAutoFillBackground(opaque)
        self._sign = QLabel()
        self._title = QLabel()
        self._title.setWordWrap(True)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        see_through = theme.stage_palette(theme.STAGE_TEXT_DIM)
        see_through.setColor(QPalette.ColorRole.Window, Qt.GlobalColor.transparent)
        for widget in (self._scroll, self._text):
            widget.setPalette(see_through)
        self._scroll.setWidget(self._text)
        self._buttons: list[QPushButton] = []
        self._row = row(spacing=SPACE)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        lines = (self._sign, self._title, self._text)
        for label in lines:
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        parts = [part for widget in (self._sign, self._title, self._scroll) for part in (widget, SPACE)]
        buttons = row(None, self._row, None, spacing=-1)
        margins = (2 * SPACE,) * 4
        self._layout = column((None, 2), *parts, SPACE, buttons, (None, 3), owner=self, margins=margins, spacing=-1)
        for widget in (self._sign, self._title, self._scroll):
            self._layout.setAlignment(widget, Qt.AlignmentFlag.AlignHCenter)
        self._scale = 0.0
        self.set_scale(1.0)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)  # it takes the room that there is

    def set_scale(self, scale: float) -> None:
        """How much larger than usual all of it is."""
        if scale == self._scale:
            return
        self._scale = scale
        self._title.setFont(theme.sized(self.font(), 1.6 * scale, self.font().weight().DemiBold))
        self._text.setFont(theme.sized(self.font(), scale))
        for button in self._buttons:
            self._size(button)
        if self.isVisible():  # else when it is shown
            self._draw_sign()
        self._wrap()

    def _size(self, button: QPushButton) -> None:
        button.setFont(self._text.font())
        wide = button.fontMetrics().horizontalAdvance(button.text())
        button.setMinimumSize(wide + round(self._scale * 3 * SPACE), round(self._scale * 4 * SPACE))

    def show_message(self, message: StageMessage | None, over_picture: bool = False) -> None:
        """Shows a message, or hides with None. Over a picture there is no sign: two faces are one too many."""
        same = message == self.message
        before = self.message.actions if self.message is not None else None
        self._sign.setVisible(not over_picture)
        self.message = message
        self.setVisible(message is not None)
        if message is None or same:
            return
        self._title.setText(message.title)
        self._text.setTextFormat(Qt.TextFormat.RichText if message.rich else Qt.TextFormat.PlainText)
        side = Qt.AlignmentFlag.AlignLeft if message.rich else Qt.AlignmentFlag.AlignHCenter
        for label in (self._title, self._text):
            label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._text.setText(message.text)
        self._scroll.setVisible(bool(message.text))
        self.setAccessibleName(f"{message.title}. {message.text}")
        if message.actions != before:  # a button must not vanish under the mouse because seconds are counted above it
            self._show_actions(message.actions)
        self._wrap()

    def _show_actions(self, actions: tuple[Action, ...]) -> None:
        for index in range(len(self._buttons), len(actions)):
            button = _stage_button(index == 0)
            button.clicked.connect(partial(self._do, index))
            self._row.addWidget(button)
            self._buttons.append(button)
        for button, action in zip_longest(self._buttons, actions):
            button.setVisible(action is not None)
            if action is not None:
                button.setText(action.label)
                button.setToolTip(action.help)
                self._size(button)

    def _do(self, index: int) -> None:
        if self.message is not None and index < len(self.message.actions):
            self.message.actions[index].do()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wrap()

    def _wrap(self) -> None:
        """Gives the text its lines: a layout that centres a label doesn't ask how high it gets at which width."""
        width = max(16 * SPACE, min(round(self._scale * _TEXT_WIDTH), self.width() - 4 * SPACE))
        for label in (self._title, self._text):
            label.setMinimumHeight(0)  # a label says that it needs at least what it has had to have
            label.setFixedSize(width, max(0, label.heightForWidth(width)))  # -1 where there is no text
        self._scroll.setFixedSize(self._text.size())
        self._layout.invalidate()
        missing_px = self._layout.sizeHint().height() - self.height()
        scrolls = missing_px > 0 and not self._scroll.isHidden()
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus if scrolls else Qt.FocusPolicy.NoFocus)
        if scrolls:
            width += self._scroll.verticalScrollBar().sizeHint().width()
            self._title.setFixedWidth(width)
            self._scroll.setFixedSize(width, max(6 * SPACE, self._text.height() - missing_px))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_sign()

    def _draw_sign(self) -> None:
        side = round(self._scale * 8 * SPACE)
        sign = icons.icon("sign", QColor("#5a6469"))
        self._sign.setPixmap(sign.pixmap(QSize(side, side), self.devicePixelRatioF()))


def _stage_button(first: bool) -> QPushButton:
    """A button for the dark stage, whatever the system's own colours are. It is used again for other actions: of each
    button with a palette of its own Qt keeps pictures, up to 10 MB."""
    button = QPushButton()
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Button, theme.ACCENT_DARK if first else QColor("#2b3135"))
    palette.setColor(QPalette.ColorRole.ButtonText, theme.ON_ACCENT_DARK if first else theme.STAGE_TEXT)
    button.setPalette(palette)
    return button
