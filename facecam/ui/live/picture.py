"""PictureView: paints one frame, its boxes and a line of figures."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QToolTip, QWidget

from facecam.arrays import Array
from facecam.faces.boxes import Detections
from facecam.live.pipeline import View
from facecam.qtkit import theme
from facecam.qtkit.cursor_rest import CursorRest
from facecam.qtkit.figure_line import Figure
from facecam.qtkit.frame_image import ScreenFrame, bgr_image
from facecam.qtkit.geometry import Placement, box_under, letterbox
from facecam.qtkit.wording import size
from facecam.ui.live import drawing
from facecam.ui.live.session import LiveSession
from facecam.ui.live.zoom import Zoom

_DIMMED = QColor(18, 20, 22, 200)
_HINT_STAYS_MS = 3000
_LARGE_FROM_PX = 450
"""Height of a picture whose text has the usual size where it grows with the picture."""
_ZOOM_STEP = 1.25
_FOLLOWING_ZOOM = 2.5
"""How much the picture is enlarged for a followed face, unless it is enlarged more already."""
_USUAL_HZ = 60.0
_SLOWEST_HZ = 30.0
"""A lower refresh rate that a display claims is not believed."""


class PictureView(QWidget):
    """One frame, letterboxed, with the boxes found in it and a line of figures over its lower edge.

    The frame is brought to the screen's resolution once and painted from there; it is kept, not copied, until the next.

    To be read: view: what is shown of the session that is followed, None on the empty stage. placement: where the frame
    lies in the view, None without a frame. zoom: which part of it is seen. scale: how much larger than usual lines and
    text are. overlay: the lines of words over the picture. cursor_rest: hides the resting mouse cursor in
    full screen.
    """

    painted = Signal()
    """A frame has been painted that had not been painted before."""
    dropped = Signal(list)
    """Files and folders were dropped on the picture, or an address: their paths, or its URL."""
    double_clicked = Signal()
    mouse_moved = Signal()
    resized = Signal()
    fetched = Signal()
    """The session that is followed was asked for its newest view, which is shown now if it is a new one."""

    def __init__(self, beside: PictureView | None = None) -> None:
        """beside: another one; the two always show the same part of the frame, whichever is enlarged or dragged."""
        super().__init__()
        self.view: View | None = None
        self._session: LiveSession | None = None
        self._shown_s = 0.0
        self._due = QTimer(self, singleShot=True)
        self._due.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame: npt.NDArray[np.uint8] | None = None
        self._on_screen = ScreenFrame()
        self._rendered = False
        self._detections = Detections.none()
        self.placement: Placement | None = None
        self._boxes = self._detections.boxes  # in view pixels
        self._lone: list[int] = []
        self.zoom: Zoom = Zoom() if beside is None else beside.zoom
        self._views: list[PictureView] = [] if beside is None else beside._views  # the first one's faces are followed
        self._views.append(self)
        self._pressed: QPointF | None = None
        self._dragged = False
        self._selected = 0  # number of a face, 0 for none
        self._fresh = False
        self._mirror = False
        self._all_scores = True
        self._dimmed = False
        self._drop_pending = False
        self._cursor: QPointF | None = None
        self.overlay = drawing.Overlay()
        self._hint_timer = QTimer(self, singleShot=True, interval=_HINT_STAYS_MS)
        self._hint_timer.timeout.connect(self.hide_hint)
        self._large, self.scale, self._text_font = False, 1.0, self.font()
        self._corner_px = 0
        self._score_font = theme.tabular(theme.sized(self.font(), 0.9))
        self.cursor_rest = CursorRest(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    def sizeHint(self) -> QSize:
        return QSize(960, 720)

    def show_frame(self, image: npt.NDArray[np.uint8], detections: Detections, lone: Sequence[int] = ()) -> None:
        """Shows a frame (H, W, 3) uint8 BGR, which must not change any more, with its detections (source-frame
        pixels). lone: indices of those that only one of two detectors has found, which are marked."""
        before, self._frame = self._frame, image
        self._lone = list(lone)
        self._detections = detections
        self._fresh = True
        self._rendered = False
        if before is None or before.shape != image.shape:
            self._place()
        if self._leads and self.zoom.followed:
            self._go_after(self.zoom.followed)
        self._move_boxes()
        if self.placement is not None:  # what surrounds it stays
            self.update(_rect(self.placement))

    @property
    def upper(self) -> QRect:
        """Where words at the upper edge lie: on the picture, or on all of the view where that is more than twice as
        wide or high."""
        return self._upper(self.rect())

    def keep_corner(self, width_px: int) -> None:
        """Keeps this width at the right of the upper edge free of words: something else lies there."""
        if width_px != self._corner_px:
            self._corner_px = width_px
            self.update()

    def _upper(self, stage: QRect) -> QRect:
        picture = stage if self.placement is None else _rect(self.placement)
        fills = 2 * picture.width() >= stage.width() and 2 * picture.height() >= stage.height()
        return picture if fills else stage

    @property
    def _leads(self) -> bool:
        """Whether its faces are followed."""
        return self is self._views[0]

    def clear(self) -> None:
        self.overlay.caption.set([])
        self.overlay.chosen.set([])
        self._selected = 0
        self.view = None
        self._frame = self.placement = None
        if self._leads:
            self.zoom.reset()
        self._detections = Detections.none()
        self._fresh = False
        self.overlay.figures.set([])
        self._move_boxes()
        self.update()

    def set_mirror(self, on: bool) -> None:
        """Swaps left and right of picture and boxes; text stays readable."""
        if on != self._mirror:
            self._mirror = on
            self._place()

    def set_all_scores(self, on: bool) -> None:
        """Whether every face of some size shows its score, or only the one under the cursor."""
        self._all_scores = on
        self.update()

    def set_dimmed(self, on: bool) -> None:
        """Darkens the picture, for text on top of it."""
        if on != self._dimmed:
            self._dimmed = on
            self.update()

    def set_caption(self, figures: list[Figure]) -> None:
        """A line over the picture's upper edge: whose faces these are. Empty: none."""
        self.overlay.caption.set(figures)
        self.update()

    def show_hint(self, key: str, what: str) -> None:
        """A few words in the upper left corner that go away by themselves: which key does what."""
        self.overlay.hint.set([Figure(key, what)])
        self._hint_timer.start()
        self.update()

    def hide_hint(self) -> None:
        self.overlay.hint.set([])
        self.update()

    def set_large(self, on: bool) -> None:
        """Whether lines and text grow with the picture, to be read from afar."""
        self._large = on
        self._size_text()

    def _size_text(self) -> None:
        height_px: float = self.height() if self.placement is None else self.placement.height_px
        shown = sum(not view.isHidden() for view in self._views)
        height_px *= math.sqrt(max(1, shown))  # two as one picture of the area of both
        scale = max(1.0, min(4.0, height_px / _LARGE_FROM_PX)) if self._large else 1.0
        if scale != self.scale:
            self.scale = scale
            self._text_font = theme.sized(self.font(), scale)
            self._score_font = theme.tabular(theme.sized(self.font(), 0.9 * scale))
        self.update()

    def set_figures(self, figures: list[Figure], help_text: str = "") -> None:
        """The line of figures, and its tooltip; also brings the figures of the chosen face up to date."""
        self.overlay.figures.set(figures)
        self.overlay.figures_help = help_text
        self._tell_chosen()
        self.setAccessibleDescription(self.overlay.figures.text)
        self.update()

    # -- geometry

    def _place(self) -> None:
        if self._frame is not None:
            _, _, width, height = self._part
            self.placement = letterbox(self.width(), self.height(), width, height, self._mirror)
        self._size_text()
        self._rendered = False
        self._move_boxes()
        self.update()

    def _move_boxes(self) -> None:
        found = self._detections.boxes
        if self.placement is not None:
            if self.zoom.factor > 1:
                left, top, _, _ = self._part
                found = found - np.array([left, top, left, top], np.float32)
            found = self.placement.boxes_to_view(found)
        self._boxes = found

    # -- zoom

    @property
    def _part(self) -> tuple[int, int, int, int]:
        """The part of the frame that is seen: left, top, width, height in its pixels."""
        height, width = (0, 0) if self._frame is None else self._frame.shape[:2]
        return self.zoom.part(width, height)

    def zoom_by(self, steps: float, at: QPointF | None = None) -> None:
        """Zooms in (out if negative) by this many notches of the wheel. at: the point of the view that stays where it
        is; None: the middle."""
        self.zoom.followed = 0
        point = None if at is None else self._share_at(at)
        if at is None or point is not None:
            self.zoom.enlarge(self.zoom.factor * _ZOOM_STEP**steps, point)
            self._place_all()

    def whole(self) -> None:
        self.zoom.reset()
        self._place_all()

    def follow_face(self, number: int) -> None:
        """Keeps that face in the middle, enlarged, for as long as it is seen; 0: follows none."""
        self.zoom.followed = number
        if number:
            self._views[0]._go_after(number)

    def _go_after(self, number: int) -> None:
        frame, index = self._frame, self._index_of(number)
        if frame is not None and index is not None:
            x1, y1, x2, y2 = self._detections.boxes[index].tolist()
            height, width = frame.shape[:2]
            factor = max(_FOLLOWING_ZOOM, self.zoom.factor)
            self.zoom.look_at(factor, (x1 + x2) / 2 / width, (y1 + y2) / 2 / height)
            self._place_all()

    def _place_all(self) -> None:
        for view in self._views:
            view._place()

    def _share_at(self, place: QPointF) -> tuple[float, float] | None:
        """The frame's point under a point of the view, in shares of its width and height."""
        if self._frame is None or self.placement is None:
            return None
        point = self.placement.point_to_frame(place.x(), place.y())
        left, top, _, _ = self._part
        height, width = self._frame.shape[:2]
        return None if point is None else ((left + point[0]) / width, (top + point[1]) / height)

    # -- a session's pictures

    def follow(self, session: LiveSession) -> None:
        """Shows each new view of the session, at most as often as the display shows a picture."""
        self._session = session
        self._due.timeout.connect(self.fetch)
        session.changed.connect(self._session_changed)
        self.painted.connect(lambda: session.state.displayed())

    def _session_changed(self) -> None:
        screen = self.screen()
        interval_s = 1 / max(_SLOWEST_HZ, _USUAL_HZ if screen is None else screen.refreshRate())
        wait_s = self._shown_s + 0.9 * interval_s - time.perf_counter()
        if wait_s <= 0:
            self.fetch()
        elif not self._due.isActive():  # faster than the display: only the newest is worth painting
            self._due.start(max(1, round(wait_s * 1000)))

    def fetch(self) -> None:
        """Shows the session's newest view, if it is another one."""
        view = self._session.latest() if self._session is not None else None
        if view is not None and view is not self.view:
            self.view = view
            self._shown_s = time.perf_counter()
            self.show_frame(view.image, view.detections, view.lone[0])
        self.fetched.emit()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter, self.rect(), self._dimmed, event.rect())
            if self._drop_pending:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.BOX, 4))
                painter.drawRect(self.rect().adjusted(2, 2, -2, -2))
        finally:
            painter.end()  # an error in here must not leave the window with a painter at work
        if self._fresh:
            self._fresh = False
            self.painted.emit()

    def copy(self, words: Sequence[str]) -> bool:
        """Copies the picture as it is seen, together with words about it: programs that paste pictures get the picture,
        others the words. False: there is no picture."""
        data = QMimeData()
        seen = self.seen()
        if seen is not None:
            data.setImageData(seen)
        data.setText("\n".join(word for word in words if word))
        QApplication.clipboard().setMimeData(data)
        return seen is not None

    def seen(self) -> QImage | None:
        """The picture without the surround and not dimmed, with all that is painted on it; None without a frame."""
        if self.placement is None:
            return None
        room, ratio = _rect(self.placement), self.devicePixelRatioF()
        image = QImage(round(room.width() * ratio), round(room.height() * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(theme.STAGE)
        painter = QPainter(image)
        try:
            painter.translate(-room.topLeft())
            self._paint(painter, room, False, room)
        finally:
            painter.end()
        self.update()  # the lines are laid out for the whole view again
        return image

    def _paint(self, painter: QPainter, stage: QRect, dimmed: bool, wanted: QRect) -> None:
        """All but the frame that invites a drop. stage: the part of the view that text may cover; wanted: what to
        paint."""
        painter.setFont(self._text_font)
        if self._frame is None or self.placement is None:
            painter.fillRect(stage, theme.STAGE)
        else:
            self._paint_picture(painter, self._frame, self.placement, stage, dimmed, wanted)
        self.overlay.paint_upper(painter, self._upper(stage).adjusted(0, 0, -self._corner_px, 0), self._text_font)

    def _paint_picture(
        self,
        painter: QPainter,
        frame: npt.NDArray[np.uint8],
        place: Placement,
        stage: QRect,
        dimmed: bool,
        wanted: QRect,
    ) -> None:
        ratio = painter.device().devicePixelRatioF()
        if not self._rendered or self._on_screen.image.devicePixelRatio() != ratio:
            left, top, across, down = self._part
            self._on_screen.render(frame[top : top + down, left : left + across], place, ratio)
            self._rendered = True
        target = _rect(place)
        if not target.contains(wanted):  # the surround only, and a pixel of rounding: the picture covers the rest
            painter.setClipRegion(QRegion(self.rect()) - QRegion(target.adjusted(1, 1, -1, -1)))
            painter.fillRect(self.rect(), theme.STAGE)
            painter.setClipping(False)
        painter.drawImage(target.topLeft(), self._on_screen.image)
        if dimmed:
            painter.fillRect(target, _DIMMED)
            return
        painter.setFont(self._score_font)
        painter.setClipRect(target)
        drawing.paint_marks(painter, self._boxes[self._lone])
        scores, room = self._detections.scores, QRectF(target)
        under, ids, colours = self._under_cursor(), self._detections.ids, self._detections.colours
        drawing.paint_boxes(painter, self._boxes, scores, room, under, self._all_scores, ids, colours, self.scale)
        painter.setClipping(False)
        self.overlay.paint_figures(painter, target, stage, self._text_font)

    def _under_cursor(self) -> int | None:
        chosen = self._index_of(self._selected)
        if chosen is not None or self._cursor is None:
            return chosen
        return box_under(self._boxes, self._cursor.x(), self._cursor.y())

    # -- events

    def resizeEvent(self, event: QEvent) -> None:
        self._place()
        self.resized.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.cursor_rest.moved()
        self.mouse_moved.emit()
        before, zoom = self._under_cursor(), self.zoom
        if self._pressed is not None and zoom.factor > 1 and self.placement is not None:
            moved = event.position() - self._pressed
            if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
                self._dragged, zoom.followed, self._pressed = True, 0, event.position()
                across = -moved.x() / self.placement.width_px / zoom.factor * (-1 if self._mirror else 1)
                down = -moved.y() / self.placement.height_px / zoom.factor
                zoom.look_at(zoom.factor, zoom.centre[0] + across, zoom.centre[1] + down)
                self._place_all()
        self._cursor = event.position()
        if self._under_cursor() != before:
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses the face under it and shows its score and figures; a click beside all faces, or on the chosen
        one again, chooses none."""
        if event.button() is Qt.MouseButton.LeftButton and self._pressed is not None:
            self._pressed = None
            if not self._dragged:
                self._choose(event.position())

    def _choose(self, place: QPointF) -> None:
        number = self.number_at(place)
        self._selected = 0 if number == self._selected else number
        self._tell_chosen()
        self.update()

    def _tell_chosen(self) -> None:
        """Shows the figures of the chosen face at the picture's upper edge."""
        told, index = "not in sight", self._index_of(self._selected)
        if index is not None:
            x1, y1, x2, y2 = self._detections.boxes[index].tolist()
            told = f"{self._detections.scores[index]:.2f} · {size(round(x2 - x1), round(y2 - y1))} pixels"
        self.overlay.chosen.set([Figure(f"#{self._selected}", told)] if self._selected else [])

    def _index_of(self, number: int) -> int | None:
        """The index, among the faces that are shown, of the one with that number."""
        ids = self._detections.ids
        found = [] if ids is None or not number else np.flatnonzero(ids == number).tolist()
        return found[0] if found else None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(event.angleDelta().y() / 120, event.position())

    def number_at(self, place: QPointF) -> int:
        """The number of the face at that place of the view; 0: there is none, or it has no number."""
        index, ids = box_under(self._boxes, place.x(), place.y()), self._detections.ids
        return 0 if index is None or ids is None else int(ids[index])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu_at(QPointF(event.pos()))
        if menu.actions():
            menu.popup(event.globalPos())

    def menu_at(self, place: QPointF) -> QMenu:
        """What can be done with the face there, and with an enlarged picture."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        number, index = self.number_at(place), box_under(self._boxes, place.x(), place.y())
        if number and number != self.zoom.followed:
            menu.addAction(f"Follow face {number}", partial(self.follow_face, number))
        if number and self._session is not None and self._session.options.privacy is not None:
            hides = number not in self._session.options.unhidden
            words = f"Never hide face {number}" if hides else f"Hide face {number} again"
            menu.addAction(words, partial(self._session.leave_in_view, number, hides))
        if index is not None:
            box = self._detections.boxes[index].copy()
            menu.addAction("Copy this face", partial(self._copy_part, box))
        if self.zoom.followed:
            menu.addAction("Don’t follow any more", partial(self.follow_face, 0))
        if self.zoom.factor > 1:
            menu.addAction("Whole picture", self.whole)
        return menu

    def _copy_part(self, box: Array) -> None:
        """The part of the picture as it is shown, hidden where privacy is on, in the frame's pixels."""
        if self._frame is None:
            return
        left, top, right, bottom = (max(0, round(side)) for side in box.tolist())
        part = self._frame[top:bottom, left:right]
        if part.size:
            QApplication.clipboard().setImage(bgr_image(part))
            self.show_hint("Copied", "face")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._choose(event.position())  # takes back what the first of the two clicks did
        self.double_clicked.emit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.overlay.help_at(QPointF(event.pos()))
            if found is not None:
                QToolTip.showText(event.globalPos(), found[0], self, found[1])
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()
            self._drop_pending = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_pending = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_pending = False
        self.update()
        if specs := _dropped(event):
            event.acceptProposedAction()
            self.dropped.emit(specs)


def _rect(place: Placement) -> QRect:
    return QRect(place.left_px, place.top_px, place.width_px, place.height_px)


def _dropped(event: QDropEvent) -> list[str]:
    """What is being dropped, as `open_source` takes it: files and folders, else an address, also one in words."""
    urls, text = event.mimeData().urls(), event.mimeData().text().strip()
    paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
    addresses = [url.toString() for url in urls if url.scheme()]
    typed = [text] if "://" in text and "\n" not in text else []
    return paths or addresses[:1] or typed
