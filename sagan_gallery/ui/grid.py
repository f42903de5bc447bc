"""SampleGrid: the samples as small pictures, filled in while they are computed."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from facecam.arrays import Image
from facecam.qtkit.theme import SPACE, STAGE_RAISED, stage_palette
from sagan_gallery.latent import SampleSpec
from sagan_gallery.ui.paint import to_qimage

_TARGET_PX = 80
"""Size that a small picture is to have, about; the columns share the width evenly."""
_Index = QModelIndex | QPersistentModelIndex


class _Samples(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.specs: list[SampleSpec] = []
        self.images: list[QImage | None] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.specs)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.specs):
            return None
        spec = self.specs[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return self.images[index.row()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            named = "" if spec.label is None else f"{spec.label.replace('_', ' ')}, "
            return f"{named}seed {spec.seed}, truncation {spec.truncation:.2f}"
        return None

    def reset(self, specs: list[SampleSpec]) -> None:
        self.beginResetModel()
        self.specs, self.images = specs, [None] * len(specs)
        self.endResetModel()

    def replace(self, specs: list[SampleSpec]) -> None:
        self.specs = specs

    def put(self, row: int, image: QImage) -> None:
        self.images[row] = image
        self.dataChanged.emit(self.index(row), self.index(row))


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(option.decorationSize)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect.adjusted(2, 2, -2, -2)
        image = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(image, QImage):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, image)
        else:
            painter.fillRect(rect, STAGE_RAISED)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QApplication.palette().color(QPalette.ColorRole.Highlight), 3))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
            painter.drawRect(rect.adjusted(2, 2, -3, -3))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(255, 255, 255, 200), 2))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))


class SampleGrid(QListView):
    """chosen: the row of the sample that the user picked."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = _Samples(self)
        self.setModel(self._samples)
        self.setItemDelegate(_Delegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # so that the columns don't jump
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setPalette(stage_palette())
        self.verticalScrollBar().setPalette(stage_palette())
        self.setMinimumWidth(20 * SPACE)
        self.setAccessibleName("Samples")
        self.setToolTip("Samples of the generator: click one, or move with the arrow keys")
        self.selectionModel().currentChanged.connect(self._current_changed)

    @property
    def specs(self) -> list[SampleSpec]:
        """What makes each sample."""
        return self._samples.specs

    @property
    def current(self) -> int:
        """The chosen row, -1 for none."""
        return self.currentIndex().row()

    @property
    def filled(self) -> int:
        """How many pictures are there."""
        return sum(image is not None for image in self._samples.images)

    def reset_samples(self, specs: list[SampleSpec]) -> None:
        """New samples, their pictures to come; keeps the chosen row. Old pictures stay until the new ones arrive."""
        row = min(max(self.current, 0), len(specs) - 1)
        if len(specs) == len(self._samples.specs):
            self._samples.replace(specs)
        else:
            self._samples.reset(specs)
        self.choose(row, tell=False)

    def put(self, row: int, picture: Image) -> None:
        """The picture (H, W, 3) uint8 RGB of a row."""
        if row < len(self._samples.images):
            self._samples.put(row, to_qimage(picture))

    def choose(self, row: int, tell: bool = True) -> None:
        """Chooses a row."""
        blocked = self.selectionModel().blockSignals(not tell)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(self._samples.index(row), flag)
        self.selectionModel().blockSignals(blocked)
        self.viewport().update()

    def clear_choice(self) -> None:
        """No row is chosen: the large picture is not from here."""
        if not self.currentIndex().isValid():
            return
        blocked = self.selectionModel().blockSignals(True)
        self.selectionModel().clear()
        self.selectionModel().blockSignals(blocked)
        self.viewport().update()

    def _current_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(current.row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width() - 2
        columns = max(2, round(width / _TARGET_PX))
        side = max(24, width // columns)
        self.setGridSize(QSize(side, side))
        self.setIconSize(QSize(side, side))
        super().resizeEvent(event)
