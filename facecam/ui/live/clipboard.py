"""What Ctrl+C copies: the picture as it is seen, faces hidden where they are hidden, and in words what it shows."""

from __future__ import annotations

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QApplication

from facecam.ui.live.picture import PictureView


def copy_view(picture: PictureView, words: list[str]) -> bool:
    """Copies both; a program that takes pictures gets the picture, one that takes text the words. False: no picture."""
    data = QMimeData()
    seen = picture.seen()
    if seen is not None:
        data.setImageData(seen)
    data.setText("\n".join(word for word in words if word))
    QApplication.clipboard().setMimeData(data)
    return seen is not None
