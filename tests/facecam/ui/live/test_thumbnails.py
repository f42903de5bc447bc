"""A folder in the real window: which picture of how many, thumbnails, and what can't be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facecam.faces.boxes import Detections
from facecam.sources import open_source
from facecam.system.opencv import cv2
from facecam.ui.live.tab import LiveTab
from tests.doubles import FakeDetector, Sources, found
from tests.facecam.ui.driving import MakeWindow, live, press_key, shows

COUNT = 30


@pytest.fixture
def folder(tmp_path: Path, sources: Sources) -> str:
    """Picture number n has the grey level 8 n; the third can't be read, the fourth is a panorama."""
    for number in range(COUNT):
        shape = (200, 2000, 3) if number == 3 else (120, 160, 3)
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full(shape, 8 * number, np.uint8))
    (tmp_path / "2.png").write_bytes(b"no picture")
    sources.add(str(tmp_path), lambda: open_source(str(tmp_path)))
    return str(tmp_path)


@pytest.fixture
def tab(qtbot: QtBot, folder: str, make_window: MakeWindow) -> LiveTab:
    tab = live(make_window(folder))
    qtbot.waitUntil(lambda: tab.picture.view is not None and tab.thumbnails.isVisible())
    return tab


def number(tab: LiveTab) -> int:
    assert tab.picture.view is not None
    return round(float(tab.picture.view.detected_frame.image.mean()) / 8)


def test_it_says_which_picture_of_how_many(qtbot: QtBot, tab: LiveTab) -> None:
    qtbot.waitUntil(lambda: tab.playback.time.text() == f"1 of {COUNT}")
    press_key(tab, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: tab.playback.time.text() == f"2 of {COUNT}")


def test_a_folder_that_is_stepped_through_shows_no_rates(qtbot: QtBot, tab: LiveTab) -> None:
    for _ in range(3):
        press_key(tab, Qt.Key.Key_Period)
        qtbot.wait(300)
    qtbot.waitUntil(lambda: tab.picture.overlay.figures.text == "1 face · 5.0 ms")
    assert "p95" not in tab.status.text()


def test_the_figures_are_those_of_the_picture(qtbot: QtBot, folder: str, make_window: MakeWindow) -> None:
    two = found((10, 10, 40, 40), (60, 60, 90, 90))
    detector = FakeDetector(lambda image: two if image[0, 0, 0] == 8 else Detections.none())
    tab = live(make_window(folder, make_detector=lambda: detector))
    shows(qtbot, tab, "no faces")
    tab.stage._figures_timer.stop()  # what would say it some time later
    press_key(tab, Qt.Key.Key_Period)
    shows(qtbot, tab, "2 faces")
    assert "1.png" in tab.status.text()


def test_thumbnails_of_what_is_in_sight(qtbot: QtBot, tab: LiveTab) -> None:
    strip = tab.thumbnails
    qtbot.waitUntil(lambda: isinstance(strip.thumbnail(0), QPixmap))
    qtbot.waitUntil(lambda: isinstance(strip.thumbnail(2), str))
    assert len(strip.kept) < COUNT


def test_where_privacy_is_on_nothing_can_be_made_out_in_them(
    qtbot: QtBot, tmp_path: Path, sources: Sources, make_window: MakeWindow
) -> None:
    striped = np.zeros((120, 160, 3), np.uint8)
    striped[:, ::8] = striped[:, 1::8] = striped[:, 2::8] = striped[:, 3::8] = 255
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), striped)
    sources.add("stripes", lambda: open_source(str(tmp_path)))
    tab = live(make_window("stripes"))
    strip = tab.thumbnails
    qtbot.waitUntil(lambda: strip.isVisible() and isinstance(strip.thumbnail(1), QPixmap))

    def contrast() -> int:
        place = strip.visualRect(strip.model().index(1, 0)).adjusted(20, 20, -20, -20)
        seen = strip.viewport().grab(place).toImage()
        greys = [seen.pixelColor(x, seen.height() // 2).lightness() for x in range(seen.width())]
        return max(greys) - min(greys)

    assert contrast() > 150
    press_key(tab, Qt.Key.Key_P)
    assert contrast() < 60
    press_key(tab, Qt.Key.Key_P)
    assert contrast() > 150


def test_a_click_and_the_arrow_keys_go_to_a_picture(qtbot: QtBot, tab: LiveTab) -> None:
    strip = tab.thumbnails
    model = strip.model()
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualRect(model.index(4, 0)).center())
    qtbot.waitUntil(lambda: number(tab) == 4)
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: number(tab) == 5)
    assert strip.currentIndex().row() == 5


def test_what_cannot_be_read_is_named_and_the_show_goes_on(qtbot: QtBot, tab: LiveTab) -> None:
    for _ in range(2):
        press_key(tab, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: tab.playback.time.text() == f"4 of {COUNT}" and number(tab) == 3)
    qtbot.waitUntil(lambda: "can’t read 2.png" in tab.status.text())


def test_letters_stay_commands_while_the_strip_has_the_keyboard(qtbot: QtBot, tab: LiveTab) -> None:
    tab.thumbnails.setFocus()
    before = tab.controls.mirror.isChecked()
    QTest.keyClick(tab.thumbnails, Qt.Key.Key_M)
    assert tab.controls.mirror.isChecked() != before


def test_other_sources_have_no_strip(qtbot: QtBot, tab: LiveTab) -> None:
    tab.open("clip.mp4")
    qtbot.waitUntil(lambda: not tab.thumbnails.isVisible())
