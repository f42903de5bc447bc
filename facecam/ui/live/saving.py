"""Saving: what becomes of what the live tab shows, in recordings, snapshots and the virtual camera. Knows the session
and the settings, and no widget."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from facecam.errors import FacecamError
from facecam.live.pipeline import Phase, Pipeline, View
from facecam.live.virtual_camera import VirtualCamera, VirtualCameraStatus
from facecam.qtkit.file_dialogs import show_folder
from facecam.qtkit.settings import Remembered
from facecam.qtkit.wording import counted, duration, reading_ms, sentence
from facecam.saving.recording import Recorder, RecordingOptions, RecordingStatus
from facecam.saving.snapshot import SnapshotFacts, write_snapshot
from facecam.sources.microphone import Microphone
from facecam.system.files import under_free_name
from facecam.system.paths import pictures_folder, videos_folder
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings

_LOOKS_EVERY_MS = 250


class Saving(QObject):
    """One recording at a time, snapshots at any time, a virtual camera for as long as the user wants, whatever the
    source. All in the GUI thread, and nothing here waits for a disk or a device. message: what has just been saved, and
    why something couldn't be: a problem that nobody can have read yet stays beside what is done meanwhile."""

    changed = Signal()
    """The state or the words have changed."""
    said = Signal(str, str)
    """What has been saved or why it couldn't be, and the file of a picture that it is about, empty for none."""
    advised = Signal(str)
    """What to do about what couldn't be done: too much for the status line."""
    _snapshot_done = Signal(str, str)

    def __init__(
        self, session: LiveSession, remembered: Remembered[LiveSettings], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._remembered = session, remembered
        self._pipeline: Pipeline | None = None
        self._recorder: Recorder | None = None
        self._finishing: list[Recorder] = []
        self._camera: VirtualCamera | None = None
        self._device = self.message = self._problem = self._microphone = self._silence = ""
        self._snapshot_thread: threading.Thread | None = None
        self._timer = QTimer(self, interval=_LOOKS_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._forget = QTimer(self, singleShot=True)
        self._forget.timeout.connect(self._forget_message)
        self._snapshot_done.connect(self._snapshot_told)
        session.changed.connect(self._follow)

    # -- state

    @property
    def is_recording(self) -> bool:
        return self._recorder is not None

    @property
    def words(self) -> str:
        """For the status line: how the recording goes, and what has just been saved or could not be."""
        status = self._status
        going = ""
        if status is not None:
            left_out = f", {status.dropped} left out" if status.dropped else ""
            heard = self.microphone or ("sound" if status.sound else "")
            going = sentence(f"Recording {duration(status.seconds)}{left_out}", heard)
        return sentence(going, self.message)

    @property
    def is_camera_on(self) -> bool:
        """Whether other programs can see the picture, or soon can."""
        return self._camera is not None

    @property
    def at_work(self) -> str:
        """What goes out of the window, in a word or two."""
        return sentence("recording" * self.is_recording, "virtual camera" * self.is_camera_on)

    @property
    def badge(self) -> str:
        """How long it has been recording, empty if it isn't."""
        status = self._status
        return "" if status is None else duration(status.seconds)

    @property
    def microphone(self) -> str:
        """Whether it is heard in the recording, in words, empty where none is wanted."""
        if self._recorder is None or not self._microphone:
            return ""
        return "no microphone" if self._silence else "microphone"

    @property
    def _status(self) -> RecordingStatus | None:
        return None if self._recorder is None else self._recorder.status

    def video_folder(self) -> Path:
        return self._remembered.value.record_folder or videos_folder()

    def picture_folder(self) -> Path:
        return self._remembered.value.record_folder or pictures_folder()

    # -- what the user wants

    def toggle_recording(self) -> None:
        if self._recorder is None:
            self._begin()
        else:
            self._end()

    def switch_camera(self, on: bool) -> None:
        """Shows the picture to other programs as a camera, or no longer."""
        if on and self._camera is None:
            self._camera = VirtualCamera(self._session.latest, lambda: self._remembered.value.record_annotated)
            self._session.attach(self._camera)
            self._timer.start()
        elif not on and self._camera is not None:
            camera, self._camera, self._device = self._camera, None, ""
            self._session.detach(camera)
            camera.close(0)
        self.changed.emit()

    def take_snapshot(self) -> None:
        view, detector = self._session.latest(), self._session.detector
        if view is None or detector is None:
            self._say("There is no picture to save yet.")
            return
        if self._snapshot_thread is not None and self._snapshot_thread.is_alive():
            return  # the disk is slower than the finger
        facts = SnapshotFacts(
            self._session.state.title,
            detector.name,
            detector.runtime,
            round(float(detector.threshold if (t := self._session.options.threshold) is None else t), 4),
            self._session.options.nms,
            datetime.now().astimezone(),
        )
        annotated, folder = self._remembered.value.record_annotated, self.picture_folder()
        self._snapshot_thread = threading.Thread(
            target=self._write_snapshot, args=(view, facts, annotated, folder), name="snapshot", daemon=True
        )
        self._snapshot_thread.start()

    def open_folder(self) -> None:
        show_folder(self.video_folder(), self._say)

    def end(self) -> None:
        """Ends the recording, if there is one; it is completed meanwhile."""
        if self._recorder is not None:
            self._end()

    def close(self, timeout_s: float) -> bool:
        """Completes what is being written, at most that long; a recording that is not complete by then still plays."""
        camera = self._camera
        self.switch_camera(False)
        finished = camera is None or camera.close(timeout_s)
        self._timer.stop()
        self.end()
        for recorder in self._finishing:
            recorder.stop(timeout_s)
            finished &= recorder.finished
        if self._snapshot_thread is not None:
            self._snapshot_thread.join(timeout_s)
        return finished

    # -- the rest

    def _begin(self) -> None:
        pipeline = self._session.pipeline
        if pipeline is None or self._session.phase not in (Phase.RUNNING, Phase.RECONNECTING):
            still = "A single picture can't be recorded; Snapshot saves it."
            self._say(still if self._session.state.still else "Start a source first; then it can be recorded.")
            return
        settings = self._remembered.value
        options = RecordingOptions(settings.record_annotated, settings.record_lists, settings.record_sound)
        self._microphone, self._silence = settings.microphone, ""
        listen = partial(Microphone, self._microphone) if self._microphone else None
        try:
            with under_free_name(self.video_folder(), "recording", settings.record_suffix) as path:
                self._recorder = Recorder(path, options, self._session.state.title, lambda: pipeline.state.live, listen)
        except FacecamError as error:
            self._say(str(error))
            return
        self._pipeline = pipeline
        pipeline.attach(self._recorder)
        self._timer.start()
        self.changed.emit()

    def _end(self) -> None:
        recorder, self._recorder = self._recorder, None
        assert recorder is not None
        if self._pipeline is not None:
            self._pipeline.detach(recorder)
            self._pipeline = None
        recorder.finish()
        self._finishing.append(recorder)
        self.changed.emit()

    def _follow(self) -> None:
        """A recording ends with its source."""
        goes_on = self._session.phase in (Phase.RUNNING, Phase.RECONNECTING)
        if self._session.pipeline is not self._pipeline or not goes_on:
            self.end()

    def _look(self) -> None:
        status = self._status
        if status is not None and status.silence != self._silence:
            self._silence = status.silence
            if self._silence:
                self._say(self._silence)
        if status is not None and status.error is not None:
            self._end()
        for recorder in [each for each in self._finishing if each.finished]:
            self._finishing.remove(recorder)
            self._tell(recorder.status)
        if self._camera is not None:
            self._look_at_camera(self._camera.status)
        if self._recorder is None and not self._finishing and self._camera is None:
            self._timer.stop()
        self.changed.emit()

    def _look_at_camera(self, status: VirtualCameraStatus) -> None:
        if status.error is not None:
            self.switch_camera(False)
            self._say("The virtual camera is off")
            self.advised.emit(str(status.error))
        elif status.device != self._device:
            self._device = status.device
            self._say(f"Other programs can choose the camera {self._device}", is_problem=False)

    def _tell(self, status: RecordingStatus) -> None:
        if status.error is not None:
            kept = f" What was recorded until then is in {status.path.name}." if status.frames else ""
            self._say(f"The recording has ended: {status.error}{kept}")
        elif status.frames == 0:
            self._say("Nothing was recorded, as no picture came.")
        else:
            left_out = f", {counted(status.dropped, 'picture')} left out" if status.dropped else ""
            self._say(f"Saved {status.path.name} ({duration(status.seconds)}{left_out})", is_problem=False)

    def _write_snapshot(self, view: View, facts: SnapshotFacts, annotated: bool, folder: Path) -> None:
        try:
            with under_free_name(folder, "snapshot", ".png") as path:
                write_snapshot(path, view, facts, annotated)
        except FacecamError as error:
            words, picture = str(error), ""
        else:
            words, picture = f"Saved {path.name}", str(path)
        try:
            self._snapshot_done.emit(words, picture)
        except RuntimeError:  # the window was closed meanwhile, and this object with it
            return

    def _snapshot_told(self, words: str, picture: str) -> None:
        assert self._snapshot_thread is not None
        self._snapshot_thread.join()  # it ends right after its signal, and another one may be wanted at once
        self._say(words, picture, not picture)

    def _say(self, words: str, picture: str = "", is_problem: bool = True) -> None:
        self.message = words if is_problem else sentence(words, self._problem)
        self._problem = words if is_problem else self._problem
        self.said.emit(self.message, picture)
        self._forget.start(reading_ms(self.message))
        self.changed.emit()

    def _forget_message(self) -> None:
        self.message = self._problem = ""
        self.changed.emit()
