"""ReviewDialog: what will be hidden in a file, doubtful frames first; drawn, taken out and approved before the copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QListWidget, QWidget

from facecam.arrays import Image
from facecam.batch.doubts import Doubt, Reason, doubts
from facecam.batch.regions import Box, Region, Regions
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions
from facecam.qtkit.commands import command
from facecam.qtkit.fields import button, show_value, slider, spin
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE, tabular
from facecam.qtkit.widgets import Heading
from facecam.qtkit.wording import duration
from facecam.ui.export.frames import FrameReader
from facecam.ui.export.region_picture import Outline, RegionPicture

_DRAWN_FOR_S = 1.0
_MOST_UNDONE = 200
_KEYS = (
    "N next doubt · B the one before · , . frames · [ ] first and last frame · Delete takes out or puts back · "
    "Enter right as it is · Ctrl+Z undoes"
)


class ReviewDialog(QDialog):
    """regions: as they were found; they are changed here and passed on. options: how they are hidden. frame: number of
    the frame that is shown, from 0. selected: index of the chosen region, -1 for none."""

    export_wanted = Signal(object)
    """The user is content with these Regions."""
    closed = Signal(object)
    """With the Regions as they are by then."""

    def __init__(self, source: Path, regions: Regions, options: PrivacyOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.regions, self._options = regions, options
        self._undo: list[Regions] = []
        self._doubts: list[Doubt] = []
        self._about: list[tuple[Region, Reason]] = []  # the doubts; indices of regions change
        self.frame, self.selected = 0, -1
        self._part: tuple[int, int] | None = None  # of the chosen region that was found: some of its frames
        self.setWindowTitle(f"What will be hidden in {source.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)  # what is decided here is for what is chosen there
        self._status = QLabel(_KEYS)
        self._status.setWordWrap(True)
        self._reader = FrameReader(source, regions.times_s, self)
        self._reader.answered.connect(self._arrived)
        self._reader.failed.connect(self._status.setText)
        self.picture = RegionPicture()
        self.picture.chosen.connect(self._choose)
        self.picture.drawn.connect(self._draw)
        self.list = QListWidget()
        self.list.setAccessibleName("Doubtful frames")
        self.list.setWordWrap(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.currentRowChanged.connect(self._doubt_chosen)
        self.list.itemClicked.connect(lambda _item: self._doubt_chosen(self.list.currentRow()))  # also the present one
        self._doubts_heading = Heading("")
        self.slider = slider("Frame", len(regions.times_s) - 1)
        self.slider.valueChanged.connect(self.go_to)
        self._where = QLabel()
        self._where.setFont(tabular(self._where.font()))
        self._preview = QCheckBox("Hidden")
        self._preview.setToolTip("How the copy will look; off: the original, with outlines (H)")
        self._preview.setChecked(True)
        self._preview.toggled.connect(self._ask)
        self._first, self._last = spin(1, len(regions.times_s)), spin(1, len(regions.times_s))
        for box in (self._first, self._last):
            box.setKeyboardTracking(False)
            box.valueChanged.connect(self._move_ends)
        self._first.setToolTip("First frame that is hidden, or taken out ([ sets it to this one)")
        self._last.setToolTip("Its last frame (] sets it to this one)")
        self.toggle_button = button("Take out", "Leaves the chosen region in view, or hides it again", self.toggle)
        self.approve_button = button("Right as it is", "Goes on to the next doubt (Enter)", self.approve)
        self.export_button = button("Export", "Writes the copy with what is hidden here", self._export)
        self._lay_out()
        self._make_commands()
        self.resize(140 * SPACE, 88 * SPACE)
        if (screen := self.screen()) is not None:
            self.resize(self.size().boundedTo(screen.availableSize() * 0.92))
        self._show(regions)
        self.picture.setFocus()

    def _lay_out(self) -> None:
        ends = row(QLabel("From"), (self._first, 1), QLabel("to"), (self._last, 1), spacing=SPACE)
        side = QWidget()
        side.setFixedWidth(COLUMN_WIDTH)
        column(
            self._doubts_heading,
            (self.list, 1),
            self.approve_button,
            SPACE,
            Heading("Chosen region"),
            self.toggle_button,
            ends,
            SPACE,
            self.export_button,
            owner=side,
            spacing=SPACE,
        )
        bar = row((self.slider, 1), self._where, self._preview, spacing=SPACE)
        left = column((self.picture, 1), bar, self._status, spacing=SPACE)
        row((left, 1), side, owner=self, margins=(SPACE, SPACE, SPACE, SPACE), spacing=2 * SPACE)
        is_still = len(self.regions.times_s) == 1
        for widget in (self.slider, self._where):
            widget.setVisible(not is_still)

    def _make_commands(self) -> None:
        for keys, do in (
            (("N",), lambda: self.step_doubt(1)),
            (("B", "Shift+N"), lambda: self.step_doubt(-1)),
            ((".", "Right"), lambda: self.go_to(self.frame + 1)),
            ((",", "Left"), lambda: self.go_to(self.frame - 1)),
            (("H",), self._preview.toggle),
            (("Delete", "Backspace"), self.toggle),
            (("Return", "Enter"), self._enter),
            (("[",), lambda: self._first.setValue(self.frame + 1)),
            (("]",), lambda: self._last.setValue(self.frame + 1)),
            (("Ctrl+Z",), self.undo),
        ):
            self.addAction(command(self, "", keys, do))

    # -- what the user wants

    def go_to(self, frame: int) -> None:
        """Shows that frame, as far as there is one."""
        self._take_typed()
        frame = max(0, min(frame, len(self.regions.times_s) - 1))
        if frame != self.frame:
            self.frame = frame
            self._ask()

    def step_doubt(self, by: int) -> None:
        """Goes to the next doubt (1) or the one before (-1)."""
        if self._doubts:
            self._go_to_doubt(max(0, min(self.list.currentRow() + by, len(self._doubts) - 1)))

    def toggle(self) -> None:
        """Takes out the chosen region, in its chosen frames, or hides it again; one that was drawn is deleted."""
        self._take_typed()
        index, region = self.selected, self._chosen
        if region is None:
            return
        if region.by_hand:
            self._select(-1)
            self._change(self.regions.changed(index))
            return
        first, last = self._ends
        region = replace(region, decided=True)
        before = [region.part(region.first, first - 1)] if first > region.first else []
        after = [region.part(last + 1, region.last)] if last < region.last else []
        changed = replace(region.part(first, last), hidden=not region.hidden)
        self._select(index + len(before))
        self._change(self.regions.changed(index, *before, changed, *after))

    def approve(self) -> None:
        """What is in doubt is right as it is; goes on to the next doubt."""
        self._take_typed()
        if self._doubts:
            doubt, regions = self._doubts[self.list.currentRow()], self.regions
            for index in (doubt.region, *doubt.also):
                regions = regions.changed(index, replace(regions.regions[index], decided=True))
            self._change(regions)

    def undo(self) -> None:
        """Takes back the last change, and goes to what is in doubt again."""
        if self._undo:
            before = set(self._about)
            self._select(-1)
            self._show(self._undo.pop())
            if (again := next((row for row, about in enumerate(self._about) if about not in before), None)) is not None:
                self._go_to_doubt(again)

    def _enter(self) -> None:
        """In a field, Enter ends the typing."""
        if self._first.hasFocus() or self._last.hasFocus():
            self.picture.setFocus()
        else:
            self.approve()

    def _take_typed(self) -> None:
        """Takes a number that is being typed: a click on a button or on the list leaves the focus in its field."""
        for field in (self._first, self._last):
            field.interpretText()

    def _draw(self, box: Box) -> None:
        times_s = self.regions.times_s
        last = self.frame
        while last + 1 < len(times_s) and times_s[last + 1] - times_s[self.frame] < _DRAWN_FOR_S:
            last += 1
        self._select(len(self.regions.regions))
        self._change(self.regions.joined(Region(self.frame, last, (box,))))

    def _select(self, index: int) -> None:
        self.selected, self._part = index, None

    @property
    def _chosen(self) -> Region | None:
        regions = self.regions.regions
        return regions[self.selected] if 0 <= self.selected < len(regions) else None

    @property
    def _ends(self) -> tuple[int, int]:
        """First and last frame that is chosen of the chosen region."""
        region = self.regions.regions[self.selected]
        return self._part or (region.first, region.last)

    def _move_ends(self) -> None:
        """Changes first and last frame of a drawn region; of a found one, the frames in which it can be taken out."""
        region = self._chosen
        if region is None:
            return
        first, last = self._first.value() - 1, self._last.value() - 1
        if not region.by_hand:
            first, last = max(first, region.first), min(last, region.last)
        if first <= last and (first, last) != self._ends:
            if region.by_hand:
                self._change(self.regions.changed(self.selected, replace(region, first=first, last=last)))
            else:
                self._part = first, last
        self._show_chosen()

    def _export(self) -> None:
        self.close()
        self.export_wanted.emit(self.regions)

    # -- what is shown

    def _change(self, regions: Regions) -> None:
        self._undo = [*self._undo[-_MOST_UNDONE:], self.regions]
        self._show(regions)

    def _show(self, regions: Regions) -> None:
        """Stays at the present doubt; goes to the next one if that is in doubt no more."""
        row = max(0, self.list.currentRow())
        before = self._about[row] if self._about else None
        self.regions, self._doubts = regions, doubts(regions)
        self._about = [(regions.regions[doubt.region], doubt.reason) for doubt in self._doubts]
        count = len(self._doubts)
        at = self._about.index(before) if before in self._about else -1
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([self._words(doubt) for doubt in self._doubts])
            self.list.setCurrentRow(at)
        self._doubts_heading.setText("Nothing in doubt" if not count else f"In doubt ({count})")
        self.approve_button.setEnabled(count > 0)
        self._ask()
        if at < 0 and count:
            self.list.setCurrentRow(min(row, count - 1))

    def _words(self, doubt: Doubt) -> str:
        where = "" if len(self.regions.times_s) == 1 else f"{self._time(doubt.frame)}: "
        return f"{where}{doubt.reason.value} ({doubt.score:.2f})"

    def _time(self, frame: int) -> str:
        time_s = self.regions.times_s[frame]
        return f"{duration(time_s)}.{int(time_s * 10) % 10}"

    def _go_to_doubt(self, row: int) -> None:
        """Also to the present one, from which one may have leafed on."""
        self.list.setCurrentRow(row)
        self._doubt_chosen(row)

    def _doubt_chosen(self, row: int) -> None:
        self._take_typed()
        if 0 <= row < len(self._doubts):
            doubt = self._doubts[row]
            self._select(doubt.region)
            self.frame = doubt.frame
            self._ask()

    def _choose(self, index: int) -> None:
        self._select(index)
        self._show_chosen()
        self._show_outlines()

    def _ask(self) -> None:
        places = self.regions.hidden_in(self.frame).boxes if self._preview.isChecked() else Detections.none().boxes
        self._reader.read(self.frame, places, self._options)
        self._show_chosen()
        with QSignalBlocker(self.slider):
            self.slider.setValue(self.frame)
        count = len(self.regions.times_s)
        self._where.setText(f"{self._time(self.frame)} · {self.frame + 1} of {count}")

    def _arrived(self, found: tuple[int, Image]) -> None:
        frame, image = found
        if frame == self.frame:
            self.picture.show_image(image)
            self._show_outlines()

    def _show_outlines(self) -> None:
        regions = self.regions.regions
        near = set(self.regions.near(self.frame))
        if 0 <= self.selected < len(regions):
            near.add(self.selected)  # also just before it begins, and just after its end
        outlines = []
        for index in sorted(near):
            region = regions[index]
            box = region.box(min(max(self.frame, region.first), region.last))
            assert box is not None
            outlines.append(Outline(index, box, region.hidden and region.box(self.frame) is not None))
        self.picture.show_outlines(outlines, self.selected)

    def _show_chosen(self) -> None:
        """What can be done with the chosen region."""
        chosen = self._chosen
        self.toggle_button.setEnabled(chosen is not None)
        first, last = (0, 0) if chosen is None else self._ends
        where = "" if self._part is None else f" from {first + 1} to {last + 1}"
        self.toggle_button.setText(("Hide it" if chosen is not None and not chosen.hidden else "Take out") + where)
        for field, number in ((self._first, first), (self._last, last)):
            show_value(field, number + 1)
            field.setEnabled(chosen is not None)

    def done(self, result: int) -> None:
        """It is closed, in whatever way."""
        self._take_typed()
        self._reader.end()
        self.closed.emit(self.regions)
        super().done(result)
