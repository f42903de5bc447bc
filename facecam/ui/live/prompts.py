"""Dialogs that ask for a source. They don't block: the picture goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from facecam.qtkit.file_dialogs import ask_path
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from facecam.ui.live.chooser import Ask
from facecam.ui.live.screen_picker import ask_screen_part


def ask_source(parent: QWidget, kind: Ask, folder: str, then: Callable[[str], None]) -> None:
    """Opens the dialog for that kind of source; `then(spec)` is called if the user names one.

    folder: where a file dialog starts, empty for the current folder.
    """
    if kind is Ask.SCREEN:
        ask_screen_part(parent, then)
        return

    def named(text: str | Path) -> None:
        spec = str(text).strip()
        if spec:
            then(spec)

    if kind is Ask.FOLDER:
        ask_path(parent, "Open a folder of pictures", named, folder)
    elif kind is Ask.FILE:
        patterns = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES | VIDEO_SUFFIXES))
        ask_path(parent, "Open a picture or a video", named, folder, [f"Pictures and videos ({patterns})"])
    else:
        dialog = QInputDialog(parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Open an address")
        dialog.setLabelText("Address of a camera or stream, such as rtsp://192.168.1.20/live or http://host/video.mjpg")
        dialog.setMinimumWidth(480)
        dialog.textValueSelected.connect(named)
        dialog.open()
