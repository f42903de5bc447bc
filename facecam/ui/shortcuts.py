"""The list of keyboard commands, made from the actions themselves so that it can't be out of date."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from facecam.ui.theme import SPACE, sized


class ShortcutList(QDialog):
    """A small window with one row for each command; Esc closes it."""

    def __init__(self, commands: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QGridLayout(self)
        layout.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        layout.setHorizontalSpacing(4 * SPACE)
        layout.setVerticalSpacing(SPACE)
        layout.setSizeConstraint(QGridLayout.SizeConstraint.SetFixedSize)
        for row, command in enumerate(commands):
            keys = QLabel(
                " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in command.shortcuts())
            )
            keys.setFont(sized(keys.font(), 1.0, QFont.Weight.DemiBold))
            layout.addWidget(keys, row, 0)
            layout.addWidget(QLabel(command.text()), row, 1)
