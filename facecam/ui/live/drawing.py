"""Painting over a picture: boxes with their scores, lines of figures. Positions in, pixels out; no widget.

Boxes are put together from filled rectangles and four small pictures of corners: six times as fast as stroking rounded
rectangles, which matters at 30 pictures per second and many faces. Scores are kept as pictures too: few of them differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from facecam.arrays import Array
from facecam.faces.palette import label
from facecam.qtkit import theme
from facecam.qtkit.figure_line import FigureLine, pill

SCORE_FROM_PX = 44
"""Narrower boxes show their score only under the cursor: in a crowd the figures would hide the faces."""

_LINE_PX = 2
_EDGE_PX = 1
_MAX_RADIUS_PX = 8
_MARK_PX = 5
_MARGIN_PX = 12


def paint_boxes(
    painter: QPainter,
    boxes: Array,
    scores: Array,
    room: QRectF,
    under_cursor: int | None = None,
    all_scores: bool = False,
    ids: npt.NDArray[np.intp] | None = None,
    colours: Sequence[int] = (),
    scale: float = 1.0,
) -> None:
    """Boxes (N, 4) float32, x1 y1 x2 y2 in view pixels: a line of 2 px at any zoom, with a dark edge on either side.

    The painter's units are view pixels: boxes have been scaled, not the painter. scores: (N,) 0..1, written above the
    box to two digits, within `room`: with `all_scores` for all but small boxes, and always for the one of index
    `under_cursor`. ids: (N,) numbers of faces that are followed: they stand before the score. colours: (N,) indices of
    `theme.TRACK_COLOURS`; empty: all have the first. scale: so much thicker the lines are.
    """
    if len(boxes) == 0:
        return
    ratio = painter.device().devicePixelRatioF()
    rows = np.rint(boxes * ratio).astype(np.int32).tolist()
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)  # in the screen's pixels lines are sharp at any scaling
    painter.setPen(Qt.PenStyle.NoPen)
    _paint_frames(painter, rows, [theme.TRACK_COLOURS[kind] for kind in colours or (0,) * len(rows)], scale * ratio)
    if under_cursor is not None:
        _paint_frames(painter, [rows[under_cursor]], [theme.BOX_UNDER_CURSOR], scale * ratio)
    font = painter.font()
    left, top, right, bottom = room.left(), room.top(), room.right(), room.bottom()
    numbers = [0] * len(rows) if ids is None else ids.tolist()
    for index, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        in_sight = x2 >= left and x1 <= right and y2 >= top and y1 <= bottom
        if in_sight and (index == under_cursor or (all_scores and x2 - x1 >= SCORE_FROM_PX)):
            pill = _pill(label(numbers[index], float(scores[index])), font, ratio)
            width, height = pill.width(), pill.height()
            x, y = _label_place(x1, y1, width / ratio, height / ratio, room)
            # In the screen's pixels too: text at a place between two of them is blurred, and shivers with the box.
            painter.drawPixmap(round(x * ratio), round(y * ratio), width, height, pill)
    painter.restore()


def paint_marks(painter: QPainter, boxes: Array) -> None:
    """A dashed frame around each of the boxes (N, 4), view pixels: of a face that only one of two detectors finds."""
    if len(boxes) == 0:
        return
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, style in ((theme.BOX_EDGE, Qt.PenStyle.SolidLine), (theme.WARNING, Qt.PenStyle.DashLine)):
        painter.setPen(QPen(colour, _LINE_PX, style, Qt.PenCapStyle.FlatCap))
        for x1, y1, x2, y2 in boxes.tolist():
            painter.drawRect(QRectF(x1, y1, x2 - x1, y2 - y1).adjusted(-_MARK_PX, -_MARK_PX, _MARK_PX, _MARK_PX))
    painter.restore()


def _paint_frames(painter: QPainter, rows: list[list[int]], colours: list[QColor], ratio: float) -> None:
    """Frames around rows of x1, y1, x2, y2, each in its colour, all in pixels of the screen, of which a view pixel has
    `ratio`."""
    line, edge = int(_LINE_PX * ratio + 0.5), int(_EDGE_PX * ratio + 0.5)
    most = round(_MAX_RADIUS_PX * ratio)
    edges: list[QRect] = []
    lines: dict[int, list[QRect]] = {}  # by the colour
    corners: list[tuple[tuple[int, int], QPixmap]] = []
    for (x1, y1, x2, y2), colour in zip(rows, colours, strict=True):
        left, top, right, bottom = x1 - line // 2, y1 - line // 2, x2 - line // 2 + line, y2 - line // 2 + line
        corner = max(line, min(most, round(0.18 * min(x2 - x1, y2 - y1))))  # the outer radius of the line
        across, down = max(0, right - left - 2 * corner), max(0, bottom - top - 2 * corner)
        rgba = colour.rgba()
        for more, rects in ((edge, edges), (0, lines.setdefault(rgba, []))):
            width = line + 2 * more
            rects += (
                QRect(left + corner, top - more, across, width),
                QRect(left + corner, bottom - line - more, across, width),
                QRect(left - more, top + corner, width, down),
                QRect(right - line - more, top + corner, width, down),
            )
        near_x, near_y, far_x, far_y = left - edge, top - edge, right - corner, bottom - corner
        places = (near_x, near_y), (far_x, near_y), (near_x, far_y), (far_x, far_y)
        corners += zip(places, _corners(corner, line, edge, rgba), strict=True)
    painter.setBrush(theme.BOX_EDGE)
    painter.drawRects(edges)
    for rgba, rects in lines.items():
        painter.setBrush(QColor.fromRgba(rgba))
        painter.drawRects(rects)
    for (x, y), tile in corners:
        painter.drawPixmap(x, y, tile)


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


def _label_place(left_px: float, top_px: float, width_px: float, height_px: float, room: QRectF) -> tuple[float, float]:
    """Upper left corner of a label of that size: above the box's own, or inside the box where it would leave `room`."""
    left, top = left_px, top_px - height_px - 4
    if top < room.top():
        left, top = left + 4, max(room.top(), top_px) + 4
    return max(room.left(), min(left, room.right() - width_px)), top


