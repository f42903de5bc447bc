"""PinnedView: the sample, the query and the pins of the large view, without its mouse, keys and zoom."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from facecam.arrays import Array, Image
from sagan_gallery import attention
from sagan_gallery.sample import Sample
from sagan_gallery.ui import paint
from sagan_gallery.ui.map_style import MapStyle, Pin, free_number
from sagan_gallery.ui.scene import Scene


class PinnedView(QWidget):
    """The query that the map is of: the one under the cursor, else the selected pin, else none."""

    query_changed = Signal()
    pins_changed = Signal()
    pins_used_up = Signal()
    """Another pin is wanted, and there is none."""
    size_changed = Signal()
    """A picture of another size is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self.weights: Array | None = None
        """The map of the query, (h, w) float32."""
        self._map_style = MapStyle()
        self._overlay: paint.Overlay | None = None

    # -- what is shown

    def show_sample(self, sample: Sample, picture: Image | None = None, bare: bool = False) -> None:
        """Another sample; pins stay where they are. picture: (H, W, 3) uint8 to show in place of the sample's own;
        bare: no map lies over it."""
        if self.scene is None or sample.size_px != self.scene.sample.size_px:
            self.scene = Scene(sample, picture, self._map_style)
            self.size_changed.emit()
            self.pins_changed.emit()
        else:
            self.scene.sample, self.scene.picture = sample, picture
        self.scene.bare = bare
        self.forget_base()
        self._refresh()

    def set_map_style(self, map_style: MapStyle) -> None:
        """Another way to show maps."""
        if map_style.smooth != self._map_style.smooth:
            self.forget_base()
        self._map_style = map_style
        if self.scene is not None:
            self.scene.map_style = map_style
            self._refresh()

    @property
    def map_style(self) -> MapStyle:
        """How maps are shown."""
        return self._map_style

    @property
    def query(self) -> tuple[float, float] | None:
        """The position that the map is of, picture pixels."""
        return None if self.scene is None else self.scene.query

    def forget_base(self) -> None:
        """The picture itself is to be painted anew."""

    def _refresh(self) -> None:
        assert self.scene is not None
        self.weights = self.scene.weights()
        self._overlay = self.scene.overlay(self.weights)
        self.update()
        self.query_changed.emit()

    # -- pins

    @property
    def pins(self) -> list[Pin]:
        """By number."""
        return [] if self.scene is None else self.scene.pins

    @property
    def selected(self) -> int | None:
        """Number of the selected pin."""
        return None if self.scene is None else self.scene.selected

    def set_pins(self, pins: list[Pin], selected: int | None) -> None:
        """Other pins, one of them selected: arrow keys and Delete are for it."""
        if self.scene is not None:
            self.scene.pins, self.scene.selected = sorted(pins, key=lambda pin: pin.number), selected
            self._refresh()
            self.pins_changed.emit()

    def add_pin(self, x: float, y: float) -> None:
        """Pins a query and selects it, unless all pins are in use."""
        number = free_number(self.pins)
        if number is None:
            self.pins_used_up.emit()
        else:
            self.set_pins([*self.pins, Pin(number, x, y)], number)

    def move_pin(self, number: int, x: float, y: float) -> None:
        """Moves a pin to another query."""
        moved = [replace(pin, x_px=x, y_px=y) if pin.number == number else pin for pin in self.pins]
        self.set_pins(moved, self.selected)

    def remove_pin(self, number: int) -> None:
        """Takes a pin away."""
        rest = [pin for pin in self.pins if pin.number != number]
        self.set_pins(rest, (rest[-1].number if rest else None) if self.selected == number else self.selected)

    def select(self, number: int | None) -> None:
        """Selects a pin."""
        self.set_pins(self.pins, number)

    def select_next(self, step: int) -> None:
        """Selects the pin that comes some places after the selected one, in a circle."""
        numbers = [pin.number for pin in self.pins]
        if self.scene is not None and numbers:
            self.scene.hover = None
            at = numbers.index(self.selected) if self.selected in numbers else -1
            self.select(numbers[(at + step) % len(numbers)])

    def pin_informative(self, count: int) -> None:
        """Pins, in place of the pins there are, the queries whose maps differ most."""
        if self.scene is not None:
            places = attention.informative_queries(self.scene.sample, count)
            self.set_pins([Pin(number, x, y) for number, (x, y) in enumerate(places, 1)], 1 if places else None)

    # -- the query

    def step_query(self, across: int, down: int) -> None:
        """Moves the selected pin by cells; without one, the query that a pin can be made of."""
        scene = self.scene
        if scene is None:
            return
        pin = scene.pin(scene.selected)
        if pin is not None:
            scene.hover = None
            x, y = attention.step(scene.sample, pin.x_px, pin.y_px, across, down, self._map_style.direction)
            self.move_pin(pin.number, x, y)
        else:
            height, width = scene.sample.size_px
            start = scene.hover or (width / 2, height / 2)
            self.set_hover(attention.step(scene.sample, *start, across, down, self._map_style.direction))

    def set_hover(self, query: tuple[float, float] | None) -> None:
        """The query under the cursor, picture pixels."""
        if self.scene is not None and query != self.scene.hover:
            self.scene.hover = query
            self._refresh()
