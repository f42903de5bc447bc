"""The list of keyboard commands, made from the actions themselves so that it can't be out of date."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from facecam.qtkit.theme import SPACE, sized

_LONGEST = 14
"""Rows of a column: the list has to fit into 600 pixels."""


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
            layout.addWidget(QLabel(command.text().removesuffix("…")), row, column + 1)
            layout.setColumnMinimumWidth(column + 2, SPACE)
