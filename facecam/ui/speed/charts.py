"""Two small charts: how often a time came up, and the times one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.bench.histogram import Range, histogram
from facecam.qtkit.theme import SPACE, sized, tabular

_BARS = 40


class Chart(QWidget):
    """A title, a frame of axis figures, and what a subclass paints in between."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._values = np.zeros(0)
        self.setFont(tabular(sized(self.font(), 0.9)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def show_values(self, values: Sequence[float], words: str = "") -> None:
        """Shows these times, in milliseconds. words: the same for those who can't see it, and the tooltip."""
        self._values = np.asarray(values, float)
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(30 * SPACE, 13 * SPACE)

    def minimumSizeHint(self) -> QSize:
        return QSize(16 * SPACE, 13 * SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        painter.setPen(self._dim())
        room = QRectF(self.rect())
        title = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, round(room.width()))
        painter.drawText(QRectF(0, 0, room.width(), line), Qt.AlignmentFlag.AlignLeft, title)
        inside = room.adjusted(0, line + SPACE, 0, -(line + SPACE / 2))
        painter.setPen(QPen(self._dim(0.3), 1))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        if len(self._values) and inside.height() > 0:
            self._paint(painter, inside)

    def _paint(self, painter: QPainter, inside: QRectF) -> None:
        """Draws the values into that part of the widget."""
        raise NotImplementedError

    def _caption(self, painter: QPainter, inside: QRectF, left: str, right: str) -> None:
        painter.setPen(self._dim())
        below = QRectF(inside.left(), inside.bottom() + SPACE / 2, inside.width(), self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, left)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, right)

    def _accent(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Highlight)

    def _dim(self, alpha: float = 0.7) -> QColor:
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(alpha)
        return colour


class Histogram(Chart):
    """How often each time came up."""

    def _paint(self, painter: QPainter, inside: QRectF) -> None:
        shown, counts = histogram(self._values, _BARS)
        width = inside.width() / _BARS
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._accent())
        for index in np.flatnonzero(counts):
            height = max(2.0, inside.height() * counts[index] / counts.max())
            painter.drawRect(
                QRectF(inside.left() + index * width, inside.bottom() - height, max(1.0, width - 1), height)
            )
        middle = float(np.median(self._values))
        x = inside.left() + inside.width() * (middle - shown.low_ms) / (shown.high_ms - shown.low_ms)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, inside.top()), QPointF(x, inside.bottom()))
        self._caption(painter, inside, shown.low_words, shown.high_words)


class TimeSeries(Chart):
    """The times in order, from the first to the last."""

    def _paint(self, painter: QPainter, inside: QRectF) -> None:
        values = self._values
        shown = Range.of(values)
        columns = max(1, min(len(values), round(inside.width() / 2)))
        # Equal shares in turn, not the larger ones first: the start would seem to spread more.
        cuts = np.linspace(0, len(values), columns + 1).round().astype(int)[1:-1]
        chunks = np.split(shown.clipped(values), cuts)
        xs = inside.left() + inside.width() * (np.arange(columns) + 0.5) / columns

        def y(value: float) -> float:
            return inside.bottom() - inside.height() * (value - shown.low_ms) / (shown.high_ms - shown.low_ms)

        spread = QColor(self._accent())
        spread.setAlphaF(0.35)
        painter.setPen(QPen(spread, 1.5))
        for x, chunk in zip(xs, chunks, strict=True):
            painter.drawLine(QPointF(x, y(chunk.min())), QPointF(x, y(chunk.max())))
        painter.setPen(QPen(self._accent(), 1.5))
        painter.drawPolyline(QPolygonF([QPointF(x, y(float(np.median(c)))) for x, c in zip(xs, chunks, strict=True)]))
        self._caption(painter, inside, f"{shown.low_ms:.1f} to {shown.high_words}", f"{len(values)} in a row")
