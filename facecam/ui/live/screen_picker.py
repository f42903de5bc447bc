"""ScreenPicker: the whole screen as a picture, on which the user draws a rectangle."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QRegion,
    QScreen,
)
from PySide6.QtWidgets import QApplication, QWidget

from facecam.errors import SourceError
from facecam.qtkit import theme
from facecam.sources import ScreenPart
from facecam.sources.screen import monitors

_LEAST_PX = 32
_FADES_MS = 250
"""Until a menu that was closed is off the screen, also where the desktop lets it fade."""
_DARK = QColor(18, 20, 22, 150)
_HELP = "Draw a rectangle around what is to be watched.   Enter: the whole screen.   Esc: never mind."


class ScreenPicker(QWidget):
    """Covers one screen with a picture of itself: unlike a window one sees through, that works everywhere."""

    picked = Signal(ScreenPart)

    def __init__(self, screen: QScreen, monitor: int, ratio: float, parent: QWidget) -> None:
        """monitor: as ScreenPart counts; ratio: how many of its pixels, or points, are one pixel of Qt."""
        super().__init__(
            parent, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Part of the screen")
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._monitor = monitor
        self._picture: QPixmap = screen.grabWindow(0)
        self._ratio = ratio
        self._from: QPoint | None = None
        self._rect = QRect()
        self.setScreen(screen)
        self.setGeometry(screen.geometry())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._rect = QRect(self._from, event.position().toPoint()).normalized() & self.rect()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None
        if min(self._rect.width(), self._rect.height()) < _LEAST_PX:  # a click, or a slip of the hand
            self._rect = QRect()
            self.update()
            return
        rect = (self._rect.left(), self._rect.top(), self._rect.width(), self._rect.height())
        left, top, width, height = (round(side * self._ratio) for side in rect)
        self._pick(ScreenPart(self._monitor, (left, top, width, height)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick(ScreenPart(self._monitor))

    def _pick(self, part: ScreenPart) -> None:
        self.close()
        self.picked.emit(part)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(self.rect(), self._picture)
        painter.setClipRegion(QRegion(self.rect()) - QRegion(self._rect))
        painter.fillRect(self.rect(), _DARK)
        painter.setClipping(False)
        if self._rect.isNull():
            painter.setFont(theme.sized(self.font(), 1.4))
            painter.setPen(theme.STAGE_TEXT)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, _HELP)
            return
        painter.setPen(QPen(theme.BOX, 2))
        painter.drawRect(self._rect)
        painter.setPen(theme.STAGE_TEXT)
        size = f"{round(self._rect.width() * self._ratio)} × {round(self._rect.height() * self._ratio)}"
        painter.drawText(self._rect.topLeft() + QPoint(4, -6), size)


def _monitor(screen: QScreen) -> tuple[int, float]:
    """As of ScreenPicker. Qt has the primary screen first, the system has not; the corners are the same."""
    try:
        known = monitors()
    except SourceError:  # opening will fail, and say so
        known = []
    place = screen.geometry()
    for number, each in enumerate(known, 1):
        if (each["left"], each["top"]) == (place.left(), place.top()):
            return number, each["width"] / place.width()
    return QGuiApplication.screens().index(screen) + 1, screen.devicePixelRatio()


def ask_screen_part(parent: QWidget, then: Callable[[str], None]) -> None:
    """Lets the user draw on the screen that the window is on; `then(spec)` is called if a part is named.

    The picture of the screen is taken when the menu or list that this was chosen from has gone from it.
    """
    popup = QApplication.activePopupWidget()
    while popup is not None:
        popup.close()
        following = QApplication.activePopupWidget()
        popup = None if following is popup else following

    def show() -> None:
        screen = parent.screen() or QGuiApplication.primaryScreen()
        picker = ScreenPicker(screen, *_monitor(screen), parent)
        picker.picked.connect(lambda part: then(part.spec))
        picker.showFullScreen()

    QTimer.singleShot(_FADES_MS, parent, show)
