"""SampleStage: one sample large, with everything about it, all in step with each other. Knows no generator."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QStackedWidget, QTabBar, QToolButton, QWidget

from facecam.arrays import Array, Image
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE, stage_palette
from sagan_gallery import attention
from sagan_gallery.overlay import difference_rgb, falls_rgb, mean_change
from sagan_gallery.sample import Sample
from sagan_gallery.ui import words
from sagan_gallery.ui.cards import PinStrip
from sagan_gallery.ui.colour_bar import DIFFERENCE, ColourBar, Legend, map_legend, score_legend
from sagan_gallery.ui.header import StageHeader
from sagan_gallery.ui.map_style import MapStyle, Shown
from sagan_gallery.ui.matrix import MatrixView
from sagan_gallery.ui.picture import PictureView
from sagan_gallery.ui.plane import PlaneView
from sagan_gallery.ui.session import IN_THE_PLANE, Origin
from sagan_gallery.ui.stats_line import Stat, StatsLine, stats_of
from sagan_gallery.ui.walk_bar import WALK_PX, WalkBar

_LOWEST_PX = 49 * SPACE
"""Where the walk leaves less height than this, the cards are hidden."""
_LOW_PX = 82 * SPACE
"""Where there is less height than this, besides the walk, the cards below the picture are smaller."""

_HINT = Stat("Move over the picture to see where it looks.", "Click to pin what you want to compare.")


class SampleStage(QWidget):
    """Header, picture with colour bar, figures of the map; below it the walk, and the pins' maps or the matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.sample: Sample | None = None
        self.origin = Origin("")
        self.without_attention: Image | None = None
        """The same sample without its attention, (H, W, 3) uint8 RGB, once it is there."""
        self.score_falls: Array | None = None
        """What each place of an own picture adds to its score, (n, n) float32, once it is there."""
        self._layer = 0
        self._shown = Shown.PICTURE
        self._compared = False
        self._legend: Legend | None = None
        """What the colours of the picture that is shown stand for, if they do."""
        self.effect = ""
        """What attention does to this picture as it is, in words, once that is known."""
        self.header = StageHeader()
        self.view = PictureView()
        self.bar = ColourBar(self.view)
        self.line = StatsLine()
        self.strip = PinStrip()
        self.matrix = MatrixView()
        self.plane = PlaneView()
        self.walk = WalkBar()
        lower = self._make_below()
        self._layouts = lower, column(self.header, (self.view, 1), self.line, self.below, owner=self)
        view = self.view
        view.placed.connect(self._place_bar)
        view.query_changed.connect(self._describe_query)
        view.pins_changed.connect(self._show_pins)
        self.strip.chosen.connect(view.select)
        self.strip.removed.connect(view.remove_pin)
        self.matrix.hovered.connect(view.set_hover)
        self.matrix.pinned.connect(view.add_pin)

    def _make_below(self) -> QLayout:
        """A row with two tabs and a switch for the walk, the walk, and the pins or the matrix."""
        self.below = QWidget()
        self.below.setAutoFillBackground(True)
        self.below.setPalette(stage_palette())
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setPalette(stage_palette())
        self.tabs.setAccessibleName("Below the picture")
        self._stack = QStackedWidget()
        for page, title, help in (
            (self.strip, "Pins", "The maps of all pins, side by side"),
            (self.matrix, "Matrix", "The whole attention matrix, every query with every key"),
            (self.plane, "Play", "Drag through the pictures around this one, with the maps following"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(title), help)
            self._stack.addWidget(page)
        self.walk_button = QToolButton()
        self.walk_button.setText("Walk")
        self.walk_button.setCheckable(True)
        self.walk_button.setPalette(stage_palette())
        self.walk_button.setMinimumSize(8 * SPACE, 3 * SPACE)
        self.walk_button.setToolTip("From one sample to another, with the maps of all pins following (W)")
        above = row(self.tabs, None, self.walk_button, margins=(SPACE, 0, 2 * SPACE, 0))
        above.setAlignment(self.tabs, Qt.AlignmentFlag.AlignBottom)
        self.walk.hide()
        self.tabs.currentChanged.connect(self._show_page)
        self.walk_button.toggled.connect(self._show_walk)
        return column(above, self.walk, self._stack, owner=self.below)

    # -- what is shown

    def show_sample(self, sample: Sample, origin: Origin) -> None:
        """Another sample, in the layer that is chosen; pins stay where they are."""
        self.sample, self.origin, self.effect = self._in_layer(sample), origin, ""
        self.without_attention = self.score_falls = None
        self.walk.sample = self.sample
        if origin != IN_THE_PLANE:
            self.plane.begin_at(sample.point)
        self.header.show_origin(*words.title(origin.spec, origin.words), can_copy=origin.spec is not None)
        self._show_all()

    def show_comparison(self, sample: Sample, compared: Any) -> None:
        """A sample, and itself without its attention, (H, W, 3) uint8 RGB; or what each place of an own picture adds to
        its score, (n, n) float32."""
        if self.sample is None or sample.image is not self.sample.image:
            return  # another one is shown by now
        if sample.z is None:
            self.score_falls = compared
        else:
            self.without_attention = compared
        self._say_notice()
        self._show_picture()

    def set_shown(self, shown: Shown) -> None:
        self._shown = shown
        self._show_picture()

    def compare(self, on: bool) -> None:
        """Shows the picture without its attention, or again what was shown before: for as long as a key is held."""
        if on != self._compared:
            self._compared = on
            self._show_picture()

    @property
    def shows_without_attention(self) -> bool:
        """Whether the picture without its attention is shown, whole or on one side of the split."""
        scene = self.view.scene
        off = self.without_attention
        return scene is not None and off is not None and (scene.picture is off or scene.beside is off)

    def set_layer(self, layer: int) -> None:
        self._layer = max(layer, 0)
        if self.sample is not None:
            self.sample = self._in_layer(self.sample)
            self._show_all()

    def set_map_style(self, map_style: MapStyle) -> None:
        self.view.set_map_style(map_style)
        self._show_pins()

    def show_pins(self) -> None:
        """The pins' maps below the picture, without the walk, which may leave no room for them."""
        self.walk_button.setChecked(False)
        self.tabs.setCurrentIndex(0)

    def toggle_page(self) -> None:
        """Shows the matrix in place of the pins, then the plane, then the pins again."""
        self.tabs.setCurrentIndex((self.tabs.currentIndex() + 1) % self.tabs.count())

    def _in_layer(self, sample: Sample) -> Sample:
        return sample.with_layer(min(self._layer, len(sample.layers) - 1))

    def _show_all(self) -> None:
        self._show_picture()
        self._show_pins()
        self._say_notice()

    def _show_picture(self) -> None:
        off, falls, sample = self.without_attention, self.score_falls, self.sample
        shown = Shown.OFF if self._compared else self._shown
        if sample is None:
            return
        picture, beside, badge, self._legend = None, None, "", None
        if off is not None and shown is Shown.OFF:
            picture, badge = off, "Attention off"
        elif off is not None and shown is Shown.SPLIT:
            beside = off
        elif off is not None and shown is Shown.DIFFERENCE:
            picture, self._legend = difference_rgb(sample.image, off), DIFFERENCE
            badge = f"Changes {mean_change(sample.image, off):.0f} of 255 levels"
        elif falls is not None and shown is Shown.SCORE:
            self._legend = score_legend(falls)
            picture, badge = falls_rgb(sample.image, falls, self._legend.values), words.falls_words(sample, falls)
        elif sample.z is not None and sample.attention_scale != 1:
            badge = "Attention off" if sample.attention_scale == 0 else f"Attention × {sample.attention_scale:.2f}"
        self.view.set_badge(badge)
        self.view.show_sample(sample, picture, beside)

    def _show_pins(self) -> None:
        self.strip.show_pins(self.view.pins, self.sample, self.view.map_style, self.view.selected)
        self._show_matrix()

    def _show_matrix(self) -> None:
        if self.view.scene is not None and self.matrix.isVisible():
            self.matrix.show_matrix(self.view.scene)

    def _describe_query(self) -> None:
        scene, weights, map_style = self.view.scene, self.view.weights, self.view.map_style
        self._show_matrix()
        if scene is None:
            return
        self.bar.show_legend(self._legend if weights is None or scene.bare else map_legend(weights, map_style))
        found, query = None, scene.query
        if weights is not None and query is not None:
            found = attention.attention_stats(scene.sample, weights, *query)
        parts = stats_of(scene.sample.gamma, found, map_style.direction, self.effect)
        self.line.say(parts if found else [*parts, _HINT])

    def _say_notice(self) -> None:
        sample, off = self.sample, self.without_attention
        if sample is not None:
            levels = None if off is None or sample.attention_scale != 1 else mean_change(sample.image, off)
            self.header.warn(*words.notice(sample, levels))
            if levels is not None and off is not None:
                self.effect = words.effect_words(sample, off)

    # -- places

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_below()

    def _fit_below(self) -> None:
        """Smaller cards in low windows; none where the walk leaves too little room for them."""
        walk_px = WALK_PX if self.walk_button.isChecked() else 0
        room_px = self.height() - walk_px
        self._stack.setVisible(not (walk_px > 0 and room_px < _LOWEST_PX))
        self.strip.set_compact(room_px < _LOW_PX)
        self._stack.setFixedHeight(self.strip.sizeHint().height())
        for layout in self._layouts:
            layout.activate()  # at once: what would be seen until the next events would jump

    def _place_bar(self) -> None:
        self.bar.lie_beside(self.view.placement.rect, (self.view.width(), self.view.height()))

    def _show_page(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self._show_matrix()

    def _show_walk(self, on: bool) -> None:
        self.walk.setVisible(on)
        self.walk_button.setText("Close walk" if on else "Walk")
        self._fit_below()
