"""MatrixView: the whole attention matrix as a picture, queries by keys, linked with the large view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from facecam.qtkit.theme import SPACE, STAGE, STAGE_TEXT_DIM, tabular
from sagan_gallery.attention import Cell, Direction, cell_centre
from sagan_gallery.overlay import Range, heat_rgba, within_size
from sagan_gallery.sample import Sample
from sagan_gallery.ui.map_style import MapStyle
from sagan_gallery.ui.paint import paint_image, pin_colour, to_qimage
from sagan_gallery.ui.scene import Scene

_MARGIN_PX = 3 * SPACE
_MOST = (1024, 256)
"""At most so many queries and keys are painted: those of a layer of 32 x 32 cells. Larger matrices are averaged: no
screen has room for them, and they would take a tenth of a second."""


class MatrixView(QWidget):
    """Queries go across, row by row of the picture; keys go down. Nothing is computed while it can't be seen."""

    hovered = Signal(object)
    """(x, y) of the query or key under the cursor, picture pixels, or None."""
    pinned = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._cache: QPixmap | None = None
        self._cached: tuple[Sample, str, bool] | None = None
        """What the cache shows: sample, colours, whether they are logarithmic."""
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFont(tabular(self.font(), 0.85))
        self.setAccessibleName("Attention matrix")
        self.setToolTip(
            "The whole attention matrix: each column is a query (the picture's cells, row by row), each row a key.\n"
            "Move over it to see a query's map above (or a key's: see Direction), click to pin it."
        )

    def show_matrix(self, scene: Scene) -> None:
        wanted = scene.sample, scene.map_style.colours, scene.map_style.log
        if wanted != self._cached:
            self._cache, self._cached = None, wanted
        self._scene = scene
        self.update()

    @property
    def room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN_PX, SPACE, -SPACE, -_MARGIN_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cache = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        scene = self._scene
        if scene is None:
            return
        if self._cache is None:
            self._cache = self._render(scene.sample, scene.map_style)
        painter.drawPixmap(0, 0, self._cache)
        for pin in scene.pins:
            self._mark(painter, scene, (pin.x_px, pin.y_px), pin_colour(pin.number))
        if scene.query is not None:
            self._mark(painter, scene, scene.query, QColor("white"))

    def _render(self, sample: Sample, map_style: MapStyle) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(STAGE)
        painter = QPainter(pixmap)
        # The few largest weights would leave all others dark: the colours end where all but a few per mille lie below.
        weights = within_size(sample.attention, *_MOST).T
        values = Range.of(np.quantile(weights, [0.0, 0.997]).astype(np.float32), map_style.log)
        image = to_qimage(heat_rgba(values.place(weights), map_style.colours))
        paint_image(painter, self.room, image, smooth=True)
        painter.setFont(self.font())
        painter.setPen(STAGE_TEXT_DIM)
        queries, keys = sample.attention.shape
        below = QRectF(self.room.x(), self.room.bottom(), self.room.width(), _MARGIN_PX)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{queries} queries →")
        painter.translate(0, self.room.center().y() + self.room.height() / 2)
        painter.rotate(-90)
        left = QRectF(0, 0, self.room.height(), _MARGIN_PX)
        painter.drawText(left, Qt.AlignmentFlag.AlignCenter, f"← {keys} keys")
        painter.end()
        return pixmap

    def _mark(self, painter: QPainter, scene: Scene, query: tuple[float, float], colour: QColor) -> None:
        """A line along the query's column, or along the key's row where keys are asked about."""
        room, grid, cell = self.room, scene.grid, scene.cell_at(*query)
        share = (cell.row * grid[1] + cell.column + 0.5) / (grid[0] * grid[1])
        painter.setPen(QPen(colour, 1.5))
        if scene.map_style.direction is Direction.COLUMN:
            line = QLineF(room.left() - 4, 0, room.right() + 4, 0).translated(0, room.y() + share * room.height())
        else:
            line = QLineF(0, room.top() - 4, 0, room.bottom() + 4).translated(room.x() + share * room.width(), 0)
        painter.drawLine(line)

    def _query_at(self, point: QPointF) -> tuple[float, float] | None:
        scene, room = self._scene, self.room
        if scene is None or not (room.left() <= point.x() < room.right() and room.top() <= point.y() < room.bottom()):
            return None
        away, grid = point - room.topLeft(), scene.grid
        by_key = scene.map_style.direction is Direction.COLUMN
        share = away.y() / room.height() if by_key else away.x() / room.width()
        return cell_centre(grid, scene.sample.size_px, Cell(*divmod(int(share * grid[0] * grid[1]), grid[1])))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(self._query_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        query = self._query_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and query is not None:
            self.pinned.emit(*query)
