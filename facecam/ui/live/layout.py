"""Where things stand in the Live tab: pictures at the left, the control column at the right, a line in words below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE
from facecam.ui.live.controls import LiveControls


def lay_out(tab: QWidget, pictures: QWidget, below: Sequence[QWidget], column: QWidget, status: QWidget) -> None:
    """below: the bars under the pictures, which take all the rest."""
    left = QVBoxLayout()
    left.setSpacing(0)
    left.addWidget(pictures, 1)
    for bar in below:
        left.addWidget(bar)
    upper = QHBoxLayout()
    upper.setSpacing(0)
    upper.addLayout(left, 1)
    upper.addWidget(column)
    status.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
    layout = QVBoxLayout(tab)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addLayout(upper, 1)
    layout.addWidget(status)


def put_over(picture: QWidget, panel: QWidget) -> None:
    """The panel as a child of the picture, so that what is dropped on it reaches the picture."""
    over = QVBoxLayout(picture)
    over.setContentsMargins(0, 0, 0, 0)
    over.addWidget(panel)


def fill_column(
    controls: LiveControls,
    settings: Settings,
    buttons: QWidget,
    switches: Sequence[QCheckBox],
    sections: Sequence[Section],
) -> None:
    """Buttons below Start, more switches of the view, and the folds, each as the user has left it."""
    controls.add_actions(buttons)
    for switch in switches:
        controls.add_view_switch(switch)
    for section in sections:
        key = f"live/fold-{section.key}"
        fold = controls.add_section(section)
        fold.set_open(settings.flag(key, False))
        fold.toggled.connect(partial(settings.put, key))
