"""PictureView: the large picture with the map of the query under the cursor, and the pins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from facecam.arrays import Array, Image
from facecam.qtkit.theme import SPACE, STAGE
from sagan_gallery import attention
from sagan_gallery.placement import Placement
from sagan_gallery.sample import Sample
from sagan_gallery.ui import paint
from sagan_gallery.ui.map_style import MapStyle
from sagan_gallery.ui.scene import MAX_PINS, Pin, Scene

BAR_PX = 11 * SPACE
"""Width that the colour bar takes beside the picture, its distance from it included."""
_GRAB_PX = 12.0
_DRAG_PX = 4.0
_PINNED_AT_ONCE = 4
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class PictureView(QWidget):
    """Shows one sample, zoomed and panned, and takes mouse and keys.

    The query that the map is of is the one under the cursor, else the selected pin, else none.
    """

    query_changed = Signal()
    pins_changed = Signal()
    pins_used_up = Signal()
    """Another pin is wanted, but all are in use."""
    placed = Signal()
    """The picture lies elsewhere in the view."""
    menu_wanted = Signal(QPoint)
    """A menu is wanted at that place of the screen."""
    painted = Signal(float)
    """Seconds of `time.perf_counter` at the end of a paint."""

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene | None = None
        self.weights: Array | None = None
        """The map of the query, (h, w) float32."""
        self.map_style = MapStyle()
        """How maps are shown."""
        self._overlay: paint.Overlay | None = None
        self.placement = Placement((1, 1), (1, 1))
        """Where the picture lies."""
        self._base: QPixmap | None = None
        self._badge = ""
        self._mouse: QPointF | None = None
        """Where on the screen the mouse is, while it chooses the query; None while it is elsewhere, or keys or a
        dragged pin choose it."""
        self._pressed: QPointF | None = None
        self._drag: Callable[[QPointF], object] | None = None
        """What a move of the mouse does while it is pressed, if it is no click."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(20 * SPACE, 12 * SPACE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Chosen picture")
        self.setAccessibleDescription(
            "Arrow keys move the query, Enter pins it, Delete removes the selected pin, plus and minus zoom."
        )

    def set_badge(self, text: str) -> None:
        """What is special about the picture that is shown, in a few words on its corner."""
        if text != self._badge:
            self._badge = text
            self.update()

    def _room(self, picture_px: tuple[int, int]) -> tuple[float, float]:
        """The part of the view that the picture may fill: from the left, so that the colour bar gets its place at the
        right of a whole picture even where the view is narrow."""
        beside_px = self.width() - self.height() * picture_px[0] / picture_px[1]
        taken_px = min(max(2 * BAR_PX - beside_px, 0), BAR_PX)
        return max(1.0, self.width() - taken_px), max(1.0, float(self.height()))

    def _place(self, placement: Placement) -> None:
        self.placement, self._base = placement, None
        self.update()
        self.set_hover(self._hovered)
        self.placed.emit()

    # -- what is shown

    def show_sample(self, sample: Sample, picture: Image | None = None, beside: Image | None = None) -> None:
        """Another sample; pins stay where they are. picture: (H, W, 3) uint8 to show in place of the sample's own, and
        without a map over it, which would hide what it is to show; beside: the same, at the right of a line that can be
        dragged."""
        if self.scene is None or sample.size_px != self.scene.sample.size_px:
            self.scene = Scene(sample, map_style=self.map_style)
            height, width = sample.size_px
            self._place(Placement.fit(self._room((width, height)), (width, height)))
            self.pins_changed.emit()
        self.scene.sample, self.scene.picture, self.scene.beside = sample, picture, beside
        self.scene.hover, self._base = self._hovered, None
        self._refresh()

    def set_map_style(self, map_style: MapStyle) -> None:
        if map_style.smooth != self.map_style.smooth:
            self._base = None
        self.map_style = map_style
        if self.scene is not None:
            self.scene.map_style = map_style
            self._refresh()

    @property
    def query(self) -> tuple[float, float] | None:
        """The position that the map is of, picture pixels."""
        return None if self.scene is None else self.scene.query

    def _refresh(self) -> None:
        assert self.scene is not None
        self.weights = self.scene.weights()
        self._overlay = self.scene.overlay(self.weights)
        self.update()
        self.query_changed.emit()

    # -- pins

    @property
    def pins(self) -> list[Pin]:
        return [] if self.scene is None else self.scene.pins

    @property
    def selected(self) -> int | None:
        return None if self.scene is None else self.scene.selected

    def set_pins(self, pins: list[Pin], selected: int | None) -> None:
        """Other pins, one of them selected: arrow keys and Delete are for it."""
        if self.scene is not None:
            self.scene.pins, self.scene.selected = sorted(pins, key=lambda pin: pin.number), selected
            self._refresh()
            self.pins_changed.emit()

    def add_pin(self, x: float, y: float) -> None:
        taken = {pin.number for pin in self.pins}
        number = next((number for number in range(1, MAX_PINS + 1) if number not in taken), None)
        if number is None:
            self.pins_used_up.emit()
        else:
            self.set_pins([*self.pins, Pin(number, x, y)], number)

    def move_pin(self, number: int, x: float, y: float) -> None:
        moved = [replace(pin, x_px=x, y_px=y) if pin.number == number else pin for pin in self.pins]
        self.set_pins(moved, self.selected)

    def remove_pin(self, number: int) -> None:
        rest = [pin for pin in self.pins if pin.number != number]
        self.set_pins(rest, (rest[-1].number if rest else None) if self.selected == number else self.selected)

    def select(self, number: int | None) -> None:
        self.set_pins(self.pins, number)

    def select_next(self, step: int) -> None:
        """Selects the pin that comes some places after the selected one, in a circle."""
        numbers = [pin.number for pin in self.pins]
        if self.scene is not None and numbers:
            self._mouse = self.scene.hover = None
            at = numbers.index(self.selected) if self.selected in numbers else -1
            self.select(numbers[(at + step) % len(numbers)])

    def pin_informative(self) -> None:
        """Pins, in place of the pins there are, the queries whose maps differ most."""
        if self.scene is not None:
            places = attention.informative_queries(self.scene.sample, _PINNED_AT_ONCE)
            self.set_pins([Pin(number, x, y) for number, (x, y) in enumerate(places, 1)], 1 if places else None)

    # -- the query

    def step_query(self, across: int, down: int) -> None:
        """Moves the selected pin by cells; without one, the query that a pin can be made of."""
        scene = self.scene
        if scene is None:
            return
        self._mouse, pin = None, scene.pin(scene.selected)
        if pin is not None:
            scene.hover = None
            x, y = attention.step(scene.sample, pin.x_px, pin.y_px, across, down, self.map_style.direction)
            self.move_pin(pin.number, x, y)
        else:
            height, width = scene.sample.size_px
            start = scene.hover or (width / 2, height / 2)
            self.set_hover(attention.step(scene.sample, *start, across, down, self.map_style.direction))

    @property
    def _hovered(self) -> tuple[float, float] | None:
        """The query under the mouse while it chooses; else the one that was chosen otherwise."""
        if self._mouse is None:
            return None if self.scene is None else self.scene.hover
        return self.placement.to_picture(*self.mapFromGlobal(self._mouse).toTuple())

    def _ask(self, mouse: QPointF | None) -> None:
        """The mouse is at that place of the screen, over the view; None: it is elsewhere."""
        self._mouse = mouse
        self.set_hover(None if mouse is None else self._hovered)

    def set_hover(self, query: tuple[float, float] | None) -> None:
        """The query under the cursor, picture pixels."""
        if self.scene is not None and query != self.scene.hover:
            self.scene.hover = query
            self._refresh()

    # -- zoom

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms about a point of the view, else about its middle; 0 shows the whole picture."""
        middle = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        if factor == 0:
            self._place(Placement.fit(self.placement.view_px, self.placement.picture_px))
        else:
            self._place(self.placement.zoomed(factor, middle.x(), middle.y()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self.placement.resized(self._room(self.placement.picture_px)))

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.scene is None:
            painter.fillRect(self.rect(), STAGE)
        else:
            if self._base is None or self._base.devicePixelRatio() != self.devicePixelRatioF():
                self._base = self._render_base(self.scene)
            painter.drawPixmap(0, 0, self._base)
            if self._overlay is not None:
                self._overlay.paint(painter, QRectF(*self.placement.rect), self.scene.colour)
            self.scene.paint_marks(painter, self.placement, self.weights, screen_ratio=self.devicePixelRatioF())
            self._paint_badge(painter)
        painter.end()
        self.painted.emit(time.perf_counter())

    @property
    def _seen(self) -> QRectF:
        return QRectF(*self.placement.rect) & QRectF(self.rect())

    def _paint_badge(self, painter: QPainter) -> None:
        zoom = f"{self.placement.zoom:.1f} ×" if self.placement.zoom > 1 else ""
        text = "   ·   ".join(part for part in (self._badge, zoom) if part)
        if text:
            corner = self._seen.bottomLeft() + QPointF(SPACE, -SPACE)
            paint.paint_pill(painter, corner, text, self._seen.width() - 2 * SPACE)

    def _render_base(self, scene: Scene) -> QPixmap:
        """The picture at the screen's own pixels, painted once for many maps."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(STAGE)
        painter = QPainter(pixmap)
        scene.paint_base(painter, QRectF(*self.placement.rect), self._seen)
        painter.end()
        return pixmap

    # -- mouse and keys

    def _pin_under(self, point: QPointF) -> int | None:
        away_px: list[tuple[float, int]] = []
        for pin in self.pins:
            assert self.scene is not None
            tip = self.scene.cell_rect(self.placement, pin.x_px, pin.y_px).center()
            away_px += [(QLineF(part, point).length(), pin.number) for part in (tip, paint.pin_centre(tip))]
        return next((number for px, number in sorted(away_px)[:1] if px < _GRAB_PX), None)

    def set_split(self, share: float) -> None:
        """Moves the line between with and without attention. share: of the picture's width."""
        if self.scene is not None:
            self.scene.split, self._base = min(max(share, 0.0), 1.0), None
            self.update()

    def _over_split(self, point: QPointF) -> bool:
        if self.scene is None or self.scene.beside is None:
            return False
        x, _y, width, _height = self.placement.rect
        return abs(point.x() - x - self.scene.split * width) < _GRAB_PX

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point, button = event.position(), event.button()
        number = self._pin_under(point)
        if button is Qt.MouseButton.RightButton and number is not None:
            self.remove_pin(number)
        elif button is Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
        elif button is Qt.MouseButton.MiddleButton:
            self._pressed, self._drag = point, self._pan
        elif button is Qt.MouseButton.LeftButton:
            self._pressed, self._drag = point, self._drag_split if self._over_split(point) else None
            if number is not None and self.scene is not None:
                self._drag, self._mouse, self.scene.hover = partial(self._drag_pin, number), None, None
                self.select(number)

    def _pan(self, point: QPointF) -> None:
        if self._pressed is not None:
            moved, self._pressed = point - self._pressed, point
            self._place(self.placement.panned(moved.x(), moved.y()))

    def _drag_pin(self, number: int, point: QPointF) -> None:
        self.move_pin(number, *self.placement.clamped(point.x(), point.y()))

    def _drag_split(self, point: QPointF) -> None:
        x, _y, width, _height = self.placement.rect
        self.set_split((point.x() - x) / width)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._drag is None and self._pressed is not None and self.placement.zoom > 1:
            far = (point - self._pressed).manhattanLength() > _DRAG_PX
            self._drag = self._pan if far else None
        if self._drag is not None:
            self._mouse = None if self._mouse is None else event.globalPosition()
            self._drag(point)
            return
        over_pin = self._pin_under(point) is not None
        if self._over_split(point) and not over_pin:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor if over_pin else Qt.CursorShape.CrossCursor)
        self._ask(event.globalPosition())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._pressed is not None and self._drag is None
        self._pressed = self._drag = None
        place = self.placement.to_picture(event.position().x(), event.position().y())
        if clicked and place is not None and event.button() is Qt.MouseButton.LeftButton:
            self.add_pin(*place)

    def leaveEvent(self, event: QEvent) -> None:
        self._ask(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._ask(event.globalPosition())

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
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0):
            self.zoom({Qt.Key.Key_Minus: 1 / 1.25, Qt.Key.Key_0: 0}.get(Qt.Key(key), 1.25))
        else:
            super().keyPressEvent(event)
