"""RegionPicture: a frame with the outlines of its regions, which can be chosen and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.arrays import Array, Image
from facecam.batch.regions import Box
from facecam.qtkit import theme
from facecam.qtkit.frame_image import ScreenFrame
from facecam.qtkit.geometry import Placement, box_under, letterbox

_LEAST_PX = 6
"""A smaller movement of the mouse is a click."""


@dataclass(frozen=True)
class Outline:
    """A region in the frame that is shown. index: of the region; hidden: a full line, otherwise a broken one."""

    index: int
    box: Box
    hidden: bool


class RegionPicture(QWidget):
    """The frame as large as it fits, and the outlines over it.

    image: what is shown, (H, W, 3) uint8 BGR. place: where the frame lies in this widget.
    """

    chosen = Signal(int)
    """The region with that index was clicked, -1 for none."""
    drawn = Signal(object)
    """A Box was drawn, in pixels of the frame."""

    def __init__(self) -> None:
        super().__init__()
        self.image: Image | None = None
        self._on_screen = ScreenFrame()
        self.place: Placement | None = None
        self._outlines: Sequence[Outline] = ()
        self._selected = -1
        self._from: QPointF | None = None
        self._to: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Frame")
        self.setToolTip("Drag to hide a place; click an outline to choose it")

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def show_image(self, image: Image) -> None:
        """A frame (H, W, 3) uint8 BGR, which must not change any more."""
        self.image = image
        self._put()

    def show_outlines(self, outlines: Sequence[Outline], selected: int) -> None:
        """selected: index of the region that is chosen, -1 for none."""
        self._outlines, self._selected = outlines, selected
        self.update()

    def _put(self) -> None:
        """Scales it once, and not each time that an outline moves."""
        if self.image is not None:
            height, width = self.image.shape[:2]
            self.place = letterbox(self.width(), self.height(), width, height)
            self._on_screen.render(self.image, self.place, self.devicePixelRatioF())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), theme.STAGE)
            if self.place is None:
                return
            painter.drawImage(self.place.left_px, self.place.top_px, self._on_screen.image)
            for outline, box in zip(self._outlines, self._boxes().tolist(), strict=True):
                rect = QRectF(QPointF(box[0], box[1]), QPointF(box[2], box[3]))
                colour = theme.BOX if outline.hidden else theme.WARNING
                self._outline(painter, rect, outline.index == self._selected, colour, outline.hidden)
            if self._from is not None and self._to is not None:
                self._outline(painter, QRectF(self._from, self._to).normalized(), True, theme.BOX, True)
        finally:
            painter.end()

    def _outline(self, painter: QPainter, rect: QRectF, selected: bool, colour: QColor, full: bool) -> None:
        style = Qt.PenStyle.SolidLine if full else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.EDGE, 5 if selected else 4))
        painter.drawRect(rect)
        painter.setPen(QPen(theme.BOX_UNDER_CURSOR if selected else colour, 3 if selected else 2, style))
        painter.drawRect(rect)

    def _boxes(self) -> Array:
        """(N, 4) of the outlines, in pixels of this widget."""
        boxes = np.array([outline.box for outline in self._outlines], np.float32).reshape(-1, 4)
        return boxes if self.place is None else self.place.boxes_to_view(boxes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._put()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.place is not None:
            self._from, self._to = event.position(), None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None and (event.position() - self._from).manhattanLength() >= _LEAST_PX:
            self._to = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start, end, self._from, self._to = self._from, self._to, None, None
        self.update()
        if start is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if end is not None:
            self._tell(QRectF(start, end).normalized())
            return
        hit = box_under(self._boxes(), start.x(), start.y())
        self.chosen.emit(-1 if hit is None else self._outlines[hit].index)

    def _tell(self, rect: QRectF) -> None:
        assert self.place is not None
        place, (scale_x, scale_y) = self.place, self.place.scale
        rect &= QRectF(place.left_px, place.top_px, place.width_px, place.height_px)
        x1, x2 = (round((edge - place.left_px) / scale_x, 1) for edge in (rect.left(), rect.right()))
        y1, y2 = (round((edge - place.top_px) / scale_y, 1) for edge in (rect.top(), rect.bottom()))
        if x2 > x1 and y2 > y1:
            self.drawn.emit((x1, y1, x2, y2))
