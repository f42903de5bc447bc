"""The window's dialogs: the report of an error, what `facecam doctor` says, the list of keys, a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QGridLayout, QLabel, QMessageBox, QStyle, QWidget

from facecam.qtkit.fields import button
from facecam.qtkit.file_dialogs import show_folder
from facecam.qtkit.process import CommandProcess
from facecam.qtkit.text_dialog import TextDialog
from facecam.qtkit.theme import SPACE, sized
from facecam.system.logs import log_tail
from facecam.system.paths import log_file

_ERROR_WORDS = (
    "This is a fault of the program, not yours. It goes on. If you report the fault, paste this text: it holds no "
    "pictures."
)
_DOCTOR_WORDS = (
    "Versions, cameras, the processor, the models and hints: what a report of a fault needs. It holds no pictures."
)
WOULD_BE_FORGOTTEN = (
    "Lost are the tab, the source, each camera’s size and rate, the threshold and other settings of detection, "
    "tracking, privacy and comparison, how and where recordings are saved, the Gallery’s choices, which parts are "
    "open, the colours and the window’s size and place. Recordings and pictures stay. This can’t be undone."
)
_LONGEST, _WIDEST_PX = 20, 22 * SPACE
"""Rows of a column of the list of keys, and width of its words: it has to fit into 800 x 600 pixels."""


class ErrorDialog(TextDialog):
    """The report of one error, and of those that came soon after it."""

    def __init__(self, summary: str, details: list[str], parent: QWidget | None = None) -> None:
        icon = QStyle.StandardPixmap.SP_MessageBoxWarning
        text = report_text(summary, details)
        super().__init__("Something went wrong inside the program", _ERROR_WORDS, text, icon, "Go on", parent)
        show = partial(show_folder, log_file().parent, self.explanation.setText)
        self.buttons.insertWidget(1, button("Show log", f"Opens the folder of the log, {log_file().parent}", show))


def report_text(summary: str, details: list[str]) -> str:
    """The report: the error, the program and the machine, the tracebacks, the end of the log."""
    from facecam.doctor.checks import brief  # with all that they need a tenth of the window's start, and seldom wanted
    from facecam.doctor.report import without_home

    tail = log_tail()
    parts = [summary, brief() + f"\nwindow system: {QApplication.platformName()}", *details]
    if tail:
        parts.append(f"The end of the log:\n{tail}")
    return without_home("\n\n".join(part.strip() for part in parts) + "\n")


class DoctorDialog(TextDialog):
    """Runs `facecam doctor` and shows its text; closing ends it. program: as of CommandProcess."""

    def __init__(self, parent: QWidget | None = None, program: list[str] | None = None) -> None:
        icon = QStyle.StandardPixmap.SP_MessageBoxInformation
        super().__init__(
            "This machine", _DOCTOR_WORDS, "Looking around, which takes some seconds…", icon, parent=parent
        )
        self.copy_button.setEnabled(False)
        self.process = _Doctor(program, self)
        self.process.told.connect(self.report.setPlainText)
        self.process.told.connect(lambda _text: self.copy_button.setEnabled(True))
        self.process.start(["doctor"])
        self.finished.connect(lambda _result: self.process.close(0))


class _Doctor(CommandProcess):
    told = Signal(str)
    """Its text, or why there is none."""

    _text = b""

    def _hear(self, lines: list[bytes]) -> None:
        self._text += b"".join(lines)

    def _over(self, well: bool, words: str) -> None:
        self.told.emit(self._text.decode("utf-8", "replace") or words or "It has found nothing to say.")


class ShortcutList(QDialog):
    """A small window with one row for each command that has a key; Esc closes it."""

    def __init__(self, commands: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QGridLayout(self)
        layout.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        layout.setHorizontalSpacing(3 * SPACE)
        layout.setVerticalSpacing(SPACE)
        layout.setSizeConstraint(QGridLayout.SizeConstraint.SetFixedSize)
        with_keys = [command for command in commands if command.shortcuts()]
        columns = -(-len(with_keys) // _LONGEST)
        rows = -(-len(with_keys) // max(1, columns))
        for index, command in enumerate(with_keys):
            row, column = index % rows, 3 * (index // rows)
            keys = QLabel(
                " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in command.shortcuts())
            )
            keys.setFont(sized(keys.font(), 1.0, QFont.Weight.DemiBold))
            layout.addWidget(keys, row, column)
            words = QLabel(command.text().removesuffix("…"))
            if words.sizeHint().width() > _WIDEST_PX:
                words.setWordWrap(True)
                words.setFixedWidth(_WIDEST_PX)
            layout.addWidget(words, row, column + 1)
            layout.setColumnMinimumWidth(column + 2, SPACE)


def ask(parent: QWidget, what: str, consequences: str, agree: str, then: Callable[[], object]) -> None:
    """Asks before something that can't be undone. what: as in "Forget all settings"; agree: the label of the button at
    which `then()` is called."""
    dialog = QMessageBox(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setIcon(QMessageBox.Icon.Question)
    dialog.setWindowTitle(what)
    dialog.setText(f"{what}?")
    dialog.setInformativeText(consequences)
    agreed = dialog.addButton(agree, QMessageBox.ButtonRole.DestructiveRole)
    cancel = dialog.addButton(QMessageBox.StandardButton.Cancel)
    dialog.setDefaultButton(cancel)
    dialog.setEscapeButton(cancel)
    agreed.clicked.connect(lambda _checked=False: then())
    dialog.open()
