"""The menu bar: made from the commands of the window and of the tab in front, so that it can't be out of date."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from facecam.qtkit import theme
from facecam.qtkit.commands import Menu, command, menu_of
from facecam.qtkit.settings import Settings

_COLOURS = {
    "system": ("Colours of the system", "Dark or light, as the system is"),
    "light": ("Light colours", "Dark on light, whatever the system is"),
    "dark": ("Dark colours", "Light on dark, whatever the system is"),
}


class MenuBar(QMenuBar):
    """File, Edit, View, the tab's own menu and Help. A menu without commands is not shown."""

    shown = Signal(bool)
    """A menu is about to open (True), or has closed: the time to switch off what makes no sense just now."""

    def __init__(self) -> None:
        super().__init__()
        self._menus: list[QMenu] = []
        self.setAccessibleName("Menus")

    def fill(self, title: str, tab: Sequence[QAction], window: Sequence[QAction]) -> None:
        """Shows the commands of the tab with that title, and those of the window after them."""
        self.clear()
        for menu in self._menus:
            menu.deleteLater()
        self._menus = []
        for kind in Menu:
            own = [action for action in tab if menu_of(action) is kind]
            general = [action for action in window if menu_of(action) is kind]
            if kind is Menu.NONE or not (own or general):
                continue
            menu = QMenu(f"&{title}" if kind is Menu.TAB else kind.value, self)
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(partial(self.shown.emit, True))
            menu.aboutToHide.connect(partial(self.shown.emit, False))
            menu.addActions(own)
            if own and general:
                menu.addSeparator()
            menu.addActions(general)
            self.addMenu(menu)
            self._menus.append(menu)


def colour_commands(window: QWidget, settings: Settings) -> list[QAction]:
    """Dark, light, or as the system is; remembered, and taken from the settings now."""
    group = QActionGroup(window)
    chosen = settings.text("window/colours", "system")
    actions = []
    for name, (text, help_text) in _COLOURS.items():
        action = command(window, text, [], partial(_colour, settings, name), Menu.VIEW, help_text)
        action.setCheckable(True)
        action.setChecked(name == chosen)
        group.addAction(action)
        actions.append(action)
    if chosen in ("light", "dark"):
        _colour(settings, chosen)
    return actions


def _colour(settings: Settings, name: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    settings.put("window/colours", name)
    if name == "system":
        theme.follow_system(app)
    else:
        theme.force_scheme(app, dark=name == "dark")
