"""Fold: a part of the control column that opens and closes; Section: what stands in one.

To add one, write a Section and name it in `LiveTab.sections`. The tab asks it for its keyboard commands, tells it
when to look again, and remembers whether it is open.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QLayout, QSizePolicy, QToolButton, QWidget

from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE, sized


class Section(QWidget):
    """The content of a fold.

    key: names it in the settings; title: on the fold; help: its tooltip, what it is for.
    """

    key = ""
    title = ""
    help = ""

    def lay_out(self, *parts: QWidget | QLayout) -> None:
        column(*parts, owner=self, margins=(SPACE, 0, 0, SPACE), spacing=SPACE)

    def commands(self) -> list[QAction]:
        """Its keyboard commands; they work while the fold is closed too."""
        return []

    def refresh(self) -> None:
        """Time to look again: called twice a second while pictures come, and whenever the session's phase changes."""


class Fold(QWidget):
    """A heading that opens and closes what is below it."""

    toggled = Signal(bool)
    """The user has opened or closed it."""

    def __init__(self, section: Section) -> None:
        super().__init__()
        self.section = section
        self.button = QToolButton()
        self.button.setText(section.title)
        self.button.setToolTip(section.help)
        self.button.setAccessibleName(section.title)
        self.button.setAccessibleDescription(section.help)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setArrowType(Qt.ArrowType.RightArrow)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFont(sized(self.button.font(), 1.0, QFont.Weight.DemiBold))
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.toggled.connect(self._show)
        section.hide()
        column(self.button, section, owner=self, spacing=SPACE // 2)

    def remember(self, settings: Settings, key: str) -> None:
        """Is as open as the user has left it, and keeps that under the key from now on."""
        self.set_open(settings.flag(key, False))
        self.toggled.connect(partial(settings.put, key))

    @property
    def is_open(self) -> bool:
        return self.button.isChecked()

    def set_open(self, on: bool) -> None:
        self.button.setChecked(on)

    def _show(self, on: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.section.setVisible(on)
        if self.isVisible():  # else the column is painted once with all of it squeezed into its height from before
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        self.toggled.emit(on)
