"""Tour: four steps beside the picture, each of which the visitor does, with what it shows in plain words."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from facecam.arrays import Array
from facecam.qtkit.fields import button
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE, sized, stage_palette
from facecam.qtkit.widgets import DimLine, ScrollColumn
from sagan_gallery.attention import Direction, directed_map, entropy_bits, mean_distance_px
from sagan_gallery.sample import Sample
from sagan_gallery.ui.sample_stage import SampleStage
from sagan_gallery.ui.scene import Pin, Scene

_CELLS_TO_HOVER = 3


class Step(IntEnum):
    """The steps of the tour in their order."""

    HOVER = 0
    PIN_OBJECT = 1
    PIN_BACKGROUND = 2
    SWITCH_OFF = 3


_WORDS: dict[Step, tuple[str, str, str]] = {
    Step.HOVER: (
        "Where does a place look?",
        "Move the mouse over the picture, slowly, over a few places.",
        "The outlined place is the query: it asks. The glow is its attention map: where it looks while the picture is "
        "being painted.",
    ),
    Step.PIN_OBJECT: (
        "Two places of one thing",
        "Click two places of one thing: both ears, or two windows.",
        "Each is a pin now, and its map stays below the picture.",
    ),
    Step.PIN_BACKGROUND: (
        "And the background?",
        "Click a place of the background: sky, wall or meadow.",
        "Compare the three maps below the picture.",
    ),
    Step.SWITCH_OFF: (
        "What if nobody looked?",
        "Hold the key B, or this button.",
        "That is the same picture, painted without attention.",
    ),
}
"""What a step is about, what the visitor is to do, and what is then seen, before its figures."""
_NOT_PAINTED = "This is a picture of your own, which was not painted with attention: choose a sample at the left."


def shared(first: Array, second: Array) -> float:
    """How much of their attention two maps (h, w) have in common, 0..1."""
    return float(np.minimum(first / first.sum(), second / second.sum()).sum())


def map_words(sample: Sample, query: tuple[float, float]) -> str:
    """A query's map in words, each figure with what it means."""
    weights = directed_map(sample, *query, Direction.ROW)
    bits = entropy_bits(weights)
    return (
        f"This one looks at about {2**bits:.0f} of {weights.size} places. Its entropy says the same: {bits:.1f} bits, "
        f"where {np.log2(weights.size):.0f} would be all places alike. On average they are "
        f"{mean_distance_px(weights, sample.size_px, *query):.0f} pixels away from it."
    )


def pins_words(sample: Sample, pins: list[Pin]) -> str:
    """What two pins of one thing, and a third one elsewhere, have in common."""
    first, second, *rest = (directed_map(sample, pin.x_px, pin.y_px, Direction.ROW) for pin in pins[:3])
    thing = shared(first, second)
    if not rest:
        verdict = "they look at much the same places" if thing > 0.75 else "they look at rather different places"
        return f"The two maps have {100 * thing:.0f} % of their attention in common: {verdict}."
    ground = max(shared(first, rest[0]), shared(second, rest[0]))
    if ground < thing - 0.05:
        verdict = "That is less: here the maps tell the thing from its background"
    else:
        verdict = "That is no less: here the maps do not tell the thing from its background"
    compared = f"up to {100 * ground:.0f} % in common with the others, who share {100 * thing:.0f} %"
    return f"The last map has {compared}. {verdict}."


