"""Small widgets that several parts of the window use."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QStyle

from facecam.qtkit import icons
from facecam.qtkit.theme import SPACE, sized, tabular


class Heading(QLabel):
    """A section's heading in the control column."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setFont(sized(self.font(), 1.0, QFont.Weight.DemiBold))


class Note(QLabel):
    """Words in as many lines as they take, hidden while there are none. name: for screen readers."""

    def __init__(self, name: str) -> None:
        super().__init__(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.setAccessibleName(name)
        self.hide()

    def say(self, words: str) -> None:
        self.setText(words)
        self.setVisible(bool(words))


class ElidedLabel(QLabel):
    """One line of text; what does not fit ends in an ellipsis and is whole in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """What it says, whole. QLabel's own text would ask for another layout with each change."""
        return self._text

    def say(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setToolTip(text)
            self.setAccessibleDescription(text)
            self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def text_colour(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.WindowText)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(self.text_colour())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class DimLine(ElidedLabel):
    """A line in a dimmed colour."""

    def text_colour(self) -> QColor:
        colour = super().text_colour()
        colour.setAlphaF(0.7)
        return colour


class StatusLine(DimLine):
    """The line at the bottom of a tab: what is happening, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        self.setFont(tabular(self.font()))


class ScrollColumn(QScrollArea):
    """A column whose content scrolls up and down where the window is too low for it. width_px: is constant; None: takes
    the room that there is.

    The scroll bar's place is kept free while there is none: nothing must shrink when more unfolds.
    """

    def __init__(self, width_px: int | None = None) -> None:
        super().__init__()
        if width_px is not None:
            self.setFixedWidth(width_px)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes to the controls themselves, which it scrolls into view
        self.verticalScrollBar().rangeChanged.connect(self._reserve)
        self._reserve(0, 0)

    @property
    def bar_width(self) -> int:
        """Width that the scroll bar takes; none for a bar that floats over the content."""
        bar = self.verticalScrollBar()
        floats = self.style().styleHint(QStyle.StyleHint.SH_ScrollBar_Transient, None, bar) != 0
        return 0 if floats else bar.sizeHint().width()

    def _reserve(self, low: int, high: int) -> None:
        free = low >= high  # a bar without a range is not shown
        self.setViewportMargins(0, 0, self.bar_width if free else 0, 0)


class StartButton(QPushButton):
    """Starts something, and stops it while it runs. Start carries the accent colour: it is what to do next.

    start, stop: text and tooltip of either.
    """

    def __init__(self, start: tuple[str, str], stop: tuple[str, str]) -> None:
        super().__init__()
        self._words, self._running = (start, stop), False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(4 * SPACE)
        self.show_running(False)

    def show_running(self, running: bool) -> None:
        """Whether it stops or starts."""
        self._running = running
        own = QApplication.palette()
        palette = QPalette()
        colour = own.color(QPalette.ColorRole.ButtonText)
        if not running:
            colour = own.color(QPalette.ColorRole.HighlightedText)
            palette.setColor(QPalette.ColorRole.Button, own.color(QPalette.ColorRole.Highlight))
            palette.setColor(QPalette.ColorRole.ButtonText, colour)
        self.setPalette(palette)
        self.setIcon(icons.icon("stop" if running else "play", colour))
        text, help_text = self._words[running]
        self.setText(text)
        self.setToolTip(help_text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # dark has become light, or the other way round
            self.show_running(self._running)
