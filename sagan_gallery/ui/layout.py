"""PanelLayout: the panel's parts in their places."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QSplitter, QVBoxLayout, QWidget

from facecam.qtkit.stage import StagePanel
from facecam.qtkit.theme import SPACE, stage_palette
from sagan_gallery.ui.bar import ColourBar
from sagan_gallery.ui.below import BelowPicture
from sagan_gallery.ui.cards import PinStrip
from sagan_gallery.ui.controls import GalleryControls
from sagan_gallery.ui.drop_cue import DropCue
from sagan_gallery.ui.figure_line import FigureLine
from sagan_gallery.ui.grid import SampleGrid
from sagan_gallery.ui.header import StageHeader
from sagan_gallery.ui.matrix import MatrixView
from sagan_gallery.ui.picture import PictureView
from sagan_gallery.ui.progress import StatusRow
from sagan_gallery.ui.walk_bar import WALK_PX, WalkBar

_LOWEST_PX = 46 * SPACE
"""Panels that the walk leaves less than this have no room for cards besides."""
_LOW_PX = 86 * SPACE
"""Panels lower than this, or this and the walk, get smaller cards below the picture."""


class PanelLayout(QWidget):
    """Grid | header, picture with colour bar, figures and what is below | controls; one line in words under all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu(self)
        self.grid = SampleGrid()
        self.header = StageHeader()
        self.view = PictureView()
        self.bar = ColourBar(self.view)
        self.line = FigureLine()
        self.strip = PinStrip()
        self.matrix = MatrixView()
        self.walk = WalkBar()
        self.below = BelowPicture(self.strip, self.matrix, self.walk)
        self.message = StagePanel(opaque=True)
        self.message.show_message(None)
        self.controls = GalleryControls(self.menu)
        self.status = StatusRow()
        self.drop_cue = DropCue(self)
        self.setAcceptDrops(True)
        self._lay_out()
        self.view.placed.connect(self._place_bar)
        self.below.changed.connect(self._fit_below)

    def _lay_out(self) -> None:
        stage = QWidget()
        upper = QVBoxLayout(stage)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self.header)
        upper.addWidget(self.view, 1)
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
        self.splitter.setAutoFillBackground(True)
        self.splitter.setPalette(stage_palette())  # the handle is part of the dark stage
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
        self._fit_below()
        if not self._split_by_user:
            room = max(1, self.width() - self.controls.width())
            self.splitter.setSizes([max(20 * SPACE, round(0.28 * room)), round(0.72 * room)])

    def _fit_below(self) -> None:
        walk_px = WALK_PX if self.below.walk_button.isChecked() else 0
        room_px = self.height() - walk_px
        self.below.fit(compact=room_px < _LOW_PX, folded=walk_px > 0 and room_px < _LOWEST_PX)

    def _place_bar(self) -> None:
        self.bar.lie_beside(self.view.placement.rect, (self.view.width(), self.view.height()))
