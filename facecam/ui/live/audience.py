"""What lies over the picture in full screen: controls that come with the mouse, what happened, a countdown."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCursor, QFont, QImageReader, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton

from facecam.qtkit import theme
from facecam.qtkit.theme import SPACE
from facecam.qtkit.wording import reading_ms
from facecam.ui.live.stage import LiveStage

CONTROLS_STAY_MS = 3000
COUNTDOWN_S = 3
_LEAST_GROWN = 1.4
"""Words over the picture are at least this many times as large as the window's."""
_THUMBNAIL = QSize(160, 120)
_THUMBNAIL_SHARE = 3
"""It takes at most one part in so many of the picture's width: the words come first."""
_EDGE_PX = 2 * SPACE
_ROUNDING_PX = 4  # a line of whole pixels may be wider than its length says
_GROUND = f"rgba(18, 20, 22, 235); color: {theme.STAGE_TEXT.name()}; border-radius: {SPACE}px"


class _Over(QFrame):
    """A dark panel over the stage, one picture or two, `place` of the room that is left beside it: (0, 0) is its
    upper left corner."""

    def __init__(self, stage: LiveStage, name: str, place: tuple[float, float]) -> None:
        super().__init__(stage)
        self._stage, self._picture, self._where = stage, stage.picture, place
        self.setObjectName(name)
        self.setStyleSheet(f"#{name} {{ background: {_GROUND} }} #{name} QLabel {{ color: {theme.STAGE_TEXT.name()} }}")
        self.hide()
        self._picture.resized.connect(self._stay)

    def _stay(self) -> None:
        if self.isVisible():
            self.put()

    def put(self) -> None:
        """Where it belongs, above everything else."""
        self.adjustSize()
        beside = (self._room - self.size()).toTuple()
        across, down = (round(share * side) for share, side in zip(self._where, beside, strict=True))
        self.move(QPoint(_EDGE_PX + across, _EDGE_PX + down))
        self.raise_()

    @property
    def _room(self) -> QSize:
        """What it may take of the stage."""
        return self._stage.size() - QSize(2 * _EDGE_PX, 2 * _EDGE_PX)

    @property
    def _grown(self) -> float:
        """How much larger than the window's its words are: as those over the picture."""
        return max(_LEAST_GROWN, self._picture.scale)


class Toast(_Over):
    """One message at a time, with a small picture if it is about one; it goes when it can have been read."""

    def __init__(self, stage: LiveStage) -> None:
        super().__init__(stage, "toast", (0.5, 0.08))  # below the caption
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.thumbnail, self.text = QLabel(), QLabel()
        self.text.setAccessibleName("What happened")
        self.text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setSpacing(2 * SPACE)
        row.addWidget(self.thumbnail)
        row.addWidget(self.text)
        self._gone = QTimer(self, singleShot=True)
        self._gone.timeout.connect(self.hide)

    def say(self, words: str, picture_file: str = "") -> None:
        """picture_file: of a picture to show small, empty for none."""
        self.thumbnail.hide()
        if picture_file:
            reader = QImageReader(picture_file)
            most = _THUMBNAIL * (self._grown / _LEAST_GROWN)
            most.setWidth(min(most.width(), self._room.width() // _THUMBNAIL_SHARE))
            reader.setScaledSize(reader.size().scaled(most, Qt.AspectRatioMode.KeepAspectRatio))
            self.thumbnail.setPixmap(QPixmap.fromImage(reader.read()))
            self.thumbnail.show()
        self.text.setText(words)
        self.show()
        self.put()
        self._gone.start(reading_ms(words))

    def put(self) -> None:
        """In one line where there is room, else broken between words, of which the longest stays whole."""
        self.text.setFont(theme.sized(self.font(), self._grown))
        wide = self.text.fontMetrics().horizontalAdvance
        beside = 0 if self.thumbnail.isHidden() else self.thumbnail.sizeHint().width() + 2 * SPACE
        longest = max((wide(word) for word in self.text.text().split()), default=0)
        room = self._room.width() - beside - 4 * SPACE
        self.text.setFixedWidth(max(longest, min(wide(self.text.text()), room)) + _ROUNDING_PX)
        super().put()


class Countdown(_Over):
    """Counts down in large digits, then does it."""

    changed = Signal()
    """The words have."""

    def __init__(self, stage: LiveStage, do: Callable[[], object]) -> None:
        super().__init__(stage, "countdown", (0.5, 0.5))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._do, self._left = do, 0
        self.digits = QLabel()
        self.digits.setAccessibleName("Seconds until the snapshot")
        QHBoxLayout(self).addWidget(self.digits)
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)

    @property
    def words(self) -> str:
        """How far it is, empty while it does not count."""
        return f"snapshot in {self._left} s" if self._timer.isActive() else ""

    def toggle(self) -> None:
        """Begins; while it counts, calls it off."""
        if self._timer.isActive():
            self.call_off()
            return
        self._left = COUNTDOWN_S + 1
        self._timer.start()
        self._tick()

    def call_off(self) -> None:
        self._timer.stop()
        self.hide()
        self.changed.emit()

    def _tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.call_off()
            self._do()
            return
        self.digits.setFont(theme.tabular(self.font(), 6 * self._grown, QFont.Weight.Bold))
        self.digits.setText(str(self._left))
        self.changed.emit()
        self.show()
        self.put()


class AudienceControls(_Over):
    """Buttons for some of the tab's commands, which come when the mouse moves over one of the pictures and leave after
    a while, unless the mouse rests on them; in as many rows as the stage is narrow, beside the line of figures.
    commands: by what their buttons say."""

    def __init__(self, stage: LiveStage, commands: dict[str, QAction]) -> None:
        super().__init__(stage, "audience", (0.5, 0.9))
        self._on = False
        self._grid = QGridLayout(self)
        self._grid.setSpacing(SPACE)
        self._buttons: list[QPushButton] = []
        for text, command in commands.items():
            button = QPushButton(text, self)
            button.setToolTip(f"{command.toolTip()} ({command.shortcut().toString()})")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setCheckable(command.isCheckable())
            button.setChecked(command.isChecked())
            button.clicked.connect(command.trigger)
            command.toggled.connect(button.setChecked)
            self._buttons.append(button)
        for picture in stage.pictures:
            picture.mouse_moved.connect(self._come)
        self._leave = QTimer(self, singleShot=True, interval=CONTROLS_STAY_MS)
        self._leave.timeout.connect(self._may_leave)

    def switch(self, on: bool) -> None:
        self._on = on
        self.hide()

    def put(self) -> None:
        for button in self._buttons:
            button.setFont(theme.sized(self.font(), self._picture.scale))
        for rows in range(1, len(self._buttons) + 1):
            for index, button in enumerate(self._buttons):
                self._grid.addWidget(button, *divmod(index, math.ceil(len(self._buttons) / rows)))
            if self.sizeHint().width() <= self._room.width():
                break
        super().put()
        figures = self._picture.overlay.figures_rect.toAlignedRect()
        if figures.intersects(self.geometry()):
            self.move(self.x(), figures.top() - SPACE - self.height())

    def _may_leave(self) -> None:
        if self.isVisible() and self.rect().contains(self.mapFromGlobal(QCursor.pos())):
            self._leave.start()
        else:
            self.hide()

    def _come(self) -> None:
        if self._on:
            if not self.isVisible():
                self.show()
                self.put()
            self._leave.start()
