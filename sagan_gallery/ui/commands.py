"""The panel's keyboard commands, for its own keys and for the window's menus and list of keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence

from sagan_gallery.ui.layout import PanelLayout
from sagan_gallery.ui.words import HELP_TITLE


def panel_commands(
    panel: PanelLayout,
    pin_informative: Callable[[], object],
    play_walk: Callable[[], object],
    toggle_page: Callable[[], object],
    toggle_help: Callable[[], object],
) -> list[QAction]:
    """Those that work wherever the focus is in the panel; and disabled, for the list, those of the picture itself."""

    def command(text: str, keys: list[str], do: Callable[[], object] | None) -> QAction:
        action = QAction(text, panel)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setEnabled(do is not None)
        if do is not None:
            action.triggered.connect(lambda _checked=False: do())
        return action

    return [
        command("New samples", ["R"], panel.controls.resample.click),
        command("Pin informative queries", ["T"], pin_informative),
        command("Remove all pins", ["Shift+Delete"], lambda: panel.view.set_pins([], None)),
        command("Walk", ["W"], panel.below.walk_button.toggle),
        command("Play or pause the walk", ["Space"], play_walk),
        command("Pins or matrix", ["X"], toggle_page),
        command("More controls", ["M"], panel.controls.more.button.toggle),
        command(HELP_TITLE, ["H"], toggle_help),
        command("Go to the picture", ["P"], panel.view.setFocus),
        command("Move the query by a cell (with Shift by four)", ["Left", "Right", "Up", "Down"], None),
        command("Pin the query", ["Return"], None),
        command("Remove the selected pin", ["Delete"], None),
        command("Select the next pin", ["PgDown"], None),
        command("Zoom in, out, whole picture", ["+", "-", "0"], None),
    ]
