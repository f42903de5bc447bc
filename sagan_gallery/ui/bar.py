"""Beside and below the large picture: the colour bar with its values, and the line of figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sagan_gallery.attention import Direction, Figures
from sagan_gallery.colormap import lookup
from sagan_gallery.overlay import Range
from sagan_gallery.ui.look import Kind, Look
from sagan_gallery.ui.paint import to_qimage
from sagan_gallery.ui.style import SPACE, STAGE, STAGE_TEXT, STAGE_TEXT_DIM, tabular


class ColourBar(QWidget):
    """Which colour stands for how much of the attention."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range: Range | None = None
        self._even: float | None = None
        self._look = Look()
        self.setFixedWidth(9 * SPACE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFont(tabular(self.font(), 0.85))
        self.setAccessibleName("Colour bar")
        self.setToolTip(
            "Share of the attention that a colour stands for, in per cent.\n"
            "The notch is what every cell would get if attention were spread evenly."
        )

    def show_range(self, values: Range | None, even: float | None, look: Look) -> None:
        """The range of the map that is shown, None for no bar; even: the value of an even map, if it has one."""
        wanted = values if look.kind is Kind.HEAT else None
        if (wanted, even, look) != (self._range, self._even, self._look):
            self._range, self._even, self._look = wanted, even, look
            self.setAccessibleDescription("" if values is None else f"up to {percent(values.high)}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        if self._range is None:
            return
        height = min(self.height() - 6 * SPACE, 40 * SPACE)
        bar = QRectF(SPACE, (self.height() - height) / 2, 1.5 * SPACE, height)
        painter.drawImage(bar, to_qimage(np.ascontiguousarray(lookup(self._look.colours)[::-1, None, :])))
        painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
        painter.drawRect(bar)
        text_height = painter.fontMetrics().height()
        for place in (0.0, 0.25, 0.5, 0.75, 1.0):
            y = bar.bottom() - place * bar.height()
            painter.setPen(STAGE_TEXT_DIM)
            painter.drawLine(int(bar.right()) + 2, int(y), int(bar.right()) + 4, int(y))
            text = percent(self._range.value(place))
            box = QRectF(bar.right() + 8, y - text_height / 2, self.width() - bar.right() - 8, text_height)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        if self._even is not None and self._range.low <= self._even <= self._range.high:
            place = float(self._range.place(np.array([self._even], np.float32))[0])
            y = bar.bottom() - place * bar.height()
            painter.setPen(QPen(QColor("white"), 2))
            painter.drawLine(int(bar.left()) - 5, int(y), int(bar.left()), int(y))


class FigureLine(QWidget):
    """One line: what the map of the query is like. Parts that don't fit are left out from the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[tuple[str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(tabular(self.font()))
        self.setAccessibleName("Figures of the map")
        self.setToolTip(
            "γ: how strongly the attention layer's output is added to the picture's features\n"
            "entropy: how spread out the map is, of the bits that an even map has\n"
            "away: mean distance from the query to where it looks, in picture pixels (in brackets: of an even map)\n"
            "within: share of the attention within the radius of the query's own segment, "
            "its surroundings of much the same colour (in brackets: of an even map)"
        )

    def say(self, parts: list[tuple[str, str]]) -> None:
        """Parts of (value, what it is)."""
        if parts != self._parts:
            self._parts = parts
            self.setAccessibleDescription(", ".join(f"{value} {name}" for value, name in parts))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(20 * SPACE, self.fontMetrics().height() + 2 * SPACE)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        metrics = painter.fontMetrics()
        x = float(2 * SPACE)
        for value, name in self._parts:
            width = metrics.horizontalAdvance(f"{value} {name}")
            if x + width > self.width() - SPACE and x > 2 * SPACE:
                return
            box = QRectF(x, 0, self.width() - x, self.height())
            painter.setPen(STAGE_TEXT)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, value)
            box.setLeft(x + metrics.horizontalAdvance(f"{value} "))
            painter.setPen(STAGE_TEXT_DIM)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
            x += width + 3 * SPACE


def percent(value: float) -> str:
    """A share in per cent with three digits or so."""
    share = 100 * value
    if share == 0:
        return "0"
    digits = 0 if share >= 10 else 1 if share >= 1 else 2 if share >= 0.1 else 3
    return f"{share:.{digits}f} %"


def figure_parts(gamma: float, found: Figures | None, direction: Direction) -> list[tuple[str, str]]:
    """The line for a map; without one only gamma."""
    parts = [(f"γ {gamma:.3f}", "")] if gamma == gamma else []
    if found is None:
        return parts
    parts += [
        (f"{found.entropy_bits:.1f}", f"of {found.even_entropy_bits:.0f} bits entropy"),
        (f"{found.distance_px:.0f} px", f"away ({found.even_distance_px:.0f})"),
        (f"{100 * found.within:.0f} %", f"within {found.radius_px:.0f} px ({100 * found.even_within:.0f} %)"),
        (percent(found.peak), "at most" if direction is Direction.ROW else "from one query"),
    ]
    return parts
