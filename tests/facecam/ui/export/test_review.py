"""The review of a file: deciding by keys and clicks, and where it goes on after a decision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from facecam.batch.regions import SCHEMA, Region, Regions
from facecam.faces.privacy import PrivacyOptions
from facecam.ui.export.review import ReviewDialog
from tests.clips import write_clip

FRAMES = 40


def candidate(first: int, score: float) -> Region:
    """A place for 20 frames that may be a face, and is not hidden."""
    return Region(first, first + 19, ((20.0 * first, 10.0, 20.0 * first + 15, 60.0),), (score,), hidden=False)


@pytest.fixture
def review(qtbot: QtBot, tmp_path: Path) -> ReviewDialog:
    """Of four candidates, which begin in frames 2, 5, 8 and 11, and are in doubt in this order."""
    clip = write_clip(tmp_path / "clip.mkv", [np.zeros((240, 320, 3), np.uint8)] * FRAMES)
    found = tuple(candidate(first, score) for first, score in ((2, 0.45), (5, 0.44), (8, 0.43), (11, 0.42)))
    times_s = tuple(number / 10 for number in range(FRAMES))
    regions = Regions(SCHEMA, clip.name, "0" * 64, "tiny", 0.5, 320, 240, times_s, found)
    dialog = ReviewDialog(clip, regions, PrivacyOptions())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # that is left to qtbot
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def press(dialog: ReviewDialog, *keys: Qt.Key) -> None:
    """Where the keyboard's focus is."""
    for key in keys:
        QTest.keyClick(dialog.focusWidget(), key)


def type_number(field: QSpinBox, number: str) -> None:
    """Without what ends it."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, number)


def field(dialog: ReviewDialog, which: str) -> QSpinBox:
    return next(each for each in dialog.findChildren(QSpinBox) if each.toolTip().startswith(which))


def in_doubt(dialog: ReviewDialog) -> tuple[int, int]:
    """How many are, and the first frame of the present one's region, which is the chosen one."""
    return dialog.list.count(), dialog.regions.regions[dialog.selected].first


def test_enter_in_a_field_takes_the_number_and_decides_nothing(review: ReviewDialog) -> None:
    type_number(field(review, "First"), "12")
    press(review, Qt.Key.Key_Return)
    assert in_doubt(review) == (4, 2)
    assert review.toggle_button.text() == "Hide it from 12 to 22"
    press(review, Qt.Key.Key_Delete)  # the field is left
    assert [(each.first, each.last, each.hidden) for each in review.regions.regions[:2]] == [
        (2, 10, False),
        (11, 21, True),
    ]
    press(review, Qt.Key.Key_Return)
    assert in_doubt(review) == (2, 8)


def test_a_number_that_is_being_typed_counts_when_a_button_is_clicked(review: ReviewDialog) -> None:
    type_number(field(review, "Its last"), "6")
    QTest.mouseClick(review.toggle_button, Qt.MouseButton.LeftButton)
    assert (review.regions.regions[0].last, review.regions.regions[0].hidden) == (5, True)
    review.picture.drawn.emit((1.0, 1.0, 30.0, 30.0))
    type_number(field(review, "Its last"), "31")
    told: list[Regions] = []
    review.export_wanted.connect(told.append)
    QTest.mouseClick(review.export_button, Qt.MouseButton.LeftButton)
    assert told[0].regions[-1].by_hand
    assert told[0].regions[-1].last == 30


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Return])
def test_what_is_decided_goes_on_to_the_next_doubt_and_comes_back_when_undone(
    review: ReviewDialog, key: Qt.Key
) -> None:
    press(review, Qt.Key.Key_N, Qt.Key.Key_N)
    assert in_doubt(review) == (4, 8)
    press(review, key)
    assert in_doubt(review) == (3, 11)
    assert review.frame == 11
    QTest.keyClick(review, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert in_doubt(review) == (4, 8)
    assert review.frame == 8
    press(review, key, key)
    assert in_doubt(review) == (2, 5)


def test_the_present_doubt_stays_when_another_region_is_decided(review: ReviewDialog) -> None:
    press(review, Qt.Key.Key_N, Qt.Key.Key_N)
    review.picture.chosen.emit(0)
    field(review, "First").setValue(12)
    review.toggle()  # in two parts, so that the regions after it have other indices
    assert review.list.count() == 3
    assert review.frame == 8
    press(review, Qt.Key.Key_Return)
    assert [each.first for each in review.regions.regions if each.decided] == [2, 11, 8]


def test_all_is_decided_and_undone_by_keys(review: ReviewDialog) -> None:
    press(review, *[Qt.Key.Key_Return] * 4)
    assert review.list.count() == 0
    QTest.keyClick(review, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(review, Qt.Key.Key_Return)
    assert review.list.count() == 0


def test_the_present_doubt_is_come_back_to_by_a_click_and_by_its_key(review: ReviewDialog) -> None:
    review.go_to(30)
    place = review.list.visualItemRect(review.list.item(0)).center()
    QTest.mouseClick(review.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert review.frame == 2
    review.go_to(30)
    press(review, Qt.Key.Key_B)
    assert review.frame == 2
