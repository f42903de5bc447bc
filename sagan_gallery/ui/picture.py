"""PictureView: the large picture with the map of the query under the cursor, and the pins."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.qtkit.theme import SPACE, STAGE
from sagan_gallery.placement import Placement
from sagan_gallery.ui import paint
from sagan_gallery.ui.pinned_view import PinnedView
from sagan_gallery.ui.scene import Scene

BAR_PX = 11 * SPACE
"""Width that the colour bar takes beside the picture, its distance from it included."""
_GRAB_PX = 12.0
_DRAG_PX = 4.0
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class PictureView(PinnedView):
    """Shows one sample, zoomed and panned, and takes mouse and keys."""

    placed = Signal()
    """The picture lies elsewhere in the view."""
    menu_wished = Signal(QPoint)
    """A menu is wanted at that place of the screen."""
    painted = Signal(float)
    """Seconds of `time.perf_counter` at the end of a paint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._placement = Placement((1, 1), (1, 1))
        self._base: QPixmap | None = None
        self._badge = ""
        self._pressed: QPointF | None = None
        self._dragged: int | None = None
        self._panning = False
        self.size_changed.connect(self._fit)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(20 * SPACE, 12 * SPACE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Chosen picture")
        self.setAccessibleDescription(
            "Arrow keys move the query, Enter pins it, Delete removes the selected pin, plus and minus zoom."
        )

    def sizeHint(self) -> QSize:
        return QSize(64 * SPACE, 64 * SPACE)

    @property
    def placement(self) -> Placement:
        """Where the picture lies."""
        return self._placement

    def forget_base(self) -> None:
        self._base = None

    def set_badge(self, text: str) -> None:
        """What is special about the picture that is shown, in a few words on its corner."""
        if text != self._badge:
            self._badge = text
            self.update()

    def _fit(self) -> None:
        assert self.scene is not None
        height, width = self.scene.sample.size_px
        self._place(Placement.fit(self._room((width, height)), (width, height)))

    def _room(self, picture_px: tuple[int, int]) -> tuple[float, float]:
        """The part of the view that the picture may fill: from the left, so that the colour bar gets its place at the
        right of a whole picture even where the view is narrow."""
        beside_px = self.width() - self.height() * picture_px[0] / picture_px[1]
        taken_px = min(max(2 * BAR_PX - beside_px, 0), BAR_PX)
        return max(1.0, self.width() - taken_px), max(1.0, float(self.height()))

    def _place(self, placement: Placement) -> None:
        self._placement, self._base = placement, None
        self.update()
        self.placed.emit()

    # -- zoom

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms about a point of the view, else about its middle; 0 shows the whole picture."""
        middle = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        if factor == 0:
            self._place(Placement.fit(self._placement.view_px, self._placement.picture_px))
        else:
            self._place(self._placement.zoomed(factor, middle.x(), middle.y()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self._placement.resized(self._room(self._placement.picture_px)))

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        if self.scene is not None:
            if self._base is None or self._base.devicePixelRatio() != self.devicePixelRatioF():
                self._base = self._render_base(self.scene)
            painter.drawPixmap(0, 0, self._base)
            if self._overlay is not None:
                self._overlay.paint(painter, QRectF(*self._placement.rect), self.scene.colour)
            self._paint_badge(painter)
            self.scene.paint_marks(painter, self._placement, self.weights)
        painter.end()
        self.painted.emit(time.perf_counter())

    def _paint_badge(self, painter: QPainter) -> None:
        zoom = f"{self._placement.zoom:.1f} ×" if self._placement.zoom > 1 else ""
        text = "   ·   ".join(part for part in (self._badge, zoom) if part)
        if text:
            x, y, _width, height = self._placement.rect
            bottom = min(y + height, float(self.height()))
            paint.paint_pill(painter, QPointF(max(x, 0) + SPACE, bottom - SPACE), text)

    def _render_base(self, scene: Scene) -> QPixmap:
        """The picture at the screen's own pixels, painted once for many maps."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(STAGE)
        painter = QPainter(pixmap)
        paint.paint_image(painter, QRectF(*self._placement.rect), scene.base(), scene.map_style.smooth)
        painter.end()
        return pixmap

    # -- mouse and keys

    def _pin_under(self, point: QPointF) -> int | None:
        best, best_px = None, _GRAB_PX
        for pin in self.pins:
            assert self.scene is not None
            tip = self.scene.cell_rect(self._placement, pin.x_px, pin.y_px).center()
            for part in (tip, paint.pin_centre(tip)):
                away_px = ((part.x() - point.x()) ** 2 + (part.y() - point.y()) ** 2) ** 0.5
                if away_px < best_px:
                    best, best_px = pin.number, away_px
        return best

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point, button = event.position(), event.button()
        number = self._pin_under(point)
        if button is Qt.MouseButton.RightButton and number is not None:
            self.remove_pin(number)
        elif button is Qt.MouseButton.RightButton:
            self.menu_wished.emit(event.globalPosition().toPoint())
        elif button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._panning = point, button is Qt.MouseButton.MiddleButton
            if not self._panning and number is not None and self.scene is not None:
                self._dragged, self.scene.hover = number, None
                self.select(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed is not None and self._dragged is not None:
            self.move_pin(self._dragged, *self._placement.clamped(point.x(), point.y()))
            return
        if self._pressed is not None:
            moved = point - self._pressed
            far = abs(moved.x()) + abs(moved.y()) > _DRAG_PX
            if self._panning or (far and self._placement.zoom > 1):
                self._panning = True
                self._place(self._placement.panned(moved.x(), moved.y()))
                self._pressed = point
                return
        over_pin = self._pin_under(point) is not None
        self.setCursor(Qt.CursorShape.OpenHandCursor if over_pin else Qt.CursorShape.CrossCursor)
        self.set_hover(self._placement.to_picture(point.x(), point.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, dragged, panned = self._pressed, self._dragged, self._panning
        self._pressed, self._dragged, self._panning = None, None, False
        if event.button() is Qt.MouseButton.LeftButton and pressed is not None and dragged is None and not panned:
            place = self._placement.to_picture(event.position().x(), event.position().y())
            if place is not None:
                self.add_pin(*place)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_hover(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.setCursor(Qt.CursorShape.CrossCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self.zoom(1.0015 ** event.angleDelta().y(), event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, far = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self.scene is None:
            super().keyPressEvent(event)
        elif key in _ARROWS:
            across, down = _ARROWS[Qt.Key(key)]
            self.step_query(across * (4 if far else 1), down * (4 if far else 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.scene.hover is not None:
            self.add_pin(*self.scene.hover)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selected is not None:
            self.remove_pin(self.selected)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and self.pins:
            self.select_next(1 if key == Qt.Key.Key_PageDown else -1)
        elif key == Qt.Key.Key_Escape and self.selected is not None:
            self.select(None)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0):
            self.zoom({Qt.Key.Key_Minus: 1 / 1.25, Qt.Key.Key_0: 0}.get(Qt.Key(key), 1.25))
        else:
            super().keyPressEvent(event)
