"""Painting on a picture: boxes with their scores, and the line of figures. Positions in, pixels out; no widget.

Boxes are put together from filled rectangles and four small pictures of corners: six times as fast as stroking rounded
rectangles, which matters at 30 pictures per second and many faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from facecam.palette import colour_of, label
from facecam.ui import theme

Array = npt.NDArray[np.float32]

SCORE_FROM_PX = 44
"""Narrower boxes show their score only under the cursor: in a crowd the figures would hide the faces."""

_LINE_PX = 2
_EDGE_PX = 1
_MAX_RADIUS_PX = 8


def paint_boxes(
    painter: QPainter,
    boxes: Array,
    scores: Array,
    room: QRectF,
    under_cursor: int | None = None,
    all_scores: bool = False,
    ids: npt.NDArray[np.intp] | None = None,
) -> None:
    """Boxes (N, 4) float32, x1 y1 x2 y2 in view pixels: a line of 2 px at any zoom, with a dark edge on either side.

    The painter's units are view pixels: boxes have been scaled, not the painter. scores: (N,) 0..1, written above the
    box to two digits, within `room`: with `all_scores` for all but small boxes, and always for the one of index
    `under_cursor`. ids: (N,) numbers of faces that are followed: they choose the colour and stand before the score.
    """
    if len(boxes) == 0:
        return
    ratio = painter.device().devicePixelRatioF()
    rows = np.rint(boxes * ratio).astype(np.int32).tolist()
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)  # in the screen's pixels lines are sharp at any scaling
    painter.setPen(Qt.PenStyle.NoPen)
    kinds = [0] * len(rows) if ids is None else [colour_of(number) for number in ids.tolist()]
    for kind in sorted(set(kinds)):
        own = [row for row, its_kind in zip(rows, kinds, strict=True) if its_kind == kind]
        _paint_frames(painter, own, theme.TRACK_COLOURS[kind], ratio)
    if under_cursor is not None:
        _paint_frames(painter, [rows[under_cursor]], theme.BOX_UNDER_CURSOR, ratio)
    painter.restore()
    for index, (box, score) in enumerate(zip(boxes.tolist(), scores.tolist(), strict=True)):
        if index == under_cursor or (all_scores and box[2] - box[0] >= SCORE_FROM_PX):
            number = 0 if ids is None else int(ids[index])
            _paint_label(painter, box[0], box[1], label(number, score), room)


def _paint_frames(painter: QPainter, rows: list[list[int]], colour: QColor, ratio: float) -> None:
    """Frames around rows of x1, y1, x2, y2, all in pixels of the screen, of which a view pixel has `ratio`."""
    line, edge = int(_LINE_PX * ratio + 0.5), int(_EDGE_PX * ratio + 0.5)
    most = round(_MAX_RADIUS_PX * ratio)
    edges: list[QRect] = []
    lines: list[QRect] = []
    corners: list[tuple[QPoint, QPixmap]] = []
    for x1, y1, x2, y2 in rows:
        left, top, right, bottom = x1 - line // 2, y1 - line // 2, x2 - line // 2 + line, y2 - line // 2 + line
        corner = max(line, min(most, round(0.18 * min(x2 - x1, y2 - y1))))  # the outer radius of the line
        across, down = max(0, right - left - 2 * corner), max(0, bottom - top - 2 * corner)
        for more, rects in ((edge, edges), (0, lines)):
            width = line + 2 * more
            rects.append(QRect(left + corner, top - more, across, width))
            rects.append(QRect(left + corner, bottom - line - more, across, width))
            rects.append(QRect(left - more, top + corner, width, down))
            rects.append(QRect(right - line - more, top + corner, width, down))
        near_x, near_y, far_x, far_y = left - edge, top - edge, right - corner, bottom - corner
        places = (QPoint(near_x, near_y), QPoint(far_x, near_y), QPoint(near_x, far_y), QPoint(far_x, far_y))
        corners += zip(places, _corners(corner, line, edge, colour.rgba()), strict=True)
    painter.setBrush(theme.BOX_EDGE)
    painter.drawRects(edges)
    painter.setBrush(colour)
    painter.drawRects(lines)
    for place, tile in corners:
        painter.drawPixmap(place, tile)


@lru_cache(maxsize=128)
def _corners(radius: int, line: int, edge: int, rgba: int) -> tuple[QPixmap, ...]:
    """A frame's corners (upper left, upper right, lower left, lower right) with dark edges, in pixels of the screen.

    radius: of the line's outer side, at least its width. A corner covers the radius and the outer edge.
    """
    size = radius + edge + line + edge  # the inner edge reaches beyond the corner where the radius is small
    side = 2 * size + 2
    whole = QPixmap(side, side)
    whole.fill(Qt.GlobalColor.transparent)
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = edge + line / 2
    for colour, width in ((theme.BOX_EDGE, line + 2 * edge), (QColor.fromRgba(rgba), line)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
        bend = max(0.0, radius - line / 2)
        painter.drawRoundedRect(QRectF(middle, middle, side - 2 * middle, side - 2 * middle), bend, bend)
    painter.end()
    cut = radius + edge
    far = side - cut
    return tuple(whole.copy(x, y, cut, cut) for y in (0, far) for x in (0, far))


def _paint_label(painter: QPainter, left_px: float, top_px: float, text: str, room: QRectF) -> None:
    """Text in a small pill above the box's upper left corner, moved inside the box where it would leave `room`."""
    size = QFontMetricsF(painter.font()).size(0, text)
    pill = QRectF(left_px, top_px - size.height() - 4, size.width() + 10, size.height())
    if pill.top() < room.top():
        pill.moveTop(max(room.top(), top_px) + 4)
        pill.moveLeft(pill.left() + 4)
    pill.moveLeft(max(room.left(), min(pill.left(), room.right() - pill.width())))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.PILL)
    painter.drawRoundedRect(pill, 4, 4)
    painter.setPen(theme.STAGE_TEXT)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


