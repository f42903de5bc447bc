"""PanelLayout: the panel's parts in their places."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMenu, QSplitter, QTabWidget, QVBoxLayout, QWidget

from sagan_gallery.ui.bar import ColourBar, FigureLine
from sagan_gallery.ui.cards import PinStrip
from sagan_gallery.ui.controls import GalleryControls
from sagan_gallery.ui.grid import SampleGrid
from sagan_gallery.ui.matrix import MatrixView
from sagan_gallery.ui.message import StageMessage
from sagan_gallery.ui.picture import PictureView
from sagan_gallery.ui.progress import StatusRow
from sagan_gallery.ui.style import SPACE, WARNING, stage_palette, tabular
from sagan_gallery.ui.walk_bar import WalkBar

_LOW_PX = 90 * SPACE
"""Windows lower than this get smaller cards below the picture."""


class PanelLayout(QWidget):
    """Grid | picture with colour bar, figures and what is below | controls; one line in words under all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu(self)
        self.grid = SampleGrid()
        self.view = PictureView()
        self.bar = ColourBar()
        self.line = FigureLine()
        self.notice = QLabel()
        self.strip = PinStrip()
        self.matrix = MatrixView()
        self.walk = WalkBar()
        self.below = QTabWidget()
        self.message = StageMessage()
        self.controls = GalleryControls(self.menu)
        self.status = StatusRow()
        self.setAcceptDrops(True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.notice.setPalette(stage_palette(WARNING))
        self.notice.setAutoFillBackground(True)
        self.notice.setWordWrap(True)
        self.notice.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        self.notice.setFont(tabular(self.notice.font(), 1.0, QFont.Weight.Medium))
        self.notice.hide()
        self.below.setDocumentMode(True)
        for widget, title, help in (
            (self.strip, "Pins", "The maps of all pins, side by side"),
            (self.matrix, "Matrix", "The whole attention matrix"),
            (self.walk, "Walk", "From one sample to another, with the maps following"),
        ):
            self.below.addTab(widget, title)
            self.below.setTabToolTip(self.below.count() - 1, help)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.view, 1)
        beside.addWidget(self.bar)
        stage = QWidget()
        upper = QVBoxLayout(stage)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self.notice)
        upper.addLayout(beside, 1)
        upper.addWidget(self.line)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(stage, 1)
        column.addWidget(self.below)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.grid)
        self.splitter.addWidget(centre)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(SPACE // 2)
        self.splitter.splitterMoved.connect(self._remember_split)
        self._split_by_user = False
        over = QGridLayout()
        over.setContentsMargins(0, 0, 0, 0)
        over.addWidget(self.splitter, 0, 0)
        over.addWidget(self.message, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addLayout(over, 1)
        row.addWidget(self.controls)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row, 1)
        layout.addWidget(self.status)

    def _remember_split(self) -> None:
        self._split_by_user = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.set_compact(self.height() < _LOW_PX)
        self.below.setFixedHeight(self.strip.sizeHint().height() + self.below.tabBar().sizeHint().height() + 2)
        if not self._split_by_user:
            room = max(1, self.width() - self.controls.width())
            self.splitter.setSizes([max(20 * SPACE, round(0.28 * room)), round(0.72 * room)])
