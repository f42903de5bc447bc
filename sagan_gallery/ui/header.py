"""StageHeader: the line above the large picture: what it is, and what to know before one believes its map."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from facecam.qtkit.fields import tool_button
from facecam.qtkit.icons import icon
from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE, STAGE_TEXT, STAGE_TEXT_DIM, WARNING, stage_palette, tabular
from facecam.qtkit.widgets import ElidedLabel


class StageHeader(QWidget):
    """A title, a button that copies the text behind it, details as far as there is room, and a warning."""

    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title, self._details, self._warning = QLabel(), ElidedLabel(), QLabel()
        colours = (STAGE_TEXT, STAGE_TEXT_DIM, WARNING)
        for label, colour in zip((self._title, self._details, self._warning), colours, strict=True):
            label.setPalette(stage_palette(colour))
            label.setFont(tabular(self.font(), 1.0, QFont.Weight.DemiBold if label is self._title else None))
        copy_help = "Copy the text that makes this sample again; Ctrl+V brings it back (Ctrl+Shift+C)"
        self.copy = tool_button("Copy sample text", copy_help, self.copy_wanted.emit)
        self.copy.setIcon(icon("copy", STAGE_TEXT_DIM))
        self.copy.setIconSize(QSize(2 * SPACE, 2 * SPACE))
        self.copy.setPalette(stage_palette())
        self.copy.setFixedSize(3 * SPACE, 3 * SPACE)
        self.copy.hide()
        self.setFixedHeight(4 * SPACE)
        self.setAutoFillBackground(True)
        self.setPalette(stage_palette())
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Chosen picture")
        parts = (self._title, self.copy, (self._details, 1), self._warning)
        row(*parts, owner=self, margins=(2 * SPACE, 0, 2 * SPACE, 0), spacing=SPACE)

    def show_origin(self, title: str, details: str, can_copy: bool) -> None:
        self._title.setText(title)
        self._details.say(details)
        self.copy.setVisible(can_copy)
        self._describe()

    def warn(self, words: str, sentence: str) -> None:
        """What to know, in few words, and at length in the tooltip; empty for nothing."""
        self._warning.setText(words)
        self._warning.setToolTip(sentence)
        self._describe()

    def _describe(self) -> None:
        parts = (self._title.text(), self._details.text(), self.warning)
        self.setAccessibleDescription(", ".join(part for part in parts if part))

    @property
    def warning(self) -> str:
        """In few words; empty for none."""
        return self._warning.text()