class Tour(ScrollColumn):
    """Watches the stage, and says at each step what is to be done and what it has shown. Stays at its step when it is
    left. step: where it is, or one past the last."""

    left = Signal()
    """The visitor has had enough for now, or has come to the end."""

    def __init__(self, stage: SampleStage, step: int) -> None:
        super().__init__(COLUMN_WIDTH)
        self.step = step
        self._stage = stage
        self._hovered: set[tuple[int, int]] = set()
        self._told_of: Sample | None = None
        """The sample that was shown when it was told: what it says is about no other."""
        self.setAccessibleName("Tour")
        self._number = DimLine()
        self._title, self._ask, self.told = QLabel(), QLabel(), QLabel()
        self._title.setFont(sized(self.font(), 1.2, self.font().weight().DemiBold))
        self.back = button("Back", "The step before", lambda: self.go_to(self.step - 1))
        next_help = "The next step, whether or not this one is done"
        self.next = button("Next", next_help, lambda: self.go_to(self.step + 1))
        leave_help = "Back to the controls; the tour goes on from here when you come back"
        self.leave = button("Leave the tour", leave_help, self.left.emit)
        self.without = button("Without attention", "While it is held, as with the key B")
        self.without.pressed.connect(partial(stage.compare, True))
        self.without.released.connect(partial(stage.compare, False))
        inner = QWidget()
        for label in (self._title, self._ask, self.told):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        turn = row((self.back, 1), (self.next, 1), spacing=SPACE)
        margins = (2 * SPACE, 2 * SPACE, SPACE, SPACE)
        # The buttons stay where they are, however much is told.
        parts = (self._number, self._title, self._ask, self.without, self.told, None, turn, self.leave)
        column(*parts, owner=inner, margins=margins, spacing=SPACE)
        self.setWidget(inner)
        stage.view.query_changed.connect(self._watch)
        stage.view.pins_changed.connect(self._watch)

    def begin(self) -> None:
        """Goes on where the tour was left, from the first step after its end. Pins are for the visitor to make, those
        of one step for the next one too."""
        step = self.step % len(Step)
        if step != Step.SWITCH_OFF:
            self._stage.view.set_pins([], None)
        self.go_to(Step.PIN_OBJECT if step == Step.PIN_BACKGROUND else step)

    def go_to(self, step: int) -> None:
        """Shows a step; past the last one the tour ends."""
        self.step = max(0, step)
        if self.step >= len(Step):
            self.left.emit()
            return
        title, ask, _meaning = _WORDS[Step(self.step)]
        self._told_of = None
        self._hovered.clear()
        self._number.say(f"Step {self.step + 1} of {len(Step)}")
        self.without.setVisible(self.step == Step.SWITCH_OFF)
        self._title.setText(title)
        skipped = self.step == Step.PIN_BACKGROUND and len(self._stage.view.pins) < 2
        self._ask.setText(f"{_WORDS[Step.PIN_OBJECT][1]} {ask}" if skipped else ask)
        self.told.setText("")
        self.back.setEnabled(self.step > 0)
        self.next.setText("Finish" if self.step == len(Step) - 1 else "Next")
        self._watch()

    def _watch(self) -> None:
        sample, scene = self._stage.sample, self._stage.view.scene
        if sample is None or scene is None or not self.isVisible() or self.step >= len(Step):
            return
        if sample is not self._told_of:
            self._told_of = sample
            self.told.setText(_NOT_PAINTED if sample.z is None else "")
        found = "" if sample.z is None else self._found(sample, scene)
        if found:
            self.told.setText(f"{_WORDS[Step(self.step)][2]} {found}")

    def _found(self, sample: Sample, scene: Scene) -> str:
        """What the step shows of the sample, once it is done."""
        if self.step == Step.HOVER and scene.hover is not None:
            cell = scene.cell_at(*scene.hover)
            self._hovered.add((cell.row, cell.column))
            if len(self._hovered) >= _CELLS_TO_HOVER:
                return map_words(sample, scene.hover)
        if self.step == Step.PIN_OBJECT and len(scene.pins) >= 2:
            return pins_words(sample, scene.pins[:2])
        if self.step == Step.PIN_BACKGROUND and len(scene.pins) >= 3:
            return pins_words(sample, scene.pins)
        if self.step == Step.SWITCH_OFF and self._stage.shows_without_attention:
            return self._stage.effect
        return ""


class TourOffer(QWidget):
    """Offers the tour in a line below the samples."""

    taken = Signal()
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.setPalette(stage_palette())
        words = QLabel("Four steps show what attention is.")
        words.setWordWrap(True)
        self.take = button("Take the tour", "Beside the picture, and left at any time", self.taken.emit)
        self.decline = button("No, thanks", "It stays in the column at the right", self.declined.emit)
        column(words, self.take, self.decline, owner=self, margins=(SPACE,) * 4, spacing=SPACE)
