"""What was decided when a file was looked through is what the export of that file hides. The command is a double."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facecam.batch.batch import Summary
from facecam.batch.regions import SCHEMA, Region, Regions, digest, load_regions, regions_path, save_regions
from facecam.qtkit.settings import Settings
from facecam.system.opencv import cv2
from facecam.ui.export.dialog import ExportDialog
from facecam.ui.export.process import BatchProcess
from facecam.ui.export.review import ReviewDialog
from tests.facecam.ui.driving import drop, urls

DRAWN = (5.0, 5.0, 30.0, 30.0)


def found_in(source: Path) -> Regions:
    """Nothing."""
    return Regions(SCHEMA, source.name, digest(source), "tiny", 0.5, 64, 64, (0.0,), ())


class Command:
    """In place of `facecam detect`, which finds nothing. searches: so many, to look through what was found. hidden: by
    hand in what was exported, for each export; None: the export searched by itself. options: of the detector."""

    def __init__(self) -> None:
        self.searches = 0
        self.hidden: list[list[Region] | None] = []
        self.options = ["--threshold", "0.5"]
        self.meanwhile: list[str] | None = None  # the options of the detector change so in the course of a search

    def start(self, process: BatchProcess, arguments: list[str]) -> None:
        if "--estimate" in arguments:
            return
        file = Path(arguments[arguments.index("--regions") + 1]) if "--regions" in arguments else None
        if "--out" in arguments:
            self.hidden.append(None if file is None else list(load_regions(file, Path(arguments[0])).regions))
        else:
            assert file is not None
            self.searches += 1
            save_regions(found_in(Path(arguments[0])), file)
            self.options = self.meanwhile or self.options
        process.ended.emit(Summary(files=1, copies=int("--out" in arguments)))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    command = Command()
    monkeypatch.setattr(BatchProcess, "start", lambda process, arguments: command.start(process, arguments))
    return command


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return picture_at(tmp_path / "one.png", 60)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return picture_at(tmp_path / "other.png", 120)


def picture_at(path: Path, grey: int) -> Path:
    cv2.imwrite(str(path), np.full((64, 64, 3), grey, np.uint8))
    return path


@pytest.fixture
def dialog(qtbot: QtBot, command: Command, picture: Path) -> ExportDialog:
    dialog = ExportDialog([str(picture)], Settings(), lambda: command.options)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def look(dialog: ExportDialog) -> ReviewDialog:
    dialog.options.review_button.click()
    assert dialog.review is not None
    return dialog.review


def decide(dialog: ExportDialog) -> Region:
    """Draws a place by hand, and closes the review."""
    review = look(dialog)
    review.picture.drawn.emit(DRAWN)
    drawn = review.regions.regions[-1]
    review.close()
    return drawn


def click(widget: QWidget) -> None:
    """As the window system tells of it, which knows which windows are blocked."""
    window = widget.window()
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=widget.mapTo(window, QPoint(5, 5)))


def test_what_was_decided_outlives_both_dialogs_and_other_files(
    dialog: ExportDialog, command: Command, picture: Path, other: Path
) -> None:
    drawn = decide(dialog)
    for specs in ([picture], [other], [picture, other], [picture]):
        dialog.close()
        dialog.set_specs(list(map(str, specs)))
        dialog.show()
    review = look(dialog)
    assert command.searches == 1
    assert review.regions.regions == (drawn,)
    review.export_button.click()
    assert command.hidden == [[drawn]]


def test_what_was_decided_stays_with_its_file_while_another_is_dropped(
    dialog: ExportDialog, command: Command, picture: Path, other: Path
) -> None:
    review = look(dialog)
    review.picture.drawn.emit(DRAWN)
    assert drop(dialog, urls(other))
    review.close()
    dialog.options.export_button.click()
    assert command.hidden == [None]
    dialog.set_specs([str(other)])
    assert look(dialog).regions.source == other.name
    assert dialog.review is not None
    dialog.review.close()
    dialog.set_specs([str(picture)])
    dialog.options.export_button.click()
    assert command.hidden[1] is not None
    assert len(command.hidden[1]) == 1


def test_what_was_decided_is_hidden_whatever_search_and_threshold_are_by_then(
    dialog: ExportDialog, command: Command
) -> None:
    drawn = decide(dialog)
    command.options = ["--threshold", "0.6"]
    dialog.options.thorough.setCurrentIndex(1)
    assert "decided by hand" in dialog.options.estimate.text()
    dialog.options.export_button.click()
    assert command.hidden == [[drawn]]
    dialog.summary.back_button.click()
    assert look(dialog).regions.regions == (drawn,)
    assert command.searches == 1


def test_what_was_decided_is_dropped_when_it_is_searched_anew(dialog: ExportDialog, command: Command) -> None:
    assert not dialog.options.anew_button.isVisible()
    decide(dialog)
    dialog.options.anew_button.click()
    assert dialog.review is not None
    assert dialog.review.regions.regions == ()
    dialog.review.close()
    assert dialog.options.estimate.text() == ""
    dialog.options.export_button.click()
    assert command.hidden == [[]]


def test_a_look_without_a_decision_is_for_the_same_search_only(dialog: ExportDialog, command: Command) -> None:
    command.meanwhile = ["--threshold", "0.6"]
    look(dialog).close()
    look(dialog).close()
    assert command.searches == 2
    look(dialog).close()
    assert command.searches == 2
    dialog.options.thorough.setCurrentIndex(1)
    dialog.options.export_button.click()
    assert command.hidden == [None]


def test_nothing_is_done_in_the_dialog_while_its_review_is_open(dialog: ExportDialog, command: Command) -> None:
    review = look(dialog)
    for button in (dialog.options.review_button, dialog.options.export_button, dialog.options.close_button):
        click(button)
    assert dialog.isVisible()
    assert dialog.review is review
    assert command.hidden == []
    click(review.export_button)
    assert command.hidden == [[]]
    assert dialog.summary.isVisible()


def test_what_an_earlier_run_decided_is_hidden_again(dialog: ExportDialog, command: Command, picture: Path) -> None:
    drawn = Region(0, 0, (DRAWN,))
    kept = regions_path(dialog.out / picture.name)
    save_regions(replace(found_in(picture), regions=(drawn,)), kept)
    dialog.set_specs([str(picture)])
    assert "decided by hand" in dialog.options.estimate.text()
    dialog.options.export_button.click()
    assert command.hidden == [[drawn]]


def test_what_was_decided_is_unsaved_until_a_copy_hides_it(
    dialog: ExportDialog, command: Command, picture: Path, other: Path
) -> None:
    look(dialog).close()
    assert not dialog.unsaved
    decide(dialog)
    dialog.options.copies.setCurrentIndex(1)  # with boxes
    dialog.options.export_button.click()
    dialog.set_specs([str(other)])
    dialog.options.copies.setCurrentIndex(0)
    dialog.options.export_button.click()
    assert dialog.unsaved == {picture}
    dialog.set_specs([str(picture)])
    dialog.options.export_button.click()
    look(dialog).close()
    assert not dialog.unsaved


@pytest.mark.parametrize("content", [b"{", None])
def test_what_an_earlier_run_left_is_told_of_if_it_does_not_fit(
    dialog: ExportDialog, command: Command, picture: Path, other: Path, content: bytes | None
) -> None:
    """None: it is of another file."""
    kept = regions_path(dialog.out / picture.name)
    save_regions(found_in(other), kept)
    if content is not None:
        kept.write_bytes(content)
    dialog.set_specs([str(picture)])
    if content is not None:
        assert "no regions that can be read" in dialog.options.estimate.text()
        look(dialog).close()
    else:
        dialog.options.review_button.click()
        assert "of another file" in dialog.summary.text.toPlainText()
        dialog.summary.back_button.click()
        dialog.options.anew_button.click()
        assert dialog.review is not None
    assert command.searches == 1


def test_what_can_not_be_counted_is_told(qtbot: QtBot, picture: Path) -> None:
    dialog = ExportDialog([str(picture)], Settings(), lambda: ["--model", "nonesuch.onnx"])
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.options.estimate.text() == "There is no model file nonesuch.onnx.")
    assert dialog.options.counts.text() == "Not counted"
