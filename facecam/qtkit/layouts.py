"""Rows and columns: a layout and what lies in it, in one expression."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

Item = QWidget | QLayout | int | None
"""What lies in a layout: a widget, another layout, a number of pixels of space, or None for all the space left."""
Part = Item | tuple[Item, int]
"""An item, or one with its share of what is left."""
_Box = TypeVar("_Box", bound=QBoxLayout)


def column(
    *parts: Part, owner: QWidget | None = None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 0
) -> QVBoxLayout:
    """The parts below each other. owner: whose layout it is; margins: left, top, right, bottom, and spacing: pixels, -1
    for the style's own spacing."""
    return _filled(QVBoxLayout() if owner is None else QVBoxLayout(owner), parts, margins, spacing)


def row(
    *parts: Part, owner: QWidget | None = None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 0
) -> QHBoxLayout:
    """The parts side by side; see `column`."""
    return _filled(QHBoxLayout() if owner is None else QHBoxLayout(owner), parts, margins, spacing)


def _filled(layout: _Box, parts: tuple[Part, ...], margins: tuple[int, int, int, int], spacing: int) -> _Box:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for part in parts:
        item, share = part if isinstance(part, tuple) else (part, 0)
        if item is None:
            layout.addStretch(share)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item, share)
        else:
            layout.addLayout(item, share)
    return layout
