"""ThumbnailStrip: the pictures of a folder in a row below the large one. Only those in sight are decoded, in a thread
of the strip's own, and few are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, QStringListModel, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from facecam.arrays import Image
from facecam.errors import SourceError
from facecam.qtkit import theme
from facecam.qtkit.frame_image import bgr_image
from facecam.qtkit.theme import SPACE
from facecam.qtkit.worker import Worker
from facecam.sources.photo import SLIDE_S, read_thumbnail
from facecam.ui.live.session import LiveSession

_WIDTH, _HEIGHT = 11 * SPACE, 8 * SPACE
_MOST_KEPT = 150
_HIDDEN = QSize(6, 4)
"""Colours that are left of a thumbnail where faces are hidden: nobody has searched it for them."""
_NICENESS = 5
_Index = QModelIndex | QPersistentModelIndex
_SMOOTH = Qt.TransformationMode.SmoothTransformation


class ThumbnailStrip(QListView):
    """Follows the session: there while it shows a folder. A click, or the arrow keys once Tab has come here, go to a
    picture. kept: thumbnails in memory by their rows, or why there is none."""

    def __init__(self, session: LiveSession) -> None:
        super().__init__()
        self._session = session
        self._paths: tuple[Path, ...] = ()
        self.kept: OrderedDict[int, QPixmap | str] = OrderedDict()
        self._wanted: set[int] = set()
        self._worker = Worker("facecam-thumbnails", _NICENESS, lambda: session.state.core, self)
        self._worker.arrived.connect(self._arrived)
        self._asks = QTimer(self, singleShot=True, interval=0)
        self._asks.timeout.connect(self._ask)
        self._rows = _Rows()
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPalette(theme.stage_palette())
        self.setFixedHeight(_HEIGHT + 2 * SPACE + self.horizontalScrollBar().sizeHint().height())
        self.setAccessibleName("Pictures of the folder")
        self.clicked.connect(lambda index: self._go_to(index.row()))
        self.hide()

    @property
    def hides(self) -> bool:
        """Whether faces are to be hidden."""
        return self._session.options.privacy is not None

    def refresh(self) -> None:
        folder = self._session.folder
        paths = () if folder is None else folder.paths
        if paths != self._paths:
            self._worker.cancel(0)
            self.kept.clear()
            self._wanted.clear()
            self._paths = paths
            self._rows.setStringList([path.name for path in paths])
        self.setVisible(bool(paths))

    def show_time(self, time_s: float) -> None:
        """Marks the picture that is shown at that time of the slide show."""
        row = round(time_s / SLIDE_S)
        if self._paths and row != self.currentIndex().row():
            self.setCurrentIndex(self._rows.index(row))

    def close_down(self) -> None:
        """Decodes no more. Returns at once."""
        self._worker.close(0)

    def thumbnail(self, row: int) -> QPixmap | str | None:
        """A picture; a sentence that says why there is none; None: not yet, and it is asked for."""
        kept = self.kept.get(row)
        if kept is not None:
            self.kept.move_to_end(row)
        elif row not in self._wanted:
            self._wanted.add(row)
            self._asks.start()
        return kept

    def _go_to(self, row: int) -> None:
        player = self._session.player
        if player is not None and row >= 0:
            player.seek(row * SLIDE_S)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().strip():
            event.ignore()  # letters and digits are commands of the window
            return
        super().keyPressEvent(event)
        if event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._go_to(self.currentIndex().row())

    # -- decoding

    def _in_sight(self) -> range:
        first, last = self.indexAt(self.viewport().rect().topLeft()), self.indexAt(self.viewport().rect().topRight())
        return range(max(0, first.row()), (last.row() if last.isValid() else len(self._paths) - 1) + 1)

    def _ask(self) -> None:
        """Has those decoded that are in sight by now and not there yet."""
        ratio = self.devicePixelRatioF()
        rows = [row for row in self._in_sight() if row not in self.kept]
        self._wanted = set(rows)
        if rows:
            size = round(_WIDTH * ratio), round(_HEIGHT * ratio)
            self._worker.submit(0, partial(_decoded, self._paths, rows, size))

    def _arrived(self) -> None:
        for result in self._worker.take():
            if result.value is None:
                continue
            row, image = result.value
            if not isinstance(image, str):
                image = QPixmap.fromImage(bgr_image(image))
                image.setDevicePixelRatio(self.devicePixelRatioF())
            self._wanted.discard(row)
            self.kept[row] = image
            while len(self.kept) > _MOST_KEPT:
                self.kept.popitem(last=False)
            self.update(self._rows.index(row))


def _decoded(paths: tuple[Path, ...], rows: list[int], size: tuple[int, int]) -> Iterator[tuple[int, Image | str]]:
    for row in rows:
        try:
            yield row, read_thumbnail(paths[row], *size)
        except SourceError as error:
            yield row, str(error)


class _Rows(QStringListModel):
    """A row for each picture, by the names of their files."""

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{super().data(index)}, {index.row() + 1} of {self.rowCount()}"
        return None


class _Painter(QStyledItemDelegate):
    """Paints a thumbnail, a frame around the one that is shown, and a sign where there is none to be had."""

    def __init__(self, strip: ThumbnailStrip) -> None:
        super().__init__(strip)
        self._strip = strip

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_WIDTH + SPACE, _HEIGHT + SPACE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        room: QRect = option.rect.adjusted(SPACE // 2, SPACE // 2, -SPACE // 2, -SPACE // 2)
        thumbnail = self._strip.thumbnail(index.row())
        place = room
        if isinstance(thumbnail, QPixmap):
            size = thumbnail.deviceIndependentSize().toSize()
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            painter.drawPixmap(place, thumbnail.scaled(_HIDDEN, mode=_SMOOTH) if self._strip.hides else thumbnail)
        else:
            painter.fillRect(room, theme.STAGE_RAISED)
            if thumbnail is not None:
                painter.setPen(theme.WARNING)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "can’t be\nread")
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            colour = QColor("#ffffff") if state & QStyle.StateFlag.State_HasFocus else theme.BOX
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(-1, -1, 1, 1))
