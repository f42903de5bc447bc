"""Live detection: capture -> newest-frame mailbox -> detector thread on its one core -> newest-result slot.

Nothing queues: a frame that the detector had no time for is replaced by the next one and counted as dropped. The
pipeline knows no Qt; a GUI is told through `on_update` and fetches with `latest()`.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable

from facecam.detection.detector import FaceDetector
from facecam.live.capture import Capture
from facecam.live.detection_loop import DetectionLoop
from facecam.live.options import LiveOptions
from facecam.live.state import Phase, PipelineState, Sink, Wanted
from facecam.live.view import View
from facecam.sources import Source, open_source
from facecam.sources.player import Place

__all__ = ["Phase", "Pipeline", "View"]


class Pipeline:
    """Runs a source through a detector in threads of their own; the caller never waits for any.

    source: what `open_source` takes, or a function that opens a source; opening may block, in the reading thread.
    detector: used by the detector thread alone while the pipeline runs.
    on_update: called from the worker threads on a new view or phase, at most once until `latest()` is called.
    core: the detector thread's; None: the detector's own, or a good one.
    options: how to detect; None: with the detector's own settings, and nothing else.
    reconnect: whether a live source that is lost after its first frame is opened again, for as long as it takes.
    state, to be read: what the last start has come to.

    Restartable: `start()` after `stop()`, after the end and after a failure.
    """

    def __init__(
        self,
        source: str | int | os.PathLike[str] | Callable[[], Source],
        detector: FaceDetector,
        on_update: Callable[[], None] | None = None,
        core: int | None = None,
        options: LiveOptions | None = None,
        reconnect: bool = False,
    ) -> None:
        self._wanted = Wanted(options)
        self._open: Callable[[], Source] = source if callable(source) else lambda: open_source(source)
        self._title = source if isinstance(source, str) else ""
        self._detector = detector
        self._on_update = on_update
        self._reconnect = reconnect
        self._core = core if core is not None else detector.core
        self._lock = threading.Lock()  # guards what follows
        self._running: tuple[Capture, threading.Thread] | None = None
        self.state = PipelineState(self._title, self._wanted, None, Phase.IDLE)

    @property
    def options(self) -> LiveOptions | None:
        """How to detect; may be set at any time."""
        return self._wanted.options

    @options.setter
    def options(self, options: LiveOptions | None) -> None:
        self._wanted.options = options

    def attach(self, sink: Sink) -> None:
        """From now on it takes the pictures, beside others. At any time, from any thread."""
        with self._lock:
            self._wanted.sinks = (*self._wanted.sinks, sink)

    def detach(self, sink: Sink) -> None:
        """It takes no more; one picture may be on its way to it."""
        with self._lock:
            self._wanted.sinks = tuple(each for each in self._wanted.sinks if each is not sink)

    @property
    def phase(self) -> Phase:
        return self.state.phase

    def start(self, place: Place | None = None) -> None:
        """Returns at once; follow `phase`. place: where a file or a folder goes on. Raises RuntimeError if it already
        runs."""
        with self._lock:
            if self._running is not None:
                raise RuntimeError("the pipeline is already running; stop it first")
            self.state = PipelineState(self._title, self._wanted, self._on_update, place=place)
            # They know only the state of this start, so that abandoned ones can't disturb the next one.
            capture = Capture(self._open, self.state, self._reconnect)
            loop = DetectionLoop(self._detector, self._core, self.state)

            def detect() -> None:
                loop.run()
                capture.stop()  # after a failure nobody takes its frames any more

            # A daemon as those of the capture, so that a driver that never returns can't keep the program from ending;
            # otherwise all are stopped and joined, at the latest at exit.
            detection = threading.Thread(target=detect, name="detector", daemon=True)
            self._running = capture, detection
            capture.start()
            detection.start()
        atexit.register(self.stop)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stops and waits for the threads. False if one is stuck in a driver: it ends by itself when that returns."""
        with self._lock:
            running, self._running = self._running, None
            self.state.close()
        if running is None:
            return True
        atexit.unregister(self.stop)
        capture, detection = running
        end_s = time.perf_counter() + timeout_s
        capture.stop()
        captured = capture.join(end_s)
        if detection is not threading.current_thread():
            detection.join(max(0.0, end_s - time.perf_counter()))
        return captured and not detection.is_alive()

    def retry_now(self) -> None:
        """While it is reconnecting: doesn't wait for the time of the next attempt."""
        with self._lock:
            running = self._running
        if running is not None:
            running[0].retry_now()

    def latest(self) -> View | None:
        """The newest result, None before the first. The same object as before if nothing new has come."""
        return self.state.latest()
