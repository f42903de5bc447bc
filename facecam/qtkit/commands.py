"""Commands: what the user can do from a menu and by a key. An ordinary QAction that knows which menu it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton


class Menu(Enum):
    """Where a command stands in the menu bar, which has them in this order. TAB: the tab's own menu, named after it."""

    FILE = "&File"
    EDIT = "&Edit"
    VIEW = "&View"
    TAB = ""
    HELP = "&Help"
    NONE = "in no menu, only in the list of keys"


def command(
    owner: QObject,
    text: str,
    keys: Sequence[str],
    do: Callable[[], object],
    menu: Menu = Menu.TAB,
    help_text: str = "",
) -> QAction:
    """A command for `Tab.commands()`. text: what it does, as in "Mirror"; keys: such as "M" or "Ctrl+O", the first is
    shown in the menu; help_text: the tooltip, if the text does not say it all."""
    action = QAction(text, owner)
    action.setShortcuts([QKeySequence(key) for key in keys])
    action.setMenuRole(QAction.MenuRole.NoRole)  # macOS would move what it takes for "About" or "Settings"
    action.setToolTip(help_text or text)
    action.triggered.connect(lambda _checked=False: do())
    action.setProperty("facecam-menu", menu.name)
    return action


def switch_command(
    owner: QObject, text: str, keys: Sequence[str], switch: QAbstractButton, menu: Menu = Menu.VIEW
) -> QAction:
    """A command that turns a switch of the window on and off, with a mark in the menu while it is on."""
    action = command(owner, text, keys, lambda: None, menu, switch.toolTip())
    action.setCheckable(True)
    action.setChecked(switch.isChecked())
    action.toggled.connect(switch.setChecked)
    switch.toggled.connect(action.setChecked)
    return action


def separator(owner: QObject, menu: Menu) -> QAction:
    action = command(owner, "", [], lambda: None, menu)
    action.setSeparator(True)
    return action


def menu_of(action: QAction) -> Menu:
    """The menu that the action belongs to; one of another origin stands in the tab's own."""
    name = action.property("facecam-menu")
    return Menu[name] if isinstance(name, str) else Menu.TAB
