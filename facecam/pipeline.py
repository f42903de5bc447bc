"""Live detection: capture -> newest-frame slot -> detector thread on its one core -> newest-result slot.

Nothing queues: a frame that the detector had no time for is replaced by the next one and counted as dropped. The
pipeline knows no Qt; a GUI is told through `on_update` and fetches with `latest()`.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from facecam.capture import Capture, Trouble
from facecam.cpu import choose_core, pinned
from facecam.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.finder import FaceFinder
from facecam.metrics import Figures, Stats
from facecam.options import LiveOptions
from facecam.slot import FrameSlot
from facecam.sources import Frame, Player, Source, open_source
from facecam.view import View

__all__ = ["Pipeline", "State", "View"]

_logger = logging.getLogger(__name__)
_CHANGE_POLL_S = 0.1


class Sink(Protocol):
    """Takes pictures from a running pipeline, in its threads: it must not hold them up."""

    def captured(self, frame: Frame, private: bool) -> None:
        """A frame has come. private: faces are to be hidden, and are not known yet."""

    def detected(self, view: View) -> None:
        """The faces of a frame are known."""


class State(Enum):
    """What a pipeline is doing. reconnecting: a live source is lost, see `.trouble`, the last view stays; ended: the
    source has no more frames, the last view stays; failed: see `.error`."""

    IDLE = "idle"
    OPENING = "opening"
    RUNNING = "running"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"


class _Run:
    """One start of the pipeline, and what its capture tells. A run that was given up keeps its own slot and can't
    disturb the next one."""

    def __init__(self, pipeline: Pipeline, open_source: Callable[[], Source], reconnect: bool) -> None:
        self.slot = FrameSlot()
        self.stop = threading.Event()
        self.capture = Capture(open_source, self, reconnect)
        # Daemons, so that a driver that never returns can't keep the program from ending; otherwise they are stopped
        # and joined, at the latest at exit.
        self.detector = threading.Thread(target=pipeline._detect_loop, args=(self,), name="detector", daemon=True)
        self._pipeline = pipeline

    def opened(self, source: Source, player: Player) -> None:
        self._pipeline._opened(self, source, player)

    def got(self, frame: Frame) -> None:
        self._pipeline._captured_frame(self, frame)

    def troubled(self, trouble: Trouble | None, lost: bool) -> None:
        self._pipeline._troubled(self, trouble, lost)

    def ended(self) -> None:
        self.slot.close()

    def revived(self) -> None:
        self.slot.reopen()
        self._pipeline._revived(self)

    def failed(self, error: FacecamError) -> None:
        self.slot.close()
        self._pipeline._fail(self, error)


@dataclass
class _Work:
    """What the detector thread carries from core to core; `settings` are those that `frame` was searched under."""

    finder: FaceFinder
    frame: Frame | None = None
    settings: object = None


class Pipeline:
    """Runs a source through a detector in threads of their own; the caller never waits for any.

    source: what `open_source` takes, or a function that opens a source; it is called in the reading thread, as opening
    may block for seconds. on_update: called from the worker threads when there is a new view or state, at most once
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
        self._wanted_core = core if core is not None else detector.core
        self._lock = threading.Lock()  # guards everything below
        self._run: _Run | None = None
        self._state = State.IDLE
        self._error: FacecamError | None = None
        self._core: int | None = None
        self._source: Source | None = None
        self._player: Player | None = None
        self._trouble: Trouble | None = None
        self._notified = False
        self._newest: Frame | None = None
        self._view: View | None = None
        self._figures = Figures()

    # What the caller sees

    @property
    def state(self) -> State:
        with self._lock:
            return self._state

    @property
    def error(self) -> FacecamError | None:
        """Why the state is `failed`, otherwise None."""
        with self._lock:
            return self._error

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with a live source that still counts as running, or that is being opened again."""
        with self._lock:
            return self._trouble

    @property
    def player(self) -> Player | None:
        """For pause, step, seek and loop, once the source is open."""
        with self._lock:
            return self._player

    @property
    def title(self) -> str:
        """The source's name for people; what was asked for until it is open."""
        with self._lock:
            return self._source.title if self._source else self._title

    @property
    def live(self) -> bool:
        """Whether the open source is a live one (camera, stream, demo)."""
        with self._lock:
            return self._source is not None and self._source.live

    @property
    def core(self) -> int | None:
        """The core that the detector thread is pinned to; None if it isn't (yet)."""
        with self._lock:
            return self._core

    def start(self) -> None:
        """Returns at once; follow `state`. Raises RuntimeError if it is already running."""
        with self._lock:
            if self._run is not None:
                raise RuntimeError("the pipeline is already running; stop it first")
            run = self._run = _Run(self, self._open, self._reconnect)
            self._state, self._error, self._core, self._source = State.OPENING, None, None, None
            self._player, self._trouble = None, None
            self._newest = self._view = None
            self._notified = False
            self._figures = Figures()
            run.capture.start()
            run.detector.start()
        atexit.register(self.stop)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stops and waits for the threads. False if one is stuck in a driver: it ends by itself when that returns."""
        with self._lock:
            run, self._run = self._run, None
            self._state, self._core, self._trouble = State.IDLE, None, None
        if run is None:
            return True
        atexit.unregister(self.stop)
        run.stop.set()
        run.capture.stop()
        run.slot.close()
        end_s = time.perf_counter() + timeout_s
        captured = run.capture.join(end_s)
        if run.detector is not threading.current_thread():
            run.detector.join(max(0.0, end_s - time.perf_counter()))
        return captured and not run.detector.is_alive()

    def retry_now(self) -> None:
        """While it is reconnecting: doesn't wait for the time of the next attempt."""
        with self._lock:
            run = self._run
        if run is not None:
            run.capture.retry_now()

    def latest(self) -> View | None:
        """The newest result, None before the first. The same object as before if nothing new has come."""
        with self._lock:
            self._notified = False
            return self._view

    def displayed(self) -> None:
        """To be called after each painting of a new view, so that the display rate is known."""
        with self._lock:
            self._figures.displayed(time.perf_counter())

    def stats(self) -> Stats:
        """Rates, latency and drops at this moment."""
        with self._lock:
            return self._figures.stats(time.perf_counter(), len(self._view.detections) if self._view else 0)

    # Told by the capture, in its threads

    def _opened(self, run: _Run, source: Source, player: Player) -> None:
        with self._lock:
            if self._run is not run:
                return
            self._source, self._player = source, player
            if self._state is State.OPENING:
                self._state = State.RUNNING
        self._notify(run)

    def _captured_frame(self, run: _Run, frame: Frame) -> None:
        sink, options = self.sink, self.options
        if sink is not None and self._run is run:
            sink.captured(frame, options is not None and options.privacy is not None)
        dropped = run.slot.put(frame)
        with self._lock:
            if self._run is run:
                self._newest = frame
                self._figures.captured(frame.captured_s, dropped)

    def _troubled(self, run: _Run, trouble: Trouble | None, lost: bool) -> None:
        with self._lock:
            if self._run is not run or self._state not in (State.RUNNING, State.RECONNECTING):
                return
            if self._state is State.RECONNECTING and not lost:
                self._figures.reconnected()
            state = State.RECONNECTING if lost else State.RUNNING
            if state is not self._state:
                _logger.info("the source is lost: %s" if lost else "the source is back", *([trouble] if lost else []))
            self._state = state
            self._trouble = trouble
        self._notify(run)

    def _revived(self, run: _Run) -> None:
        with self._lock:
            if self._run is run and self._state is State.ENDED:
                self._state = State.RUNNING
        self._notify(run)

    # The detector's thread

    def _detect_loop(self, run: _Run) -> None:
        work = _Work(FaceFinder(self._detector))
        try:
            while not run.stop.is_set():
                wish = self._core_wish()
                with pinned(choose_core() if wish is None else wish) as pinned_core:
                    with self._lock:
                        if self._run is run:
                            self._core = pinned_core
                    self._detect_on(wish, run, work)
        except FacecamError as error:
            self._fail(run, error.alone())
        except Exception as error:
            _logger.exception("the detector failed")
            self._fail(run, FacecamError(f"The detector failed unexpectedly: {error}"))

    def _core_wish(self) -> int | None:
        options = self.options
        return self._wanted_core if options is None or options.core is None else options.core

    def _is_still(self) -> bool:
        with self._lock:
            return self._source is not None and self._source.frame_count == 1

    def _settings(self) -> object:
        """What a detection depends on, to be compared."""
        return (self._detector.threshold, self._detector.nms) if self.options is None else self.options

    def _detect_on(self, core_wish: int | None, run: _Run, work: _Work) -> None:
        """Until the run is stopped, or another core is wanted."""
        while not run.stop.is_set() and self._core_wish() == core_wish:
            new = run.slot.take(_CHANGE_POLL_S)
            if new is None and run.slot.drained:
                self._end(run)
                # A picture stays in the window: it follows the threshold, although no more frames come.
                if run.stop.wait(_CHANGE_POLL_S):
                    break
            settings = self._settings()
            if new is None and (work.frame is None or settings == work.settings):
                continue
            options, frame = self.options, new or work.frame
            assert frame is not None
            work.frame, work.settings = frame, settings
            found = work.finder.find(frame, options, again=new is None, still=self._is_still())
            ready_s = time.perf_counter()
            with self._lock:
                if self._run is not run:
                    break
                privacy = None if options is None else options.privacy
                newest = self._newest or frame
                view = self._view = View(
                    newest, found.shown, frame, found.private, privacy, found.searched, found.second
                )
                if found.searched:
                    self._figures.searched(self._detector.timings.total_ms)
                if found.second is None or found.second.searched:
                    self._figures.second_searched(None if found.second is None else found.second.took_ms)
                if found.searched and new is not None:
                    self._figures.detected(ready_s, frame.captured_s)
            sink = self.sink
            if sink is not None:
                sink.detected(view)
            self._notify(run)

    def _end(self, run: _Run) -> None:
        with self._lock:
            if self._run is not run or self._state is not State.RUNNING:
                return
            self._state = State.ENDED
        self._notify(run)

    def _fail(self, run: _Run, error: FacecamError) -> None:
        run.stop.set()
        run.capture.stop()
        with self._lock:
            if self._run is not run or self._state is State.FAILED:
                return
            self._state, self._error = State.FAILED, error
        self._notify(run)

    def _notify(self, run: _Run) -> None:
        with self._lock:
            if self._run is not run or self._notified or self._on_update is None:
                return
            self._notified = True
        self._on_update()
