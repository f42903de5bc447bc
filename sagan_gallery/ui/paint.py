"""Painting pictures, maps, cells, pins and arrows; used by the view, the pin cards and the exported figure alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication

from facecam.arrays import Array, Image
from facecam.qtkit.theme import EDGE, PILL, SPACE, STAGE_TEXT
from sagan_gallery.attention import mass_mask
from sagan_gallery.overlay import Range, contour, enlarged, heat_alpha, heat_rgba, smoothed
from sagan_gallery.ui.map_style import Kind, MapStyle

PIN_COLOURS = [QColor(name) for name in ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")]
"""Okabe and Ito's palette, which all kinds of colour vision can tell apart; pins carry numbers, too."""
LEFT_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
HOVER = QColor("#ffffff")
"""Colour of the query under the cursor, which is no pin yet."""
SMOOTH_SIZE = 128
"""Side, in pixels, to which a smooth map is interpolated by value before it gets its colours."""
ENLARGE_UP_TO_PX = 128
"""Larger pictures are left to Qt's own interpolation."""
CONTOUR_SHARES = (0.5, 0.8)
"""Contours enclose about these shares of the mass."""
_CONTOUR_STEPS = 3
"""Points per cell and axis at which smooth contours are looked for."""


def to_qimage(pixels: Image) -> QImage:
    """(H, W, 3) uint8 RGB or (H, W, 4) uint8 premultiplied RGBA as a QImage that owns its pixels, in the form in which
    Qt scales and blends fastest."""
    height, width, channels = pixels.shape
    form, fast = (
        (QImage.Format.Format_RGB888, QImage.Format.Format_RGB32)
        if channels == 3
        else (QImage.Format.Format_RGBA8888_Premultiplied, QImage.Format.Format_ARGB32_Premultiplied)
    )
    return QImage(np.ascontiguousarray(pixels).data, width, height, channels * width, form).convertToFormat(fast)


def from_qimage(image: QImage) -> Image:
    """(H, W, 3) uint8 RGB of any QImage."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def paint_image(painter: QPainter, target: QRectF, image: QImage, smooth: bool) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, image)
    painter.restore()


def smooth_qimage(picture: Image) -> QImage:
    """(H, W, 3) uint8 RGB; a small picture at four times its size by cubic interpolation, which shows less of the
    pixels than Qt's."""
    small = max(picture.shape[:2]) <= ENLARGE_UP_TO_PX
    return to_qimage(enlarged(picture, 4) if small else picture)


def heat_image(weights: Array, values: Range, map_style: MapStyle, over_picture: bool) -> QImage:
    """A map as a heat map, one pixel for each cell, or interpolated by value when smooth; opaque, or to be laid over
    the picture. values: what the colours stand for."""
    fine = smoothed(weights, (SMOOTH_SIZE, SMOOTH_SIZE)) if map_style.smooth else weights
    alpha = None
    if over_picture:
        even = max(float(weights.mean()), 1e-12)
        alpha = heat_alpha(values, even, map_style.opacity, by_place=map_style.tells_by_colour)
    return to_qimage(heat_rgba(values.place(fine), map_style.colours, alpha))


