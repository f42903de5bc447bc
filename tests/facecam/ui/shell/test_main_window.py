"""The window around the tabs: lazy tabs, shortcuts, errors that nobody foresaw, what is remembered."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QTabBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facecam.qtkit import theme
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.preload import ModuleLoader
from facecam.qtkit.settings import Settings
from facecam.qtkit.tabs import Tab, TabSpec
from facecam.qtkit.widgets import ElidedLabel
from facecam.ui.shell.app import _closed_by_signals
from facecam.ui.shell.dialogs import ShortcutList
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import live, menu_texts, press
from tests.facecam.waiting import PATIENCE_S


class Probe(Tab):
    """A tab that writes down what happens to it."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__()
        self._name, self._log = name, log
        self.loses = ""
        log.append(f"{name} made")
        self._action = QAction(f"Do {name}", self)
        self._action.setShortcut("X")
        self._action.triggered.connect(lambda: log.append(f"{name} X"))

    def commands(self) -> list[QAction]:
        return [self._action]

    def activated(self) -> None:
        self._log.append(f"{self._name} on")

    def deactivated(self) -> None:
        self._log.append(f"{self._name} off")

    def set_full_screen(self, on: bool) -> None:
        self._log.append(f"{self._name} {'full' if on else 'not full'}")

    def unfinished(self) -> str:
        return self.loses

    def close_down(self, timeout_s: float) -> bool:
        self._log.append(f"{self._name} closed")
        return True


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def window(qtbot: QtBot, log: list[str], settings: Settings) -> MainWindow:
    tabs = [TabSpec(name, f"{name} tab", lambda name=name: Probe(name, log)) for name in ("A", "B", "C")]
    window = MainWindow(tabs, settings)
    qtbot.addWidget(window)
    window.show()
    return window


def test_tabs_are_made_when_first_shown_and_only_the_front_one_hears_keys(window: MainWindow, log: list[str]) -> None:
    assert log == ["A made", "A on"]
    QTest.keyClick(window, Qt.Key.Key_X)
    QTest.keyClick(window, Qt.Key.Key_2)
    QTest.keyClick(window, Qt.Key.Key_X)
    QTest.keyClick(window, Qt.Key.Key_1)
    QTest.keyClick(window, Qt.Key.Key_X)
    assert log[2:] == ["A X", "A off", "B made", "B on", "B X", "B off", "A on", "A X"]
    window.close()
    assert log[-2:] == ["A closed", "B closed"]


def test_closing_asks_first_where_something_would_be_lost(qtbot: QtBot, window: MainWindow, log: list[str]) -> None:
    probe = window.tab(0)
    assert isinstance(probe, Probe)
    probe.loses = "The film is still being made."
    for agrees in (False, True):
        assert not window.close()
        assert window.isVisible()
        assert "A closed" not in log
        (question,) = window.findChildren(QMessageBox)
        assert question.informativeText() == probe.loses
        press(qtbot, question, "Close" if agrees else "Cancel")
        qtbot.waitUntil(lambda: not window.findChildren(QMessageBox))
    assert not window.isVisible()
    assert log.count("A closed") == 1


def test_a_signal_closes_it_unasked(window: MainWindow, log: list[str]) -> None:
    probe = window.tab(0)
    assert isinstance(probe, Probe)
    probe.loses = "The film is still being made."
    with _closed_by_signals(window):
        signal.raise_signal(signal.SIGTERM)
    assert log[-1] == "A closed"


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_words_that_change_paint_themselves_and_not_the_window(qtbot: QtBot, window: MainWindow) -> None:
    line, label, beside = ElidedLabel(), QLabel("0:01"), QPushButton("beside")
    layout = QVBoxLayout(window.tab(0))
    for widget in (line, label, beside):
        layout.addWidget(widget)
    layout.addStretch()
    own = [Paints(line), Paints(label)]
    qtbot.waitUntil(lambda: all(paints.count for paints in own))
    qtbot.wait(100)
    bar = window.findChild(QTabBar)
    assert bar is not None
    others = [Paints(beside), Paints(bar)]
    for second in range(3):
        for paints in own:
            paints.count = 0
        line.say(f"another sentence {second}")
        label.setText(f"0:0{second}")
        qtbot.waitUntil(lambda: all(paints.count for paints in own))
    qtbot.wait(100)
    assert [paints.count for paints in others] == [0, 0]


def test_full_screen_may_be_left_without_us(window: MainWindow) -> None:
    window.set_full_screen(True)
    assert not window.menus.isVisible()
    assert not window.findChild(QTabBar).isVisible()
    window.setWindowState(Qt.WindowState.WindowNoState)  # as a window manager does at a key of its own
    assert window.menus.isVisible()
    assert window.findChild(QTabBar).isVisible()


