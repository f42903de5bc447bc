"""What tests do with the window: find its live tab, choose in its boxes, and wait for what it shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from facecam.qtkit.folds import Fold
from facecam.qtkit.tabs import Tab
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow

MakeWindow = Callable[..., MainWindow]


def live(window: MainWindow) -> LiveTab:
    """The window's live tab."""
    tab = window.tab(0)
    assert isinstance(tab, LiveTab)
    return tab


def bring_to_front(qtbot: QtBot, window: MainWindow, index: int) -> Tab:
    """Goes to a tab and waits until it is loaded and its keys work."""
    window.go_to(index)
    tab = window.tab(index)
    qtbot.waitUntil(lambda: tab.isVisible() and set(tab.commands()) <= set(window.actions()))
    return tab


def menu_texts(window: MainWindow) -> dict[str, list[str]]:
    """What can be read in each menu, without the marks of keyboard access: {"File": ["Open a file…", ...]}."""
    texts = {}
    for menu in window.menus.actions():
        actions = menu.menu().actions()  # type: ignore[attr-defined]
        texts[menu.text().replace("&", "")] = [action.text() for action in actions if not action.isSeparator()]
    return texts


def fold(tab: LiveTab, key: str) -> Fold:
    """The fold of one of the control column's sections."""
    return next(fold for fold in tab.controls.findChildren(Fold) if fold.section.key == key)


def shows(qtbot: QtBot, tab: LiveTab, text: str) -> None:
    """Waits until the text is among the figures over the picture."""
    qtbot.waitUntil(lambda: text in tab.picture.overlay.figures.text)


def choose(box: QComboBox, text: str) -> None:
    """Chooses an entry, as a user does."""
    index = box.findText(text)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def press(qtbot: QtBot, tab: LiveTab, label: str) -> None:
    """Presses the stage's button with that label, as soon as it is there."""

    def buttons() -> list[QPushButton]:
        return [b for b in tab.panel.findChildren(QPushButton) if b.text() == label and b.isVisible()]

    qtbot.waitUntil(lambda: len(buttons()) == 1)
    QTest.mouseClick(buttons()[0], Qt.MouseButton.LeftButton)
