"""ColourBar: which colour stands for how much of the attention, beside the large picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from facecam.arrays import Array
from facecam.qtkit.theme import PILL, SPACE, STAGE_TEXT, STAGE_TEXT_DIM, tabular
from sagan_gallery.attention import Direction
from sagan_gallery.colormap import lookup
from sagan_gallery.overlay import DIFFERENCE_LEVELS, Range
from sagan_gallery.ui.map_style import Kind, MapStyle
from sagan_gallery.ui.paint import LEFT_MIDDLE, to_qimage
from sagan_gallery.ui.picture import BAR_PX
from sagan_gallery.ui.words import percent

_WIDTH_PX = BAR_PX - SPACE
_HIGHEST_PX = 44 * SPACE
_STEPS = 4
_MAP_HELP = (
    "Share of the attention that a colour stands for, in per cent.\n"
    "The line across it is what every cell would get if attention were spread evenly."
)
_SCORE_HELP = (
    "What a place adds to the discriminator's score: by how much the score falls (orange) or rises (blue)\n"
    "when the place is covered in the picture's mean colour, one place at a time."
)


@dataclass(frozen=True)
class Legend:
    """What colours stand for. values: from the lowest to the highest colour; colours: name of the colour map; help: the
    tooltip; words: puts a value into words; even: the value of an even map, if there is one."""

    values: Range
    colours: str
    help: str
    words: Callable[[float], str]
    even: float | None = None


def map_legend(weights: Array, map_style: MapStyle) -> Legend | None:
    """The legend of a map (h, w) float32, None if it is shown without colours."""
    if map_style.kind is not Kind.HEAT:
        return None
    even = None if map_style.direction is Direction.COLUMN else 1 / weights.size  # columns don't sum to 1
    return Legend(map_style.range_of(weights), map_style.colours, _MAP_HELP, percent, even)


DIFFERENCE = Legend(
    Range(-DIFFERENCE_LEVELS, DIFFERENCE_LEVELS), "grey",
    "By how many of 255 levels attention brightens (white) or darkens (black) red, green and blue.\n"
    "The same for all pictures, so that they can be compared.",
    lambda value: f"{value:+.0f}" if value else "0",
)  # fmt: skip


def score_legend(falls: Array) -> Legend:
    """The legend of what moves the score: how far it falls when a place is covered, (h, w) float32."""
    most = max(float(np.abs(falls).max()), 0.01)
    return Legend(Range(-most, most), "blue-orange", _SCORE_HELP, _signed)


class ColourBar(QWidget):
    """Lies over its parent, the large view: beside the picture, or on it where the picture takes all the room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend: Legend | None = None
        self._over_picture = False
        self.setFont(tabular(self.font(), 0.85))
        self.setAccessibleName("Colour bar")
        self.hide()

    def show_legend(self, legend: Legend | None) -> None:
        if legend != self._legend:
            self._legend = legend
            self.setAccessibleDescription("" if legend is None else f"up to {legend.words(legend.values.high)}")
            self.setToolTip("" if legend is None else legend.help)
            self.setVisible(legend is not None)
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
        legend = self._legend
        if legend is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._over_picture:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(PILL)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 0, -2, 0), SPACE / 2, SPACE / 2)
        line = painter.fontMetrics().height()
        bar = QRectF(SPACE, line / 2 + 2, 1.5 * SPACE, self.height() - line - 4)
        painter.drawImage(bar, to_qimage(np.ascontiguousarray(lookup(legend.colours)[::-1, None, :])))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
        painter.drawRect(bar)
        values, places = legend.values, [step / _STEPS for step in range(_STEPS + 1)]
        labels = [(place, legend.words(values.value(place)), STAGE_TEXT_DIM) for place in places]
        if legend.even is not None and values.low <= legend.even <= values.high:
            even = float(values.place(np.array([legend.even], np.float32))[0])
            near = 1.1 * line / max(1.0, bar.height())
            beside = [label for label in labels if abs(label[0] - even) <= near]
            place, said, _ = next((label for label in beside if label[0] in (0.0, 1.0)), (even, "", None))
            both = f"{said}, even" if said else "even"
            if painter.fontMetrics().horizontalAdvance(both) <= self.width() - bar.right() - SPACE:
                said = both
            labels = [label for label in labels if label not in beside] + [(place, said, STAGE_TEXT)]
            y = bar.bottom() - even * bar.height()
            for colour, width in ((QColor(0, 0, 0, 160), 4), (QColor("white"), 2)):
                painter.setPen(QPen(colour, width))
                painter.drawLine(int(bar.left()) - 4, int(y), int(bar.right()) + 4, int(y))
        for place, text, colour in labels:
            y = bar.bottom() - place * bar.height()
            painter.setPen(colour)
            painter.drawLine(int(bar.right()) + 2, int(y), int(bar.right()) + 4, int(y))
            box = QRectF(bar.right() + 8, y - line / 2, self.width() - bar.right() - 8, line)
            painter.drawText(box, LEFT_MIDDLE, text)


def _signed(value: float) -> str:
    return f"{value:+.2f}" if value else "0"
