"""The figure for print: the picture with its pins, and each pin's map beside it, as in Figure 5 of the paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from facecam.errors import FacecamError
from sagan_gallery.colormap import lookup
from sagan_gallery.ui.cards import PinMap, pin_maps
from sagan_gallery.ui.paint import LEFT_MIDDLE, paint_badge, to_qimage
from sagan_gallery.ui.scene import Scene
from sagan_gallery.ui.words import percent

DOTS_PER_INCH = 300
_TILE_PX = 600  # two inches
_GAP_PX = 36
_PER_ROW = 4
_TEXT_PX = 38  # 9 points
_ROW_PX = _TILE_PX + round(2.9 * _TEXT_PX)
_PIN_RADIUS_PX = 22


def render_figure(scene: Scene, caption: str) -> QImage:
    """The figure at print resolution. caption: one line below, such as the sample text."""
    size = _layout(scene)[1]
    image = QImage(size, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(DOTS_PER_INCH / 0.0254))
    image.setDotsPerMeterY(round(DOTS_PER_INCH / 0.0254))
    image.fill(QColor("white"))
    _paint_figure(image, scene, caption)
    return image


def save_figure(path: Path, scene: Scene, caption: str) -> None:
    """Writes the figure, by the path's suffix as PDF or SVG, with marks and text that stay lines and letters, or as
    PNG. Raises FacecamError if it can't be written."""
    size = _layout(scene)[1]
    if path.suffix.lower() == ".pdf":
        pdf = QPdfWriter(str(path))
        pdf.setTitle(caption)
        pdf.setResolution(DOTS_PER_INCH)
        inches = QSizeF(size.width() / DOTS_PER_INCH, size.height() / DOTS_PER_INCH)
        pdf.setPageSize(QPageSize(inches, QPageSize.Unit.Inch, "figure", QPageSize.SizeMatchPolicy.ExactMatch))
        pdf.setPageMargins(QMarginsF())
        written = _paint_figure(pdf, scene, caption)
    elif path.suffix.lower() == ".svg":
        svg = QSvgGenerator()
        svg.setFileName(str(path))
        svg.setResolution(DOTS_PER_INCH)
        svg.setSize(size)
        svg.setViewBox(QRect(QPoint(0, 0), size))
        svg.setTitle(caption)
        written = _paint_figure(svg, scene, caption)
    else:
        written = render_figure(scene, caption).save(str(path), "PNG")  # type: ignore[call-overload]
    if not written:
        raise FacecamError(f"{path} can't be written.")


def _layout(scene: Scene) -> tuple[int, QSize]:
    """Tiles in a row, and the figure's size in dots."""
    tiles = 1 + len(scene.pins)
    rows = -(-tiles // _PER_ROW)
    columns = -(-tiles // rows)  # rows of about the same length
    width = columns * (_TILE_PX + _GAP_PX) + _GAP_PX
    return columns, QSize(width, _GAP_PX + rows * (_ROW_PX + _GAP_PX) + round(1.6 * _TEXT_PX))


def _paint_figure(device: QPaintDevice, scene: Scene, caption: str) -> bool:
    """False if the device can't be painted on."""
    columns, size = _layout(scene)
    painter = QPainter()
    if not painter.begin(device):
        return False
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont()
    font.setPixelSize(_TEXT_PX)
    painter.setFont(font)
    plain = replace(scene, selected=None, hover=None)  # without a query there is no map
    maps = pin_maps(scene.sample, scene.pins, scene.map_style)
    for index in range(1 + len(maps)):
        x = _GAP_PX + index % columns * (_TILE_PX + _GAP_PX)
        y = _GAP_PX + index // columns * (_ROW_PX + _GAP_PX)
        room = QRectF(x, y, _TILE_PX, _TILE_PX)
        if index == 0:
            plain.paint(painter, room, _PIN_RADIUS_PX)
            _text(painter, QRectF(x, y + _TILE_PX + 12, _TILE_PX, 1.3 * _TEXT_PX), "Picture with queries")
        else:
            _paint_pin(painter, room, maps[index - 1])
    foot_px = 1.4 * _TEXT_PX
    foot = QRectF(_GAP_PX, size.height() - _GAP_PX / 2 - foot_px, size.width() - 2 * _GAP_PX, foot_px)
    font.setPixelSize(round(0.75 * _TEXT_PX))
    painter.setFont(font)
    shown = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, int(foot.width()))
    _text(painter, foot, shown, dim=True)
    return painter.end()


def _paint_pin(painter: QPainter, room: QRectF, shown: PinMap) -> None:
    painter.save()
    painter.setClipRect(room)
    shown.paint(painter, room, outline_px=5)
    painter.restore()
    below = QRectF(room.x(), room.bottom() + 12, room.width(), 1.3 * _TEXT_PX)
    badge = QRectF(below.x(), below.y(), below.height(), below.height())
    paint_badge(painter, badge, shown.pin.number)
    text = below.adjusted(badge.width() + 14, 0, 0, 0)
    _text(painter, text, f"{shown.bits}, {shown.away} away")
    below = text.translated(0, 1.2 * _TEXT_PX)
    low, high = percent(shown.values.low), percent(shown.values.high)
    bar = QRectF(below.x() + painter.fontMetrics().horizontalAdvance(f"{low} "), below.center().y() - 9, 220, 20)
    _text(painter, below, low, dim=True)
    painter.drawImage(bar, to_qimage(lookup(shown.map_style.colours)[None]))
    _text(painter, below.adjusted(bar.right() + 12 - below.x(), 0, 0, 0), high, dim=True)


def _text(painter: QPainter, rect: QRectF, text: str, dim: bool = False) -> None:
    painter.setPen(QColor("#5a6066") if dim else QColor("#15181a"))
    painter.drawText(rect, LEFT_MIDDLE, text)
