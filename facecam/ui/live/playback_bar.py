"""PlaybackBar: pause, step, seek and loop for what can be played from any place, below the picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QWidget

from facecam.live.pipeline import Phase
from facecam.qtkit import icons, theme
from facecam.qtkit.commands import command
from facecam.qtkit.fields import keep, leave_keys, tool_button
from facecam.qtkit.layouts import row
from facecam.qtkit.settings import Remembered
from facecam.qtkit.theme import SPACE
from facecam.qtkit.wording import duration
from facecam.sources import Player
from facecam.sources.photo import SLIDE_S
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings

_JUMP_S = 5.0


class PlaybackBar(QWidget):
    """Shows where the session's player is, and moves it. Loop is remembered between starts."""

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._session = session
        self._player: Player | None = None
        self._shown_paused: bool | None = None
        self._commands = [
            command(self, "Pause or go on", ["K"], self.toggle_pause),
            command(self, "Picture before", [","], lambda: self.step(-1)),
            command(self, "Next picture", ["."], lambda: self.step(1)),
            command(self, "5 seconds back", ["J"], lambda: self.jump(-_JUMP_S)),
            command(self, "5 seconds on", ["L"], lambda: self.jump(_JUMP_S)),
        ]
        self.play = tool_button("Pause", do=self.toggle_pause)
        self.back = tool_button("Picture before", "One picture back (,)", lambda: self.step(-1))
        self.forward = tool_button("Next picture", "One picture on (.)", lambda: self.step(1))
        self.slider = SeekSlider()
        self.slider.valueChanged.connect(self._seek_ms)
        self.time = QLabel()
        self.time.setFont(theme.tabular(self.time.font()))
        self.time.setAccessibleName("Time")
        self.time.setToolTip("Where the video is, and how long it is")
        self.loop = tool_button("Loop", "Begins again at the end")
        self.loop.setCheckable(True)
        keep(self.loop, remembered, "loop", self._loop_switched)
        parts = (self.play, self.back, self.forward, (self.slider, 1), self.time, self.loop)
        row(*parts, owner=self, margins=(SPACE, SPACE // 2, SPACE, SPACE // 2), spacing=SPACE // 2)
        self._draw_icons()
        self.hide()

    def commands(self) -> list[QAction]:
        return self._commands

    def menu_shown(self, on: bool) -> None:
        """Greys out its commands in an open menu while there is nothing that plays."""
        for action in self._commands:
            action.setEnabled(not on or self._player is not None)

    # -- what the user wants

    def toggle_pause(self) -> bool:
        """Pauses or goes on, from the beginning if it has ended. False if there is nothing that can be paused."""
        player = self._session.player
        if player is None or self._session.state.still:
            return False
        if self._session.phase is Phase.ENDED:
            player.pause(False)
            player.seek(0.0)
        else:
            player.pause(not player.paused)
        self.refresh()
        return True

    def step(self, count: int) -> None:
        """Pauses, and shows the picture after (1) or before (-1)."""
        player = self._session.player
        if player is not None:
            player.step(count)
            self.refresh()

    def jump(self, seconds: float) -> None:
        """Goes on or back by that much."""
        player = self._session.player
        if player is not None:
            player.seek(player.position_s + seconds)

    def _seek_ms(self, value_ms: int) -> None:
        player = self._session.player
        if player is not None:
            player.seek(value_ms / 1000)

    def _loop_switched(self) -> None:
        player = self._session.player
        if player is not None:
            player.set_loop(self.loop.isChecked())

    # -- what is

    def refresh(self) -> None:
        player = None if self._session.state.still else self._session.player
        if self._session.phase not in (Phase.RUNNING, Phase.ENDED):
            player = None
        if player is not self._player:
            self._player = player
            if player is not None:
                player.set_loop(self.loop.isChecked())
                length_s = player.duration_s or 0.0
                self.slider.set_length(length_s)
                self.slider.setEnabled(length_s > 0)
        self.setVisible(player is not None)
        if player is None:
            return
        self.show_time(player.position_s)
        paused = player.paused or self._session.phase is Phase.ENDED
        if paused != self._shown_paused:
            self._shown_paused = paused
            self.play.setIcon(icons.icon("play" if paused else "pause", self._colour()))
            self.play.setAccessibleName("Play" if paused else "Pause")
            self.play.setToolTip("Goes on (Space)" if paused else "Pauses (Space)")

    def show_time(self, time_s: float) -> None:
        """Shows the position; called with every picture."""
        if self._player is None:
            return
        length_s = self._player.duration_s
        self.slider.show_value(round(1000 * time_s))
        folder = self._session.folder
        if folder is not None:
            self.time.setText(f"{round(time_s / SLIDE_S) + 1} of {len(folder.paths)}")
            return
        self.time.setText(duration(time_s) if length_s is None else f"{duration(time_s)} / {duration(length_s)}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()

    def _colour(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.WindowText)

    def _draw_icons(self) -> None:
        colour = self._colour()
        self._shown_paused = None
        self.back.setIcon(icons.icon("step-back", colour))
        self.forward.setIcon(icons.icon("step-forward", colour))
        self.loop.setIcon(icons.icon("loop", colour))
        self.play.setIcon(icons.icon("pause", colour))


class SeekSlider(QSlider):
    """Milliseconds. A click goes there at once; while it is held, what plays does not move it."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName("Position")
        self.setToolTip("Where the video is; click or drag to go elsewhere (J and L: five seconds)")
        leave_keys(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSingleStep(1000)

    def set_length(self, length_s: float) -> None:
        with QSignalBlocker(self):
            self.setRange(0, max(1, round(1000 * length_s)))
        self.setPageStep(max(1000, self.maximum() // 10))

    def show_value(self, value_ms: int) -> None:
        """Moves the handle without a signal, unless it would move by less than a pixel or the user holds it."""
        less_than_a_pixel = self.maximum() / max(1, self.width()) / 2
        if not self.isSliderDown() and abs(value_ms - self.value()) >= less_than_a_pixel:
            with QSignalBlocker(self):
                self.setValue(value_ms)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The left button does what Qt's middle button does: it jumps there and holds the handle."""
        if event.button() == Qt.MouseButton.LeftButton:
            middle = Qt.MouseButton.MiddleButton
            places = (event.position(), event.globalPosition())
            event = QMouseEvent(event.type(), *places, middle, middle, event.modifiers())
        super().mousePressEvent(event)
