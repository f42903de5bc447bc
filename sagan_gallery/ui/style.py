"""Spacing, colours of the dark stage and of the pins; all other colours are the application's own."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette

SPACE = 8
"""Spacing, logical pixels: distances are multiples of it."""
COLUMN_WIDTH = 32 * SPACE
BAR_PX = 11 * SPACE
"""Width that the colour bar takes beside the large picture, its distance from it included."""

STAGE = QColor("#121416")
"""Surround of pictures, dark whatever the system's colours are, because a picture is judged against its surround."""
STAGE_RAISED = QColor("#1d2124")
STAGE_TEXT = QColor("#f2f4f5")
STAGE_TEXT_DIM = QColor("#aab3b9")
PILL = QColor(12, 14, 16, 205)
"""Ground of text on a picture: dark enough that white text reads on white."""
WARNING = QColor("#ffcf6b")
EDGE = QColor(10, 12, 14, 210)
"""Dark rim that keeps light marks visible on light ground."""

PIN_COLOURS = [QColor(name) for name in ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")]
"""Okabe and Ito's palette, told apart with every kind of colour vision; pins carry numbers besides."""
HOVER = QColor("#ffffff")
"""Of the query under the cursor, which is no pin yet."""


def pin_colour(number: int) -> QColor:
    """Colour of the pin with that number, counted from 1."""
    return PIN_COLOURS[(number - 1) % len(PIN_COLOURS)]


def stage_palette(text: QColor = STAGE_TEXT) -> QPalette:
    """For widgets that lie on the dark stage."""
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, STAGE)
    palette.setColor(QPalette.ColorRole.Base, STAGE)
    palette.setColor(QPalette.ColorRole.WindowText, text)
    palette.setColor(QPalette.ColorRole.Text, text)
    palette.setColor(QPalette.ColorRole.Button, STAGE_RAISED)
    palette.setColor(QPalette.ColorRole.ButtonText, text)
    return palette


def tabular(font: QFont, factor: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font with digits of equal width, so that changing figures don't dance, at `factor` times its size."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * factor)
    else:
        result.setPixelSize(max(1, round(font.pixelSize() * factor)))
    result.setWeight(weight)
    return result
