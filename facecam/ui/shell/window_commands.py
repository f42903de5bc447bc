"""The commands of the window itself: tabs, colours, help, settings. They stand in the menus after those of the tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QWidget

from facecam.qtkit import theme
from facecam.qtkit.commands import Menu, command, set_menu
from facecam.qtkit.settings import Settings
from facecam.qtkit.tabs import TabSpec
from facecam.runtimes.engine import version
from facecam.ui.live import prompts
from facecam.ui.shell.doctor_dialog import DoctorDialog
from facecam.ui.shell.error_dialog import show_log
from facecam.ui.shell.hint_bar import WELCOME, HintBar

_COLOURS = {
    "system": ("Colours of the system", "Dark or light, as the system is"),
    "light": ("Light colours", "Dark on light, whatever the system is"),
    "dark": ("Dark colours", "Light on dark, whatever the system is"),
}


def window_commands(
    window: QWidget,
    settings: Settings,
    hints: HintBar,
    specs: Sequence[TabSpec],
    go_to: Callable[[int], None],
    show_shortcuts: Callable[[], None],
    first_steps: Callable[[], str],
) -> list[QAction]:
    """All of them, in the order of the list of keys. go_to: brings the tab of that number of `specs` to the front;
    first_steps: those of the tab in front."""
    tabs = [
        command(window, spec.title, [str(index + 1)], partial(go_to, index), Menu.VIEW, spec.help)
        for index, spec in enumerate(specs[:9])
        if len(specs) > 1
    ]

    def doctor() -> None:
        DoctorDialog(window).show()

    def ask_to_forget() -> None:
        prompts.ask_to_forget(window, forget)

    def forget() -> None:
        try:
            settings.clear()
        except OSError as error:
            hints.say(f"The settings can't be removed: {error.strerror or error}.")
            return
        hints.say("The settings are forgotten. From the next start on, everything is as it was the first time.")

    def about() -> None:
        hints.say(
            f"facecam {version('facecam') or '(from a checkout)'} · live face detection on one CPU core · MIT licence; "
            "the weights have cards that say what they were trained on."
        )

    line = QAction(window)
    line.setSeparator(True)
    return [
        *tabs,
        set_menu(line, Menu.VIEW),
        *_colour_commands(window, settings),
        command(window, "Keyboard shortcuts", ["F1"], show_shortcuts, Menu.HELP),
        command(
            window,
            "First steps",
            [],
            partial(welcome, hints, settings, first_steps),
            Menu.HELP,
            "The hint of the first start",
        ),
        command(window, "This machine…", [], doctor, Menu.HELP, "What a report of a fault needs (`facecam doctor`)"),
        command(window, "Show the log", [], show_log, Menu.HELP, "Opens the folder of the log"),
        command(window, "Forget all settings…", [], ask_to_forget, Menu.HELP, "Everything as at the first start"),
        command(window, "About", [], about, Menu.HELP),
        command(window, "Quit", ["Ctrl+Q"], window.close, Menu.FILE),
    ]


def greet(hints: HintBar, settings: Settings, first_steps: Callable[[], str]) -> None:
    """What has to be said at the start: trouble with the settings, else first steps, else nothing."""
    if settings.problem is not None:
        hints.say(settings.problem)
    elif not settings.flag("window/welcomed", False):
        welcome(hints, settings, first_steps)


def welcome(hints: HintBar, settings: Settings, first_steps: Callable[[], str]) -> None:
    """First steps; from then on they don't come by themselves."""

    def words() -> str:
        return WELCOME.format(first_steps())

    hints.say(words, partial(settings.put, "window/welcomed", True), rich=True)


def _colour_commands(window: QWidget, settings: Settings) -> list[QAction]:
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
