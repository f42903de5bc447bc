"""MainWindow: hosts the tabs, makes each when it is first shown, and tells of unexpected errors without ending."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QBoxLayout, QComboBox, QLabel, QMainWindow, QTabWidget, QWidget

from facecam.qtkit import theme
from facecam.qtkit.commands import Menu, command, separator
from facecam.qtkit.file_dialogs import show_folder
from facecam.qtkit.icons import icon
from facecam.qtkit.layouts import column
from facecam.qtkit.preload import ModuleLoader
from facecam.qtkit.settings import Settings
from facecam.qtkit.stage import StageMessage, StagePanel
from facecam.qtkit.tabs import Tab, TabSpec
from facecam.qtkit.wording import sentence
from facecam.runtimes.engine import version
from facecam.system.paths import log_file
from facecam.ui.shell.dialogs import WOULD_BE_FORGOTTEN, DoctorDialog, ShortcutList, ask
from facecam.ui.shell.menus import MenuBar, colour_commands
from facecam.ui.shell.notices import ErrorBanner, HintBar

DEFAULT_SIZE = (1280, 800)
MINIMUM_SIZE = (640, 480)
CLOSE_TIMEOUT_S = 2.0
_FRAME_PX, _TITLE_PX = 12, 36


def largest_size(available: QSize) -> QSize:
    """The size of the first window on a screen with so much room: its frame and title need some too."""
    return QSize(*DEFAULT_SIZE).boundedTo(available - QSize(_FRAME_PX, _FRAME_PX + _TITLE_PX))


class MainWindow(QMainWindow):
    """One window, one tab for each TabSpec."""

    def __init__(self, tabs: Sequence[TabSpec], settings: Settings) -> None:
        super().__init__()
        self.specs, self._settings = list(tabs), settings
        self.made: dict[int, Tab] = {}  # the tabs that have been shown, by index
        self._current: Tab | None = None  # while one is loaded, there is none
        self._loading: dict[int, StagePanel] = {}
        self._was_maximized = False
        self._bare = False  # arranged for full screen
        self._hinting = False
        self._asks = True  # before it is closed
        self.setWindowTitle("facecam")
        self.setWindowIcon(icon("facecam", theme.BOX))
        self.setMinimumSize(*MINIMUM_SIZE)
        self.resize(largest_size(self.screen().availableSize()))
        geometry = settings.blob("window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)  # onto a screen that there is

        self.banner = ErrorBanner()
        self.hints = HintBar()
        settings.not_kept.connect(self.hints.say)
        self._tabs = _Tabs()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._pages: list[QBoxLayout] = []
        for index, spec in enumerate(self.specs):
            page = QWidget()
            self._pages.append(column(owner=page))
            self._tabs.addTab(page, spec.title)
            self._tabs.setTabToolTip(index, f"{spec.help} ({index + 1})")
        self.elsewhere = QLabel(alignment=Qt.AlignmentFlag.AlignRight)
        """In full screen, which hides the names of the tabs: what goes on in those that are not in front."""
        self.elsewhere.setAutoFillBackground(True)
        self.elsewhere.setPalette(theme.stage_palette())
        self.elsewhere.setContentsMargins(2 * theme.SPACE, theme.SPACE // 2, 2 * theme.SPACE, theme.SPACE // 2)
        self.elsewhere.hide()
        central = QWidget()
        column(self.banner, self.hints, self.elsewhere, (self._tabs, 1), owner=central)
        self.setCentralWidget(central)
        self.menus = MenuBar()
        self.setMenuBar(self.menus)
        self.menus.shown.connect(self._menu_shown)
        self._commands = self._make_commands()
        self.addActions(self._commands)
        self._tabs.currentChanged.connect(self._show)
        self._show(0)
        remembered = settings.number("window/tab", 0, 0, len(self.specs) - 1)
        self.go_to(int(remembered or 0))
        if settings.problem is not None:
            self.hints.say(settings.problem)
        elif not settings.flag("window/welcomed", False):
            self._welcome()

    def _make_commands(self) -> list[QAction]:
        """In the order of the list of keys; in the menus they stand after those of the tab."""
        tabs = [
            command(self, spec.title, [str(index + 1)], partial(self.go_to, index), Menu.VIEW, spec.help)
            for index, spec in enumerate(self.specs)
        ]
        forget = partial(ask, self, "Forget all settings", WOULD_BE_FORGOTTEN, "Forget", self._forget)
        show_log = partial(show_folder, log_file().parent, self.hints.say)
        machine_help = "What a report of a fault needs (`facecam doctor`)"
        return [
            *tabs,
            separator(self, Menu.VIEW),
            *colour_commands(self, self._settings),
            command(self, "Keyboard shortcuts", ["F1"], self.show_shortcuts, Menu.HELP),
            command(self, "First steps", [], self._welcome, Menu.HELP, "The hint of the first start"),
            command(self, "This machine…", [], lambda: DoctorDialog(self).show(), Menu.HELP, machine_help),
            command(self, "Show the log", [], show_log, Menu.HELP, "Opens the folder of the log"),
            command(self, "Forget all settings…", [], forget, Menu.HELP, "Everything as at the first start"),
            command(self, "About", [], self._about, Menu.HELP),
            command(self, "Quit", ["Ctrl+Q"], self.close, Menu.FILE),
        ]

    # -- tabs

    def tab(self, index: int) -> Tab:
        """The tab at that place, made now if it has not been shown yet."""
        tab = self.made.get(index)
        if tab is None:
            tab = self.made[index] = self.specs[index].make()
            self._pages[index].addWidget(tab)
            tab.full_screen_wanted.connect(self.set_full_screen)
            tab.advised.connect(self.hints.say)
            tab.at_work.connect(partial(self._name_tab, index))
        return tab

    def go_to(self, index: int) -> None:
        """Brings a tab to the front, counted from 0."""
        self._tabs.setCurrentIndex(index)

    def preload(self) -> None:
        """Begins soon to load what the tabs need that have not been shown, so that they are there at once."""
        for spec in self.specs:
            if spec.loader is not None:
                spec.loader.begin_soon()

    def _show(self, index: int) -> None:
        if not 0 <= index < len(self.specs):
            return
        if self._current is not None:
            for action in self._current.commands():
                self.removeAction(action)
            if self._bare:
                self._current.set_full_screen(False)
            self._current.deactivated()
        loader = self.specs[index].loader
        if index in self.made or loader is None or loader.is_done:
            tab = self._current = self.tab(index)
            self.addActions(tab.commands())
            self.menus.fill(self.specs[index].title, tab.commands(), self._commands)
            tab.activated()
            if self._bare:
                tab.set_full_screen(True)
        else:
            self._current = None
            self.menus.fill(self.specs[index].title, [], self._commands)
            self._wait_for(index, loader)
        self.hints.refresh()
        self._tell_elsewhere()

    def _wait_for(self, index: int, loader: ModuleLoader) -> None:
        """Says that the tab is loading, and shows it then unless the user has gone to another."""
        if index not in self._loading:
            page = self._loading[index] = StagePanel(opaque=True)
            page.show_message(StageMessage(f"Loading the {self.specs[index].title.lower()}…"), over_picture=True)
            self._pages[index].addWidget(page)
            loader.done.connect(partial(self._loaded, index))
            loader.begin()

    def _loaded(self, index: int) -> None:
        page = self._loading.pop(index, None)
        if page is None:  # the window has been closed meanwhile
            return
        self._pages[index].removeWidget(page)
        page.hide()
        page.deleteLater()
        if self._tabs.currentIndex() == index:
            self._show(index)

    def _name_tab(self, index: int, at_work: str) -> None:
        """By its title, and what goes on in it."""
        name = sentence(self.specs[index].title, at_work)
        if name != self._tabs.tabText(index):
            self._tabs.setTabText(index, name)
            self._tell_elsewhere()

    def _tell_elsewhere(self) -> None:
        names = [(self._tabs.tabText(index), spec.title) for index, spec in enumerate(self.specs)]
        names.pop(self._tabs.currentIndex())
        self.elsewhere.setText("   ".join(f"● {name}" for name, title in names if name != title))
        self.elsewhere.setVisible(self._bare and bool(self.elsewhere.text()))

    def _menu_shown(self, on: bool) -> None:
        if self._current is not None:
            self._current.menu_shown(on)

    # -- full screen

    def set_full_screen(self, on: bool) -> None:
        """The current tab on the whole screen, or the window as it was."""
        if on == self.isFullScreen():
            return
        if on:
            self._was_maximized = self.isMaximized()
            self.showFullScreen()
        else:
            self.showMaximized() if self._was_maximized else self.showNormal()

    def changeEvent(self, event: QEvent) -> None:
        """Shows what belongs to the state of the window, whoever changed it: a window manager has keys for it too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self.isFullScreen() != self._bare:
            self._set_bare(self.isFullScreen())

    def _set_bare(self, on: bool) -> None:
        self._bare = on
        if self._current is not None:
            self._current.set_full_screen(on)
        for bar in (self.menus, self._tabs.tabBar()):
            bar.setVisible(not on)
        self._tell_elsewhere()
        if on:
            self._hinting = self.hints.isVisible()
            self.hints.hide()
        elif self._hinting:
            self.hints.show()

    # -- help and errors

    def _welcome(self) -> None:
        """The first steps of the tab in front; from then on they don't come by themselves."""

        def words() -> str:
            first_steps = self.specs[self._tabs.currentIndex()].first_steps
            return f"New here? {first_steps} <b>F1</b> lists all keys."

        self.hints.say(words, partial(self._settings.put, "window/welcomed", True), rich=True)

    def _about(self) -> None:
        self.hints.say(
            f"facecam {version('facecam') or '(from a checkout)'} · live face detection on one CPU core · MIT licence; "
            "the weights have cards that say what they were trained on."
        )

    def _forget(self) -> None:
        try:
            self._settings.clear()
        except OSError as error:
            self.hints.say(f"The settings can't be removed: {error.strerror or error}.")
            return
        self.hints.say("The settings are forgotten. From the next start on, everything is as it was the first time.")

    def show_shortcuts(self) -> None:
        for earlier in self.findChildren(ShortcutList):
            earlier.close()
        tab = self._current.commands() if self._current is not None else []
        ShortcutList([*tab, *self._commands], self).show()

    # -- events

    def event(self, event: QEvent) -> bool:
        before_shortcuts = event.type() == QEvent.Type.ShortcutOverride
        if before_shortcuts and isinstance(event, QKeyEvent) and _keeps(self.focusWidget(), event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A tab with a full screen has commands for these. Another one, and one that is loading, had no way out.
        if self._bare and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F, Qt.Key.Key_F11):
            self.set_full_screen(False)
        else:
            super().keyPressEvent(event)

    def close_now(self) -> None:
        """Closes it without asking about what is unfinished."""
        self._asks = False
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        unfinished = "\n".join(filter(None, (tab.unfinished() for tab in self.made.values())))
        if unfinished and self._asks:
            event.ignore()
            ask(self, "Close the window", unfinished, "Close", self.close_now)
            return
        self.set_full_screen(False)  # not to be remembered
        if not self._settings.forgotten:
            self._settings.put("window/geometry", self.saveGeometry())
            self._settings.put("window/tab", float(self._tabs.currentIndex()))
            self._settings.flush()
        self._loading.clear()
        self.hide()  # gone at once for the user, while cameras and threads are being let go
        end_s = time.perf_counter() + CLOSE_TIMEOUT_S
        for tab in self.made.values():
            tab.close_down(max(0.0, end_s - time.perf_counter()))
        super().closeEvent(event)


def _keeps(widget: QWidget | None, event: QKeyEvent) -> bool:
    """Whether a key belongs to the widget that the keyboard has reached, and not to a command: Space presses a button
    and opens a list, instead of starting the camera; Ctrl+C copies the words that are selected, not the picture."""
    if event.matches(QKeySequence.StandardKey.Copy):
        return isinstance(widget, QLabel) and widget.hasSelectedText()
    plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
    return plain and event.key() == Qt.Key.Key_Space and isinstance(widget, QAbstractButton | QComboBox)


class _Tabs(QTabWidget):
    """Each label whose text changes asks for a layout, at which QTabWidget would repaint the whole window. This one
    does so only if its tab bar has changed."""

    _bar: tuple[bool, QSize] | None = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            before, self._bar = self._bar, (self.tabBar().isHidden(), self.tabBar().sizeHint())
            if self._bar == before:
                self.updateGeometry()
                return True
        return super().event(event)
