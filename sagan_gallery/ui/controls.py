"""GalleryControls: the control column. Knows the values and tells when they change; does nothing itself."""

from __future__ import annotations

import random

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sagan_gallery.attention import Direction
from sagan_gallery.colormap import NAMES
from sagan_gallery.latent import SampleSpec
from sagan_gallery.ui.fields import Check, Row, Slider, combo, heading
from sagan_gallery.ui.map_style import Kind, MapStyle, Shown
from sagan_gallery.ui.scroll_column import ScrollColumn
from sagan_gallery.ui.style import COLUMN_WIDTH, SPACE, tabular

COUNTS = (16, 36, 64, 144)
_MIX = "All, in turn"
_KIND_HELP = (
    "How the map lies over the picture.\n"
    "Contours: the thick line holds half of the attention, the thin one four fifths.\n"
    "Strongest part: the fewest cells that hold a share of the attention; all others are dimmed."
)
_SEEDS = 2**31 - 1  # as far as a spin box counts


class GalleryControls(ScrollColumn):
    """sampling_changed: other samples are wanted; look_changed: maps are to be shown otherwise; scale_changed: another
    attention scale; shown_changed: another picture of the same sample; layer_changed: another attention layer."""

    sampling_changed = Signal()
    map_style_changed = Signal()
    scale_changed = Signal(float)
    shown_changed = Signal()
    layer_changed = Signal(int)
    help_wished = Signal()

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(COLUMN_WIDTH, parent)
        self._make_sampling()
        self._make_map()
        self._make_more()
        self._lay_out(menu)

    def _make_sampling(self) -> None:
        self.classes = combo("Class", "What the samples are to show; “All, in turn” gives each sample the next class")
        self.seed = QSpinBox()
        self.seed.setRange(0, _SEEDS)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("Number of the first sample's random latent; the others count on from it")
        self.seed.setKeyboardTracking(False)
        self.seed.setFont(tabular(self.seed.font()))
        self.count = combo("Number of samples", "How many samples the grid has")
        for count in COUNTS:
            self.count.addItem(str(count), count)
        self.truncation = Slider(
            "Truncation", 0.0, 1.5, 1.0,
            "Length of the latents. Below 1, samples come closer to the typical picture of their class:\n"
            "cleaner, and more alike.", percent=False,
        )  # fmt: skip
        self.resample = QPushButton("New samples")
        self.resample.setToolTip("Another random seed (R)")
        self.resample.setMinimumHeight(4 * SPACE)
        self.resample.clicked.connect(self.new_seed)
        self.classes.currentIndexChanged.connect(self.sampling_changed)
        self.seed.valueChanged.connect(self.sampling_changed)
        self.count.currentIndexChanged.connect(self.sampling_changed)
        self.truncation.changed.connect(self.sampling_changed)

    def _make_map(self) -> None:
        default = MapStyle()
        kinds = [(kind.value, kind) for kind in Kind]
        self.kind = combo("Overlay", _KIND_HELP, kinds, default.kind)
        self.opacity = Slider("Opacity", 0.0, 1.0, default.opacity, "How much of the picture the map hides")
        self.scale = Slider(
            "Attention", 0.0, 2.0, 1.0,
            "Scales γ of all attention layers: 0 switches attention off, 1 is the generator as it was trained.\n"
            "Where the picture changes, attention mattered.", percent=False,
        )  # fmt: skip
        self.kind.currentIndexChanged.connect(self._map_style_moved)
        self.opacity.changed.connect(self.map_style_changed)
        self.scale.changed.connect(self.scale_changed)

    def _make_more(self) -> None:
        default = MapStyle()
        self.shown = combo(
            "Picture",
            "The picture itself, without its attention, or what attention changes in it",
            [(shown.value, shown) for shown in Shown],
            Shown.PICTURE,
        )
        self.direction = combo(
            "Direction",
            "Where the query looks (a row of the attention matrix),\nor which queries look there (a column)",
            [("Where it looks", Direction.ROW), ("Who looks there", Direction.COLUMN)],
            default.direction,
        )
        self.layer = combo("Layer", "Which attention layer's maps are shown")
        names = [(name.capitalize(), name) for name in NAMES]
        self.colours = combo(
            "Colours", "Colour maps whose lightness goes evenly with the value", names, default.colours
        )
        self.share = Slider(
            "Strongest part", 0.05, 0.95, default.mass_share, "How much of the attention the outlined part holds"
        )
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
            "arrows": Check("Arrows to the five strongest", "From the query to the five cells that it looks at most"),
        }
        self.log, self.stretch, self.smooth, self.arrows = (check.box for check in self.checks.values())
        self.shown.currentIndexChanged.connect(self.shown_changed)
        self.layer.currentIndexChanged.connect(self.layer_changed)
        for choice in (self.direction, self.colours):
            choice.currentIndexChanged.connect(self.map_style_changed)
        for check in self.checks.values():
            check.box.toggled.connect(self.map_style_changed)
        self.share.changed.connect(self.map_style_changed)
        self.reset = QPushButton("Reset the map")
        self.reset.setToolTip("Overlay, opacity, direction, colours and scale as they were at the start")
        self.reset.clicked.connect(self.reset_map_style)

    def _lay_out(self, menu: QMenu) -> None:
        self.more_button = QToolButton()
        self.more_button.setText("More")
        self.more_button.setCheckable(True)
        self.more_button.setAutoRaise(True)
        self.more_button.setArrowType(Qt.ArrowType.RightArrow)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more_button.setToolTip("Direction, colours, scale, difference, arrows")
        self.more = QWidget()
        self.more.hide()
        self.more_button.toggled.connect(self.show_more)
        self.files = QPushButton("Open and export")
        self.files.setMenu(menu)
        self.files.setToolTip("Other models, own pictures, sample texts, figures, raw attention, films")
        self.help = QPushButton("What am I looking at?")
        self.help.setToolTip("Attention, queries, keys and γ in a few words")
        self.help.clicked.connect(self.help_wished)

        self._layer_row = Row("Layer", self.layer)
        more = QVBoxLayout(self.more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(SPACE)
        more.addWidget(Row("Show", self.shown))
        more.addWidget(Row("Direction", self.direction))
        more.addWidget(Row("Colours", self.colours))
        for widget in (*self.checks.values(), self.reset):
            more.addWidget(widget)

        self._sampling = QWidget()
        layout = QVBoxLayout(self._sampling)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        self._class_row = Row("Class", self.classes)
        layout.addWidget(heading("Samples"))
        for part in (self._class_row, Row("Seed", self.seed), Row("Number", self.count), self.truncation):
            layout.addWidget(part)
        layout.addWidget(self.resample)
        layout.addSpacing(SPACE)
        layout.addWidget(heading("Attention map"))
        for part in (self._layer_row, Row("Overlay", self.kind), self.share, self.opacity, self.scale):
            layout.addWidget(part)
        layout.addWidget(self.more_button)
        layout.addWidget(self.more)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self._sampling)
        column.addStretch()
        column.addWidget(self.files)
        column.addWidget(self.help)
        self.setWidget(inner)
        for button in (self.resample, self.files, self.help):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._map_style_moved()

    # -- values

    def set_ready(self, ready: bool) -> None:
        """Whether there is a generator; opening files and help work without one."""
        self._sampling.setEnabled(ready)

    def show_more(self, on: bool) -> None:
        """Unfolds or folds the rest."""
        self.more_button.setChecked(on)
        self.more_button.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.more.setVisible(on)

    def set_model(self, classes: list[str], layers: int, has_scale: bool, default_count: int = 64) -> None:
        """Offers what a generator has, silently."""
        blocked = self.blockSignals(True)
        self.classes.clear()
        if classes:
            self.classes.addItem(_MIX, None)
            for name in classes:
                self.classes.addItem(name.replace("_", " ").capitalize(), name)
        self._class_row.setVisible(bool(classes))
        self.layer.clear()
        self.layer.addItems([f"{number} of {layers}" for number in range(1, layers + 1)])
        self._layer_row.setVisible(layers > 1)
        self.scale.setEnabled(has_scale)
        self.scale.set_value(1.0)
        self.count.setCurrentIndex(max(0, self.count.findData(default_count)))
        self.blockSignals(blocked)

    def set_generating(self, on: bool) -> None:
        """Whether the large picture is from the generator: only then can its attention be scaled."""
        self.scale.setEnabled(on)
        self.shown.setEnabled(on)

    def specs(self, model: str, model_hash: str) -> list[SampleSpec]:
        """What makes each sample that is wanted."""
        label, seed, truncation = self.classes.currentData(), self.seed.value(), self.truncation.value
        names = [self.classes.itemData(i) for i in range(1, self.classes.count())] or [None]
        return [
            SampleSpec(model, model_hash, (seed + i) % (_SEEDS + 1), label or names[i % len(names)], truncation)
            for i in range(self.count.currentData())
        ]

    def set_spec(self, spec: SampleSpec) -> None:
        """Sets class, seed and truncation so that the first sample is this one, and tells once."""
        blocked = self.blockSignals(True)
        self.classes.setCurrentIndex(max(0, self.classes.findData(spec.label)))
        self.seed.setValue(spec.seed)
        self.truncation.set_value(spec.truncation)
        self.blockSignals(blocked)
        self.sampling_changed.emit()

    def new_seed(self) -> None:
        """Another random seed."""
        self.seed.setValue(random.randrange(10**6))

    @property
    def picture_shown(self) -> Shown:
        """Which picture the large view is to show."""
        shown: Shown = self.shown.currentData()
        return shown

    def map_style(self) -> MapStyle:
        """How maps are to be shown."""
        return MapStyle(
            kind=self.kind.currentData(),
            opacity=self.opacity.value,
            colours=self.colours.currentData(),
            log=self.log.isChecked(),
            stretch=self.stretch.isChecked(),
            smooth=self.smooth.isChecked(),
            mass_share=self.share.value,
            direction=self.direction.currentData(),
            arrows=self.arrows.isChecked(),
        )

    def reset_map_style(self) -> None:
        """The style of maps as at the start, told once."""
        default = MapStyle()
        blocked = self.blockSignals(True)
        for choice in (self.kind, self.direction, self.colours):
            choice.setCurrentIndex(choice.findData(choice.property("default")))
        for slider, value in ((self.opacity, default.opacity), (self.share, default.mass_share)):
            slider.set_value(value)
        for name, check in self.checks.items():
            check.box.setChecked(getattr(default, name))
        self.blockSignals(blocked)
        self._map_style_moved()

    def _map_style_moved(self) -> None:
        self.share.setVisible(self.kind.currentData() is Kind.MASK)
        self.opacity.setEnabled(self.kind.currentData() is not Kind.NONE)
        self.map_style_changed.emit()
