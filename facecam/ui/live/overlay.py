"""Overlay: the lines over a picture: its figures below, its caption or a hint above. No widget."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QFont, QPainter

from facecam.qtkit.figure_line import FigureLine

_MARGIN = 12


class Overlay:
    """figures: at the picture's lower edge; caption: at the stage's upper edge; hint: in its place while it has words.

    figures_help: what the figures mean.
    """

    def __init__(self) -> None:
        self.figures, self.caption, self.hint = FigureLine(), FigureLine(), FigureLine()
        self.figures_help = ""
        self._figures_rect = QRectF()

    def help_at(self, place: QPointF) -> tuple[str, QRect] | None:
        """The explanation of what is painted at that place of the view, and the rectangle that it is about."""
        if not self.figures_help or not self._figures_rect.contains(place):
            return None
        return self.figures_help, self._figures_rect.toAlignedRect()

    def paint_figures(self, painter: QPainter, picture: QRect, stage: QRect, font: QFont) -> None:
        """The line of figures. A picture that is too narrow for it has it across its middle, out to the stage's edges:
        the figures don't depend on the picture's shape."""
        room = stage.width() - 2 * _MARGIN
        width = self.figures.size(painter, room, font).width()
        left: float = picture.left() + _MARGIN
        if width > picture.width() - 2 * _MARGIN:
            middle = picture.left() + picture.width() / 2
            left = max(stage.left() + _MARGIN, min(middle - width / 2, stage.left() + _MARGIN + room - width))
        bottom = picture.top() + picture.height() - _MARGIN
        self._figures_rect = self.figures.paint(painter, left, bottom, room, font)

    def paint_upper(self, painter: QPainter, stage: QRect, font: QFont) -> None:
        """The hint, or else the caption."""
        line = self.hint if self.hint.text else self.caption
        left, top, room = stage.left() + _MARGIN, stage.top() + _MARGIN, stage.width() - 2 * _MARGIN
        line.paint(painter, left, top, room, font, below=True)
