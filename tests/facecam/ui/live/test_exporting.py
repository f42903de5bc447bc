"""Detect all and export, and the review before, through the real window and the real command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from facecam.batch.regions import load_regions
from facecam.sources import open_source
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.ui.export.dialog import ExportDialog
from facecam.ui.export.review import ReviewDialog
from facecam.ui.export.settings import Copies
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.clips import write_clip
from tests.doubles import Sources, read_all
from tests.facecam.ui.driving import MakeWindow, drop, live, urls

MakeFrame = Callable[..., np.ndarray]
Open = Callable[[Path], ExportDialog]


@pytest.fixture
def folder(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """A picture with a face, one without, and one that can't be read."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    cv2.imwrite(str(folder / "face.png"), make_frame((3, 2)))
    cv2.imwrite(str(folder / "none.png"), make_frame())
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def clip(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """20 frames of 320 x 240 at 10 a second, with a face at (4, 3) from the sixth on."""
    empty, face = make_frame(width=320, height=240), make_frame((4, 3), width=320, height=240)
    return write_clip(tmp_path / "clip.mkv", [empty] * 5 + [face] * 15)


@pytest.fixture
def open_dialog(qtbot: QtBot, sources: Sources, make_window: MakeWindow, tiny_model: Path) -> Open:
    """Opens a file or folder in the window, and the dialog on it."""

    def open_it(path: Path) -> ExportDialog:
        sources.add(str(path), lambda: open_source(str(path)))
        tab = live(make_window(str(path), model=str(tiny_model), threshold=0.5))
        qtbot.waitUntil(lambda: tab.picture.view is not None and tab.exporting.isVisible())
        tab.exporting.button.click()
        assert tab.exporting.dialog is not None
        return tab.exporting.dialog

    return open_it


def finish(qtbot: QtBot, dialog: ExportDialog) -> str:
    """Waits for the end, and gives the summary."""
    qtbot.waitUntil(lambda: dialog.summary.isVisible())
    return f"{dialog.summary.heading.text()}\n{dialog.summary.text.toPlainText()}"


def test_a_folder_is_exported_and_told_by_name(
    qtbot: QtBot, open_dialog: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = open_dialog(folder)
    qtbot.waitUntil(lambda: "Takes" in dialog.options.estimate.text())
    assert dialog.options.counts.text() == "3 pictures"
    dialog.options.json.setChecked(True)
    dialog.options.how.setCurrentIndex(2)
    dialog.options.export_button.click()
    told = finish(qtbot, dialog)
    assert told.startswith("Done: 2 files, 1 face")
    assert "none.png" in told
    assert "broken.png" in told
    assert dialog.out == folder.parent / "holiday-faces"
    assert read_picture(dialog.out / "face.png")[64:96, 96:128].max() < 60
    assert len((dialog.out / "faces.jsonl").read_text().splitlines()) == 3
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: url.toLocalFile() != str(dialog.out))
    dialog.summary.open_button.click()
    assert dialog.summary.said.text() == f"There is no file manager here; the folder is {dialog.out}"


def test_what_is_chosen_is_remembered(qtbot: QtBot, open_dialog: Open, folder: Path) -> None:
    dialog = open_dialog(folder)
    dialog.options.copies.setCurrentIndex(1)
    assert dialog.remembered.value.copies is Copies.BOXES
    assert not dialog.options.how.isEnabled()
    dialog.options.copies.setCurrentIndex(2)
    assert not dialog.options.export_button.isEnabled()  # nothing would come of it
    dialog.options.csv.setChecked(True)
    assert dialog.options.export_button.isEnabled()


def test_cancel_leaves_whole_copies_only(
    qtbot: QtBot, open_dialog: Open, tmp_path: Path, make_frame: MakeFrame
) -> None:
    dialog = open_dialog(write_clip(tmp_path / "long.mkv", [make_frame((4, 3))] * 600))
    dialog.options.export_button.click()
    qtbot.waitUntil(lambda: "frames" in dialog.progress.words.text())
    dialog.close()
    assert dialog.progress.said.text().startswith("Cancel it first")
    dialog.reject()  # Esc, by accident
    assert dialog.isVisible()
    window = dialog.parentWidget()
    assert isinstance(window, MainWindow)
    assert drop(live(window).picture, urls(tmp_path / "long.mkv", tmp_path / "other.mkv"))
    assert dialog.progress.said.text().startswith("What came now is not exported")
    window.close()
    (question,) = window.findChildren(QMessageBox)
    assert "what is whole by now stays" in question.informativeText()
    question.reject()
    assert window.isVisible()
    dialog.progress.cancel_button.click()
    assert finish(qtbot, dialog).startswith("Cancelled")
    assert not [each for each in dialog.out.iterdir() if each.suffix == ".mkv"]


def test_several_files_that_are_dropped_are_asked_about(tab: LiveTab, folder: Path) -> None:
    assert drop(tab.picture, urls(folder / "face.png", folder / "none.png"))
    dialog = tab.exporting.dialog
    assert dialog is not None
    assert dialog.options.heading.text() == "face.png and 1 more"
    assert not dialog.options.review_button.isVisible()


def test_cameras_and_the_demo_have_no_export(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    qtbot.waitUntil(lambda: tab.picture.view is not None)
    assert not tab.exporting.isVisible()
    tab.exporting.open_source()
    assert tab.exporting.dialog is None
    assert "Open a file or a folder first" in window.hints.text.text()


# The review


@pytest.fixture
def review(qtbot: QtBot, open_dialog: Open, clip: Path) -> tuple[ExportDialog, ReviewDialog]:
    dialog = open_dialog(clip)
    dialog.options.how.setCurrentIndex(2)
    dialog.options.review_button.click()
    qtbot.waitUntil(lambda: dialog.review is not None and dialog.review.picture.image is not None)
    assert dialog.review is not None
    return dialog, dialog.review


def copied(path: Path, column: int, row: int, above: int = 15) -> list[bool]:
    """In which frames of a copy a grid cell is white, or covered; above 150: white."""
    across, down = slice(column * 32 + 8, column * 32 + 24), slice(row * 32 + 8, row * 32 + 24)
    return [bool(frame.image[down, across].mean() > above) for frame in read_all(open_source(str(path)))]


def shown(qtbot: QtBot, review: ReviewDialog, frame: int) -> None:
    qtbot.waitUntil(lambda: review.frame == frame)


def test_doubtful_frames_come_first(qtbot: QtBot, review: tuple[ExportDialog, ReviewDialog]) -> None:
    _, dialog = review
    assert dialog.list.count() == 1
    assert "mid-picture" in dialog.list.item(0).text()
    shown(qtbot, dialog, 4)  # the one before it appears
    QTest.keyClick(dialog, Qt.Key.Key_Period)
    shown(qtbot, dialog, 5)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.list.count() == 0
    QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dialog.list.count() == 1


def test_the_picture_is_as_the_copy_will_be(qtbot: QtBot, review: tuple[ExportDialog, ReviewDialog]) -> None:
    _, dialog = review

    def brightest() -> int:
        assert dialog.picture.image is not None
        return int(dialog.picture.image[104:120, 136:152].max())

    dialog.go_to(8)
    qtbot.waitUntil(lambda: 20 < brightest() < 90)
    QTest.keyClick(dialog, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: brightest() > 200)


def test_a_region_is_drawn_and_another_taken_out_and_the_copy_is_made_of_that(
    qtbot: QtBot, review: tuple[ExportDialog, ReviewDialog], clip: Path
) -> None:
    export, dialog = review
    before = dialog.picture.image
    dialog.go_to(8)
    qtbot.waitUntil(lambda: dialog.picture.image is not None and dialog.picture.image is not before)
    place = dialog.picture.place
    assert place is not None

    def at(x: float, y: float) -> QPoint:
        return QPoint(round(place.left_px + x * place.scale[0]), round(place.top_px + y * place.scale[1]))

    QTest.mouseClick(dialog.picture, Qt.MouseButton.LeftButton, pos=at(144, 112))
    assert dialog.selected >= 0
    QTest.keyClick(dialog, Qt.Key.Key_Delete)
    assert not dialog.regions.regions[dialog.selected].hidden
    QTest.mousePress(dialog.picture, Qt.MouseButton.LeftButton, pos=at(224, 32))
    QTest.mouseMove(dialog.picture, at(240, 48))
    QTest.mouseMove(dialog.picture, at(256, 64))
    QTest.mouseRelease(dialog.picture, Qt.MouseButton.LeftButton, pos=at(256, 64))
    dialog.go_to(12)
    QTest.keyClick(dialog, Qt.Key.Key_BracketRight)
    drawn = dialog.regions.regions[-1]
    assert drawn.by_hand
    assert (drawn.first, drawn.last) == (8, 12)
    dialog.export_button.click()
    assert not any(isinstance(each, ReviewDialog) and each.isVisible() for each in QApplication.topLevelWidgets())
    assert finish(qtbot, export).startswith("Done: 1 file")
    copy = export.out / clip.name
    assert copied(copy, 4, 3) == [number >= 5 for number in range(20)]  # in view
    assert copied(copy, 7, 1) == [8 <= number <= 12 for number in range(20)]  # covered, which is less dark than black
    kept = load_regions(export.out / "clip.mkv.regions.json", clip)
    assert kept.regions[-1] == drawn


def test_closing_the_window_asks_before_it_loses_what_was_decided_in_a_review(
    review: tuple[ExportDialog, ReviewDialog],
) -> None:
    export, dialog = review
    window = export.parentWidget()
    assert window is not None
    assert not window.close()
    (question,) = window.findChildren(QMessageBox)
    assert "decided in the review" in question.informativeText()
    question.reject()
    assert dialog.isVisible()
    dialog.approve()
    dialog.close()
    assert not window.close()


def test_copies_with_boxes_can_be_made_after_a_quick_look(qtbot: QtBot, open_dialog: Open, clip: Path) -> None:
    export = open_dialog(clip)
    export.options.thorough.setCurrentIndex(1)
    export.options.review_button.click()
    qtbot.waitUntil(lambda: export.review is not None and export.review.picture.image is not None)
    assert export.review is not None
    export.review.close()
    export.options.copies.setCurrentIndex(1)
    export.options.export_button.click()
    assert finish(qtbot, export).startswith("Done: 1 file")
    assert (export.out / clip.name).is_file()


def test_a_region_is_taken_out_over_some_frames(
    qtbot: QtBot, review: tuple[ExportDialog, ReviewDialog], clip: Path
) -> None:
    export, dialog = review
    dialog.list.setCurrentRow(0)
    for key, frame in ((Qt.Key.Key_BracketLeft, 8), (Qt.Key.Key_BracketRight, 11)):
        dialog.go_to(frame)
        QTest.keyClick(dialog, key)
    assert dialog.toggle_button.text() == "Take out from 9 to 12"
    QTest.keyClick(dialog, Qt.Key.Key_Delete)
    assert dialog.list.count() == 0  # it was decided
    assert [(each.first, each.last, each.hidden) for each in dialog.regions.regions] == [
        (5, 7, True), (8, 11, False), (12, 19, True),
    ]  # fmt: skip
    dialog.export_button.click()
    assert finish(qtbot, export).startswith("Done: 1 file")
    assert copied(export.out / clip.name, 4, 3, above=150) == [8 <= number <= 11 for number in range(20)]


def test_another_look_goes_on_from_what_was_kept(
    qtbot: QtBot, review: tuple[ExportDialog, ReviewDialog], clip: Path
) -> None:
    export, dialog = review
    dialog.approve()
    dialog.close()
    export.options.review_button.click()
    assert export.review is not None  # at once: nothing is searched again
    assert export.review.list.count() == 0
