"""The picture with its map, cells, arrows and pins, painted into any placement: on the screen and into files."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from facecam.arrays import Array, Image
from facecam.qtkit.theme import STAGE
from sagan_gallery import attention
from sagan_gallery.placement import Placement
from sagan_gallery.sample import Sample
from sagan_gallery.ui import paint
from sagan_gallery.ui.map_style import Kind, MapStyle
from sagan_gallery.ui.paint import HOVER, PIN_COLOURS, pin_colour

FILE_SIDE_PX = 1024
MAX_PINS = len(PIN_COLOURS)


@dataclass(frozen=True)
class Pin:
    """A query that stays. number: from 1, its name and colour; x_px, y_px: position in the picture."""

    number: int
    x_px: float
    y_px: float


@dataclass
class Scene:
    """What is shown. sample: whose maps; picture: (H, W, 3) uint8, in place of the sample's own; beside: the same, to
    the right of a line at the share `split` of the width; hover: the query under the cursor, picture pixels; selected:
    number of the selected pin."""

    sample: Sample
    picture: Image | None = None
    beside: Image | None = None
    split: float = 0.5
    map_style: MapStyle = field(default_factory=MapStyle)
    pins: list[Pin] = field(default_factory=list)
    selected: int | None = None
    hover: tuple[float, float] | None = None

    @property
    def bare(self) -> bool:
        """Whether no map lies over the picture, as it would hide what a special picture is to show."""
        return self.picture is not None or self.beside is not None

    def pin(self, number: int | None) -> Pin | None:
        return next((pin for pin in self.pins if pin.number == number), None)

    @property
    def query(self) -> tuple[float, float] | None:
        """The position that the map is of: under the cursor, else the selected pin's, else none."""
        if self.hover is not None:
            return self.hover
        pin = self.pin(self.selected)
        return None if pin is None else (pin.x_px, pin.y_px)

    @property
    def colour(self) -> QColor:
        return HOVER if self.hover is not None or self.selected is None else pin_colour(self.selected)

    def weights(self) -> Array | None:
        """The map of the query, (h, w) float32."""
        if self.query is None:
            return None
        return attention.directed_map(self.sample, *self.query, self.map_style.direction)

    def overlay(self, weights: Array | None) -> paint.Overlay | None:
        if weights is None or self.bare or self.map_style.kind is Kind.NONE:
            return None
        return paint.Overlay(weights, self.map_style)

    def paint_base(self, painter: QPainter, target: QRectF, seen: QRectF) -> None:
        """The picture alone, and the one beside it, enlarged if they are to look smooth. seen: as of `paint_split`."""
        self._paint_picture(painter, target, self.sample.image if self.picture is None else self.picture)
        if self.beside is not None:
            painter.save()
            right = target.adjusted(self.split * target.width(), 0, 0, 0)
            painter.setClipRect(right, Qt.ClipOperation.IntersectClip)
            self._paint_picture(painter, target, self.beside)
            painter.restore()
            paint.paint_split(painter, target, self.split, seen)

    def _paint_picture(self, painter: QPainter, target: QRectF, picture: Image) -> None:
        smooth = self.map_style.smooth
        image = paint.smooth_qimage(picture) if smooth else paint.to_qimage(picture)
        paint.paint_image(painter, target, image, smooth)

    @property
    def grid(self) -> tuple[int, int]:
        """(height, width) of the cells that ask."""
        return attention.source_grid(self.sample, self.map_style.direction)

    def cell_at(self, x: float, y: float) -> attention.Cell:
        return attention.cell_at(self.grid, self.sample.size_px, x, y)

    def cell_rect(self, placement: Placement, x: float, y: float) -> QRectF:
        """A position's own cell, view pixels."""
        x1, y1, x2, y2 = attention.cell_rect(self.grid, self.sample.size_px, self.cell_at(x, y))
        return QRectF(QPointF(*placement.to_view(x1, y1)), QPointF(*placement.to_view(x2, y2)))

    def paint_marks(
        self,
        painter: QPainter,
        placement: Placement,
        weights: Array | None,
        radius: float = 10,
        screen_ratio: float | None = None,
    ) -> None:
        """Outlined cells, arrows and pins. screen_ratio: as of `paint.paint_pin`."""
        rects = [self.cell_rect(placement, pin.x_px, pin.y_px) for pin in self.pins]
        for pin, rect in zip(self.pins, rects, strict=True):
            if self.hover is not None or pin.number != self.selected:
                paint.paint_cell(painter, rect, pin_colour(pin.number), radius * 0.15)
        query, colour = self.query, self.colour
        if query is not None:
            rect = self.cell_rect(placement, *query)
            if self.map_style.arrows and weights is not None:
                paint.paint_arrows(painter, self._arrows(placement, weights, rect, radius), colour)
            paint.paint_cell(painter, rect, colour, radius * 0.2)
        for pin, rect in zip(self.pins, rects, strict=True):
            selected = pin.number == self.selected
            paint.paint_pin(painter, rect.center(), pin.number, selected, radius, screen_ratio)

    def _arrows(self, placement: Placement, weights: Array, cell: QRectF, radius: float) -> list[paint.Arrow]:
        """From the query to where it looks most, or to the key from those that look at it most."""
        centre, arrows = cell.center(), []
        for key in attention.strongest(weights, self.sample.size_px):
            place = QPointF(*placement.to_view(key.x_px, key.y_px))
            if self.map_style.direction is not attention.Direction.COLUMN:
                arrows.append(paint.Arrow(centre, place, key.weight))
            elif not cell.contains(place):
                arrows.append(paint.Arrow(place, self._edge_towards(cell, place, radius), key.weight))
        return arrows

    def _edge_towards(self, cell: QRectF, place: QPointF, radius: float) -> QPointF:
        """Where the line from a cell's centre to a place leaves the cell and the pin's sign, which would hide an
        arrow's head."""
        centre = cell.center()
        away = QLineF(centre, place)
        x, y = away.dx() / away.length(), away.dy() / away.length()
        reach = 0.5 * min(cell.width() / max(abs(x), 1e-6), cell.height() / max(abs(y), 1e-6))
        if self.hover is None:
            sign = QLineF(centre, paint.pin_centre(centre, radius))
            along = x * sign.dx() + y * sign.dy()
            inside = along**2 - sign.length() ** 2 + (1.4 * radius) ** 2
            if inside > 0:
                reach = max(reach, along + inside**0.5)
        return away.pointAt(min(1.0, reach / away.length()))

    def render(self, side_px: int = FILE_SIDE_PX, pin_radius_px: float = 20) -> QImage:
        """The whole picture with everything on it, as large as fits a square of that side."""
        height, width = self.sample.size_px
        scale = side_px / max(height, width)
        image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGB32)
        image.fill(STAGE)
        painter = QPainter(image)
        self.paint(painter, QRectF(image.rect()), pin_radius_px)
        painter.end()
        return image

    def paint(self, painter: QPainter, room: QRectF, pin_radius_px: float) -> None:
        """The same into a rectangle of anything that can be painted on; marks stay lines where it keeps lines."""
        painter.save()
        painter.translate(room.topLeft())
        height, width = self.sample.size_px
        placement = Placement.fit((room.width(), room.height()), (width, height))
        target, weights = QRectF(*placement.rect), self.weights()
        self.paint_base(painter, target, target)
        overlay = self.overlay(weights)
        if overlay is not None:
            overlay.paint(painter, target, self.colour)
        self.paint_marks(painter, placement, weights, radius=pin_radius_px)
        painter.restore()
