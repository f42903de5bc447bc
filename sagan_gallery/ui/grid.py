"""SampleGrid: own pictures and the samples as small ones, these filled in while they are computed."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
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
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from facecam.arrays import Image
from facecam.qtkit.theme import PILL, SPACE, STAGE_RAISED, STAGE_TEXT, stage_palette, tabular
from sagan_gallery.latent import SampleSpec
from sagan_gallery.ui.paint import LEFT_MIDDLE, to_qimage
from sagan_gallery.ui.session import Order, OwnPicture
from sagan_gallery.ui.words import class_name

_TARGET_PX = 80
"""Size that a small picture is to have, about; the columns share the width evenly."""
_SHOWN, _VALUE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
"""What an item shows, and the number that it is sorted by; `Qt.ItemDataRole.UserRole` is that number in words."""
_Index = QModelIndex | QPersistentModelIndex


def _cell(shown: OwnPicture | SampleSpec, image: QImage | None, value: float | None = None) -> QStandardItem:
    """An item of the grid. value: what the samples are sorted by."""
    cell = QStandardItem()
    if isinstance(shown, OwnPicture):
        words = "Own picture; Delete removes it"
    else:
        cell.setText(class_name(shown.label))
        named = f"{class_name(shown.label)}, " if shown.label is not None else ""
        valued = f", sorted by {value:.1f}" if value is not None else ""
        words = f"{named}seed {shown.seed}, truncation {shown.truncation:.2f}{valued}"
    for role, data in (
        (_SHOWN, shown),
        (_VALUE, value),
        (Qt.ItemDataRole.DecorationRole, image),
        (Qt.ItemDataRole.UserRole, None if value is None else f"{value:.1f}"),
        (Qt.ItemDataRole.ToolTipRole, words),
        (Qt.ItemDataRole.AccessibleTextRole, words),
    ):
        cell.setData(data, role)
    return cell


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
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, LEFT_MIDDLE, shown)


class SampleGrid(QListView):
    """chosen: the row of the sample that the user picked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._cells = QStandardItemModel(self)
        self.setModel(self._cells)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
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
    def items(self) -> list[OwnPicture | SampleSpec]:
        """What each row shows: own pictures, the newest one first, and after them the samples."""
        return [self._cells.item(row).data(_SHOWN) for row in range(self._cells.rowCount())]

    @property
    def first_sample(self) -> int:
        """Row of the first sample: above it are own pictures."""
        return sum(isinstance(item, OwnPicture) for item in self.items)

    @property
    def specs(self) -> list[SampleSpec]:
        return [item for item in self.items if isinstance(item, SampleSpec)]

    @property
    def current(self) -> int:
        """The chosen row, -1 for none."""
        return self.currentIndex().row()

    @property
    def chosen_item(self) -> OwnPicture | SampleSpec | None:
        shown: OwnPicture | SampleSpec | None = self.currentIndex().data(_SHOWN)
        return shown

    def _image(self, row: int) -> QImage | None:
        image: QImage | None = self._cells.item(row).data(Qt.ItemDataRole.DecorationRole)
        return image

    def reset_samples(self, specs: list[SampleSpec]) -> None:
        """New samples; as many as before keep their old pictures until the new ones arrive. Keeps the chosen row and
        own pictures."""
        first = self.first_sample
        row, count = self.current if self.current >= 0 else first, first + len(specs)
        images = [self._image(row) for row in range(first, count)] if count == self._cells.rowCount() else []
        with QSignalBlocker(self.selectionModel()):
            self._cells.setRowCount(count)
            for index, spec in enumerate(specs):
                self._cells.setItem(first + index, _cell(spec, images[index] if images else None))
        self.choose(min(row, count - 1), tell=False)

    def put_sample(self, spec: SampleSpec, picture: Image, value: float | None = None) -> None:
        """The picture (H, W, 3) uint8 RGB of a sample, and what it is sorted by, which is shown."""
        items = self.items
        if spec in items:
            self._cells.setItem(items.index(spec), _cell(spec, to_qimage(picture), value))

    def sort(self, order: Order) -> None:
        """Sorts the samples, whose values are there; the chosen one stays chosen."""
        chosen, first = self.chosen_item, self.first_sample
        rows = [(self._cells.item(row), self._image(row)) for row in range(first, self._cells.rowCount())]
        cells = [(item.data(_SHOWN), image, item.data(_VALUE)) for item, image in rows]
        if order is Order.CLASS:
            cells.sort(key=lambda cell: cell[0].label or "")
        elif order is not Order.DRAWN and all(value is not None for *_, value in cells):
            cells.sort(key=lambda cell: -cell[2])
        for row, cell in enumerate(cells, first):
            self._cells.setItem(row, _cell(*cell))
        if chosen is not None:
            self.choose(self.items.index(chosen), tell=False)

    def add_own(self, picture: OwnPicture, image: Image, choose: bool) -> None:
        """Adds an own picture, as the chosen one or not. image: (H, W, 3) uint8 RGB, what is seen of it."""
        self._cells.insertRow(0, _cell(picture, to_qimage(image)))
        if choose:
            self.choose(0, tell=False)
            self.scrollToTop()

    def remove(self, row: int) -> None:
        """Removes a row if it is an own picture; if it was the chosen one, chooses what is then in its place."""
        if 0 <= row < self.first_sample:
            chosen = row == self.current
            if chosen:
                self.clear_choice()
            self._cells.removeRow(row)
            if chosen:
                self.choose(min(row, self._cells.rowCount() - 1))

    def choose(self, row: int, tell: bool = True) -> None:
        """Chooses a row; none for -1: the large picture is not from here."""
        selection = self.selectionModel()
        if row < 0 and not self.currentIndex().isValid():
            return  # with each picture on a walk: the grid is not painted for that
        before = self.currentIndex()
        with nullcontext() if tell else QSignalBlocker(selection):
            if row < 0:
                selection.clear()
            else:
                selection.setCurrentIndex(self._cells.index(row, 0), selection.SelectionFlag.ClearAndSelect)
        for index in (before, self.currentIndex()):
            self.update(index)

    def clear_choice(self) -> None:
        self.choose(-1, tell=False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt would choose the first row where there is no choice, and take away the picture that is not from here."""
        chosen = self.currentIndex().isValid()
        with nullcontext() if chosen else QSignalBlocker(self.selectionModel()):
            super().focusInEvent(event)
        if not chosen:
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
        width = event.size().width() - 2  # the viewport's; asking for that itself makes PySide's classes of all widgets
        columns = max(2, round(width / _TARGET_PX))
        side = max(24, width // columns)
        self.setGridSize(QSize(side, side))
        self.setIconSize(QSize(side, side))
        super().resizeEvent(event)
