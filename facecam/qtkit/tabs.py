"""What the main window expects of a tab, and what it gives to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from facecam.qtkit.preload import ModuleLoader


class Tab(QWidget):
    """One tab of the main window. It is made when it is shown for the first time, or shortly before.

    A tab that works in the background starts and stops that in `activated` and `deactivated` where it should not go on
    unseen. Its keyboard commands are ordinary actions from `commands`; they work while the tab is in front.
    """

    full_screen_wanted = Signal(bool)
    advised = Signal(str)
    """What the user can do about something, to stay in the window until it has been read."""
    at_work = Signal(str)
    """What goes on also while another tab is in front, in a word or two; empty for nothing."""

    def activated(self) -> None:
        """The tab has come to the front."""

    def deactivated(self) -> None:
        """Another tab has come to the front."""

    def commands(self) -> list[QAction]:
        """The tab's keyboard commands, in the order of the list that F1 shows. text(): what it does."""
        return []

    def menu_shown(self, on: bool) -> None:
        """A menu with the tab's commands opens: those that make no sense now can be disabled until it has closed."""

    def set_full_screen(self, on: bool) -> None:
        """Shows only what matters, or everything again."""

    def unfinished(self) -> str:
        """What would be lost if the window were closed now, in a sentence; empty for nothing."""
        return ""

    def close_down(self, timeout_s: float) -> bool:
        """Stops all work for good, within that time; False when something still hangs. The window is closing."""
        return True


@dataclass(frozen=True)
class TabSpec:
    """A tab that can be shown. title: on the tab; help: its tooltip; make: called once, when it is first shown;
    first_steps: what the hint of the first start says of it, with the few marks of HTML; loader: of what `make`
    imports, where that takes long: the tab says that it is loading until then."""

    title: str
    help: str
    make: Callable[[], Tab]
    first_steps: str = ""
    loader: ModuleLoader | None = None
