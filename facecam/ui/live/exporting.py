"""Exporting: the button "Detect all and export…" of the Live tab, there while a file or a folder is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from facecam.detection.options import DetectorOptions
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.fields import button
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Settings
from facecam.system.files import named_path
from facecam.ui.live.session import LiveSession

if TYPE_CHECKING:
    from facecam.ui.export.dialog import ExportDialog


class Exporting(QWidget):
    """options: of the detector, as they are by then."""

    advised = Signal(str)
    """What to do first."""

    def __init__(self, session: LiveSession, settings: Settings, options: Callable[[], DetectorOptions]) -> None:
        super().__init__()
        self._session, self._settings, self._options = session, settings, options
        self.dialog: ExportDialog | None = None
        help_text = "Copies with faces hidden or marked, and lists of them (Ctrl+Shift+E)"
        self.button = button("Detect all and export…", help_text, self.open_source)
        column(self.button, owner=self)
        self._action = command(
            self, "Detect all and export…", ["Ctrl+Shift+E"], self.open_source, Menu.FILE, self.button.toolTip()
        )
        self.hide()

    def commands(self) -> list[QAction]:
        return [self._action]

    def menu_shown(self, on: bool) -> None:
        """Greys out the command in an open menu while there is nothing to export."""
        self._action.setEnabled(not on or self._file is not None)

    def refresh(self) -> None:
        self.setVisible(self._file is not None)

    @property
    def _file(self) -> str | None:
        """The path of the file or folder that is open."""
        spec = self._session.spec
        if spec is None or "://" in spec or not (self._session.state.title or self._session.player):
            return None
        path = named_path(spec)
        try:
            return str(path.absolute()) if path.exists() else None
        except (OSError, ValueError):
            return None

    def open_source(self) -> None:
        path = self._file
        if path is None:
            self.advised.emit("Open a file or a folder first; then all of it can be detected and exported.")
        else:
            self.open([path])

    def open(self, paths: Sequence[str]) -> None:
        """Asks what to do with these files and folders."""
        from facecam.ui.export.dialog import ExportDialog  # with what reads and writes files, when it is wanted

        if self.dialog is None:
            self.dialog = ExportDialog(paths, self._settings, self._detector, self.window())
        else:
            self.dialog.set_specs(paths)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    @property
    def unfinished(self) -> str:
        """As of a tab."""
        if self.dialog is None:
            return ""
        if self.dialog.running:
            return "“Detect all and export” is still at work; what is whole by now stays."
        decided = self.dialog.review is not None or self.dialog.unsaved
        return "What was decided in the review would be lost." if decided else ""

    def close_down(self, timeout_s: float) -> None:
        if self.dialog is not None:
            self.dialog.close_down(timeout_s)

    def _detector(self) -> list[str]:
        """Options of the command for the detector that is chosen here."""
        options, threshold = self._options(), self._session.options.threshold
        model = [] if options.model is None else ["--model", str(options.model)]
        return model if threshold is None else [*model, "--threshold", f"{threshold:.4f}"]
