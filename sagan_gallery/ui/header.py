"""StageHeader: the line above the large picture: what it is, and what to know before one believes its map."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from facecam.qtkit.icons import icon
from facecam.qtkit.theme import SPACE, STAGE, STAGE_TEXT, STAGE_TEXT_DIM, WARNING, stage_palette, tabular

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class StageHeader(QWidget):
    """A title with details at the left, a warning at the right. Where it is narrow the details go first, and a warning
    takes the longest of its wordings that fits."""

    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._details = "", ""
        self._wordings: Sequence[str] = ()
        self._font = tabular(self.font())
        self._bold = tabular(self.font(), 1.0, QFont.Weight.DemiBold)
        self.setFixedHeight(4 * SPACE)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Chosen picture")
        self.copy = QToolButton(self)
        self.copy.setIcon(icon("copy", STAGE_TEXT_DIM))
        self.copy.setIconSize(QSize(2 * SPACE, 2 * SPACE))
        self.copy.setAutoRaise(True)
        self.copy.setPalette(stage_palette())
        self.copy.setAccessibleName("Copy sample text")
        self.copy.setToolTip("Copy the text that makes this sample again; Ctrl+V brings it back (Ctrl+Shift+C)")
        self.copy.resize(3 * SPACE, 3 * SPACE)
        self.copy.hide()
        self.copy.clicked.connect(self.copy_wanted)

    def show_origin(self, title: str, details: str, can_copy: bool) -> None:
        """What the large picture is."""
        if (title, details, can_copy) != (self._title, self._details, self.copy.isVisibleTo(self)):
            self._title, self._details = title, details
            self.copy.setVisible(can_copy)
            self._arrange()

    def warn(self, wordings: Sequence[str]) -> None:
        """What to know, in several wordings, the longest one first; none for nothing."""
        if list(wordings) != list(self._wordings):
            self._wordings = wordings
            self.setToolTip(self.warning)
            self._arrange()

    @property
    def warning(self) -> str:
        """The longest wording, empty for none."""
        return self._wordings[0] if self._wordings else ""

    def _arrange(self) -> None:
        self.setAccessibleDescription(", ".join(part for part in (self._title, self._details, self.warning) if part))
        self._lay_out()
        self.update()

    def _lay_out(self) -> tuple[str, str]:
        """Details and wording that fit; places the copy button."""
        title_px = _width(self._bold, self._title)
        room = self.width() - 4 * SPACE - title_px - (4 * SPACE if self.copy.isVisibleTo(self) else 0)
        details_px = _width(self._font, self._details) + SPACE if self._details else 0
        details, wording = "", self._wordings[-1] if self._wordings else ""
        for taken, kept in ((details_px, self._details), (0, "")):
            fits = [text for text in self._wordings if taken + _width(self._font, text) + 3 * SPACE <= room]
            if fits or (not self._wordings and taken <= room):
                details, wording = kept, fits[0] if fits else ""
                break
        x = 2 * SPACE + title_px + (details_px if details else 0)
        self.copy.move(x + SPACE // 2, (self.height() - self.copy.height()) // 2)
        return details, wording

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        details, wording = self._lay_out()
        row = self.rect().adjusted(2 * SPACE, 0, -2 * SPACE, 0)
        painter.setFont(self._bold)
        painter.setPen(STAGE_TEXT)
        painter.drawText(row, _LEFT, self._title)
        painter.setFont(self._font)
        painter.setPen(STAGE_TEXT_DIM)
        after = row.adjusted(_width(self._bold, self._title) + SPACE, 0, 0, 0)
        painter.drawText(after, _LEFT, details)
        if wording:
            painter.setPen(WARNING)
            start = self.copy.geometry().right() + SPACE if self.copy.isVisible() else after.left() + SPACE
            room = QRect(start, 0, row.right() - start, self.height())
            shown = painter.fontMetrics().elidedText(wording, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)


def _width(font: QFont, text: str) -> int:
    """Of a text, logical pixels."""
    return QFontMetrics(font).horizontalAdvance(text)
