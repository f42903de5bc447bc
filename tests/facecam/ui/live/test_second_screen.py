"""The picture on another screen, through the real window on Qt's offscreen platform with two of them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import MakeWindow, live, shows


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow) -> MainWindow:
    window = make_window()
    shows(qtbot, live(window), "1 face")
    return window


@pytest.fixture
def projector(window: MainWindow) -> QScreen:
    """The screen that the window is not on."""
    others = [screen for screen in QGuiApplication.screens() if screen is not window.screen()]
    if not others:
        pytest.skip("there is one screen only")
    return others[0]


def show_there(qtbot: QtBot, window: MainWindow) -> LiveTab:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    return live(window)


def is_back(tab: LiveTab) -> bool:
    return (
        tab.stage.window() is tab.window()
        and tab.stage.isVisible()
        and not tab.second_screen.isVisible()
        and not tab.second_screen.note.isVisible()
        and tab.picture.scale == 1
    )


def test_the_picture_fills_the_other_screen_and_the_controls_stay(
    qtbot: QtBot, window: MainWindow, projector: QScreen
) -> None:
    tab = show_there(qtbot, window)
    assert tab.stage.window() is tab.second_screen
    qtbot.waitUntil(tab.second_screen.isVisible)
    assert tab.second_screen.screen() is projector
    assert tab.second_screen.geometry() == projector.geometry()
    assert tab.stage.size() == projector.size()
    assert tab.picture.scale > 1.5  # to be read from afar
    assert tab.controls.isVisible()
    assert tab.status.isVisible()
    message = tab.second_screen.note.message
    assert message is not None
    assert message.title == f"The picture is on {projector.name()}"
    painted: list[bool] = []
    tab.picture.painted.connect(lambda: painted.append(True))
    qtbot.waitUntil(lambda: len(painted) > 3)
    tab.privacy.on.setChecked(True)
    qtbot.waitUntil(lambda: tab.picture.view is not None and tab.picture.view.privacy is not None)
    for x in (40, 60, 80):
        QTest.mouseMove(tab.picture, QPoint(x, 50))
    qtbot.waitUntil(tab.audience.isVisible)  # the buttons of full screen come there, too
    window.go_to(2)
    assert tab.stage.isVisible()  # whatever the presenter looks at
    window.go_to(0)
    button = tab.second_screen.note.findChildren(QPushButton)[0]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_back(tab))
    painted.clear()
    qtbot.waitUntil(lambda: len(painted) > 3)


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F])
@pytest.mark.parametrize("there", [False, True])
def test_it_comes_back_by_key_pressed_in_either_window(
    qtbot: QtBot, window: MainWindow, projector: QScreen, key: Qt.Key, there: bool
) -> None:
    tab = show_there(qtbot, window)
    qtbot.waitUntil(tab.second_screen.isVisible)
    pressed = tab.second_screen if there else window
    pressed.activateWindow()
    qtbot.waitUntil(pressed.isActiveWindow)
    QTest.keyClick(pressed, key)
    qtbot.waitUntil(lambda: is_back(tab))
    assert not window.isFullScreen()
    assert tab.controls.isVisible()


def test_it_comes_back_when_the_screen_goes_away_or_its_window_is_closed(
    qtbot: QtBot, window: MainWindow, projector: QScreen
) -> None:
    app = QGuiApplication.instance()
    assert isinstance(app, QGuiApplication)
    tab = show_there(qtbot, window)
    app.screenRemoved.emit(window.screen())  # any other
    assert tab.second_screen.is_on
    app.screenRemoved.emit(projector)
    qtbot.waitUntil(lambda: is_back(tab))
    show_there(qtbot, window)
    tab.second_screen.close()
    qtbot.waitUntil(lambda: is_back(tab))
    show_there(qtbot, window)
    show_there(qtbot, window)  # there is no third one
    qtbot.waitUntil(lambda: is_back(tab))
    show_there(qtbot, window)
    window.set_full_screen(True)
    qtbot.waitUntil(lambda: not tab.controls.isVisible())
    assert tab.stage.window() is window
    show_there(qtbot, window)
    qtbot.waitUntil(lambda: tab.controls.isVisible() and tab.second_screen.isVisible())
    assert not window.isFullScreen()
    window.close()
    assert not tab.second_screen.isVisible()


def test_without_another_screen_it_says_so(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [window.screen()])
    tab = show_there(qtbot, window)
    qtbot.waitUntil(lambda: is_back(tab))
    assert tab.picture.overlay.hint.text == "No other screen connect one first"
