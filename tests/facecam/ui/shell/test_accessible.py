"""A screen reader finds a name on everything that can be used, and a cursor that rests there finds what it is for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from facecam.ui.shell.dialogs import DoctorDialog, ErrorDialog, ShortcutList
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import bring_to_front

CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit)
OF_QT = (QScrollBar, QHeaderView, QMenuBar, QTabBar)  # they name themselves


def usable(root: QWidget) -> Iterator[QWidget]:
    """What can be clicked, moved or typed into, or be reached by the keyboard; the insides of Qt's own widgets not."""
    for widget in root.findChildren(QWidget):
        inside = [parent for parent in ancestors(widget) if isinstance(parent, (QComboBox, QAbstractSpinBox, *OF_QT))]
        if inside or isinstance(widget, OF_QT) or widget.objectName().startswith("qt_"):
            continue
        if isinstance(widget, QScrollArea) or (isinstance(widget, QLabel) and not widget.text()):  # nothing to read
            continue
        if isinstance(widget, CONTROLS) or widget.focusPolicy() is not Qt.FocusPolicy.NoFocus:
            yield widget


def ancestors(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, (QAbstractButton, QLabel)) else ""
    return widget.accessibleName() or text


def has_help(widget: QWidget) -> bool:
    """Qt shows the tooltip of the nearest widget that has one."""
    return any(place.toolTip() for place in (widget, *ancestors(widget)) if not place.isWindow())


@pytest.mark.parametrize("tab", [0, 1, 2], ids=["live", "speed", "gallery"])
def test_everything_has_a_name_and_a_tooltip(qtbot: QtBot, tab: int, window: MainWindow) -> None:
    found = list(usable(bring_to_front(qtbot, window, tab)))
    assert len(found) > 5
    assert [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}" for widget in found if not name(widget)
    ] == []
    assert [name(widget) for widget in found if isinstance(widget, CONTROLS) and not has_help(widget)] == []


def test_so_have_bars_and_dialogs(window: MainWindow) -> None:
    dialogs: list[QDialog] = [ErrorDialog("error", ["details"], window), DoctorDialog(window, ["no-such-program"])]
    for part in (window.banner, window.hints, *dialogs):
        for widget in usable(part):
            assert name(widget), widget
            assert has_help(widget), name(widget)
    for dialog in dialogs:
        dialog.close()


def test_no_two_commands_of_a_tab_share_a_key(qtbot: QtBot, window: MainWindow) -> None:
    for index in range(3):
        bring_to_front(qtbot, window, index)
        enabled = [action for action in window.actions() if action.isEnabled()]
        keys = [key.toString() for action in enabled for key in action.shortcuts()]
        assert sorted(set(keys)) == sorted(keys)
        assert {"F1", "1", "2", "3", "Ctrl+Q"} <= set(keys)
        assert ("Ctrl+C" in keys) == (index != 1)  # of the Speed tab there is nothing to copy yet


def test_the_list_of_keys_fits_a_small_screen(qtbot: QtBot, window: MainWindow) -> None:
    for index in range(3):
        bring_to_front(qtbot, window, index)
        window.show_shortcuts()
        size = window.findChildren(ShortcutList)[-1].sizeHint()
        assert size.width() <= 790, index
        assert size.height() <= 540, index
