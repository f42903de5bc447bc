"""FigureLine: a few figures on a dark pill over a picture. Positions in, pixels out; no widget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPixmap

from facecam.qtkit import theme


@dataclass(frozen=True)
class Figure:
    """One figure of a line over a picture: the number, and in words what it counts.

    rank: where there is little room, the figures of the highest rank are left out first, and the last of equal ones.
    """

    number: str
    unit: str
    rank: int = 0


class FigureLine:
    """A line of figures on a dark pill. A figure's place never shrinks, so that the line does not dance.

    It is painted into a picture of its own when it changes, which is far less often than pictures come.
    """

    def __init__(self) -> None:
        self._figures: list[Figure] = []
        self._widths: list[tuple[float, float]] = []
        self._pill: QPixmap | None = None
        self._shown: list[Figure] = []
        self._key: tuple[object, ...] = ()

    @property
    def text(self) -> str:
        """The line as plain text, for screen readers and tests."""
        return _text(self._figures)

    @property
    def shown_text(self) -> str:
        """The part of it that had room when it was last painted."""
        return _text(self._shown)

    def set(self, figures: list[Figure]) -> None:
        """New figures; where the number of them changes, their places are measured afresh."""
        if len(figures) != len(self._figures):
            self._widths = []
        if figures != self._figures:
            self._figures, self._pill = list(figures), None

    def size(self, painter: QPainter, room_px: float, font: QFont) -> QSizeF:
        """The pill's size in view pixels, empty without figures. What does not fit the room is left out, by rank."""
        pill = self._prepared(painter, room_px, font)
        return QSizeF() if pill is None else pill.deviceIndependentSize()

    def paint(
        self, painter: QPainter, left_px: float, y_px: float, room_px: float, font: QFont, below: bool = False
    ) -> QRectF:
        """Paints above (or below) the line y of the view. Returns the pill's rectangle, empty without figures."""
        pill = self._prepared(painter, room_px, font)
        if pill is None:
            return QRectF()
        size = pill.deviceIndependentSize()
        rect = QRectF(QPointF(left_px, y_px if below else y_px - size.height()), size)
        painter.drawPixmap(rect.topLeft(), pill)
        return rect

    def _prepared(self, painter: QPainter, room_px: float, font: QFont) -> QPixmap | None:
        if not self._figures:
            self._shown = []
            return None
        ratio = painter.device().devicePixelRatioF()
        key = (room_px, font, ratio)
        if key[1:] != self._key[1:]:
            self._widths = []  # places of another size
        if self._pill is None or key != self._key:
            self._pill, self._key = self._render(room_px, theme.tabular(font), ratio), key
        return self._pill

    def _render(self, room_px: float, font: QFont, ratio: float) -> QPixmap:
        metrics = QFontMetricsF(font)
        pad, gap, word = 12.0, 18.0, metrics.horizontalAdvance(" ")
        wanted = [(metrics.horizontalAdvance(f.number), metrics.horizontalAdvance(f.unit)) for f in self._figures]
        if len(self._widths) == len(wanted):
            wanted = [(max(a, c), max(b, d)) for (a, b), (c, d) in zip(wanted, self._widths, strict=True)]
        self._widths = wanted
        shown: list[int] = []
        width = 2 * pad - gap
        for index in sorted(range(len(wanted)), key=lambda index: self._figures[index].rank):
            more = gap + wanted[index][0] + word + wanted[index][1]
            if shown and width + more > room_px:
                break
            width += more
            shown.append(index)
        shown.sort()
        self._shown = [self._figures[index] for index in shown]
        height = round(metrics.height() + 10)
        pixmap = QPixmap(pill(width, height, ratio, height / 2))  # painting on it leaves the kept one as it is
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        baseline = (height - metrics.height()) / 2 + metrics.ascent()
        x = pad
        for index in shown:
            figure, (number, unit) = self._figures[index], wanted[index]
            painter.setPen(theme.STAGE_TEXT_DIM)
            if index != shown[0]:
                painter.drawText(QPointF(x - gap / 2 - metrics.horizontalAdvance("·") / 2, baseline), "·")
            painter.drawText(QPointF(x + number + word, baseline), figure.unit)
            painter.setPen(theme.STAGE_TEXT)
            # Right-aligned: the units stay where they are while a number gains or loses a digit.
            painter.drawText(QPointF(x + number - metrics.horizontalAdvance(figure.number), baseline), figure.number)
            x += number + word + unit + gap
        painter.end()
        return pixmap


@lru_cache(maxsize=32)
def pill(width: float, height: float, ratio: float, radius: float) -> QPixmap:
    """The dark ground of words on a picture. width, height, radius: view pixels; ratio: of the screen's pixels in one
    of these. Kept, because Qt paints a large curved shape in a pool of threads and waits for them, which takes long
    while the other cores are busy."""
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.PILL)
    painter.drawRoundedRect(QRectF(0, 0, width, height), radius, radius)
    painter.end()
    return pixmap


def _text(figures: list[Figure]) -> str:
    return " · ".join(f"{figure.number} {figure.unit}" for figure in figures)