def test_full_screen_goes_along_to_another_tab_and_is_left_in_all(window: MainWindow, log: list[str]) -> None:
    window.set_full_screen(True)
    window.go_to(1)
    window.set_full_screen(False)
    assert [entry for entry in log if "full" in entry] == ["A full", "A not full", "B full", "B not full"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F, Qt.Key.Key_F11])
def test_full_screen_is_left_by_its_keys_in_a_tab_that_has_none_and_in_one_that_is_loading(
    qtbot: QtBot, log: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch, key: Qt.Key
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr("facecam.qtkit.preload.import_module", lambda module: go_on.wait(PATIENCE_S))
    loader = ModuleLoader("slow")
    tabs = [
        TabSpec("A", "A tab", lambda: Probe("A", log)),
        TabSpec("B", "B tab", lambda: Probe("B", log), loader=loader),
    ]
    window = MainWindow(tabs, settings)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    for index in (0, 1):
        window.go_to(index)
        window.set_full_screen(True)
        QTest.keyClick(window.focusWidget() or window, key)
        assert window.menus.isVisible()
        assert window.findChild(QTabBar).isVisible()
    assert "B made" not in log
    with qtbot.waitSignal(loader.done):
        go_on.set()


def test_f1_lists_every_key(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1)
    shortcuts = window.findChild(ShortcutList)
    assert shortcuts is not None
    texts = {label.text() for label in shortcuts.findChildren(QLabel)}
    assert {"X", "Do A", "F1", "Keyboard shortcuts", "1", "2", "3", "Ctrl+Q"} <= texts


def test_the_menu_bar_follows_the_tab_in_front(window: MainWindow, log: list[str]) -> None:
    before = menu_texts(window)
    assert before["A"] == ["Do A"]
    assert before["View"][:3] == ["A", "B", "C"]
    assert "Keyboard shortcuts" in before["Help"]
    assert before["File"][-1] == "Quit"
    window.go_to(1)
    after = menu_texts(window)
    assert "A" not in after
    assert after["B"] == ["Do B"]


def test_a_command_stands_in_the_menu_that_it_names(qtbot: QtBot, settings: Settings) -> None:
    done: list[str] = []

    class Commanding(Tab):
        _made: list[QAction]

        def commands(self) -> list[QAction]:
            return self._made

    def make() -> Tab:
        tab = Commanding()
        tab._made = [
            command(tab, "Save", ["Ctrl+S"], lambda: done.append("saved"), Menu.FILE),
            command(tab, "Hidden", ["H"], lambda: done.append("hidden"), Menu.NONE),
        ]
        return tab

    window = MainWindow([TabSpec("Only", "A tab", make)], settings)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    assert menu_texts(window)["File"] == ["Save", "Quit"]
    assert not any("Hidden" in texts for texts in menu_texts(window).values())
    QTest.keyClick(window, Qt.Key.Key_H)  # works all the same
    window.set_full_screen(True)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)  # also while the bar is away
    assert done == ["hidden", "saved"]
    assert not window.menus.isVisible()
    window.set_full_screen(False)
    assert window.menus.isVisible()


def test_size_is_remembered_but_not_full_screen(qtbot: QtBot, log: list[str], settings: Settings) -> None:
    def make() -> MainWindow:
        window = MainWindow([TabSpec("A", "A tab", lambda: Probe("A", log))], settings)
        qtbot.addWidget(window)
        return window

    first = make()
    assert (first.width(), first.height()) == (1280, 800)
    first.resize(700, 500)
    first.show()
    first.set_full_screen(True)
    first.close()
    second = make()
    second.show()
    assert not second.isFullScreen()
    assert (second.width(), second.height()) == (700, 500)


def test_colours_follow_dark_and_light(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.palette()
    tab = live(make_window("clip.mp4"))
    qtbot.waitUntil(lambda: tab.controls.start_button.text() == "Start")
    button = tab.controls.start_button
    try:
        for dark in (True, False):
            theme.force_scheme(app, dark)
            accent = theme.ACCENT_DARK if dark else theme.ACCENT_LIGHT
            qtbot.waitUntil(lambda: button.palette().button().color() == accent)  # noqa: B023
            words, ground = tab.status.text_colour(), tab.status.palette().window().color()
            assert abs(words.lightness() - ground.lightness()) > 100
            assert (ground.lightness() < 128) == dark
    finally:
        app.setPalette(before)
