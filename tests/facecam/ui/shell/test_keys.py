"""Keys do what the list of keys says, whatever control was touched before; and the first window fits its screen."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider, QTabBar
from pytestqt.qtbot import QtBot

from facecam.qtkit.folds import Fold
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import MakeWindow, live, shows


def unfolded(qtbot: QtBot, window: MainWindow) -> LiveTab:
    tab = live(window)
    for one in tab.controls.findChildren(Fold):
        one.set_open(True)
    shows(qtbot, tab, "1 face")
    window.activateWindow()
    return tab


def lists_and_sliders(tab: LiveTab) -> list[QComboBox | QSlider]:
    found = [*tab.findChildren(QComboBox), *tab.findChildren(QSlider)]
    return [control for control in found if control.isVisible() and control.isEnabled()]


def touch(qtbot: QtBot, control: QComboBox | QSlider) -> None:
    """Clicks it, and leaves a list that opens without a choice."""
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)
    if isinstance(control, QComboBox):
        QTest.keyClick(control.view(), Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None, timeout=5000)
        control.window().activateWindow()
        qtbot.waitUntil(control.window().isActiveWindow, timeout=5000)


def state(control: QComboBox | QSlider) -> int:
    return control.currentIndex() if isinstance(control, QComboBox) else control.value()


def test_a_list_or_a_slider_eats_no_key(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tab = unfolded(qtbot, window)
    controls = lists_and_sliders(tab)
    assert len(controls) > 10
    for control in controls:
        on = tab.controls.mirror.isChecked()
        touch(qtbot, control)
        before = state(control)
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_M)
        assert tab.controls.mirror.isChecked() is not on, control.accessibleName()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(control, Qt.Key.Key_M)
        assert tab.controls.mirror.isChecked() is on, control.accessibleName()
        QTest.keyClick(control, Qt.Key.Key_N)  # no command, nor the beginning of a choice
        assert state(control) == before


def test_a_list_that_tab_has_reached_still_takes_the_arrows(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = unfolded(qtbot, make_window())
    tab.detection.input_size.setFocus(Qt.FocusReason.TabFocusReason)
    before = tab.detection.input_size.currentIndex()
    QTest.keyClick(tab.detection.input_size, Qt.Key.Key_Down)
    assert tab.detection.input_size.currentIndex() == before + 1


def test_a_hundred_keys_after_clicks_anywhere(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tab = unfolded(qtbot, window)
    switches: dict[Qt.Key, QAbstractButton] = {
        Qt.Key.Key_M: tab.controls.mirror,
        Qt.Key.Key_G: tab.graphs.on,
        Qt.Key.Key_P: tab.privacy.on,
    }
    chance = random.Random(7)
    for _ in range(100):
        touch(qtbot, chance.choice(lists_and_sliders(tab)))
        key = chance.choice(list(switches))
        on = switches[key].isChecked()
        QTest.keyClick(window.focusWidget() or window, key)
        assert switches[key].isChecked() is not on, key
    QTest.keyClick(window, Qt.Key.Key_2)
    assert window.findChild(QTabBar).currentIndex() == 1


@pytest.mark.parametrize("available", [(1366, 728), (960, 520), (800, 570)])
def test_the_first_window_fits_its_screen(
    make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, available: tuple[int, int]
) -> None:
    screen = SimpleNamespace(availableSize=lambda: QSize(*available))
    monkeypatch.setattr(MainWindow, "screen", lambda self: screen)
    window = make_window()
    assert window.width() < available[0] - 8
    assert window.height() < available[1] - 24
    tab = live(window)
    corner = tab.status.mapTo(window, tab.status.rect().bottomLeft())
    assert window.rect().contains(corner)
