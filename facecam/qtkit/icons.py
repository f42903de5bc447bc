"""Icons: drawings in SVG, shown in any colour; and the program's own, its sign on a dark tile."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from facecam.system.resources import asset

_DISABLED_OPACITY = 0.35


def icon(name: str, colour: QColor, checked: str = "") -> QIcon:
    """The drawing `icons/NAME.svg` in a colour. checked: the one that a checked button shows in its place."""
    return QIcon(_Tinted(name, colour, checked or name))


class _Tinted(QIconEngine):
    """Draws at the size that is asked for, so that an icon is sharp at every pixel ratio."""

    def __init__(self, name: str, colour: QColor, checked: str) -> None:
        super().__init__()
        self._name, self._colour, self._checked = name, colour, checked

    def clone(self) -> QIconEngine:
        return _Tinted(self._name, self._colour, self._checked)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        result = QPixmap(size)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(_DISABLED_OPACITY)
        name = self._checked if state == QIcon.State.On else self._name
        drawing = _drawing(name).replace(b"currentColor", self._colour.name().encode())
        QSvgRenderer(QByteArray(drawing)).render(painter, QRectF(rect))
        painter.restore()


@cache
def _drawing(name: str) -> bytes:
    return asset(f"icons/{name}.svg").read_bytes()
