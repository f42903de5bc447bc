"""The button of a tab that starts its work and stops it again."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from facecam.qtkit import icons


def show_start(button: QPushButton, running: bool, start: str, stop: str) -> None:
    """Whether the button starts or stops. Start carries the accent colour: it is what to do next."""
    own = QApplication.palette()
    palette = QPalette()
    text = own.color(QPalette.ColorRole.ButtonText)
    if not running:
        text = own.color(QPalette.ColorRole.HighlightedText)
        palette.setColor(QPalette.ColorRole.Button, own.color(QPalette.ColorRole.Highlight))
        palette.setColor(QPalette.ColorRole.ButtonText, text)
    button.setPalette(palette)
    button.setIcon(icons.icon("stop" if running else "play", text))
    button.setText(stop if running else start)
