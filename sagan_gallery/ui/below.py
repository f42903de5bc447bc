"""BelowPicture: the pins' maps or the whole matrix, and the walk when it is wanted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from facecam.qtkit.theme import SPACE, stage_palette
from sagan_gallery.ui.cards import PinStrip
from sagan_gallery.ui.matrix import MatrixView
from sagan_gallery.ui.walk_bar import WalkBar


class BelowPicture(QWidget):
    """A row with two tabs and a switch for the walk, the walk, and the pins or the matrix."""

    changed = Signal()
    """Other parts are shown."""

    def __init__(self, strip: PinStrip, matrix: MatrixView, walk: WalkBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: list[QWidget] = [strip, matrix]
        self._strip, self._walk = strip, walk
        self.setAutoFillBackground(True)
        self.setPalette(stage_palette())
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setPalette(stage_palette())
        self.tabs.setAccessibleName("Below the picture")
        self._stack = QStackedWidget()
        for page, title, help in (
            (strip, "Pins", "The maps of all pins, side by side"),
            (matrix, "Matrix", "The whole attention matrix, every query with every key"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(title), help)
            self._stack.addWidget(page)
        self.walk_button = QToolButton()
        self.walk_button.setText("Walk")
        self.walk_button.setCheckable(True)
        self.walk_button.setPalette(stage_palette())
        self.walk_button.setMinimumSize(8 * SPACE, 3 * SPACE)
        self.walk_button.setToolTip("From one sample to another, with the maps of all pins following (W)")
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 0, 2 * SPACE, 0)
        row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch()
        row.addWidget(self.walk_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(walk)
        layout.addWidget(self._stack)
        walk.hide()
        self.tabs.currentChanged.connect(self._show_page)
        self.walk_button.toggled.connect(self._show_walk)

    def show_page(self, page: QWidget) -> None:
        """Brings the pins or the matrix to the front."""
        self.tabs.setCurrentIndex(self._pages.index(page))

    def fit(self, compact: bool, folded: bool) -> None:
        """Gives the pages their height; compact: for low windows; folded: none at all."""
        self._stack.setVisible(not folded)
        self._strip.set_compact(compact)
        self._stack.setFixedHeight(self._strip.sizeHint().height())

    def _show_page(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.changed.emit()

    def _show_walk(self, on: bool) -> None:
        self._walk.setVisible(on)
        self.changed.emit()
