"""Colours, spacing and type of the window: the native style of the system with one accent colour.

Light and dark come from the system and are followed while the window is open. The stage behind pictures is dark in
both, because a picture is judged against its surround.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from facecam.faces.palette import BOX_COLOURS, PILL_BGR, PILL_OPACITY

SPACE = 8
"""Spacing, logical pixels: distances in the window are multiples of it."""
COLUMN_WIDTH = 32 * SPACE
"""Width of the control column, logical pixels."""

ACCENT_LIGHT = QColor("#0b7d69")
ACCENT_DARK = QColor("#27b89d")
ON_ACCENT_LIGHT = QColor("#ffffff")
ON_ACCENT_DARK = QColor("#06231d")
"""Text on the accent colour."""
BOX = QColor(BOX_COLOURS[0])
"""Boxes on pictures: the accent's hue, as bright as it gets, opposite to skin tones."""
TRACK_COLOURS = tuple(map(QColor, BOX_COLOURS))
"""Boxes of faces that are followed, by number: a single person's has the colour of all boxes."""
BOX_UNDER_CURSOR = QColor("#ffffff")
BOX_EDGE = QColor("#0d2622")
"""Keeps boxes visible on bright ground. Opaque, because a translucent edge takes eight times as long to paint."""
STAGE = QColor("#121416")
"""Surround of pictures."""
STAGE_RAISED = QColor("#1d2124")
"""What lies on the stage and is empty, such as the place of a picture to come."""
STAGE_TEXT = QColor("#f2f4f5")
STAGE_TEXT_DIM = QColor("#b9c1c6")
PILL = QColor(PILL_BGR[2], PILL_BGR[1], PILL_BGR[0], round(255 * PILL_OPACITY))
"""Ground of text on a picture, as in files."""
WARNING = QColor("#ffcf6b")
"""Text on the stage that tells of something to know."""
EDGE = QColor(10, 12, 14, 210)
"""Dark rim that keeps light marks visible on light ground."""


def is_dark(app: QApplication) -> bool:
    """Whether the window is drawn light on dark; where the system does not say, by its window colour."""
    scheme = app.styleHints().colorScheme()
    if scheme is Qt.ColorScheme.Unknown:
        return app.palette().color(QPalette.ColorRole.Window).lightness() < 128
    return scheme is Qt.ColorScheme.Dark


def install(app: QApplication) -> None:
    """Sets the accent colour in the application's palette, and again whenever the system turns dark or light."""
    app.styleHints().colorSchemeChanged.connect(lambda: _give(app, QPalette(), is_dark(app)))
    _give(app, QPalette(), is_dark(app))


def force_scheme(app: QApplication, dark: bool) -> None:
    """Dark or light whatever the system says."""
    wanted = Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light
    app.styleHints().setColorScheme(wanted)
    palette = QPalette()
    if dark and app.styleHints().colorScheme() is not wanted:
        # A bare X server has no desktop that Qt could ask: set the greys that Qt's own style has for a dark one.
        for role, grey in _DARK_GREYS.items():
            palette.setColor(role, QColor(grey, grey, grey))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(130, 130, 130))
    _give(app, palette, dark)


def follow_system(app: QApplication) -> None:
    """Dark or light as the system is, after `force_scheme`."""
    app.styleHints().unsetColorScheme()
    _give(app, QPalette(), is_dark(app))


def _give(app: QApplication, palette: QPalette, dark: bool) -> None:
    """Gives the palette to all widgets, with the accent colour. Qt's own style frames an empty check box by a darker
    window colour, which hardly anybody sees (1.2:1 on dark, 1.7:1 on light): check boxes are told of another window,
    whose darker colour has more than 3:1 against the real one."""
    for role in (QPalette.ColorRole.Accent, QPalette.ColorRole.Highlight, QPalette.ColorRole.Link):
        palette.setColor(role, ACCENT_DARK if dark else ACCENT_LIGHT)
    palette.setColor(QPalette.ColorRole.HighlightedText, ON_ACCENT_DARK if dark else ON_ACCENT_LIGHT)
    app.setPalette(palette)
    palette = QPalette(app.palette())  # with what the system has to say of the other roles
    palette.setColor(QPalette.ColorRole.Window, _CHECK_BOX_GROUND_DARK if dark else _CHECK_BOX_GROUND_LIGHT)
    app.setPalette(palette, "QCheckBox")  # type: ignore[arg-type]  # the stub says bytes, which it refuses


_CHECK_BOX_GROUND_DARK, _CHECK_BOX_GROUND_LIGHT = QColor(200, 200, 200), QColor(165, 165, 165)
_DARK_GREYS = {
    QPalette.ColorRole.Window: 50,
    QPalette.ColorRole.Button: 50,
    QPalette.ColorRole.Base: 36,
    QPalette.ColorRole.AlternateBase: 43,
    QPalette.ColorRole.ToolTipBase: 60,
    QPalette.ColorRole.WindowText: 240,
    QPalette.ColorRole.ButtonText: 240,
    QPalette.ColorRole.Text: 240,
    QPalette.ColorRole.ToolTipText: 240,
    QPalette.ColorRole.Light: 75,
    QPalette.ColorRole.Midlight: 60,
    QPalette.ColorRole.Mid: 40,
    QPalette.ColorRole.Dark: 33,
    QPalette.ColorRole.Shadow: 20,
}


def stage_palette(text: QColor = STAGE_TEXT) -> QPalette:
    """For widgets that lie on the dark stage."""
    palette = QPalette()
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
        palette.setColor(role, STAGE)
    disabled = QColor(text)
    disabled.setAlphaF(0.4)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(role, text)
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    palette.setColor(QPalette.ColorRole.Button, STAGE_RAISED)
    return palette


def tabular(font: QFont, factor: float = 1.0, weight: QFont.Weight | None = None) -> QFont:
    """The font with digits of equal width, so that changing figures don't dance; size and weight as of `sized`."""
    result = sized(font, factor, weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def sized(font: QFont, factor: float, weight: QFont.Weight | None = None) -> QFont:
    """The font at `factor` times its size, in another weight if one is given; for fonts in points and in pixels."""
    result = QFont(font)
    if factor != 1.0 and font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * factor)
    elif factor != 1.0:
        result.setPixelSize(max(1, round(font.pixelSize() * factor)))
    if weight is not None:
        result.setWeight(weight)
    return result
