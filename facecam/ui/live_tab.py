"""The Live tab: picture with boxes at the left, controls at the right, one line in words below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facecam.comparison import AnyDetector, load_any
from facecam.detector import FaceDetector
from facecam.errors import ModelError
from facecam.model import DEFAULT_MODEL
from facecam.pipeline import View
from facecam.sources import Camera, CameraMode, camera_modes
from facecam.ui import live_words, prompts
from facecam.ui.camera_section import CameraSection
from facecam.ui.chooser import AUTO, DEMO, Ask, CameraWatch
from facecam.ui.clipboard import copy_view
from facecam.ui.commands import Menu, command, switch_command
from facecam.ui.compare_section import CompareSection
from facecam.ui.controls import THRESHOLD_RANGE, LiveControls
from facecam.ui.detection_section import DetectionSection
from facecam.ui.folds import Section
from facecam.ui.graphs_area import GraphsArea
from facecam.ui.picture import PictureView
from facecam.ui.pictures import Pictures
from facecam.ui.playback_bar import PlaybackBar
from facecam.ui.privacy_section import PrivacySection
from facecam.ui.recording_section import RecordingBadge, RecordingSection
from facecam.ui.session import LiveSession, Phase
from facecam.ui.settings import Settings
from facecam.ui.stage import Action, StageMessage, StagePanel
from facecam.ui.tabs import Tab
from facecam.ui.theme import SPACE
from facecam.ui.tracking_section import TrackingSection
from facecam.ui.widgets import StatusLine
from facecam.ui.wording import sentence

FIGURES_EVERY_MS = 500
"""Figures that change more often can't be read."""
OPENING_SHOWN_AFTER_MS = 300
"""What opens faster says nothing: a message that flashes by only disturbs."""


