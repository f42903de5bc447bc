"""GalleryControls: the control column. Knows the values and tells when they change; does nothing itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QWidget

from facecam.qtkit.fields import Check, Control, Row, SliderField, button, combo, fill, keep, show_value, spin
from facecam.qtkit.folds import Fold, Section
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Key, Remembered, Settings
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE, tabular
from facecam.qtkit.widgets import Heading, ScrollColumn
from facecam.qtkit.wording import percent
from sagan_gallery.colormap import NAMES
from sagan_gallery.generator import shipped_generators
from sagan_gallery.latent import MAX_SEED, TRUNCATIONS, SampleSpec
from sagan_gallery.ui.map_style import Kind, MapStyle, Shown
from sagan_gallery.ui.session import Order
from sagan_gallery.ui.words import DIRECTIONS, class_name

_COUNTS = (16, 36, 64, 144)
_CHOSEN = "*"
"""The entry in the list of classes for the samples that come with the generator."""
_KIND_HELP = (
    "How the map lies over the picture.\n"
    "Contours: the thick line holds half of the attention, the thin one four fifths.\n"
    "Strongest part: the fewest cells that hold a share of the attention; all others are dimmed."
)


@dataclass(frozen=True)
class SampleSettings:
    """model: the generator by name, empty for the default; label: the class by name, empty for all in turn, `_CHOSEN`
    for the samples that come with the generator if some do; seed: of the first sample; count: how many; order: what
    they are sorted by; truncation: None: as those that come with the generator have it."""

    model: Annotated[str, Key("gallery/model")] = ""
    label: Annotated[str, Key("gallery/class")] = _CHOSEN
    seed: Annotated[int, Key("gallery/seed", (0, MAX_SEED))] = 0
    count: Annotated[int, Key("gallery/count", (_COUNTS[0], _COUNTS[-1]))] = 64
    order: Annotated[Order, Key("gallery/order")] = Order.DRAWN
    truncation: Annotated[float | None, Key("gallery/truncation", TRUNCATIONS)] = None


class GalleryControls(ScrollColumn):
    """The samples' class, seed, number and truncation; how maps are shown; what is rarely needed in a fold. settings:
    remember all that."""

    model_changed = Signal()
    """Another generator is wanted."""
    sampling_changed = Signal()
    """Other samples are wanted."""
    map_style_changed = Signal()
    """Maps are to be shown otherwise."""
    order_changed = Signal()
    """The samples are to be sorted otherwise."""
    layer_changed = Signal(int)
    """Another attention layer."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(COLUMN_WIDTH)
        self._wanted, self._style = Remembered(settings, SampleSettings), Remembered(settings, MapStyle)
        self.model = combo(*((name, name) for name in shipped_generators()))
        model_help = "Which generator paints; what it was trained on stands under “What am I looking at?”"
        self._model_row = Row("Model", self.model, model_help)
        self._model_row.setVisible(self.model.count() > 1)
        keep(self.model, self._wanted, "model", self.model_changed.emit)
        self._sampling = QWidget()
        column(Heading("Samples"), *self._make_sampling(), owner=self._sampling, spacing=SPACE)
        files_help = "Other models, own pictures, sample texts, figures, raw attention, films"
        self.files = button("Open and export", files_help)
        tour_help = "Shows what attention is, with you doing each step; goes on where you left it"
        self.tour = button("Tour of four steps", tour_help)
        self.tour.setCheckable(True)
        self.help = button("What am I looking at?", "Attention, queries, keys and γ in a few words")
        inner = QWidget()
        column(
            self._model_row, self._sampling, SPACE, Heading("Attention map"), *self._make_map(), self._make_more(),
            None, self.files, self.tour, self.help,
            owner=inner, margins=(2 * SPACE, 2 * SPACE, SPACE, SPACE), spacing=SPACE,
        )  # fmt: skip
        self.setWidget(inner)
        self._map_style_moved()
        self.set_generating(True)

    def _make_sampling(self) -> Sequence[QWidget]:
        self.classes = combo()
        self._class_row = Row(
            "Class", self.classes,
            "What the samples are to show; “All, in turn” gives each sample the next class.\n"
            "“Chosen” are samples that a classifier knows well, of all classes.",
        )  # fmt: skip
        self._opening: Sequence[SampleSpec] = ()
        self.seed = spin(0, MAX_SEED)
        self.seed.setKeyboardTracking(False)
        self.seed.setFont(tabular(self.seed.font()))
        self.count = combo(*((str(count), count) for count in _COUNTS))
        self.truncation = SliderField(
            "Truncation", *TRUNCATIONS, 0.01, _hundredths,
            "Length of the latents. Below 1, samples come closer to the typical picture of their class:\n"
            "cleaner, and more alike.", default=1.0,
        )  # fmt: skip
        self.resample = button("New samples", "Another random seed (R)", self.new_seed)
        self.resample.setMinimumHeight(4 * SPACE)
        self.order = combo(*((order.value, order) for order in Order))
        keep(self.order, self._wanted, "order", self.order_changed.emit)
        keep(self.classes, self._wanted, "label", self._class_changed)
        keep(self.seed, self._wanted, "seed", self.sampling_changed.emit)
        keep(self.count, self._wanted, "count", self.sampling_changed.emit)
        if self._wanted.value.truncation is not None:
            self.truncation.set(self._wanted.value.truncation)
        self.truncation.changed.connect(self._truncation_moved)
        return (
            self._class_row,
            Row("Seed", self.seed, "Number of the first sample's random latent; the others count on from it"),
            Row("Number", self.count, "How many samples the grid has"),
            Row(
                "Sort by", self.order,
                "As they were drawn, or by class; or by the discriminator's score, the one that it takes most for a\n"
                "real picture first; or by how many levels of 255 attention changes the picture, the largest first",
            ),
            self.truncation,
            self.resample,
        )  # fmt: skip

    def _make_map(self) -> Sequence[QWidget]:
        default = MapStyle()
        self.layer = combo()
        self._layer_row = Row("Layer", self.layer, "Which attention layer's maps are shown")
        self._layer_row.hide()
        self.kind = combo(*((kind.value, kind) for kind in Kind))
        self._kind_row = Row("Overlay", self.kind, _KIND_HELP, default=default.kind)
        self.share = SliderField(
            "Strongest part", 0.05, 0.95, 0.01, percent,
            "How much of the attention the outlined part holds", default=default.mass_share,
        )  # fmt: skip
        self.opacity = SliderField(
            "Opacity", 0.0, 1.0, 0.01, percent, "How much of the picture the map hides", default=default.opacity
        )
        self.scale = SliderField(
            "Attention", 0.0, 2.0, 0.01, _hundredths,
            "Scales γ of all attention layers: 0 switches attention off, 1 is the generator as it was trained.\n"
            "Where the picture changes, attention mattered.", default=1.0,
        )  # fmt: skip
        self.layer.currentIndexChanged.connect(self.layer_changed)
        self._keep_style(kind=self.kind, mass_share=self.share, opacity=self.opacity)
        return self._layer_row, self._kind_row, self.share, self.opacity, self.scale

    def _make_more(self) -> Fold:
        default = MapStyle()
        self.shown = combo(*((shown.value, shown) for shown in Shown))
        self.direction = combo(*((text, direction) for direction, text in DIRECTIONS.items()))
        self.colours = combo(*((name.capitalize(), name) for name in NAMES))
        self._shown_row = Row(
            "Show", self.shown,
            "The picture itself, with attention switched off (as while B is held), both at the two sides of a line\n"
            "that can be dragged, or what attention changes in it; of an own picture, which places move its score",
            default=Shown.PICTURE,
        )  # fmt: skip
        self._choice_rows = (
            Row(
                "Direction", self.direction,
                "Where the query looks (a row of the attention matrix); what it prefers, where it looks more than all\n"
                "queries do, who have a few places in common; or which queries look there (a column)",
                default=default.direction,
            ),
            Row(
                "Colours", self.colours, "Colour maps whose lightness goes evenly with the value",
                default=default.colours,
            ),
        )  # fmt: skip
        self.checks = {
            "log": Check(
                "Logarithmic",
                "Colours go with the logarithm of the weight, over three decades: shows weak attention too",
            ),
            "stretch": Check(
                "Full contrast",
                "Colours start at the smallest weight instead of 0: shows the shape of a map that is nearly even",
            ),
            "smooth": Check(
                "Smooth", "Interpolates between cells and pixels; without it every one is seen as it is", default.smooth
            ),
            "one_scale": Check(
                "One scale for all pins",
                "A colour is the same weight in all maps below the picture, the brightest one eight times that of an"
                " even map or more; otherwise each goes up to its own largest",
                default.one_scale,
            ),
            "arrows": Check("Arrows to the five strongest", "From the query to the five cells that it looks at most"),
        }
        self.log, self.stretch, self.smooth, self.one_scale, self.arrows = (check.box for check in self.checks.values())
        checks = {name: check.box for name, check in self.checks.items()}
        self._keep_style(direction=self.direction, colours=self.colours, **checks)
        reset_help = "What is shown, overlay, opacity, direction, colours and scale as they were at the start"
        self.reset = button("Reset the map", reset_help, self.reset_map_style)
        section = Section()
        section.title, section.help = "More", "Direction, colours, scale, difference, arrows (M)"
        column(self._shown_row, *self._choice_rows, *self.checks.values(), self.reset, owner=section, spacing=SPACE)
        self.more = Fold(section)
        return self.more

    def _keep_style(self, **controls: Control) -> None:
        for name, control in controls.items():
            keep(control, self._style, name, self._map_style_moved)

    # -- values

    def set_ready(self, ready: bool) -> None:
        """Whether there is a generator; opening files and help work without one."""
        self._sampling.setEnabled(ready)

    def show_model(self, path: Path) -> None:
        """That generator's file is open, silently; one of the user's is offered from then on."""
        name = next((name for name, file in shipped_generators().items() if file == path), str(path))
        with QSignalBlocker(self.model):
            if self.model.findData(name) < 0:
                self.model.addItem(path.stem, name)
            self.model.setCurrentIndex(self.model.findData(name))
        self._model_row.setVisible(self.model.count() > 1)

    def set_model(self, classes: list[str], layers: int, opening: Sequence[SampleSpec] = ()) -> None:
        """Offers what a generator has, silently. opening: the samples to begin with, if some come with it."""
        self._opening, wanted = opening, self._wanted.value
        mixed = [("All, in turn", ""), *((class_name(name), name) for name in classes)] if classes else []
        chosen = [(f"Chosen ({len(opening)})", _CHOSEN)] if opening else []
        fill(self.classes, mixed + chosen, wanted.label if wanted.label in ["", *classes] else _CHOSEN)
        usual = opening[0].truncation if opening else 1.0
        self.truncation.set_default(usual)
        if opening and wanted.truncation is None:
            show_value(self.truncation, usual)
        self._class_row.setVisible(bool(classes or opening))
        with QSignalBlocker(self):
            self.layer.clear()
            self.layer.addItems([f"{number} of {layers}" for number in range(1, layers + 1)])
            self._layer_row.setVisible(layers > 1)
            show_value(self.scale, 1.0)
        self._enable_seed()

    def set_generating(self, on: bool) -> None:
        """Whether the large picture is from the generator: only then can its attention be scaled and switched off, and
        only one of the user's has a score that something moves."""
        self.scale.setEnabled(on)
        self._generating = on
        model = self.shown.model()
        assert isinstance(model, QStandardItemModel)
        for index, shown in enumerate(Shown):
            fits = shown is Shown.PICTURE or (shown is not Shown.SCORE) == on
            model.item(index).setEnabled(fits)
            if not fits and index == self.shown.currentIndex():
                self._shown_row.reset()

    def specs(self, model: str, model_hash: str) -> list[SampleSpec]:
        label, seed, truncation = self.classes.currentData(), self.seed.value(), self.truncation.value
        if label == _CHOSEN:
            return [replace(spec, truncation=truncation) for spec in self._opening]
        names = [self.classes.itemData(i) for i in range(1, self.classes.count())]
        names = [name for name in names if name != _CHOSEN] or [None]
        return [
            SampleSpec(model, model_hash, (seed + i) % (MAX_SEED + 1), label or names[i % len(names)], truncation)
            for i in range(self.count.currentData())
        ]

    def set_spec(self, spec: SampleSpec) -> None:
        """Sets class, seed and truncation so that the first sample is this one, and tells once."""
        with QSignalBlocker(self):
            self.classes.setCurrentIndex(max(0, self.classes.findData(spec.label)))
            self.seed.setValue(spec.seed)
            self.truncation.set(spec.truncation)
        self.sampling_changed.emit()

    def new_seed(self) -> None:
        """Another random seed; in place of the chosen samples, of all classes."""
        with QSignalBlocker(self):
            if self.classes.currentData() == _CHOSEN:
                self.classes.setCurrentIndex(0)
            self.seed.setValue(random.randrange(10**6))
        self.sampling_changed.emit()

    def _class_changed(self) -> None:
        self._enable_seed()
        self.sampling_changed.emit()

    def _truncation_moved(self, truncation: float) -> None:
        self._wanted.change(truncation=truncation)
        self.sampling_changed.emit()

    def _enable_seed(self) -> None:
        """Seed and number have no say in samples that are chosen."""
        for field in (self.seed, self.count):
            field.setEnabled(self.classes.currentData() != _CHOSEN)

    def toggle_split(self) -> None:
        """The picture split into with and without its attention, or whole again."""
        wanted = Shown.PICTURE if self.picture_shown is Shown.SPLIT else Shown.SPLIT
        if self._generating:
            self.shown.setCurrentIndex(self.shown.findData(wanted))

    @property
    def picture_shown(self) -> Shown:
        shown: Shown = self.shown.currentData()
        return shown

    def map_style(self) -> MapStyle:
        return self._style.value

    def reset_map_style(self) -> None:
        """The style of maps as at the start, with one signal."""
        parts: list[Row | SliderField | Check] = [self._kind_row, *self._choice_rows, self.opacity, self.share]
        with QSignalBlocker(self):
            for part in [*parts, *self.checks.values()]:
                part.reset()
        self._map_style_moved()
        self._shown_row.reset()

    def show_usual_maps(self) -> None:
        """Heat maps of where queries look, over the whole picture with its attention: what the tour speaks of."""
        for part in (self._kind_row, self.opacity, self._choice_rows[0], self._shown_row, self.scale):
            part.reset()

    def _map_style_moved(self) -> None:
        self.share.setVisible(self.kind.currentData() is Kind.MASK)
        self.opacity.setEnabled(self.kind.currentData() is not Kind.NONE)
        self.map_style_changed.emit()


def _hundredths(value: float) -> str:
    return f"{value:.2f}"