@dataclass(frozen=True)
class Figure:
    """One figure of the line over a picture: the number, and in words what it counts."""

    number: str
    unit: str


class FigureLine:
    """A line of figures on a dark pill. A figure's place never shrinks, so that the line does not dance.

    It is painted into a picture of its own when it changes, which is far less often than pictures come.
    """

    def __init__(self) -> None:
        self._figures: list[Figure] = []
        self._widths: list[tuple[float, float]] = []
        self._pill: QPixmap | None = None
        self._key: tuple[object, ...] = ()

    @property
    def text(self) -> str:
        """The line as plain text, for screen readers and tests."""
        return " · ".join(f"{figure.number} {figure.unit}" for figure in self._figures)

    def set(self, figures: list[Figure]) -> None:
        """New figures; where the number of them changes, their places are measured afresh."""
        if len(figures) != len(self._figures):
            self._widths = []
        self._figures = list(figures)

    def paint(
        self, painter: QPainter, left_px: float, y_px: float, room_px: float, font: QFont, below: bool = False
    ) -> QRectF:
        """Paints above (or below) the line y of the view; figures that don't fit the room are left out, last first.

        Returns the pill's rectangle, empty without figures.
        """
        if not self._figures:
            return QRectF()
        ratio = painter.device().devicePixelRatioF()
        key = (tuple(self._figures), room_px, font.key(), ratio)
        if self._pill is None or key != self._key:
            self._pill, self._key = self._render(room_px, theme.tabular(font), ratio), key
        size = self._pill.deviceIndependentSize()
        rect = QRectF(QPointF(left_px, y_px if below else y_px - size.height()), size)
        painter.drawPixmap(rect.topLeft(), self._pill)
        return rect

    def _render(self, room_px: float, font: QFont, ratio: float) -> QPixmap:
        metrics = QFontMetricsF(font)
        pad, gap, word = 12.0, 18.0, metrics.horizontalAdvance(" ")
        wanted = [(metrics.horizontalAdvance(f.number), metrics.horizontalAdvance(f.unit)) for f in self._figures]
        if len(self._widths) == len(wanted):
            wanted = [(max(a, c), max(b, d)) for (a, b), (c, d) in zip(wanted, self._widths, strict=True)]
        self._widths = wanted
        shown, width = 0, 2 * pad - gap
        for number, unit in wanted:
            if shown and width + gap + number + word + unit > room_px:
                break
            width += gap + number + word + unit
            shown += 1
        height = round(metrics.height() + 10)
        pixmap = QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.PILL)
        painter.drawRoundedRect(QRectF(0, 0, width, height), height / 2, height / 2)
        painter.setFont(font)
        baseline = (height - metrics.height()) / 2 + metrics.ascent()
        x = pad
        for index in range(shown):
            figure, (number, unit) = self._figures[index], wanted[index]
            painter.setPen(theme.STAGE_TEXT_DIM)
            if index:
                painter.drawText(QPointF(x - gap / 2 - metrics.horizontalAdvance("·") / 2, baseline), "·")
            painter.drawText(QPointF(x + number + word, baseline), figure.unit)
            painter.setPen(theme.STAGE_TEXT)
            # Right-aligned: the units stay where they are while a number gains or loses a digit.
            painter.drawText(QPointF(x + number - metrics.horizontalAdvance(figure.number), baseline), figure.number)
            x += number + word + unit + gap
        painter.end()
        return pixmap