class LiveTab(Tab):
    """Shows a LiveSession. Every wish of the user goes to the session; everything shown comes from it."""

    def __init__(
        self,
        session: LiveSession,
        settings: Settings,
        list_cameras: Callable[[], Sequence[Camera]],
        spec: str = AUTO,
        threshold: float | None = None,
        load_second: Callable[[str], AnyDetector] = load_any,
        list_modes: Callable[[int], list[CameraMode]] = camera_modes,
        network: str = DEFAULT_MODEL,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._settings, self._load_second = session, settings, load_second
        self._list_modes, self._network = list_modes, network
        self._spec = spec
        self._phase: Phase | None = None
        self._view: View | None = None
        self._known_cameras: list[Camera] | None = None
        self._full_screen = False
        self._threshold_known = False
        self._painted_s = 0.0

        self.setAcceptDrops(True)
        self.picture = PictureView()
        self.panel = StagePanel()
        self.panel.hide()
        self.controls = LiveControls()
        self.status = StatusLine()
        self._cameras = CameraWatch(list_cameras, self)
        self.sections = self._make_sections()
        self.graphs = GraphsArea(session, settings)
        self.playback = PlaybackBar(session, settings)
        self.parts: list[Section | GraphsArea | PlaybackBar] = [*self.sections, self.graphs, self.playback]
        self._lay_out()
        self._commands = self._make_commands()
        self._connect()
        self._take_settings(threshold)
        self.controls.source.choose(spec)

        self._figures_timer = QTimer(self, interval=FIGURES_EVERY_MS)
        self._figures_timer.timeout.connect(self._refresh_words)
        self._frame_timer = QTimer(self, singleShot=True)
        self._frame_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame_timer.timeout.connect(self._show_latest)
        self._opening_timer = QTimer(self, singleShot=True, interval=OPENING_SHOWN_AFTER_MS)
        self._opening_timer.timeout.connect(self._refresh_stage)
        self._refresh_words()
        self._refresh_stage()

    def _make_sections(self) -> list[Section]:
        """What goes beyond a handful of controls: each a fold of the control column, closed until the user opens it."""
        self.detection = DetectionSection(self._session, self._settings, self._network)
        self.tracking = TrackingSection(self._session, self._settings)
        self.privacy = PrivacySection(self._session, self._settings)
        self.camera = CameraSection(self._session, self._settings, self._list_modes)
        self.recording = RecordingSection(self._session, self._settings)
        self.compare = CompareSection(self._session, self._settings, self.picture, self._load_second)
        return [self.camera, self.detection, self.tracking, self.privacy, self.recording, self.compare]

    def _lay_out(self) -> None:
        over = QVBoxLayout(self.picture)  # a child of the picture, so that what is dropped on it reaches the picture
        over.setContentsMargins(0, 0, 0, 0)
        over.addWidget(self.panel)
        self.badge = RecordingBadge(self.picture, self.recording.saving)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.pictures = Pictures(self.picture, self.compare.picture)
        self.pictures.compare(self.compare.on.isChecked())
        left.addWidget(self.pictures, 1)
        left.addWidget(self.playback)
        left.addWidget(self.graphs)
        upper.addLayout(left, 1)
        upper.addWidget(self.controls)
        self.status.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(self.status)
        self.controls.add_actions(self.recording.buttons)
        for switch in (self.privacy.on, self.graphs.on):
            self.controls.add_view_switch(switch)
        for section in self.sections:
            key = f"live/fold-{section.key}"
            fold = self.controls.add_section(section)
            fold.set_open(self._settings.flag(key, False))
            fold.toggled.connect(partial(self._settings.put, key))

    def _make_commands(self) -> list[QAction]:
        return [
            command(self, "Start or stop, pause a file", ["Space"], self.start_stop_or_pause),
            command(self, "Full screen", ["F", "F11"], self.toggle_full_screen, Menu.VIEW),
            command(self, "Leave full screen", ["Esc"], partial(self.full_screen_wished.emit, False), Menu.NONE),
            switch_command(self, "Mirror", ["M"], self.controls.mirror),
            command(self, "Open a file…", ["O", "Ctrl+O"], partial(self.ask, Ask.FILE), Menu.FILE),
            command(self, "Open a folder…", ["Ctrl+Shift+O"], partial(self.ask, Ask.FOLDER), Menu.FILE),
            command(self, "Open an address…", ["Ctrl+L"], partial(self.ask, Ask.ADDRESS), Menu.FILE),
            command(self, "Watch a part of the screen…", [], partial(self.ask, Ask.SCREEN), Menu.FILE),
            command(
                self, "Copy the picture", ["Ctrl+C"], self.copy, Menu.EDIT, "The picture, and in words what it shows"
            ),
            *(action for part in self.parts for action in part.commands()),
        ]

    def _connect(self) -> None:
        self._session.changed.connect(self._session_changed)
        self.picture.painted.connect(self._session.displayed)
        self.picture.dropped.connect(self.open)
        self.picture.double_clicked.connect(self.toggle_full_screen)
        controls = self.controls
        controls.start_stop.connect(self.start_or_stop)
        controls.source.chosen.connect(self.open)
        controls.source.asked.connect(self.ask)
        controls.source.opened.connect(self._cameras.look)
        self._cameras.found.connect(self._cameras_found)
        controls.threshold_changed.connect(self._threshold_moved)
        controls.mirror_changed.connect(self._mirror_switched)
        controls.scores_changed.connect(self._scores_switched)
        controls.full_screen.connect(self.toggle_full_screen)
        self.compare.picture.dropped.connect(self.open)
        self.compare.picture.double_clicked.connect(self.toggle_full_screen)
        self.compare.switched.connect(self.pictures.compare)
        self.camera.changed.connect(self.start)
        self.recording.saving.changed.connect(self._refresh_status)
        self.detection.threshold_reset.connect(self._reset_threshold)
        self.detection.network_chosen.connect(self._use_network)

    def _take_settings(self, threshold: float | None) -> None:
        wished = threshold
        if wished is None:
            wished = self._settings.number("live/threshold", None, *THRESHOLD_RANGE)
        if wished is not None:
            self._session.change_options(threshold=wished)
            self.controls.set_threshold(wished)
            self._threshold_known = True
        else:
            self.controls.set_threshold(0.5)  # until the model has said its own
        self.controls.scores.setChecked(self._settings.flag("live/scores", True))
        self.picture.set_all_scores(self.controls.scores.isChecked())
        self._take_mirror()

    # -- what the user wants

    def start(self) -> None:
        """Starts the chosen source."""
        self._wish(self._spec)

    def start_stop_or_pause(self) -> None:
        """A file that plays pauses or goes on; anything else starts or stops."""
        if not (self._session.phase in (Phase.RUNNING, Phase.ENDED) and self.playback.toggle_pause()):
            self.start_or_stop()

    def start_or_stop(self) -> None:
        """Stops what is running or opening, else starts the chosen source."""
        if self._session.phase.is_busy:
            self._wish(None)
        else:
            self.start()

    def _wish(self, spec: str | None) -> None:
        # Cleared here and not when a phase is seen: what opens or fails at once is never seen opening, and a camera
        # that is off must leave no picture on the screen.
        self._view = None
        self.picture.clear()
        self._phase = None
        if spec is None:
            self._session.stop()
        else:
            self._session.start(spec)
        self._follow_phase()

    def open(self, spec: str) -> None:
        """Chooses a source and starts it."""
        self._spec = spec
        self.controls.source.choose(spec)
        self.start()

    def play_demo(self) -> None:
        """Starts the demo."""
        self.open(DEMO)

    def ask(self, kind: Ask) -> None:
        """Asks for a file, a folder or an address, and opens what the user names."""
        last = self._settings.text("live/folder")
        prompts.ask_source(self, kind, last, self._asked)

    def _asked(self, kind: Ask, spec: str) -> None:
        if kind in (Ask.FILE, Ask.FOLDER):
            folder = Path(spec).parent if kind is Ask.FILE else Path(spec)
            self._settings.put("live/folder", str(folder))
        self.open(spec)

    def toggle_full_screen(self) -> None:
        """Full screen on or off."""
        self.full_screen_wished.emit(not self._full_screen)

    def copy(self) -> None:
        """The picture as it is seen, and the words about it, for the clipboard; without a picture the words alone."""
        message = self._stage_message()
        told = [] if message is None else [message.title, message.text]
        copied = copy_view(self.picture, [*told, self.picture.figures_text, self.status.text()])
        self.picture.show_hint("Copied", "picture and words" if copied else "words")

    def _ask_file(self) -> None:
        self.ask(Ask.FILE)

    def _threshold_moved(self, value: float) -> None:
        self._threshold_known = True
        self._session.change_options(threshold=value)
        self._settings.put("live/threshold", value)

    def _use_network(self, model: str) -> None:
        if self._settings.number("live/threshold", None, *THRESHOLD_RANGE) is None:  # each network has its own
            self._threshold_known = False
            self._session.change_options(threshold=None)
        self._session.change_detector(partial(self._load_first, model))

    def _load_first(self, model: str) -> FaceDetector:
        detector = self._load_second(model)
        if not isinstance(detector, FaceDetector):
            raise ModelError(f"{model} is another project's model: open it under Compare.")
        return detector

    def _reset_threshold(self) -> None:
        """The model's own again, also at the next start."""
        own = self._session.own_threshold
        self._settings.put("live/threshold", "")
        self._threshold_known = own is not None
        self._session.change_options(threshold=own)
        if own is not None:
            self.controls.set_threshold(own)

    def _mirror_key(self) -> str:
        return "live/mirror-camera" if self._session.is_camera else "live/mirror"

    def _mirror_switched(self, on: bool) -> None:
        self.picture.set_mirror(on)
        self._settings.put(self._mirror_key(), on)

    def _take_mirror(self) -> None:
        """People expect their own camera to behave as a mirror, and everything else to be as it is."""
        on = self._settings.flag(self._mirror_key(), self._session.is_camera)
        blocked = self.controls.blockSignals(True)  # it is not the user who switches; the menu has to follow, though
        self.controls.mirror.setChecked(on)
        self.controls.blockSignals(blocked)
        self.picture.set_mirror(on)

    def _scores_switched(self, on: bool) -> None:
        self.picture.set_all_scores(on)
        self._settings.put("live/scores", on)

    # -- what the session does

    def _session_changed(self) -> None:
        self._follow_phase()
        screen = self.screen()
        interval_s = 1 / max(30.0, screen.refreshRate() if screen is not None else 60.0)
        wait_s = self._painted_s + 0.9 * interval_s - time.perf_counter()
        if wait_s <= 0:
            self._show_latest()
        elif not self._frame_timer.isActive():  # faster than the display: only the newest is worth painting
            self._frame_timer.start(max(1, round(wait_s * 1000)))

    def _follow_phase(self) -> None:
        phase = self._session.phase
        if phase is self._phase:
            return
        self._phase = phase
        self.controls.set_running(phase.is_busy)
        if phase is Phase.OPENING:
            self._opening_timer.start()
            self.panel.show_message(None)
        elif phase is not Phase.RUNNING:  # running, but without a picture so far, counts as opening
            self._opening_timer.stop()
        if phase in (Phase.RUNNING, Phase.ENDED):
            self._take_mirror()
        if phase in (Phase.RUNNING, Phase.RECONNECTING):
            self._figures_timer.start()
        else:
            self._figures_timer.stop()
        for part in self.parts:
            part.refresh()

    def _show_latest(self) -> None:
        view = self._session.latest()
        self._follow_phase()  # after latest(): from there on every change is told again
        first = self._view is None
        if view is not None and view is not self._view:
            self._view = view
            self._painted_s = time.perf_counter()
            self.picture.show_frame(view.image, view.detections)
            self.playback.show_time(view.detected_frame.time_s)
            self.compare.show_view(view)
        if first or self._phase is not Phase.RUNNING:
            self._refresh_words()
        self._refresh_stage()

    def _refresh_words(self) -> None:
        threshold = self._session.options.threshold
        if threshold is not None and not self._threshold_known:
            self._threshold_known = True
            self.controls.set_threshold(threshold)
        still = self._session.is_still
        if self._view is not None and (still or self._phase is Phase.RUNNING):
            figures = live_words.figures(self._session.stats(), still)
            self.picture.set_figures(figures, live_words.figures_help(still))
        elif self._phase is not Phase.RUNNING:
            self.picture.set_figures([])
        self._refresh_status()
        if self._phase is Phase.RECONNECTING:
            self._refresh_stage()
        for part in self.parts:
            part.refresh()

    def _refresh_status(self) -> None:
        status = live_words.status(self._session, self._spec, self._view)
        self.status.say(sentence(self.recording.saving.words, status))

    def _refresh_stage(self) -> None:
        message = self._stage_message()
        self.picture.set_dimmed(message is not None)
        self.panel.show_message(message, over_picture=self._view is not None)

    def _stage_message(self) -> StageMessage | None:
        phase = self._session.phase
        waiting = phase is Phase.OPENING or (phase is Phase.RUNNING and self._view is None)
        if waiting and self._opening_timer.isActive():
            return None
        if phase is Phase.ENDED and self._session.is_still:
            return None
        start = Action("Start", self.start, "Starts the source that is chosen at the right (Space)")
        again = Action("Try again", self.start, "Opens the same source once more")
        replay = Action("Play again", self.start, "From the beginning (Space)")
        retry = Action("Try now", self._session.retry_now, "Doesn't wait for the next attempt")
        leave = Action("Stop", self.start_or_stop, "Gives it up (Space)")
        demo = Action("Play the demo", self.play_demo, "Moving portraits, no camera needed")
        file = Action("Open a file…", self._ask_file, "A picture or a video (O)")
        title, text = live_words.stage(self._session, self._spec, self._view is not None)
        if waiting or not title:
            return StageMessage(title, text) if title else None
        if phase is Phase.IDLE:
            return StageMessage(title, text, (start, file))
        if phase is Phase.ENDED:
            return StageMessage(title, text, (replay, file))
        if phase is Phase.RECONNECTING:
            return StageMessage(title, text, (retry, leave))
        return StageMessage(title, text, (again, file) if self._spec == DEMO else (again, demo, file))

    def _cameras_found(self, cameras: list[Camera]) -> None:
        """The automatic source takes a camera as soon as there is one, in place of the demo."""
        known, self._known_cameras = self._known_cameras, cameras
        self.controls.source.set_cameras(cameras)
        is_new = known is not None and any(camera not in known for camera in cameras)
        if is_new and self._spec == AUTO and self._session.phase is Phase.RUNNING and not self._session.is_camera:
            self.start()

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

    def activated(self) -> None:
        self._cameras.follow(True)
        self.picture.setFocus()

    def deactivated(self) -> None:
        self._cameras.follow(False)

    def set_full_screen(self, on: bool) -> None:
        self._full_screen = on
        self.controls.setVisible(not on)
        self.graphs.set_allowed(not on)
        self.playback.set_allowed(not on)
        self.status.setVisible(not on)
        self.picture.set_hides_cursor(on)
        self.picture.setFocus()
        if on:
            self.picture.show_hint("Esc", "leaves full screen")
        else:
            self.picture.hide_hint()

    def close_down(self, timeout_s: float) -> bool:
        self._figures_timer.stop()
        self._cameras.follow(False)
        self.compare.close_down()
        end_s = time.perf_counter() + timeout_s
        self.recording.saving.end()
        closed = self._session.close(timeout_s)
        return self.recording.saving.close(max(0.2, end_s - time.perf_counter())) and closed
