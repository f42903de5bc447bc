"""PictureView: paints one frame, its boxes and a line of figures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from facecam.boxes import Detections
from facecam.opencv import cv2
from facecam.ui import drawing, theme
from facecam.ui.geometry import Placement, box_under, letterbox

_DIMMED = QColor(18, 20, 22, 200)
_CURSOR_RESTS_AFTER_MS = 2000
_HINT_STAYS_MS = 3000
_MARGIN = 12
_AREA_BELOW = 0.5
"""Frames that get smaller than this are averaged, not sampled: small faces would flicker."""


class PictureView(QWidget):
    """One frame, letterboxed, with the boxes found in it and a line of figures over its lower edge.

    The frame is scaled and converted by OpenCV into kept buffers of the screen's resolution, once for each frame, and
    painted from there. Qt's own scaling of the same picture takes twice the CPU time from BGR, and hands the work to a
    pool of threads, which is slow when the other cores are busy. The frame itself is kept, not copied, until the next.
    """

    painted = Signal()
    """A frame has been painted that had not been painted before."""
    dropped = Signal(str)
    """A file, folder or address was dropped on the picture: its path or URL."""
    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: npt.NDArray[np.uint8] | None = None
        self._scaled = np.empty((0, 0, 3), np.uint8)  # at the screen's resolution
        self._pixels = np.empty((0, 0, 4), np.uint8)  # what _image looks at
        self._image = QImage()
        self._rendered = False
        self._detections = Detections.none()
        self._placement: Placement | None = None
        self._boxes = self._detections.boxes  # in view pixels
        self._fresh = False
        self._mirror = False
        self._all_scores = True
        self._dimmed = False
        self._drop_pending = False
        self._cursor: QPointF | None = None
        self._figures = drawing.FigureLine()
        self._figures_rect = QRectF()
        self._figures_help = ""
        self._caption = drawing.FigureLine()
        self._twin: PictureView | None = None
        self._hint = drawing.FigureLine()
        self._hint_timer = QTimer(self, singleShot=True, interval=_HINT_STAYS_MS)
        self._hint_timer.timeout.connect(self.hide_hint)
        self._score_font = theme.tabular(theme.sized(self.font(), 0.9))
        self._hides_cursor = False
        self._rest = QTimer(self, singleShot=True, interval=_CURSOR_RESTS_AFTER_MS)
        self._rest.timeout.connect(lambda: self.setCursor(Qt.CursorShape.BlankCursor))
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

    @property
    def placement(self) -> Placement | None:
        """Where the frame lies in the view, None without a frame."""
        return self._placement

    @property
    def figures_text(self) -> str:
        """The line of figures as plain text."""
        return self._figures.text

    def show_frame(self, image: npt.NDArray[np.uint8], detections: Detections) -> None:
        """Shows a frame (H, W, 3) uint8 BGR, which must not change any more, with its detections (source-frame
        pixels)."""
        before, self._frame = self._frame, image
        self._detections = detections
        self._fresh = True
        self._rendered = False
        if before is None or before.shape != image.shape:
            self._place()
        self._move_boxes()
        self.update()

    def set_twin(self, twin: PictureView) -> None:
        """Another view that is cleared, mirrored and dimmed as this one, and shows scores where this one does."""
        self._twin = twin

    def clear(self) -> None:
        """Back to the empty stage."""
        if self._twin is not None:
            self._twin.clear()
        self._caption.set([])
        self._frame = self._placement = None
        self._detections = Detections.none()
        self._fresh = False
        self._figures.set([])
        self._move_boxes()
        self.update()

    def set_mirror(self, on: bool) -> None:
        """Swaps left and right of picture and boxes; text stays readable."""
        if self._twin is not None:
            self._twin.set_mirror(on)
        if on != self._mirror:
            self._mirror = on
            self._place()

    def set_all_scores(self, on: bool) -> None:
        """Whether every face of some size shows its score, or only the one under the cursor."""
        if self._twin is not None:
            self._twin.set_all_scores(on)
        self._all_scores = on
        self.update()

    def set_dimmed(self, on: bool) -> None:
        """Darkens the picture, for text on top of it."""
        if self._twin is not None:
            self._twin.set_dimmed(on)
        if on != self._dimmed:
            self._dimmed = on
            self.update()

    @property
    def caption_text(self) -> str:
        """The caption as plain text."""
        return self._caption.text

    def set_caption(self, figures: list[drawing.Figure]) -> None:
        """A line over the picture's upper edge: whose faces these are. Empty: none."""
        self._caption.set(figures)
        self.update()

    def show_hint(self, key: str, what: str) -> None:
        """A few words in the upper left corner that go away by themselves: which key does what."""
        self._hint.set([drawing.Figure(key, what)])
        self._hint_timer.start()
        self.update()

    def hide_hint(self) -> None:
        """Takes the hint away."""
        self._hint.set([])
        self.update()

    def set_hides_cursor(self, on: bool) -> None:
        """Whether the mouse cursor goes away while it rests: for full screen."""
        self._rest.stop()
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._hides_cursor = on
        if on:
            self._rest.start()

    def set_figures(self, figures: list[drawing.Figure], help_text: str = "") -> None:
        """The line of figures, and the explanation that appears under the cursor there."""
        self._figures.set(figures)
        self._figures_help = help_text
        self.setAccessibleDescription(self._figures.text)
        self.update()

    # -- geometry

    def _place(self) -> None:
        if self._frame is not None:
            height, width = self._frame.shape[:2]
            self._placement = letterbox(self.width(), self.height(), width, height, self._mirror)
        self._rendered = False
        self._move_boxes()
        self.update()

    def _move_boxes(self) -> None:
        found = self._detections.boxes
        self._boxes = self._placement.boxes_to_view(found) if self._placement is not None else found

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            if self._frame is None or self._placement is None:
                painter.fillRect(self.rect(), theme.STAGE)
            else:
                self._paint_picture(painter, self._frame, self._placement)
            if not self._hint.text:
                self._caption.paint(painter, _MARGIN, _MARGIN, self.width() - 2 * _MARGIN, self.font(), below=True)
            self._hint.paint(painter, _MARGIN, _MARGIN, self.width() - 2 * _MARGIN, self.font(), below=True)
            if self._drop_pending:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.BOX, 4))
                painter.drawRect(self.rect().adjusted(2, 2, -2, -2))
        finally:
            painter.end()  # an error in here must not leave the window with a painter at work
        if self._fresh:
            self._fresh = False
            self.painted.emit()

    def _render(self, frame: npt.NDArray[np.uint8], place: Placement) -> None:
        """Brings the frame to the screen's resolution, in _image."""
        ratio = self.devicePixelRatioF()
        width, height = round(place.width_px * ratio), round(place.height_px * ratio)
        if self._pixels.shape[:2] != (height, width):
            self._scaled = np.empty((height, width, 3), np.uint8)
            self._pixels = np.empty((height, width, 4), np.uint8)
        much_smaller = width < _AREA_BELOW * frame.shape[1]
        how = cv2.INTER_AREA if much_smaller else cv2.INTER_LINEAR
        scaled = cv2.resize(frame, (width, height), dst=self._scaled, interpolation=how)
        if place.mirror:
            scaled = cv2.flip(scaled, 1, dst=self._scaled)
        cv2.cvtColor(scaled, cv2.COLOR_BGR2BGRA, dst=self._pixels)
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(ratio)
        self._rendered = True

    def _paint_picture(self, painter: QPainter, frame: npt.NDArray[np.uint8], place: Placement) -> None:
        if not self._rendered or self._image.devicePixelRatio() != self.devicePixelRatioF():
            self._render(frame, place)
        target = QRect(place.left_px, place.top_px, place.width_px, place.height_px)
        bottom = target.top() + target.height()
        right = target.left() + target.width()
        for bar in (  # the surround only: what the picture covers is painted once, but for a pixel of rounding
            QRect(0, 0, self.width(), target.top() + 1),
            QRect(0, bottom - 1, self.width(), self.height() - bottom + 1),
            QRect(0, target.top(), target.left() + 1, target.height()),
            QRect(right - 1, target.top(), self.width() - right + 1, target.height()),
        ):
            painter.fillRect(bar, theme.STAGE)
        painter.drawImage(target.topLeft(), self._image)
        if self._dimmed:
            painter.fillRect(target, _DIMMED)
            return
        painter.setFont(self._score_font)
        painter.setClipRect(target)
        scores, room = self._detections.scores, QRectF(target)
        under, ids = self._under_cursor(), self._detections.ids
        drawing.paint_boxes(painter, self._boxes, scores, room, under, self._all_scores, ids)
        painter.setClipping(False)
        self._figures_rect = self._figures.paint(
            painter, target.left() + _MARGIN, bottom - _MARGIN, target.width() - 2 * _MARGIN, self.font()
        )

    def _under_cursor(self) -> int | None:
        return None if self._cursor is None else box_under(self._boxes, self._cursor.x(), self._cursor.y())

    # -- events

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._hides_cursor:
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self._rest.start()
        before = self._under_cursor()
        self._cursor = event.position()
        if self._under_cursor() != before:
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            if self._figures_help and self._figures_rect.contains(QPointF(event.pos())):
                QToolTip.showText(event.globalPos(), self._figures_help, self, self._figures_rect.toAlignedRect())
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_spec(event) is not None:
            event.acceptProposedAction()
            self._drop_pending = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_pending = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_pending = False
        self.update()
        spec = dropped_spec(event)
        if spec is not None:
            event.acceptProposedAction()
            self.dropped.emit(spec)


def dropped_spec(event: QDropEvent) -> str | None:
    """The first file, folder or address that is being dropped, as `open_source` takes it."""
    data = event.mimeData()
    for url in data.urls():
        if url.isLocalFile():
            return url.toLocalFile()
        if url.scheme():
            return url.toString()
    text = data.text().strip()
    return text if "://" in text and "\n" not in text else None
