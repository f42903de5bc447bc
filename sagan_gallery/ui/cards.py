"""PinStrip: the maps of all pins side by side, as in the paper's Figure 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget

from facecam.arrays import Array
from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE, STAGE_TEXT, STAGE_TEXT_DIM, stage_palette, tabular
from sagan_gallery import attention
from sagan_gallery.overlay import Range
from sagan_gallery.placement import Placement
from sagan_gallery.sample import Sample
from sagan_gallery.ui import paint
from sagan_gallery.ui.map_style import MapStyle
from sagan_gallery.ui.paint import paint_badge, pin_colour
from sagan_gallery.ui.scene import MAX_PINS, Pin, Scene

_MAP_PX = 15 * SPACE
_TIMES_EVEN = 8
"""The upper end of the scale that all pins share, in weights of an even map."""
_COMPACT_PX = 9 * SPACE
_SMALLEST_PX = 7 * SPACE
_HINT = "Click the picture to pin a query: its map stays here, to be compared with others.\nT pins informative ones."


@dataclass(frozen=True)
class PinMap:
    """A pin's map as cards, figures and films show it. weights: (h, w) float32; values: what its colours stand for."""

    pin: Pin
    sample: Sample
    map_style: MapStyle
    weights: Array
    values: Range

    @property
    def bits(self) -> str:
        return f"{attention.entropy_bits(self.weights):.1f} bits"

    @property
    def away(self) -> str:
        x, y = self.pin.x_px, self.pin.y_px
        return f"{attention.mean_distance_px(self.weights, self.sample.size_px, x, y):.0f} px"

    def paint(self, painter: QPainter, room: QRectF, outline_px: float = 2) -> None:
        """The map, opaque, with the outline of the query's own cell."""
        image = paint.heat_image(self.weights, self.values, self.map_style, over_picture=False)
        paint.paint_image(painter, room, image, self.map_style.smooth)
        size_px = self.sample.size_px
        placement = Placement.fit((room.width(), room.height()), (size_px[1], size_px[0]))
        scene = Scene(self.sample, map_style=self.map_style)
        cell = scene.cell_rect(placement, self.pin.x_px, self.pin.y_px).translated(room.topLeft())
        paint.paint_cell(painter, cell, pin_colour(self.pin.number), outline_px)


def pin_maps(sample: Sample, pins: Sequence[Pin], map_style: MapStyle) -> list[PinMap]:
    """The maps of all pins: all on one scale, which compares weights, or each on its own, which shows shapes. The one
    goes up to `_TIMES_EVEN`, so that a map of one bright spot leaves the others their colours."""
    maps = [attention.directed_map(sample, pin.x_px, pin.y_px, map_style.direction) for pin in pins]
    shared = map_style.range_of(np.stack(maps), _TIMES_EVEN) if maps and map_style.one_scale else None
    return [
        PinMap(pin, sample, map_style, weights, shared or map_style.range_of(weights))
        for pin, weights in zip(pins, maps, strict=True)
    ]