@lru_cache(maxsize=512)
def _pill(text: str, font: QFont, ratio: float) -> QPixmap:
    """Text on a small pill, `ratio` pixels in one of the view."""
    size = QFontMetricsF(font).size(0, text)
    width, height = (math.ceil(side * ratio) / ratio for side in (size.width() + 10, size.height()))
    pixmap = QPixmap(pill(width, height, ratio, 4))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme.STAGE_TEXT)
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


class Overlay:
    """figures: at the picture's lower edge; caption: at its upper edge, and below it, while they have words,
    the hint, or else the figures of the chosen face.

    figures_help: what the figures mean. figures_rect: where they were painted last, in the view.
    """

    def __init__(self) -> None:
        self.figures, self.caption = FigureLine(), FigureLine()
        self.chosen, self.hint = FigureLine(), FigureLine()
        self.figures_help = ""
        self.figures_rect = QRectF()

    def help_at(self, place: QPointF) -> tuple[str, QRect] | None:
        """The explanation of what is painted at that place of the view, and the rectangle that it is about."""
        if not self.figures_help or not self.figures_rect.contains(place):
            return None
        return self.figures_help, self.figures_rect.toAlignedRect()

    def paint_figures(self, painter: QPainter, picture: QRect, stage: QRect, font: QFont) -> None:
        """The line of figures. A picture that is too narrow for it has it across its middle, out to the stage's edges:
        the figures don't depend on the picture's shape."""
        room = stage.width() - 2 * _MARGIN_PX
        width = self.figures.size(painter, room, font).width()
        left: float = picture.left() + _MARGIN_PX
        if width > picture.width() - 2 * _MARGIN_PX:
            middle = picture.left() + picture.width() / 2
            left = max(stage.left() + _MARGIN_PX, min(middle - width / 2, stage.left() + _MARGIN_PX + room - width))
        bottom = picture.top() + picture.height() - _MARGIN_PX
        self.figures_rect = self.figures.paint(painter, left, bottom, room, font)

    def paint_upper(self, painter: QPainter, place: QRect, font: QFont) -> None:
        """The caption, and below it the hint, or else the chosen face's figures."""
        left, top, room = place.left() + _MARGIN_PX, place.top() + _MARGIN_PX, place.width() - 2 * _MARGIN_PX
        caption = self.caption.paint(painter, left, top, room, font, below=True)
        top = top if caption.isEmpty() else round(caption.bottom()) + _MARGIN_PX // 2
        (self.hint if self.hint.text else self.chosen).paint(painter, left, top, room, font, below=True)
