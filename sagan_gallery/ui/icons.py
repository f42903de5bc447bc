"""Small signs for buttons on the stage, painted in any colour and at any pixel ratio."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPen, QPixmap, QPolygonF

from sagan_gallery.ui.style import STAGE_TEXT


class _Sign(QIconEngine):
    """A sign in a square of 16 units."""

    def __init__(self, name: str, colour: QColor) -> None:
        super().__init__()
        self._name, self._colour = name, colour

    def clone(self) -> QIconEngine:
        return _Sign(self._name, self._colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.x(), rect.y())
        painter.scale(rect.width() / 16, rect.height() / 16)
        colour = QColor(self._colour)
        if mode == QIcon.Mode.Disabled:
            colour.setAlphaF(0.35)
        on = state == QIcon.State.On
        if self._name == "play" and not on:
            painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF([QPointF(4.5, 3), QPointF(13, 8), QPointF(4.5, 13)]))
        elif self._name == "play":
            for x in (4.0, 9.0):
                painter.fillRect(QRectF(x, 3, 3, 10), colour)
        elif self._name == "copy":
            painter.setPen(QPen(colour, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawRoundedRect(QRectF(6, 6, 8, 8), 1.5, 1.5)
            painter.drawPolyline(
                QPolygonF([QPointF(3.5, 10), QPointF(2, 10), QPointF(2, 2), QPointF(10, 2), QPointF(10, 3.5)])
            )
        painter.restore()


def icon(name: str, colour: QColor = STAGE_TEXT) -> QIcon:
    """The sign "play" (a pause sign when on) or "copy"."""
    return QIcon(_Sign(name, colour))