class PinCard(QAbstractButton):
    """One pin: its map, its number in its colour, entropy and mean distance."""

    chosen = Signal(int)
    removed = Signal(int)

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._side_px = _MAP_PX
        self._selected = False
        self._map: PinMap | None = None
        self.clicked.connect(lambda _checked=False: self.chosen.emit(number))
        self.setFont(tabular(self.font(), 0.9))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Pin {number}")
        self.setToolTip(
            "A pin's map, its entropy and its mean distance. Click selects the pin, right-click or Delete removes it.\n"
            "Colours go up to eight times an even map's weight; without “One scale for all pins” (More) to its largest."
        )

    def set_side(self, side_px: int) -> None:
        self._side_px = side_px
        self.setFixedSize(side_px + SPACE, card_height_px(side_px, self.fontMetrics().height()))

    def show_map(self, shown: PinMap, selected: bool) -> None:
        self._map, self._selected = shown, selected
        self.setAccessibleName(f"Pin {self._number}: entropy {shown.bits}, mean distance {shown.away}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._map is None:
            return
        painter = QPainter(self)
        colour = pin_colour(self._number)
        room = QRectF(SPACE / 2, SPACE / 2, self._side_px, self._side_px)
        self._map.paint(painter, room)
        painter.setPen(QPen(colour, 4 if self._selected else 2))
        painter.drawRect(room.adjusted(-1, -1, 1, 1))
        if self.hasFocus():
            painter.setPen(QPen(QApplication.palette().color(QPalette.ColorRole.Highlight), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        height = painter.fontMetrics().height()
        badge = QRectF(room.left(), room.bottom() + 6, height + 2, height + 2)
        paint_badge(painter, badge, self._number)
        text = QRectF(badge.right() + SPACE * 0.5, badge.top(), self.width(), 2 * height)
        painter.setPen(STAGE_TEXT)
        painter.drawText(text, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self._map.bits)
        painter.setPen(STAGE_TEXT_DIM)
        text.translate(0, height)
        away = f"{self._map.away} away"
        if painter.fontMetrics().horizontalAdvance(away) > self.width() - text.left():
            away = self._map.away
        painter.drawText(text, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, away)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.removed.emit(self._number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self._number)
        else:
            super().keyPressEvent(event)


def card_height_px(side_px: int, line_px: int) -> int:
    """Height of a card whose map has that side, with two lines of text."""
    return side_px + 2 * SPACE + 2 * line_px


class PinStrip(QScrollArea):
    """A row of cards; without pins, a line that says how to make one."""

    chosen = Signal(int)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._cards = {number: PinCard(number) for number in range(1, MAX_PINS + 1)}
        self._largest_px = _MAP_PX
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setPalette(stage_palette())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its cards take the focus
        self.setAccessibleName("Pinned maps")
        inner = QWidget()
        inner.setAutoFillBackground(True)
        inner.setPalette(stage_palette())
        self._hint = QLabel()
        self._hint.setPalette(stage_palette(STAGE_TEXT_DIM))
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        margins = (SPACE, SPACE // 2, SPACE, SPACE // 2)
        cards = row((self._hint, 1), *self._cards.values(), None, owner=inner, margins=margins, spacing=SPACE)
        for card in self._cards.values():
            card.hide()
            card.chosen.connect(self.chosen)
            card.removed.connect(self.removed)
            cards.setAlignment(card, Qt.AlignmentFlag.AlignTop)
        self.setWidget(inner)

    def sizeHint(self) -> QSize:
        line_px = QFontMetrics(tabular(self.font(), 0.9)).height()
        return QSize(40 * SPACE, card_height_px(self._largest_px, line_px) + 2 * SPACE)

    def set_compact(self, on: bool) -> None:
        """Smaller maps, for low windows."""
        self._largest_px = _COMPACT_PX if on else _MAP_PX
        self._fit_cards()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_cards()

    def _fit_cards(self) -> None:
        """All cards side by side without scrolling, as long as they don't get too small."""
        shown = sum(not card.isHidden() for card in self._cards.values())
        room = (self.width() - 2 * SPACE) // max(1, shown) - 2 * SPACE
        side_px = max(min(self._largest_px, room), min(_SMALLEST_PX, self._largest_px))
        for card in self._cards.values():
            card.set_side(side_px)

    def show_pins(self, pins: list[Pin], sample: Sample | None, map_style: MapStyle, selected: int | None) -> None:
        maps = [] if sample is None else pin_maps(sample, pins, map_style)
        by_number = {shown.pin.number: shown for shown in maps}
        for number, card in self._cards.items():
            if number in by_number:
                card.show_map(by_number[number], number == selected)
            card.setVisible(number in by_number)
        self._fit_cards()
        self._hint.setVisible(not maps)
        self._hint.setText("" if sample is None else _HINT)
        if selected in by_number:
            self.ensureWidgetVisible(self._cards[selected])
