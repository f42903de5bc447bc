"""MenuBar: made from the commands of the window and of the tab in front, so that it can't be out of date."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from facecam.qtkit.commands import Menu, menu_of


class MenuBar(QMenuBar):
    """File, Edit, View, the tab's own menu and Help. A menu without commands is not shown."""

    shown = Signal(bool)
    """A menu is about to open (True), or has closed: the time to switch off what makes no sense just now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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

    def texts(self) -> dict[str, list[str]]:
        """What can be read in each menu, without the marks of keyboard access: {"File": ["Open a file…", ...]}."""
        return {
            menu.title().replace("&", ""): [action.text() for action in menu.actions() if not action.isSeparator()]
            for menu in self._menus
        }
