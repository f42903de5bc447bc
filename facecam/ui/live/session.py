"""LiveSession: starts, stops and switches the pipeline without ever holding up the window.

Loading the model, opening a source and stopping the old one can each take seconds, so one control thread does them, in
order, and only the newest request counts. The window asks for what is there now; it never waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.live.metrics import Stats
from facecam.live.options import LiveOptions
from facecam.live.pipeline import Phase, Pipeline, View
from facecam.live.state import PipelineState, Sink, Wanted
from facecam.qtkit.worker import Notifier, Worker
from facecam.sources import Camera, CameraSource, Player, Source, open_source
from facecam.sources.folder import FolderSource
from facecam.sources.player import Place
from facecam.system.memory import give_back_free_memory

STOP_TIMEOUT_S = 2.0
_logger = logging.getLogger(__name__)


class LiveSession(QObject):
    """One source at a time, watched by one detector that is loaded once.

    `changed` arrives in the GUI thread, at most one at a time under way: read `phase`, `latest()` and `stats()` then.

    To be read: spec: the source asked for, None while at rest. rests_for: why it was asked to rest for a while, empty
    if it wasn't. options: how faces are being looked for; their threshold is None until it is known: set, or the loaded
    model's own. detector: once it has been loaded, and own_threshold, which it brought along; None before.
    """

    changed = Signal()
    options_changed = Signal()
    """`options` are others than before. In the GUI thread, by `change_options` alone."""

    def __init__(
        self,
        make_detector: Callable[[], FaceDetector],
        open_source: Callable[[str], Source] = open_source,
        core: int | None = None,
    ) -> None:
        super().__init__()
        self._make_detector, self._open_source = make_detector, open_source
        self._lock = threading.Lock()  # guards what follows
        self._requests = 0
        self._done = 0  # number of the last request that the control thread has fulfilled
        self.spec: str | None = None
        self.rests_for = ""
        self.detector: FaceDetector | None = None
        self.own_threshold: float | None = None
        self.options = LiveOptions(core=core)
        self._place: Place | None = None  # where the newest request began
        self._pipeline: Pipeline | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._at_rest = PipelineState("", Wanted(None), None, Phase.IDLE)
        self._failure: Exception | None = None
        self._control = Worker("facecam-control", parent=self)
        self._control.arrived.connect(self._take)
        self._notifier = Notifier(self)
        self._notifier.notified.connect(self.changed)

    # -- for the window (GUI thread)

    def start(self, spec: str) -> None:
        """Asks for that source, in place of whatever runs. Returns at once."""
        self._ask(spec)

    def stop(self) -> None:
        """Asks for rest. Returns at once; the source is released soon after."""
        self._ask(None)

    def rest(self, reason: str) -> Callable[[], None]:
        """Asks for rest for a while. The function that it returns ends the rest: the source that ran goes on, a file
        where it stood, unless the user has asked for something meanwhile. reason: "the speed is measured"."""
        spec, place = self.spec, self.place
        self._ask(None, reason)

        def go_on() -> None:
            if self.rests_for:
                self._ask(spec, place=place)

        return go_on

    def close(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Stops everything for good and waits for it, at most that long. False: something still hangs."""
        self._notifier.close()
        return self._control.close(timeout_s, at_the_end=self._leave)

    @property
    def phase(self) -> Phase:
        """What is happening. A new request counts as opening from the moment it is made."""
        with self._lock:
            settled, pipeline, failure = self._done == self._requests, self._pipeline, self._failure
        if not settled:
            return Phase.IDLE if self.spec is None else Phase.OPENING
        if failure is not None:
            return Phase.FAILED
        return Phase.IDLE if pipeline is None else pipeline.phase

    @property
    def error(self) -> Exception | None:
        """Why the phase is FAILED: a FacecamError has a sentence for the user, anything else is a fault of ours."""
        with self._lock:
            return self._failure or (self._pipeline.state.error if self._pipeline is not None else None)

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline of the newest request, once it has been started."""
        with self._lock:
            return self._pipeline if self._done == self._requests else None

    @property
    def state(self) -> PipelineState:
        """What that pipeline has come to, or the state of none."""
        pipeline = self.pipeline
        return self._at_rest if pipeline is None else pipeline.state

    @property
    def player(self) -> Player | None:
        """For pause, step, seek and loop, where the open source can do that."""
        player = self.state.player
        return player if player is not None and player.can_seek else None

    @property
    def place(self) -> Place | None:
        """Where the file or folder stands, or is to begin; None: nowhere else than at its beginning."""
        player = self.player
        return self._place if player is None else player.place

    @property
    def camera(self) -> Camera | None:
        """The camera that is open, None if it is something else."""
        source = self.state.source
        return source.camera if isinstance(source, CameraSource) else None

    @property
    def has_rates(self) -> bool:
        """Whether pictures come by themselves: a single one, and a folder's, have no rate and are late for nobody."""
        return not self.state.still and self.folder is None

    @property
    def folder(self) -> FolderSource | None:
        """The open source, where that is a folder."""
        source = self.state.source
        return source if isinstance(source, FolderSource) else None

    def latest(self) -> View | None:
        """The newest frame with its faces, of the newest request only."""
        return self.state.latest()

    def stats(self) -> Stats:
        """Figures of the running pipeline, zeros without one."""
        return self.state.stats()

    def retry_now(self) -> None:
        """While it is reconnecting: doesn't wait any longer."""
        pipeline = self.pipeline
        if pipeline is not None:
            pipeline.retry_now()

    def change_options(self, **changes: Any) -> None:
        """Changes some of the options (their names as of LiveOptions), at once and for all sources to come."""
        with self._lock:
            self.options = replace(self.options, **changes)
            if self._pipeline is not None:
                self._pipeline.options = self.options
        self.options_changed.emit()

    def leave_in_view(self, number: int, on: bool) -> None:
        """Does not hide that face of this source where privacy is on, or hides it again."""
        unhidden = self.options.unhidden
        self.change_options(unhidden=unhidden | {number} if on else unhidden - {number})

    def change_detector(self, make_detector: Callable[[], FaceDetector]) -> None:
        """Uses another detector from now on. The source that was asked for is opened again, a file where it stands."""
        with self._lock:
            self._make_detector, self.detector, self.own_threshold = make_detector, None, None
        if self.spec is not None:
            self._ask(self.spec, place=self.place)

    def attach(self, sink: Sink) -> None:
        """From now on it takes the pictures of whatever source runs, beside others."""
        with self._lock:
            self._sinks = (*self._sinks, sink)
            if self._pipeline is not None:
                self._pipeline.attach(sink)

    def detach(self, sink: Sink) -> None:
        """It takes no more; one picture may be on its way to it."""
        with self._lock:
            self._sinks = tuple(each for each in self._sinks if each is not sink)
            if self._pipeline is not None:
                self._pipeline.detach(sink)

    def _ask(self, spec: str | None, rests_for: str = "", place: Place | None = None) -> None:
        """spec: None: for rest."""
        self.spec, self.rests_for, self._place = spec, rests_for, place
        self.change_options(unhidden=frozenset())  # the numbers start again
        with self._lock:
            self._requests += 1
            number = self._requests
        self._control.submit_one(0, partial(self._fulfil, spec, place, number))
        self._notifier.notify()

    def _take(self) -> None:
        """A request has no value, but what went wrong is to be reported."""
        for _ in self._control.take():
            pass

    # -- control thread

    def _leave(self) -> None:
        with self._lock:
            old, self._pipeline = self._pipeline, None
            self._failure = None
        if old is not None:
            old.stop(STOP_TIMEOUT_S)
            del old  # with its frames and buffers, before the free memory is given back
            give_back_free_memory()

    def _fulfil(self, spec: str | None, place: Place | None, number: int) -> None:
        pipeline: Pipeline | None = None
        failure: Exception | None = None
        try:
            self._leave()
            if spec is not None:
                pipeline = self._open(spec, place)
        except FacecamError as error:
            failure = error.alone()
        except Exception as error:  # whatever it is, the window says it and lives on
            _logger.exception("the source can't be changed")
            failure = error
        with self._lock:
            if pipeline is not None:
                pipeline.options = self.options  # they may have changed while it was being made
                for sink in self._sinks:
                    pipeline.attach(sink)
            self._pipeline, self._failure, self._done = pipeline, failure, number
        self._notifier.notify()

    def _open(self, spec: str, place: Place | None) -> Pipeline:
        with self._lock:
            detector, make = self.detector, self._make_detector
        if detector is None:
            detector = make()
            detector.core = None  # the pipeline pins its thread, to the core that the options name
            with self._lock:
                if make is self._make_detector:  # else another one is wanted by now, and loaded next
                    self.detector, self.own_threshold = detector, detector.threshold
                    if self.options.threshold is None:
                        self.options = replace(self.options, threshold=detector.threshold)

        opened = partial(self._open_source, spec)
        pipeline = Pipeline(opened, detector, self._notifier.notify, None, self.options, reconnect=True)
        pipeline.start(place)
        return pipeline
