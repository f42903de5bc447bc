"""What tests do with the window: find its live tab, choose in its boxes, and wait for what it shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from facecam.qtkit.folds import Fold
from facecam.qtkit.tabs import Tab
from facecam.sources import Camera, CameraSource
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import FakeSource

MakeWindow = Callable[..., MainWindow]


class Webcam(FakeSource, CameraSource):
    """A camera without a device."""

    camera = Camera(0, "Front Camera")


def live(window: MainWindow) -> LiveTab:
    """The window's live tab."""
    tab = window.tab(0)
    assert isinstance(tab, LiveTab)
    return tab


def press_key(tab: LiveTab, which: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Presses a key in the window of the tab."""
    QTest.keyClick(tab.window(), which, held)


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


def unfold(tab: LiveTab) -> None:
    """Opens all folds."""
    for one in tab.controls.findChildren(Fold):
        one.set_open(True)


def shows(qtbot: QtBot, tab: LiveTab, text: str) -> None:
    """Waits until the text is among the figures over the picture."""
    qtbot.waitUntil(lambda: text in tab.picture.overlay.figures.text)


def action(window: QWidget, text: str) -> QAction:
    """The command of the window, or of the tab in front, that says that."""
    (found,) = (action for action in window.actions() if action.text() == text)
    return found


def entries(box: QComboBox) -> list[str]:
    """The texts of a list, without its separators."""
    return [text for index in range(box.count()) if (text := box.itemText(index))]


def choose(box: QComboBox, text: str) -> None:
    """Chooses an entry, as a user does."""
    index = box.findText(text)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def press(qtbot: QtBot, part: QWidget, label: str) -> QPushButton:
    """Presses the button with that label, as soon as it is there."""

    def buttons() -> list[QPushButton]:
        shown = filter(QPushButton.isVisible, part.findChildren(QPushButton))
        return [button for button in shown if button.text().replace("&", "") == label]

    qtbot.waitUntil(lambda: len(buttons()) == 1)
    (button,) = buttons()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    return button


def drop(widget: QWidget, data: QMimeData) -> bool:
    """Drags the data onto the widget and lets it go; whether it was welcome."""
    place, actions = QPoint(5, 5), Qt.DropAction.CopyAction
    no_keys, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    enters = QDragEnterEvent(place, actions, data, button, no_keys)
    QApplication.sendEvent(widget, enters)
    if not enters.isAccepted():
        return False
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), actions, data, button, no_keys))
    return True


def urls(*places: Path | QUrl) -> QMimeData:
    """Files, folders and addresses as they are dragged."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(each)) if isinstance(each, Path) else each for each in places])
    return data
