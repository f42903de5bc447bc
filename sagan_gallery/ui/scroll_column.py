"""ScrollColumn: a control column in a window that may be too low for it. The program's other tabs use it too."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStyle, QWidget


class ScrollColumn(QScrollArea):
    """A column of constant width whose content scrolls up and down where the window is too low for it.

    The scroll bar's place is kept free while there is none: controls must not shrink when more of them unfold.
    """

    def __init__(self, width_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(width_px)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes to the controls themselves, which it scrolls into view
        self.verticalScrollBar().rangeChanged.connect(self._reserve)
        self._reserve(0, 0)

    def _reserve(self, low: int, high: int) -> None:
        bar = self.verticalScrollBar()
        floats = self.style().styleHint(QStyle.StyleHint.SH_ScrollBar_Transient, None, bar) != 0
        free = low >= high and not floats  # a bar without a range is not shown
        self.setViewportMargins(0, 0, bar.sizeHint().width() if free else 0, 0)
