"""Charts of the Speed tab: bars of the candidates, how often a time came up, and the times one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.bench.histogram import Range, histogram
from facecam.bench.report import Bar
from facecam.qtkit.theme import SPACE, sized, tabular

_HISTOGRAM_BARS = 40
_MOST_FOR_NAMES = 0.5
"""Share of the width."""
_DIM = 0.7


def _faded(widget: QWidget, alpha: float) -> QColor:
    """The colour of text, as faint as that."""
    colour = widget.palette().color(QPalette.ColorRole.WindowText)
    colour.setAlphaF(alpha)
    return colour


class Bars(QWidget):
    """How fast each candidate is, a row each: the longer the faster. While it is measured, the bars fill."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: list[Bar] = []
        self._filled = 1.0
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Detections a second")

    def show_bars(self, bars: Sequence[Bar], filled: float = 1.0) -> None:
        """Shows these. filled: the share of the measurement that is over."""
        self._bars, self._filled = list(bars), filled
        words = "\n".join(" ".join(filter(None, row)) for row in self.texts())
        self.setToolTip(f"Detections a second, by the median\n{words}")
        self.setAccessibleDescription(words)
        self.updateGeometry()
        self.update()

    def texts(self) -> list[tuple[str, str, str]]:
        """Name, speed and accuracy of each row, as they stand there."""
        return [(bar.name, f"{bar.speed} FPS", bar.labels.accuracy_words) for bar in self._bars]

    def sizeHint(self) -> QSize:
        return QSize(60 * SPACE, len(self._bars) * self._row())

    def minimumSizeHint(self) -> QSize:
        return QSize(20 * SPACE, self.sizeHint().height())

    def _row(self) -> int:
        return self.fontMetrics().height() + SPACE

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bars:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, row = self.fontMetrics(), self._row()
        texts = self.texts()
        widths = [max(metrics.horizontalAdvance(line[column]) for line in texts) for column in range(3)]
        names = min(widths[0], round(_MOST_FOR_NAMES * self.width()))
        left = names + 2 * SPACE
        room = self.width() - left - widths[1] - widths[2] - 3 * SPACE
        longest = max(bar.most_fps for bar in self._bars)
        text, dim = self.palette().color(QPalette.ColorRole.WindowText), _faded(self, 0.65)
        for index, (bar, (name, speed, accuracy)) in enumerate(zip(self._bars, texts, strict=True)):
            line = QRectF(0, index * row, self.width(), row)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(text)
            elided = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(line.adjusted(0, 0, names - self.width(), 0), middle, elided)
            length = max(2.0, room * bar.fps / longest)
            box = QRectF(left, line.top() + row * 0.22, length, row * 0.56)
            if bar.before_fps is not None:
                before = QRectF(left, line.top() + row * 0.14, max(2.0, room * bar.before_fps / longest), row * 0.3)
                box = QRectF(left, line.top() + row * 0.5, length, row * 0.36)
                self._fill(painter, before, _faded(self, 0.3))
                length = max(length, before.width())
            colour = _faded(self, 0.45) if bar.role is None else self.palette().color(QPalette.ColorRole.Highlight)
            if self._filled < 1:
                pale = QColor(colour)
                pale.setAlphaF(0.3 * colour.alphaF())
                self._fill(painter, box, pale)
                box.setWidth(box.width() * self._filled)
            self._fill(painter, box, colour)
            painter.setPen(text)
            painter.drawText(line.adjusted(left + length + SPACE, 0, 0, 0), middle, speed)
            painter.setPen(dim)
            painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, accuracy)

    def _fill(self, painter: QPainter, box: QRectF, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(box, 2, 2)


class Chart(QWidget):
    """A title, a frame of axis figures, and what a subclass paints in between."""

    def __init__(self, title: str) -> None:
        super().__init__()
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
        painter.setPen(_faded(self, _DIM))
        room = QRectF(self.rect())
        title = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, round(room.width()))
        painter.drawText(QRectF(0, 0, room.width(), line), Qt.AlignmentFlag.AlignLeft, title)
        inside = room.adjusted(0, line + SPACE, 0, -(line + SPACE / 2))
        painter.setPen(QPen(_faded(self, 0.3), 1))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        if len(self._values) and inside.height() > 0:
            self._paint(painter, inside)

    def _paint(self, painter: QPainter, inside: QRectF) -> None:
        """Draws the values into that part of the widget."""
        raise NotImplementedError

    def _caption(self, painter: QPainter, inside: QRectF, left: str, right: str) -> None:
        painter.setPen(_faded(self, _DIM))
        below = QRectF(inside.left(), inside.bottom() + SPACE / 2, inside.width(), self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, left)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, right)

    def _accent(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Highlight)


class Histogram(Chart):
    """How often each time came up."""

    def _paint(self, painter: QPainter, inside: QRectF) -> None:
        shown, counts = histogram(self._values, _HISTOGRAM_BARS)
        width = inside.width() / _HISTOGRAM_BARS
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
