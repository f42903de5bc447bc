"""Pause, step, seek and loop, through the real window on a real video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from facecam.live.pipeline import Phase
from facecam.sources import open_source
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.clips import write_clip
from tests.doubles import FakeDetector, Sources
from tests.facecam.ui.driving import MakeWindow, live, press_key

COUNT = 60


@pytest.fixture
def clip(tmp_path: Path, sources: Sources) -> str:
    """Four seconds; picture number n has the grey level 4 n."""
    greys = (np.full((48, 64, 3), 4 * number, np.uint8) for number in range(COUNT))
    path = write_clip(tmp_path / "clip.mkv", greys, 15)
    sources.add(str(path), lambda: open_source(str(path)))
    return str(path)


@pytest.fixture
def tab(qtbot: QtBot, clip: str, make_window: MakeWindow) -> LiveTab:
    tab = live(make_window(clip))
    qtbot.waitUntil(lambda: tab.picture.view is not None and tab.playback.isVisible())
    return tab


def number(tab: LiveTab) -> int:
    """Of the picture that is shown."""
    assert tab.picture.view is not None
    return round(float(tab.picture.view.image.mean()) / 4)


def rests(qtbot: QtBot, tab: LiveTab) -> int:
    """Waits until the picture of a player that is paused is the last one that it gave, and says which it is."""

    def stands_still() -> bool:
        player = tab.session.player
        asked = player._is_asked() or player.waiting_since_s is not None
        return player.paused and not asked and tab.picture.view.detected_frame.time_s == player.position_s

    qtbot.waitUntil(stands_still)
    return number(tab)


def test_a_file_goes_on_where_it_stood(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_Space)
    tab.session.player.step(1)
    before = rests(qtbot, tab)
    go_on = tab.rest("the speed is measured")
    qtbot.waitUntil(lambda: tab.session.phase is Phase.IDLE and tab.session.latest() is None)
    go_on()
    tab.session.change_detector(FakeDetector)
    tab.session.change_detector(FakeDetector)
    qtbot.waitUntil(lambda: tab.session.player is not None and tab.picture.view is not None)
    assert rests(qtbot, tab) == before > 0
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: number(tab) > before)


def test_space_pauses_and_goes_on(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_Space)
    stays = rests(qtbot, tab)
    assert tab.playback.play.accessibleName() == "Play"
    qtbot.waitUntil(lambda: "paused at 00:0" in tab.status.text())
    assert tab.session.phase is Phase.RUNNING
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: number(tab) > stays + 3)
    assert tab.playback.play.accessibleName() == "Pause"


def test_stepping_on_and_back(qtbot: QtBot, tab: LiveTab) -> None:
    tab.session.player.seek(1.0)
    press_key(tab, Qt.Key.Key_Period)
    here = rests(qtbot, tab)
    for which, expected in ((Qt.Key.Key_Period, here + 1), (Qt.Key.Key_Comma, here), (Qt.Key.Key_Comma, here - 1)):
        press_key(tab, which)
        qtbot.waitUntil(lambda expected=expected: number(tab) == expected)
    QTest.mouseClick(tab.playback.forward, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: number(tab) == here)


def test_a_click_on_the_bar_goes_there_while_it_is_paused(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_K)
    rests(qtbot, tab)
    slider = tab.playback.slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    qtbot.waitUntil(lambda: abs(number(tab) - COUNT // 2) <= 2)
    assert tab.playback.time.text() == "00:02 / 00:04" or tab.playback.time.text() == "00:01 / 00:04"
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(2, slider.height() // 2))
    qtbot.waitUntil(lambda: number(tab) <= 1)
    assert rests(qtbot, tab) <= 1


def test_one_can_go_back_after_the_end(qtbot: QtBot, tab: LiveTab) -> None:
    tab.session.player.seek(3.8)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.ENDED and tab.panel.isVisible())
    assert tab.playback.isVisible()
    slider = tab.playback.slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    qtbot.waitUntil(lambda: tab.session.phase is Phase.RUNNING and not tab.panel.isVisible())
    qtbot.waitUntil(lambda: COUNT // 2 - 3 < number(tab) < COUNT - 1)
    tab.session.player.seek(3.8)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.ENDED)
    press_key(tab, Qt.Key.Key_Space)  # from the beginning
    qtbot.waitUntil(lambda: tab.session.phase is Phase.RUNNING and number(tab) < 20)


def test_it_goes_round_and_remembers_to(qtbot: QtBot, tab: LiveTab, clip: str, make_window: MakeWindow) -> None:
    QTest.mouseClick(tab.playback.loop, Qt.MouseButton.LeftButton)
    tab.session.player.seek(3.8)
    qtbot.waitUntil(lambda: number(tab) > COUNT - 6)
    qtbot.waitUntil(lambda: number(tab) < 20)
    assert tab.session.phase is Phase.RUNNING
    tab.window().close()
    again = live(make_window(clip))
    qtbot.waitUntil(lambda: again.session.player is not None and again.session.player.loop)


def test_live_sources_and_pictures_have_no_bar(qtbot: QtBot, tab: LiveTab) -> None:
    for spec in ("demo", "photo.jpg"):
        tab.open(spec)
        qtbot.waitUntil(lambda: not tab.playback.isVisible() and tab.picture.view is not None)


def test_in_an_open_menu_its_commands_are_grey_where_nothing_plays(qtbot: QtBot, tab: LiveTab) -> None:
    window = tab.window()
    assert isinstance(window, MainWindow)

    def offered() -> dict[str, bool]:
        menu = next(menu for menu in window.menus.findChildren(QMenu) if menu.title() == "&Live")
        menu.popup(window.mapToGlobal(QPoint(0, 0)))
        found = {action.text(): action.isEnabled() for action in menu.actions()}
        menu.close()
        return found

    assert all(offered().values())
    tab.open("demo")
    qtbot.waitUntil(lambda: not tab.playback.isVisible() and tab.picture.view is not None)
    assert [text for text, on in offered().items() if on] == ["Start or stop, pause a file"]
    assert all(action.isEnabled() for action in tab.playback.commands())  # the keys work as soon as something plays


def test_the_stop_button_stops_a_file_for_good(qtbot: QtBot, tab: LiveTab) -> None:
    QTest.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.IDLE and not tab.playback.isVisible())
