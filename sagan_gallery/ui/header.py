"""StageHeader: the line above the large picture: what it is, and what to know before one believes its map."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QLabel, QLayout, QSizePolicy, QWidget

from facecam.qtkit.fields import tool_button
from facecam.qtkit.icons import icon
from facecam.qtkit.layouts import row
from facecam.qtkit.theme import SPACE, STAGE_TEXT, STAGE_TEXT_DIM, WARNING, stage_palette, tabular


class StageHeader(QWidget):
    """A title with details at the left, a warning at the right. Where it is narrow the details go first, and a warning
    takes the longest of its wordings that fits."""

    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wordings: Sequence[str] = ()
        self._title, self._details, self._warning = QLabel(), QLabel(), QLabel()
        colours = (STAGE_TEXT, STAGE_TEXT_DIM, WARNING)
        for label, colour in zip((self._title, self._details, self._warning), colours, strict=True):
            label.setTextFormat(Qt.TextFormat.PlainText)
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
        parts = (self._title, SPACE, self._details, SPACE // 2, self.copy, None, self._warning)
        layout = row(*parts, owner=self, margins=(2 * SPACE, 0, 2 * SPACE, 0))
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it takes the room that there is

    def show_origin(self, title: str, details: str, can_copy: bool) -> None:
        """What the large picture is."""
        self._title.setText(title)
        self._details.setText(details)
        self.copy.setVisible(can_copy)
        self._fit()

    def warn(self, wordings: Sequence[str]) -> None:
        """What to know, in several wordings, the longest one first; none for nothing."""
        self._wordings = wordings
        self.setToolTip(self.warning)
        self._fit()

    @property
    def warning(self) -> str:
        """The longest wording, empty for none."""
        return self._wordings[0] if self._wordings else ""

    def _fit(self) -> None:
        """Shows the details and the wording that fit; without either fitting, the shortest wording."""
        parts = (self._title.text(), self._details.text(), self.warning)
        self.setAccessibleDescription(", ".join(part for part in parts if part))
        taken = self._title.sizeHint().width() + (3 * SPACE if self.copy.isVisibleTo(self) else 0) + 6 * SPACE
        metrics = self._warning.fontMetrics()
        for with_details in (True, False):
            room = self.width() - taken - (self._details.sizeHint().width() if with_details else 0)
            fits = [text for text in self._wordings or [""] if metrics.horizontalAdvance(text) <= room]
            if fits:
                break
        self._details.setVisible(with_details)
        self._warning.setText(fits[0] if fits else "".join(self._wordings[-1:]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
