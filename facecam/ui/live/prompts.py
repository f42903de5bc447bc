"""Dialogs that ask for a source. They don't block: the picture goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from facecam.ui.live.chooser import Ask
from facecam.ui.live.screen_picker import ask_screen_part


def ask_source(parent: QWidget, kind: Ask, folder: str, then: Callable[[Ask, str], None]) -> None:
    """Opens the dialog for that kind of source; `then(kind, spec)` is called if the user names one.

    folder: where a file dialog starts, empty for the current folder.
    """
    if kind is Ask.SCREEN:
        ask_screen_part(parent, lambda spec: then(kind, spec))
        return
    dialog = _address_dialog(parent) if kind is Ask.ADDRESS else _file_dialog(parent, kind, folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def named(text: str) -> None:
        if text.strip():
            then(kind, text.strip())

    if isinstance(dialog, QInputDialog):
        dialog.textValueSelected.connect(named)
    else:
        dialog.fileSelected.connect(named)
    dialog.open()


def ask_model(parent: QWidget, folder: str, then: Callable[[str], None]) -> None:
    """Asks for an ONNX file; `then(path)` is called if the user names one."""
    dialog = QFileDialog(parent, "Open a face detector", folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(["ONNX models (*.onnx)", "All files (*)"])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    dialog.open()


def _file_dialog(parent: QWidget, kind: Ask, folder: str) -> QFileDialog:
    if kind is Ask.FOLDER:
        dialog = QFileDialog(parent, "Open a folder of pictures", folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        return dialog
    dialog = QFileDialog(parent, "Open a picture or a video", folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    patterns = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES | VIDEO_SUFFIXES))
    dialog.setNameFilters([f"Pictures and videos ({patterns})", "All files (*)"])
    return dialog


def _address_dialog(parent: QWidget) -> QInputDialog:
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("Open an address")
    dialog.setLabelText("Address of a camera or stream, such as rtsp://192.168.1.20/live or http://host/video.mjpg")
    dialog.setMinimumWidth(480)
    return dialog
