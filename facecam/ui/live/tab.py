"""The Live tab: picture with boxes at the left, controls at the right, one line in words below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from facecam.detection.any_detector import AnyDetector, open_detector
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError, ModelError
from facecam.live.pipeline import Phase, View
from facecam.qtkit.commands import Menu, command, switch_command
from facecam.qtkit.folds import Section
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Remembered, Settings
from facecam.qtkit.tabs import Tab
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import StatusLine
from facecam.qtkit.wording import sentence
from facecam.qtkit.worker import Asker
from facecam.runtimes.engine import Precision
from facecam.sources import Camera
from facecam.sources.camera_modes import CameraMode
from facecam.ui.live import prompts, words
from facecam.ui.live.audience import COUNTDOWN_S, AudienceControls, Countdown, Toast
from facecam.ui.live.camera_section import CameraSection
from facecam.ui.live.chooser import AUTO, DEMO, Ask, CameraWatch, located, remembered_name
from facecam.ui.live.compare_section import CompareSection
from facecam.ui.live.controls import LiveControls
from facecam.ui.live.detection_section import DetectionSection
from facecam.ui.live.exporting import Exporting
from facecam.ui.live.graphs_area import GraphsArea
from facecam.ui.live.playback_bar import PlaybackBar
from facecam.ui.live.privacy_section import PrivacySection
from facecam.ui.live.recording_section import RecordingBadge, RecordingSection
from facecam.ui.live.second_screen import SecondScreen
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings
from facecam.ui.live.stage import LiveStage
from facecam.ui.live.thumbnails import ThumbnailStrip
from facecam.ui.live.tracking_section import TrackingSection


class LiveTab(Tab):
    """Every request of the user goes to its `session`; everything shown comes from there, through its stage."""

    def __init__(
        self,
        session: LiveSession,
        settings: Settings,
        list_cameras: Callable[[], Sequence[Camera]],
        spec: str,
        options: DetectorOptions,
        list_modes: Callable[[int], list[CameraMode]],
    ) -> None:
        """options: what the session's detector was made with."""
        super().__init__()
        self.session, self._settings, self._options = session, settings, options
        self.remembered = remembered = Remembered(settings, LiveSettings)
        self._known_cameras: list[Camera] | None = None
        self._full_screen = False
        self.setAcceptDrops(True)

        self.stage = LiveStage(session, spec)
        self.picture, self.panel = self.stage.picture, self.stage.panel
        self.controls = LiveControls(session, remembered, options.threshold)
        self.status = StatusLine()

        # What goes beyond a handful of controls: each a fold of the control column, closed until the user opens it.
        self.detection = DetectionSection(session, remembered, options)
        self.tracking = TrackingSection(session, remembered)
        self.privacy = PrivacySection(session, remembered)
        self.camera = CameraSection(session, settings, list_modes)
        self.recording = RecordingSection(session, remembered)
        self.compare = CompareSection(session, remembered, self.picture, self.stage.second, self._open)
        self.sections: list[Section] = [
            self.camera,
            self.detection,
            self.tracking,
            self.privacy,
            self.recording,
            self.compare,
        ]
        self.graphs = GraphsArea(session, remembered)
        self.playback = PlaybackBar(session, remembered)
        self.thumbnails = ThumbnailStrip(session)
        self.exporting = Exporting(session, settings, lambda: self._options)
        others = (self.graphs, self.playback, self.exporting)
        self._parts: list[Section | GraphsArea | PlaybackBar | Exporting] = [*self.sections, *others]
        self.badge = RecordingBadge(self.picture, self.recording.saving)
        self.stage.compare(self.compare.on.isChecked())
        self.toast = Toast(self.stage)
        self.countdown = Countdown(self.stage, self.recording.saving.take_snapshot)
        self._lay_out()
        self._commands = self._make_commands()
        self.second_screen.addActions(self._commands)  # its keys work there, too
        self.audience = AudienceControls(self.stage, self._for_the_audience())
        self._cameras = CameraWatch(list_cameras, self)
        self._connect()
        self.controls.source.choose(spec)
        self.stage.refresh()

    def _lay_out(self) -> None:
        """Pictures at the left, the bars below them and the control column beside them, a line in words below."""
        self.controls.add_actions(self.recording.buttons)
        self.controls.add_actions(self.exporting)
        for switch in (self.privacy.on, self.graphs.on, self.controls.large):
            self.controls.add_view_switch(switch)
        for section in self.sections:
            self.controls.add_section(section, self._settings)
        self._player = QWidget()
        column(self.thumbnails, self.playback, owner=self._player)
        left = column((self.stage, 1), self._player, self.graphs)
        self.second_screen = SecondScreen(self.stage, left, self)
        self.status.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        column((row((left, 1), self.controls), 1), self.status, owner=self)

    def _for_the_audience(self) -> dict[str, QAction]:
        """The commands that have a button in full screen, and what it says."""
        by_key = {action.shortcut().toString(): action for action in self._commands}
        keys = {"Start, stop": "Space", "Snapshot": "S", f"In {COUNTDOWN_S} s": "Shift+S", "Record": "R"}
        keys |= {"Virtual camera": "V", "Privacy": "P", "Compare": "C", "Graphs": "G", "Leave": "F"}
        return {text: by_key[key] for text, key in keys.items()}

    def _make_commands(self) -> list[QAction]:
        return [
            command(self, "Start or stop, pause a file", ["Space"], self.start_stop_or_pause),
            command(self, "Full screen", ["F", "F11"], self.toggle_full_screen, Menu.VIEW),
            command(
                self,
                "Show the picture on another screen",
                ["Shift+F"],
                self.show_on_another_screen,
                Menu.VIEW,
                "Fills that screen with it, such as a projector, and leaves the controls here; once more for the next",
            ),
            command(self, "Leave full screen", ["Esc"], self.leave_full_screen, Menu.NONE),
            switch_command(self, "Mirror", ["M"], self.controls.mirror),
            command(self, "Zoom in", ["Ctrl++", "Ctrl+="], partial(self.picture.zoom_by, 1), Menu.VIEW),
            command(self, "Zoom out", ["Ctrl+-"], partial(self.picture.zoom_by, -1), Menu.VIEW),
            command(self, "Whole picture", ["Ctrl+0"], self.picture.whole, Menu.VIEW),
            command(self, "Open a file…", ["O", "Ctrl+O"], partial(self.ask, Ask.FILE), Menu.FILE),
            command(self, "Open a folder…", ["Ctrl+Shift+O"], partial(self.ask, Ask.FOLDER), Menu.FILE),
            command(self, "Open an address…", ["Ctrl+L"], partial(self.ask, Ask.ADDRESS), Menu.FILE),
            command(self, "Watch a part of the screen…", [], partial(self.ask, Ask.SCREEN), Menu.FILE),
            command(
                self, "Copy the picture", ["Ctrl+C"], self.copy, Menu.EDIT, "The picture, and in words what it shows"
            ),
            *(action for part in self._parts for action in part.commands()),
        ]

    def _connect(self) -> None:
        for picture in self.stage.pictures:
            picture.dropped.connect(self._open_dropped)
            picture.double_clicked.connect(self.toggle_full_screen)
            self.controls.mirror.toggled.connect(picture.set_mirror)
            self.controls.scores.toggled.connect(picture.set_all_scores)
            picture.set_all_scores(self.controls.scores.isChecked())
        self.controls.take_mirror()
        self.controls.start_button.clicked.connect(self.stage.start_or_stop)
        self.controls.full_screen_button.clicked.connect(self.toggle_full_screen)
        self.controls.source.chosen.connect(self.open)
        self.controls.source.asked.connect(self.ask)
        self.controls.source.opened.connect(self._cameras.look)
        self._cameras.answered.connect(self._cameras_found)
        self.camera.changed.connect(self.stage.start)
        self.compare.on.toggled.connect(self.stage.compare)
        self.privacy.on.toggled.connect(self.thumbnails.viewport().update)
        self.detection.threshold_reset.connect(self.controls.reset_threshold)
        self.detection.network_chosen.connect(self._use_network)
        self.recording.countdown_wanted.connect(self._count_down)
        self.countdown.changed.connect(self._tell_at_work)
        self.exporting.advised.connect(self._advise)
        self.recording.saving.changed.connect(self.stage.refresh_status)
        self.recording.saving.changed.connect(self._tell_at_work)
        self.recording.saving.said.connect(self._tell_audience)
        self.recording.saving.advised.connect(self._advise)
        self.controls.large.toggled.connect(self._enlarge)
        self.second_screen.moved.connect(self._follow_audience)
        self._enlarge()
        self.stage.demo_wanted.connect(partial(self.open, DEMO))
        self.stage.file_wanted.connect(partial(self.ask, Ask.FILE))
        self.stage.said.connect(self._say)
        self.stage.phase_changed.connect(self._phase_changed)
        self.stage.view_shown.connect(self._view_shown)
        for part in (self.controls, self.thumbnails, *self._parts):
            self.stage.refreshed.connect(part.refresh)

    # -- what the user wants

    def start_stop_or_pause(self) -> None:
        """A file that plays pauses or goes on; anything else starts or stops."""
        if not (self.session.phase in (Phase.RUNNING, Phase.ENDED) and self.playback.toggle_pause()):
            self.stage.start_or_stop()

    def open(self, spec: str) -> None:
        """Chooses a source and starts it; the next start begins with it, unless another one is named then."""
        self.remembered.change(source=remembered_name(spec, self._known_cameras or []))
        self.stage.spec = spec
        self.controls.source.choose(spec)
        self.stage.start()

    def ask(self, kind: Ask) -> None:
        prompts.ask_source(self, kind, self.remembered.value.folder, partial(self._asked, kind))

    def _asked(self, kind: Ask, spec: str) -> None:
        if kind in (Ask.FILE, Ask.FOLDER):
            folder = Path(spec).parent if kind is Ask.FILE else Path(spec)
            self.remembered.change(folder=str(folder))
        self.open(spec)

    def _open_dropped(self, specs: list[str]) -> None:
        """Shows a single one, and asks what to do with several files."""
        if len(specs) == 1:
            self.open(specs[0])
        else:
            self.exporting.open(specs)

    def toggle_full_screen(self) -> None:
        """Full screen on or off; a picture on another screen comes back."""
        self.full_screen_wanted.emit(not self._before_audience)
        self.second_screen.come_back()

    def leave_full_screen(self) -> None:
        if self._before_audience:
            self.toggle_full_screen()

    def show_on_another_screen(self) -> None:
        """The picture fills the next other screen, while the controls stay."""
        self.full_screen_wanted.emit(False)
        if not self.second_screen.go_on():
            self.picture.show_hint("No other screen", "connect one first")

    def _count_down(self) -> None:
        """To a snapshot; where there is nothing to save, that is told at once."""
        if self.session.latest() is None and not self.countdown.isVisible():
            self.recording.saving.take_snapshot()
        else:
            self.countdown.toggle()

    def copy(self) -> None:
        """The picture as it is seen, and the words about it, for the clipboard; without a picture the words alone."""
        message = self.stage.message
        told = [] if message is None else [message.title, message.text]
        copied = self.picture.copy([*told, self.picture.overlay.figures.text, self.status.text()])
        self.picture.show_hint("Copied", "picture and words" if copied else "words")

    def _use_network(self, model: str, precision: str) -> None:
        another_precision = precision != self._options.precision
        self._options = replace(self._options, model=model, precision=Precision(precision))
        self.controls.another_network()
        self.session.change_detector(partial(self._load_first, model))
        if another_precision:
            self.compare.reload()

    def _open(self, model: str) -> AnyDetector:
        return open_detector(replace(self._options, model=model, threshold=None, core=None))

    def _load_first(self, model: str) -> FaceDetector:
        detector = self._open(model)
        if not isinstance(detector, FaceDetector):
            raise ModelError(f"{model} is another project's model: open it under Compare.")
        return detector

    def rest(self, reason: str) -> Callable[[], None]:
        """As of the session. Raises FacecamError while a recording goes on, which would end."""
        if self.recording.saving.is_recording:
            raise FacecamError("Live is recording, which would end now: end it there first (R).")
        return self.session.rest(reason)

    # -- what the session does

    def _say(self, words: str) -> None:
        self.status.say(sentence(self.recording.saving.words, words))

    def _tell_at_work(self) -> None:
        self.at_work.emit(sentence(self.recording.saving.at_work, self.countdown.words))

    def _tell_audience(self, words: str, picture_file: str = "") -> None:
        if self._before_audience:
            self.toast.say(words, picture_file)

    def _advise(self, words: str) -> None:
        if self._full_screen:
            self.toast.say(words)
        else:
            self.advised.emit(words)

    def _enlarge(self) -> None:
        for picture in self.stage.pictures:
            picture.set_large(self._before_audience or self.controls.large.isChecked())
        self.panel.set_scale(self.picture.scale)

    @property
    def _before_audience(self) -> bool:
        """Whether the picture fills a screen."""
        return self._full_screen or self.second_screen.is_on

    def _follow_audience(self) -> None:
        self.picture.cursor_rest.switch(self._before_audience)
        self.audience.switch(self._before_audience)
        self._enlarge()
        self.toast.hide()

    def _phase_changed(self, before: Phase | None, phase: Phase) -> None:
        source = words.name(self.session, self.stage.spec)
        if phase is Phase.RECONNECTING:
            self._tell_audience(f"{source} is lost")
        elif phase is Phase.RUNNING and before is Phase.RECONNECTING:
            self._tell_audience(f"{source} is back")
        self.controls.start_button.show_running(phase.is_busy)
        if phase in (Phase.RUNNING, Phase.ENDED):
            self.controls.take_mirror()

    def _view_shown(self, view: View) -> None:
        self.playback.show_time(view.detected_frame.time_s)
        self.thumbnails.show_time(view.detected_frame.time_s)
        self.compare.show_view(view)

    def _cameras_found(self, cameras: list[Camera]) -> None:
        """The automatic source takes a camera as soon as there is one, in place of the demo."""
        known, self._known_cameras = self._known_cameras, cameras
        self.controls.source.set_cameras(cameras)
        wanted = located(self.stage.spec, lambda: cameras)
        if wanted != self.stage.spec:
            self.stage.spec = wanted
            self.controls.source.choose(wanted)
        is_new = known is not None and any(camera not in known for camera in cameras)
        if is_new and self.stage.spec == AUTO and self.session.phase is Phase.RUNNING and self.session.camera is None:
            self.stage.start()

    # What is dropped beside the picture counts as well.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.picture.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.picture.dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.picture.dropEvent(event)

    # -- what the main window does

    def commands(self) -> list[QAction]:
        return self._commands

    def menu_shown(self, on: bool) -> None:
        self.playback.menu_shown(on)
        self.exporting.menu_shown(on)

    def activated(self) -> None:
        self._cameras.follow(True)
        self.picture.setFocus()

    def deactivated(self) -> None:
        self._cameras.follow(False)

    def set_full_screen(self, on: bool) -> None:
        if on:
            self.second_screen.come_back()
        self._full_screen = on
        self.controls.setVisible(not on)
        self.graphs.set_full_screen(on)
        self._player.setVisible(not on)
        self.status.setVisible(not on)
        self._follow_audience()
        self.picture.setFocus()
        if on:
            self.picture.show_hint("Esc", "leaves full screen")
        else:
            self.picture.hide_hint()

    def unfinished(self) -> str:
        return self.exporting.unfinished

    def close_down(self, timeout_s: float) -> bool:
        self.second_screen.come_back()
        self.stage.end()
        self._cameras.follow(False)
        for asker in self.findChildren(Asker):
            asker.close(0)
        self.thumbnails.close_down()
        self.exporting.close_down(timeout_s)
        end_s = time.perf_counter() + timeout_s
        self.recording.saving.end()
        closed = self.session.close(timeout_s)
        return self.recording.saving.close(max(0.2, end_s - time.perf_counter())) and closed
