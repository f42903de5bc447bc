"""SampleGrid: own pictures and the samples as small ones, these filled in while they are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

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
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from facecam.arrays import Image
from facecam.qtkit.theme import PILL, SPACE, STAGE_RAISED, STAGE_TEXT, stage_palette, tabular
from sagan_gallery.latent import SampleSpec
from sagan_gallery.ui.paint import to_qimage
from sagan_gallery.ui.session import Order, OwnPicture
from sagan_gallery.ui.words import class_name

_TARGET_PX = 80
"""Size that a small picture is to have, about; the columns share the width evenly."""
_Index = QModelIndex | QPersistentModelIndex


class _Samples(QAbstractListModel):
    """Own pictures, the newest one first, and after them the samples."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.items: list[OwnPicture | SampleSpec] = []
        self.images: list[QImage | None] = []
        self.values: dict[SampleSpec, float] = {}

    @property
    def first_sample(self) -> int:
        return sum(isinstance(item, OwnPicture) for item in self.items)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.items):
            return None
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return self.images[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and isinstance(item, SampleSpec):
            return class_name(item.label)
        if role == Qt.ItemDataRole.UserRole and item in self.values:
            return f"{self.values[item]:.1f}"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            if isinstance(item, OwnPicture):
                return "Own picture; Delete removes it"
            named = "" if item.label is None else f"{class_name(item.label)}, "
            valued = f", sorted by {self.values[item]:.1f}" if item in self.values else ""
            return f"{named}seed {item.seed}, truncation {item.truncation:.2f}{valued}"
        return None

    def set_samples(self, specs: list[SampleSpec]) -> None:
        """Other samples; as many as before keep their old pictures until the new ones arrive."""
        own = self.first_sample
        self.values = {}
        if len(specs) == len(self.items) - own:
            self.items[own:] = specs
        else:
            self.beginResetModel()
            self.items[own:], self.images[own:] = specs, [None] * len(specs)
            self.endResetModel()

    def insert(self, picture: OwnPicture, image: QImage) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self.items.insert(0, picture)
        self.images.insert(0, image)
        self.endInsertRows()

    def remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        del self.items[row], self.images[row]
        self.endRemoveRows()

    def put(self, row: int, image: QImage) -> None:
        self.images[row] = image
        self.dataChanged.emit(self.index(row), self.index(row))

    def sort_samples(self, key: Callable[[SampleSpec], Any]) -> None:
        own = self.first_sample
        pairs = [(item, image) for item, image in zip(self.items, self.images, strict=True)]
        self.beginResetModel()
        pairs[own:] = sorted(pairs[own:], key=lambda pair: key(pair[0]))  # type: ignore[arg-type]
        self.items, self.images = [item for item, _ in pairs], [image for _, image in pairs]
        self.endResetModel()


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
        self._paint_caption(painter, rect, index)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QApplication.palette().color(QPalette.ColorRole.Highlight), 3))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
            painter.drawRect(rect.adjusted(2, 2, -3, -3))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(255, 255, 255, 200), 2))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_caption(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        """The class, and what the samples are sorted by, at the lower edge."""
        name, value = (index.data(role) or "" for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.UserRole))
        if not name + value:
            return
        painter.setFont(tabular(QApplication.font(), 0.72))
        metrics = painter.fontMetrics()
        band = rect.adjusted(0, rect.height() - metrics.height() - 3, 0, 0)
        painter.fillRect(band, PILL)
        room = band.adjusted(4, 0, -4, -3)  # clear of the frame of the chosen one
        painter.setPen(STAGE_TEXT)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        room.setRight(room.right() - (metrics.horizontalAdvance(f"{value} ") if value else 0))
        if metrics.horizontalAdvance(name) + 2 > room.width():
            name = name.rpartition(" ")[2].capitalize()  # "Scene street" is still told by "Street"
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


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
        self.setToolTip("Samples of the generator, after own pictures: click one, or move with the arrow keys")
        self.selectionModel().currentChanged.connect(self._current_changed)

    @property
    def items(self) -> Sequence[OwnPicture | SampleSpec]:
        """What each row shows."""
        return self._samples.items

    @property
    def first_sample(self) -> int:
        """Row of the first sample: above it are own pictures."""
        return self._samples.first_sample

    @property
    def specs(self) -> list[SampleSpec]:
        """What makes each sample."""
        return [item for item in self._samples.items if isinstance(item, SampleSpec)]

    @property
    def current(self) -> int:
        """The chosen row, -1 for none."""
        return self.currentIndex().row()

    @property
    def filled(self) -> int:
        """How many samples have their pictures."""
        return sum(image is not None for image in self._samples.images[self.first_sample :])

    def reset_samples(self, specs: list[SampleSpec]) -> None:
        """New samples, their pictures to come; keeps the chosen row and own pictures."""
        row = self.current if self.current >= 0 else self.first_sample
        self._samples.set_samples(specs)
        self.choose(min(row, len(self._samples.items) - 1), tell=False)

    def put_sample(self, spec: SampleSpec, picture: Image, value: float | None = None) -> None:
        """The picture (H, W, 3) uint8 RGB of a sample, and what it is sorted by, which is shown."""
        if spec in self._samples.items:
            if value is not None:
                self._samples.values[spec] = value
            self._samples.put(self._samples.items.index(spec), to_qimage(picture))

    def sort(self, order: Order) -> None:
        """Sorts the samples, whose values are there; the chosen one stays chosen."""
        values = self._samples.values
        if order is Order.DRAWN or (order is not Order.CLASS and not set(self.specs) <= values.keys()):
            return
        chosen = self.items[self.current] if self.current >= 0 else None
        self._samples.sort_samples(lambda spec: (spec.label or "") if order is Order.CLASS else -values[spec])
        if chosen is not None:
            self.choose(self.items.index(chosen), tell=False)

    def add_own(self, picture: OwnPicture, image: Image, choose: bool) -> None:
        """Adds an own picture, as the chosen one or not. image: (H, W, 3) uint8 RGB, what is seen of it."""
        self._samples.insert(picture, to_qimage(image))
        if choose:
            self.choose(0, tell=False)
            self.scrollToTop()

    def remove(self, row: int) -> None:
        """Removes a row if it is an own picture; if it was the chosen one, chooses what is then in its place."""
        if 0 <= row < self.first_sample:
            chosen = row == self.current
            if chosen:
                self.clear_choice()
            self._samples.remove(row)
            if chosen:
                self.choose(min(row, len(self._samples.items) - 1))

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

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt would choose the first row where there is no choice, and take away the picture that is not from here."""
        if self.currentIndex().isValid():
            super().focusInEvent(event)
        else:
            blocked = self.selectionModel().blockSignals(True)
            super().focusInEvent(event)
            self.selectionModel().blockSignals(blocked)
            self.clear_choice()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove(self.current)
        elif event.text().isalpha():
            event.ignore()  # names are no text here, and letters are the panel's keys
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self.indexAt(event.pos()).row()
        if 0 <= row < self.first_sample:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction("Remove this picture", partial(self.remove, row))
            menu.popup(event.globalPos())

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
