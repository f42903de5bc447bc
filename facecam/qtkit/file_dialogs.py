"""Asking for files and folders, and showing a folder. The window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from facecam.errors import FacecamError


def ask_path(
    parent: QWidget,
    title: str,
    then: Callable[[Path], object],
    start: str | Path = "",
    kinds: Sequence[str] = (),
    save_as: str = "",
) -> None:
    """Opens a dialog; `then` is called with what the user names.

    start: the folder that it begins in, empty for the current one. kinds: of a file, such as "Pictures (*.png)";
    without any, a folder is asked for. save_as: a name to begin with, where the file is to be written.
    """
    dialog = QFileDialog(parent, title, str(start))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if not kinds:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    else:
        dialog.setNameFilters([*kinds, "All files (*)"])
        if save_as:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(Path(save_as).suffix)
            dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(suffix_of(kind) or Path(save_as).suffix))
            dialog.selectFile(save_as)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()


def suffix_of(kind: str) -> str:
    """The suffix in the words for a kind of files, such as ".png" in "PNG (*.png)"; empty for all files."""
    return kind.partition("*")[2].rstrip(")")


def check_suffix(path: Path, kinds: Sequence[str]) -> None:
    """Raises FacecamError if a file that is to be written has a name of none of these kinds."""
    suffixes = [suffix_of(kind) for kind in kinds]
    if path.suffix.lower() not in suffixes:
        raise FacecamError(f"{path.name} was not saved: give it a name that ends in {' or '.join(suffixes)}.")


def show_folder(folder: Path, say: Callable[[str], object]) -> None:
    """Shows a folder in the system's file manager, made if need be. say: is told in a sentence why it can't."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        say(f"{folder} can't be opened: {error.strerror or error}.")
        return
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        say(f"There is no file manager here; the folder is {folder}")
