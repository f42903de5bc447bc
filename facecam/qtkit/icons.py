"""The program's sign, a face in a viewfinder, drawn: for the window, the task bar and the empty stage."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from facecam.qtkit import theme


def paint_sign(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Four rounded corners around two eyes and a mouth, within the square `rect`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 64, rect.height() / 64)
    painter.setPen(QPen(colour, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for turn in range(4):
        painter.save()
        painter.translate(32, 32)
        painter.rotate(90 * turn)
        corner = QPainterPath(QPointF(-26, -14))
        corner.lineTo(-26, -18)
        corner.quadTo(-26, -26, -18, -26)
        corner.lineTo(-14, -26)
        painter.drawPath(corner)
        painter.restore()
    mouth = QPainterPath(QPointF(21, 38))
    mouth.quadTo(32, 50, 43, 38)
    painter.drawPath(mouth)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x in (22.5, 41.5):
        painter.drawEllipse(QPointF(x, 25), 3.5, 3.5)
    painter.restore()


def sign_pixmap(size_px: int, colour: QColor, device_ratio: float = 1.0) -> QPixmap:
    """The sign on transparent ground, `size_px` logical pixels wide and high."""
    pixmap = QPixmap(round(size_px * device_ratio), round(size_px * device_ratio))
    pixmap.setDevicePixelRatio(device_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_sign(painter, QRectF(0, 0, size_px, size_px), colour)
    painter.end()
    return pixmap


def play_icon(colour: QColor) -> QIcon:
    """A triangle; the style's own one would be black on the accent colour."""
    return _glyph(colour, [QPointF(4.5, 2.5), QPointF(13.5, 8), QPointF(4.5, 13.5)])


def stop_icon(colour: QColor) -> QIcon:
    """A square."""
    return _glyph(colour, [QPointF(3.5, 3.5), QPointF(12.5, 3.5), QPointF(12.5, 12.5), QPointF(3.5, 12.5)])


def pause_icon(colour: QColor) -> QIcon:
    """Two bars."""
    return _glyph(colour, *([QPointF(x, 3), QPointF(x + 2, 3), QPointF(x + 2, 13), QPointF(x, 13)] for x in (4, 10)))


def step_icon(colour: QColor, back: bool) -> QIcon:
    """A triangle and a bar: one picture on, or back."""
    triangle = [QPointF(3.5, 3.5), QPointF(9, 8), QPointF(3.5, 12.5)]
    bar = [QPointF(12, 3.5), QPointF(12.5, 3.5), QPointF(12.5, 12.5), QPointF(12, 12.5)]
    shapes = [[QPointF(16 - p.x(), p.y()) for p in shape] if back else shape for shape in (triangle, bar)]
    return _glyph(colour, *shapes)


def loop_icon(colour: QColor) -> QIcon:
    """An arrow that goes round."""

    def paint(painter: QPainter) -> None:
        painter.setPen(QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawArc(QRectF(3, 3, 10, 10), 60 * 16, 300 * 16)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(10.5, 1), QPointF(10.5, 6), QPointF(14, 4)]))

    return _painted(paint)


def record_icon(colour: QColor) -> QIcon:
    """A dot."""
    turns = [math.tau * step / 24 for step in range(24)]
    return _glyph(colour, [QPointF(8 + 5 * math.cos(turn), 8 + 5 * math.sin(turn)) for turn in turns])


def _glyph(colour: QColor, *shapes: list[QPointF]) -> QIcon:
    """Filled polygons with slightly rounded corners, on a grid of 16 x 16."""

    def paint(painter: QPainter) -> None:
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(colour)
        for corners in shapes:
            painter.drawPolygon(QPolygonF(corners))

    return _painted(paint)


def _painted(paint: Callable[[QPainter], None]) -> QIcon:
    """An icon in three sizes of what is painted on a grid of 16 x 16."""
    icon = QIcon()
    for size in (16, 32, 48):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 16, size / 16)
        paint(painter)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def program_icon() -> QIcon:
    """The sign on a dark tile, in the usual sizes."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.STAGE)
        painter.drawRoundedRect(QRectF(0, 0, size, size), 0.22 * size, 0.22 * size)
        paint_sign(painter, QRectF(0.16 * size, 0.16 * size, 0.68 * size, 0.68 * size), theme.BOX)
        painter.end()
        icon.addPixmap(pixmap)
    return icon
