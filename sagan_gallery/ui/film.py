"""Frames of a film of a walk: the picture alone, or with its pins and their maps beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from facecam.arrays import Image
from facecam.qtkit.theme import SPACE, STAGE
from sagan_gallery.generator import Generator
from sagan_gallery.sample import Sample
from sagan_gallery.ui.cards import pin_maps
from sagan_gallery.ui.map_style import MapStyle
from sagan_gallery.ui.paint import from_qimage, paint_badge
from sagan_gallery.ui.scene import Pin, Scene
from sagan_gallery.walk import Walk, walk_points


def film_frames(
    generator: Generator, walk: Walk, count: int, scale: float, pins: Sequence[Pin], map_style: MapStyle, side_px: int
) -> Iterator[Image]:
    """`count` frames (H, W, 3) uint8 of one size, there and back. scale: of attention; side_px: about the picture's."""
    for point in walk_points(walk, count):
        yield film_frame(generator.sample_at(point, scale), pins, map_style, side_px)


def film_frame(sample: Sample, pins: Sequence[Pin], map_style: MapStyle, side_px: int) -> Image:
    """The picture with its pins at the left, their maps, if any, in two rows at the right; (H, W, 3) uint8."""
    rows = 2 if len(pins) > 1 else 1
    columns = -(-len(pins) // rows)
    map_px = (side_px - (rows - 1) * SPACE) // rows
    # films are coded in blocks of 2 x 2 pixels
    width, height = (side + side % 2 for side in (side_px + columns * (map_px + SPACE), side_px))
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(STAGE)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scene = Scene(sample, map_style=map_style, pins=list(pins))
    painter.drawImage(0, 0, scene.render(side_px, pin_radius_px=side_px / 40))
    for index, shown in enumerate(pin_maps(sample, pins, map_style)):
        x = side_px + SPACE + index // rows * (map_px + SPACE)
        room = QRectF(x, index % rows * (map_px + SPACE), map_px, map_px)
        shown.paint(painter, room)
        badge_px = max(14.0, map_px / 11)
        paint_badge(painter, QRectF(room.x() + 6, room.y() + 6, badge_px, badge_px), shown.pin.number)
    painter.end()
    return from_qimage(image)
