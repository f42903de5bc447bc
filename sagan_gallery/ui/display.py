"""PanelDisplay: shows a sample in all parts of the panel and keeps them in step with each other."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from facecam.arrays import Image
from sagan_gallery import attention
from sagan_gallery.overlay import difference_rgb
from sagan_gallery.sample import Sample
from sagan_gallery.ui import words
from sagan_gallery.ui.figure_line import Part, figure_parts
from sagan_gallery.ui.layout import PanelLayout
from sagan_gallery.ui.map_style import Shown


class PanelDisplay(PanelLayout):
    """sample: the one in the large view; origin: where it comes from, a sample text or words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sample: Sample | None = None
        self.origin = ""
        self._off: Image | None = None
        controls, view = self.controls, self.view
        controls.map_style_changed.connect(self._map_style_changed)
        controls.shown_changed.connect(self._show_picture)
        controls.layer_changed.connect(self._layer_changed)
        view.query_changed.connect(self._describe_query)
        view.pins_changed.connect(self._show_pins)
        self.strip.chosen.connect(view.select)
        self.strip.removed.connect(view.remove_pin)
        self.matrix.hovered.connect(view.set_hover)
        self.matrix.pinned.connect(view.add_pin)
        self.below.changed.connect(self._show_matrix)

    def show_sample(self, sample: Sample) -> None:
        """Another sample, in the layer that is chosen."""
        self.sample = sample.with_layer(min(max(self.controls.layer.currentIndex(), 0), len(sample.layers) - 1))
        self._off = None
        self.controls.set_generating(sample.z is not None)
        self._show_picture()
        self._show_pins()
        self._say_notice()

    def say(self, text: str) -> None:
        """Says something in the status line."""
        self.status.say(text)

    def _layer_changed(self, layer: int) -> None:
        if self.sample is not None and 0 <= layer < len(self.sample.layers):
            self.sample = self.sample.with_layer(layer)
            self._show_picture()
            self._show_pins()
            self._say_notice()

    def show_effect(self, picture: Image) -> None:
        """The same sample without its attention, (H, W, 3) uint8 RGB."""
        self._off = picture
        if self.controls.picture_shown is not Shown.PICTURE:
            self._show_picture()
        self._say_notice()

    def _show_picture(self) -> None:
        shown, off, sample = self.controls.picture_shown, self._off, self.sample
        if sample is None:
            return
        picture, badge = None, ""
        if off is not None and shown is Shown.OFF:
            picture, badge = off, "Without attention"
        elif off is not None and shown is Shown.DIFFERENCE:
            picture, factor, mean = difference_rgb(sample.image, off)
            badge = f"What attention changes, × {factor:.1f}  (mean {mean:.1f} of 255)"
        elif sample.z is not None and sample.attention_scale != 1:
            badge = "Attention off" if sample.attention_scale == 0 else f"Attention × {sample.attention_scale:.2f}"
        self.view.set_badge(badge)
        self.view.show_sample(sample, picture, bare=picture is not None and shown is Shown.DIFFERENCE)

    def _map_style_changed(self) -> None:
        self.view.set_map_style(self.controls.map_style())
        self._show_pins()

    def _show_pins(self) -> None:
        self.strip.show_pins(self.view.pins, self.sample, self.view.map_style, self.view.selected)
        self._show_matrix()

    def _show_matrix(self) -> None:
        if self.sample is not None and self.matrix.isVisible():
            self.matrix.show_matrix(self.sample, self.view.map_style, self.view.pins, self.view.query)

    def _describe_query(self) -> None:
        view, sample = self.view, self.sample
        weights, query, map_style = view.weights, view.query, view.map_style
        self._show_matrix()
        if sample is None or weights is None or query is None:
            self.bar.show_range(None, None, map_style)
            hint = Part("Move over the picture to see where it looks.", "Click to pin what you want to compare.")
            self.line.say([] if sample is None else [*figure_parts(sample.gamma, None, map_style.direction), hint])
            return
        row = map_style.direction is attention.Direction.ROW
        bare = view.scene is not None and view.scene.bare
        self.bar.show_range(None if bare else map_style.range_of(weights), 1 / weights.size if row else None, map_style)
        found = attention.attention_stats(sample, weights, *query)
        self.line.say(figure_parts(sample.gamma, found, map_style.direction))

    def _say_notice(self) -> None:
        sample, off = self.sample, self._off
        if sample is None:
            return
        levels = None if off is None or sample.attention_scale != 1 else difference_rgb(sample.image, off)[2]
        self.header.warn(words.notices(sample, levels))

    def _say_origin(self) -> None:
        if self.sample is not None:
            self.say(f"{self.origin}   ·   {words.size_words(self.sample)}")
