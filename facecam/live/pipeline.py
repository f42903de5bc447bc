"""Live detection: capture -> newest-frame mailbox -> detector thread on its one core -> newest-result slot.

Nothing queues: a frame that the detector had no time for is replaced by the next one and counted as dropped. The
pipeline knows no Qt; a GUI is told through `on_update` and fetches with `latest()`.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import Protocol

from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.live.capture import Capture, Trouble
from facecam.live.detection_loop import DetectionLoop
from facecam.live.face_finder import FrameFaces
from facecam.live.mailbox import FrameMailbox
from facecam.live.metrics import Stats
from facecam.live.options import LiveOptions
from facecam.live.state import Phase, PipelineState
from facecam.live.view import View
from facecam.sources import Frame, Player, Source, open_source

__all__ = ["Phase", "Pipeline", "View"]


class Sink(Protocol):
    """Takes pictures from a running pipeline, in its threads: it must not hold them up."""

    def on_captured(self, frame: Frame, private: bool) -> None:
        """A frame has come. private: faces are to be hidden, and are not known yet."""

    def on_detected(self, view: View) -> None:
        """The faces of a frame are known."""


class Pipeline:
    """Runs a source through a detector in threads of their own; the caller never waits for any.

    source: what `open_source` takes, or a function that opens a source; it is called in the reading thread, as opening
    may block for seconds. on_update: called from the worker threads when there is a new view or phase, at most once
    until `latest()` is called. core: the detector thread's core (None: the detector's own, or a good one). options:
    how to detect, may be set at any time; None: with the detector's own settings, and nothing else. reconnect: whether
    a live source that is lost after its first frame is opened again, for as long as it takes.

    Restartable: `start()` after `stop()`, after the end and after a failure.
    """

    def __init__(
        self,
        source: str | Callable[[], Source],
        detector: FaceDetector,
        on_update: Callable[[], None] | None = None,
        core: int | None = None,
        options: LiveOptions | None = None,
        reconnect: bool = False,
    ) -> None:
        self.options = options
        self.sink: Sink | None = None  # may be set at any time
        self._open: Callable[[], Source] = source if callable(source) else lambda: open_source(source)
        self._title = source if isinstance(source, str) else ""
        self._detector = detector
        self._on_update = on_update
        self._reconnect = reconnect
        self._core = core if core is not None else detector.core
        self._lock = threading.Lock()  # guards what follows
        self._run: _Run | None = None
        self._state = PipelineState(self._title, None, Phase.IDLE)  # of the last start

    @property
    def phase(self) -> Phase:
        return self._state.phase

    @property
    def error(self) -> FacecamError | None:
        """Why the phase is FAILED, otherwise None."""
        return self._state.error

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with a live source that still counts as running, or that is being opened again."""
        return self._state.trouble

    @property
    def player(self) -> Player | None:
        """For pause, step, seek and loop, once the source is open."""
        return self._state.player

    @property
    def title(self) -> str:
        """The source's name for people; what was asked for until it is open."""
        return self._state.title

    @property
    def live(self) -> bool:
        """Whether the open source is a live one (camera, stream, demo)."""
        return self._state.live

    @property
    def core(self) -> int | None:
        """The core that the detector thread is pinned to; None if it isn't (yet)."""
        return self._state.core

    def start(self) -> None:
        """Returns at once; follow `phase`. Raises RuntimeError if it is already running."""
        with self._lock:
            if self._run is not None:
                raise RuntimeError("the pipeline is already running; stop it first")
            self._state = PipelineState(self._title, self._on_update)
            self._run = _Run(self, self._state, self._open, self._reconnect, self._detector, self._core)
            self._run.start()
        atexit.register(self.stop)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stops and waits for the threads. False if one is stuck in a driver: it ends by itself when that returns."""
        with self._lock:
            run, self._run = self._run, None
            self._state.close()
        if run is None:
            return True
        atexit.unregister(self.stop)
        run.stop()
        return run.join(timeout_s)

    def retry_now(self) -> None:
        """While it is reconnecting: doesn't wait for the time of the next attempt."""
        with self._lock:
            run = self._run
        if run is not None:
            run.capture.retry_now()

    def latest(self) -> View | None:
        """The newest result, None before the first. The same object as before if nothing new has come."""
        return self._state.latest()

    def displayed(self) -> None:
        """To be called after each painting of a new view, so that the display rate is known."""
        self._state.displayed()

    def stats(self) -> Stats:
        """Rates, latency and drops at this moment."""
        return self._state.stats()


class _Run:
    """One start of the pipeline: its threads, and what happens when they tell something. A run that was given up keeps
    its own mailbox and state, and so can't disturb the next one."""

    def __init__(
        self,
        pipeline: Pipeline,
        state: PipelineState,
        open_source: Callable[[], Source],
        reconnect: bool,
        detector: FaceDetector,
        core: int | None,
    ) -> None:
        self._pipeline, self._state, self._detector = pipeline, state, detector
        self._mailbox = FrameMailbox()
        self._stopped = threading.Event()
        self.capture = Capture(open_source, self, reconnect)
        loop = DetectionLoop(detector, core, self._mailbox, self._stopped, self)
        # Daemons, so that a driver that never returns can't keep the program from ending; otherwise they are stopped
        # and joined, at the latest at exit.
        self._thread = threading.Thread(target=loop.run, name="detector", daemon=True)

    def start(self) -> None:
        self.capture.start()
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; see `join`."""
        self._stopped.set()
        self.capture.stop()
        self._mailbox.close()

    def join(self, timeout_s: float) -> bool:
        """Waits for the threads. False: one hangs in a driver."""
        end_s = time.perf_counter() + timeout_s
        captured = self.capture.join(end_s)
        if self._thread is not threading.current_thread():
            self._thread.join(max(0.0, end_s - time.perf_counter()))
        return captured and not self._thread.is_alive()

    # Told by the capture, in its threads

    def on_opened(self, source: Source, player: Player) -> None:
        self._state.on_opened(source, player)

    def on_captured(self, frame: Frame) -> None:
        sink, options = self._pipeline.sink, self.options
        if sink is not None and not self._state.closed:
            sink.on_captured(frame, options is not None and options.privacy is not None)
        self._state.on_captured(frame, self._mailbox.put(frame))

    def on_trouble(self, trouble: Trouble | None, lost: bool) -> None:
        self._state.on_trouble(trouble, lost)

    def on_ended(self) -> None:
        self._mailbox.close()

    def on_revived(self) -> None:
        self._mailbox.reopen()
        self._state.on_revived()

    def on_failed(self, error: FacecamError) -> None:
        """Told by the detection loop too."""
        self.stop()
        self._state.on_failed(error)

    # Asked and told by the detection loop, in its thread

    @property
    def options(self) -> LiveOptions | None:
        return self._pipeline.options

    @property
    def still(self) -> bool:
        return self._state.still

    def on_pinned(self, core: int | None) -> None:
        self._state.on_pinned(core)

    def on_detected(self, frame: Frame, options: LiveOptions | None, faces: FrameFaces, again: bool) -> None:
        privacy = None if options is None else options.privacy
        view = self._state.on_detected(frame, faces, privacy, self._detector.timings.total_ms, again)
        if view is None:
            return
        sink = self._pipeline.sink
        if sink is not None:
            sink.on_detected(view)
        self._state.publish()

    def on_drained(self) -> None:
        self._state.on_ended()
