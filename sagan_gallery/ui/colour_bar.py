"""ColourBar: which colour stands for how much of the attention, beside the large picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from facecam.qtkit.theme import PILL, SPACE, STAGE_TEXT, STAGE_TEXT_DIM, tabular
from sagan_gallery.colormap import lookup
from sagan_gallery.overlay import DIFFERENCE_LEVELS, Range
from sagan_gallery.ui.map_style import Kind, MapStyle
from sagan_gallery.ui.paint import to_qimage
from sagan_gallery.ui.picture import BAR_PX
from sagan_gallery.ui.words import percent

_WIDTH_PX = BAR_PX - SPACE
_HIGHEST_PX = 44 * SPACE
_STEPS = 4
DIFFERENCE = Range(-DIFFERENCE_LEVELS, DIFFERENCE_LEVELS)
"""Of a difference of two pictures, in levels of 255; its colours are grey."""
_MAP_HELP = (
    "Share of the attention that a colour stands for, in per cent.\n"
    "The line across it is what every cell would get if attention were spread evenly."
)
_DIFFERENCE_HELP = (
    "By how many of 255 levels attention brightens (white) or darkens (black) red, green and blue.\n"
    "The same for all pictures, so that they can be compared."
)


class ColourBar(QWidget):
    """Lies over its parent, the large view: beside the picture, or on it where the picture takes all the room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range: Range | None = None
        self._even: float | None = None
        self._map_style = MapStyle()
        self._over_picture = False
        self.setFont(tabular(self.font(), 0.85))
        self.setAccessibleName("Colour bar")
        self.hide()

    def show_range(self, values: Range | None, even: float | None, map_style: MapStyle) -> None:
        """The range of the map that is shown, or `DIFFERENCE`; None for no bar. even: the value of an even map, if it
        has one."""
        wanted = values if map_style.kind is Kind.HEAT or values is DIFFERENCE else None
        if (wanted, even, map_style) != (self._range, self._even, self._map_style):
            self._range, self._even, self._map_style = wanted, even, map_style
            self.setAccessibleDescription("" if wanted is None else f"up to {_words(wanted, 1)}")
            self.setToolTip(_DIFFERENCE_HELP if wanted is DIFFERENCE else _MAP_HELP)
            self.setVisible(wanted is not None)
            parent = self.parentWidget()
            if parent is not None:  # painted in one go with the picture, which lies below and changes with it
                parent.update(self.geometry())

    def lie_beside(self, picture: tuple[float, float, float, float], view: tuple[int, int]) -> None:
        """Finds its place. picture: x, y, width, height of the picture in the view; view: (width, height)."""
        x, y, width, height = picture
        right = x + width + SPACE
        self._over_picture = right + _WIDTH_PX > view[0] + 1
        left = view[0] - _WIDTH_PX if self._over_picture else right
        top, bottom = max(y, 0.0), min(y + height, float(view[1]))
        wanted = min(bottom - top, _HIGHEST_PX)
        # On the picture it must not be in the mouse's way: what lies under it is a query like any other.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, self._over_picture)
        self.setGeometry(round(left), round((top + bottom - wanted) / 2), _WIDTH_PX, round(wanted))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._range is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._over_picture:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(PILL)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 0, -2, 0), SPACE / 2, SPACE / 2)
        line = painter.fontMetrics().height()
        bar = QRectF(SPACE, line / 2 + 2, 1.5 * SPACE, self.height() - line - 4)
        ramp = np.arange(256, dtype=np.uint8)[:, None].repeat(3, 1)
        colours = ramp if self._range is DIFFERENCE else lookup(self._map_style.colours)
        painter.drawImage(bar, to_qimage(np.ascontiguousarray(colours[::-1, None, :])))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
        painter.drawRect(bar)
        labels = [(step / _STEPS, _words(self._range, step / _STEPS), STAGE_TEXT_DIM) for step in range(_STEPS + 1)]
        if self._even is not None and self._range.low <= self._even <= self._range.high:
            even = float(self._range.place(np.array([self._even], np.float32))[0])
            near = 1.1 * line / max(1.0, bar.height())
            labels = [label for label in labels if abs(label[0] - even) > near or label[0] in (0.0, 1.0)]
            if min(abs(even - end) for end in (0.0, 1.0)) > near:
                labels.append((even, "even", STAGE_TEXT))
            y = bar.bottom() - even * bar.height()
            painter.setPen(QPen(QColor(0, 0, 0, 160), 4))
            painter.drawLine(int(bar.left()) - 4, int(y), int(bar.right()) + 4, int(y))
            painter.setPen(QPen(QColor("white"), 2))
            painter.drawLine(int(bar.left()) - 4, int(y), int(bar.right()) + 4, int(y))
        for place, text, colour in labels:
            y = bar.bottom() - place * bar.height()
            painter.setPen(colour)
            painter.drawLine(int(bar.right()) + 2, int(y), int(bar.right()) + 4, int(y))
            box = QRectF(bar.right() + 8, y - line / 2, self.width() - bar.right() - 8, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _words(values: Range, place: float) -> str:
    """The value at a place of the bar, 0..1."""
    value = values.value(place)
    return (f"{value:+.0f}" if value else "0") if values is DIFFERENCE else percent(value)