class Overlay:
    """A map made ready to be painted over a picture, as often as wanted."""

    def __init__(self, weights: Array, map_style: MapStyle) -> None:
        self._map_style = map_style
        self._grid = weights.shape
        self._image: QImage | None = None
        self._lines: list[tuple[Array, float]] = []
        """(N, 4) float32 x1 y1 x2 y2 in cells, and the share of the mass that they enclose."""
        if map_style.kind is Kind.HEAT:
            self._image = heat_image(weights, map_style.range_of(weights), map_style, over_picture=True)
        elif map_style.kind is Kind.CONTOUR:
            for share in CONTOUR_SHARES:
                level = float(weights[mass_mask(weights, share)].min())
                self._lines.append((_outline(weights, level, map_style.smooth), share))
        elif map_style.kind is Kind.MASK:
            mask = mass_mask(weights, map_style.mass_share)
            dim = np.zeros((*mask.shape, 4), np.uint8)
            dim[~mask, 3] = round(255 * map_style.opacity)
            self._image = to_qimage(dim)
            if mask.any():
                self._lines.append((mask_outline(mask), 0.5))

    def paint(self, painter: QPainter, target: QRectF, colour: QColor) -> None:
        """Paints into the picture's rectangle; `colour` is that of lines."""
        smooth = self._map_style.smooth and self._map_style.kind is Kind.HEAT
        if self._image is not None:
            paint_image(painter, target, self._image, smooth)
        across, down = target.width() / self._grid[1], target.height() / self._grid[0]
        for lines, share in self._lines:
            moved = lines * np.array([across, down] * 2) + np.array([target.x(), target.y()] * 2)
            segments = [QLineF(*line) for line in moved.tolist()]  # a path of them takes twice as long to stroke
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setOpacity(1.0 if self._map_style.kind is Kind.MASK else max(0.2, self._map_style.opacity))
            for pen_colour, width in ((EDGE, 4.0), (colour, 2.0 if share <= 0.5 else 1.0)):
                # Flat ends: round ones take five times as long, and segments this short show no gaps.
                painter.setPen(QPen(pen_colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
                painter.drawLines(segments)
            painter.restore()


def _outline(weights: Array, level: float, smooth: bool) -> Array:
    """The lines at a level, in cells; along the cells' edges, or between their centres when smooth."""
    if not smooth:
        return mask_outline(weights >= level)
    fine = smoothed(weights, (weights.shape[0] * _CONTOUR_STEPS, weights.shape[1] * _CONTOUR_STEPS))
    parts = [np.concatenate([line[:-1], line[1:]], 1) for line in contour(fine, level)]
    return np.concatenate([np.empty((0, 4), np.float32), *parts], dtype=np.float32) / np.float32(_CONTOUR_STEPS)


def mask_outline(mask: npt.NDArray[np.bool_]) -> Array:
    """The edges between cells in and out of a mask: (N, 4) float32 x1 y1 x2 y2 in cells."""
    padded = np.pad(mask, 1)
    rows, columns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    across = np.stack([columns, rows, columns + 1, rows], 1)
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    down = np.stack([columns, rows, columns, rows + 1], 1)
    return np.concatenate([across, down]).astype(np.float32)


def paint_cell(painter: QPainter, rect: QRectF, colour: QColor, width: float) -> None:
    """The outline of a feature cell, just outside it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = width / 2
    for pen_colour, pen_width in ((EDGE, width + 2), (colour, width)):
        painter.setPen(
            QPen(pen_colour, pen_width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
        )
        painter.drawRect(rect.adjusted(-half, -half, half, half))
    painter.restore()


def pin_colour(number: int) -> QColor:
    return PIN_COLOURS[(number - 1) % len(PIN_COLOURS)]


def paint_pin(
    painter: QPainter,
    tip: QPointF,
    number: int,
    selected: bool,
    radius: float = 10,
    screen_ratio: float | None = None,
) -> None:
    """A round sign with the pin's number, on a short stem whose tip is at the query. screen_ratio: the screen's pixels
    in one of the view: the sign is then kept as a picture for the next map; None: it is drawn each time."""
    centre = pin_centre(tip, radius)
    if screen_ratio is None:
        _draw_pin(painter, tip, centre, number, selected, radius)
    else:
        reach = math.ceil(2 * radius)
        corner = QPointF(math.floor(tip.x()) - reach, math.floor(min(tip.y(), centre.y())) - reach)
        within = tuple((part - corner).toTuple() for part in (tip, centre))
        painter.drawPixmap(corner, _pin_picture(*within, number, selected, radius, screen_ratio))


@lru_cache(maxsize=4 * len(PIN_COLOURS))
def _pin_picture(
    tip: tuple[float, float],
    centre: tuple[float, float],
    number: int,
    selected: bool,
    radius: float,
    screen_ratio: float,
) -> QPixmap:
    """A pin's sign; tip, centre: in the picture. Drawing the signs takes a third of the time of a paint."""
    reach = math.ceil(2 * radius)
    size = QSizeF(2 * reach + 1, max(tip[1], centre[1]) + reach) * screen_ratio
    pixmap = QPixmap(math.ceil(size.width()), math.ceil(size.height()))
    pixmap.setDevicePixelRatio(screen_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setFont(QApplication.font())
    _draw_pin(painter, QPointF(*tip), QPointF(*centre), number, selected, radius)
    painter.end()
    return pixmap


def _draw_pin(painter: QPainter, tip: QPointF, centre: QPointF, number: int, selected: bool, radius: float) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((EDGE, radius * 0.4), (pin_colour(number), radius * 0.2)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(centre, tip)
    if selected:
        painter.setBrush(EDGE)
        for colour, width in ((EDGE, radius * 0.5), (QColor("white"), radius * 0.2)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(centre, radius + 2, radius + 2)
    painter.restore()
    paint_badge(painter, QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius), number)


def paint_badge(painter: QPainter, rect: QRectF, number: int) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(EDGE, 1))
    painter.setBrush(pin_colour(number))
    painter.drawEllipse(rect)
    painter.setPen(text_on(pin_colour(number)))
    font = QFont(painter.font())
    font.setPixelSize(max(6, round(rect.height() * 0.625)))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(number))
    painter.restore()


def pin_centre(tip: QPointF, radius: float = 10) -> QPointF:
    """Middle of a pin's round sign: above the query, so that the sign hides little of what it is about; below it where
    there is no room above."""
    return QPointF(tip.x(), tip.y() + (2.2 if tip.y() < 3.4 * radius else -2.2) * radius)


def paint_split(painter: QPainter, target: QRectF, share: float, seen: QRectF) -> None:
    """The line between a picture with attention and the same without, with a grip and what is on which side. seen: the
    part of the target that is."""
    x = target.x() + share * target.width()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((EDGE, 4.0), (QColor("white"), 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))
    painter.setBrush(QColor("white"))
    painter.setPen(QPen(EDGE, 1))
    painter.drawEllipse(QPointF(x, seen.center().y()), SPACE, SPACE)
    painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
    high = painter.fontMetrics().height() + SPACE
    left = x - SPACE - painter.fontMetrics().horizontalAdvance("with") - high
    paint_pill(painter, QPointF(left, seen.top() + SPACE + high), "with")
    paint_pill(painter, QPointF(x + SPACE, seen.top() + SPACE + high), "without")
    painter.restore()


def paint_pill(painter: QPainter, corner: QPointF, text: str, most_px: float = math.inf) -> None:
    """Words on a dark ground with round ends; corner: the lower left one; most_px: its largest width, beyond which the
    words take several lines."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = painter.fontMetrics().height()
    end = (line + SPACE) / 2
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    most = QRect(0, 0, int(min(most_px - 2 * end, 2**16)), 2**16)
    size = painter.fontMetrics().boundingRect(most, flags, text).size()
    room = QRectF(corner.x(), corner.y() - size.height() - SPACE, size.width() + 2 * end, size.height() + SPACE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PILL)
    painter.drawRoundedRect(room, end, end)
    painter.setPen(STAGE_TEXT)
    painter.drawText(room.adjusted(end, 0, -end, 0), flags, text)
    painter.restore()


def text_on(colour: QColor) -> QColor:
    """Black or white, whichever reads better on a colour."""
    bright = 0.299 * colour.redF() + 0.587 * colour.greenF() + 0.114 * colour.blueF()
    return QColor("#101214") if bright > 0.42 else QColor("white")


@dataclass(frozen=True)
class Arrow:
    """start, end: in pixels of what is painted on; weight: of the attention that it stands for."""

    start: QPointF
    end: QPointF
    weight: float


def paint_arrows(painter: QPainter, arrows: Sequence[Arrow], colour: QColor) -> None:
    """Arrows whose thickness goes with their weight relative to the strongest."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    strongest = max((arrow.weight for arrow in arrows), default=1.0) or 1.0
    for arrow in arrows:
        line = QLineF(arrow.end, arrow.start)
        if line.length() < 4:  # looks at itself
            continue
        width = 1.2 + 2.4 * arrow.weight / strongest
        head = [QLineF(line), QLineF(line)]
        for side, turn in zip(head, (-24, 24), strict=True):
            side.setLength(4 + 2.5 * width)
            side.setAngle(line.angle() + turn)
        neck = QLineF(head[0].p2(), head[1].p2()).center()
        for pen_colour, extra in ((EDGE, 2.0), (colour, 0.0)):
            painter.setBrush(pen_colour)
            pen = QPen(pen_colour, width + extra)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawLine(arrow.start, neck)
            pen.setWidthF(1 + extra)
            painter.setPen(pen)
            painter.drawPolygon([arrow.end, *(side.p2() for side in head)])
    painter.restore()
