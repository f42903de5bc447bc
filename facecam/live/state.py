"""PipelineState: what one start of the pipeline has come to. Its threads tell it, the window asks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum

from facecam.errors import FacecamError
from facecam.faces.privacy import PrivacyOptions
from facecam.live.capture import Trouble
from facecam.live.face_finder import FrameFaces
from facecam.live.metrics import LiveMetrics, Stats
from facecam.live.view import View
from facecam.sources import Frame, Player, Source

_logger = logging.getLogger(__name__)


class Phase(Enum):
    """What a pipeline is doing, or the window's session with it. RECONNECTING: a live source is lost, see `.trouble`,
    the last view stays; ENDED: the source has no more frames, the last view stays; FAILED: see `.error`."""

    IDLE = "idle"
    OPENING = "opening"
    RUNNING = "running"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"

    @property
    def is_busy(self) -> bool:
        """Whether a source is held or wanted: what can be stopped."""
        return self in (Phase.OPENING, Phase.RUNNING, Phase.RECONNECTING)


class PipelineState:
    """Thread-safe. Once closed it is idle and changes no more, whatever a thread that was given up may still tell; the
    last view, the source and the figures can be asked for as before.

    title: of the source, until it is open. on_update: called when there is a new view or phase, in the thread that
    tells it, at most once until `latest()` is called.
    """

    def __init__(self, title: str, on_update: Callable[[], None] | None, phase: Phase = Phase.OPENING) -> None:
        self._title, self._on_update = title, on_update
        self._lock = threading.Lock()  # guards everything below
        self._closed = False
        self._notified = False
        self._phase = phase
        self._error: FacecamError | None = None
        self._trouble: Trouble | None = None
        self._core: int | None = None
        self._source: Source | None = None
        self._player: Player | None = None
        self._newest: Frame | None = None
        self._view: View | None = None
        self._metrics = LiveMetrics()

    # Asked

    @property
    def phase(self) -> Phase:
        with self._lock:
            return self._phase

    @property
    def error(self) -> FacecamError | None:
        with self._lock:
            return self._error

    @property
    def trouble(self) -> Trouble | None:
        with self._lock:
            return self._trouble

    @property
    def core(self) -> int | None:
        with self._lock:
            return self._core

    @property
    def player(self) -> Player | None:
        with self._lock:
            return self._player

    @property
    def title(self) -> str:
        with self._lock:
            return self._source.title if self._source else self._title

    @property
    def live(self) -> bool:
        with self._lock:
            return self._source is not None and self._source.live

    @property
    def still(self) -> bool:
        """Whether the source is one picture."""
        with self._lock:
            return self._source is not None and self._source.frame_count == 1

    @property
    def closed(self) -> bool:
        with self._lock:
            return self._closed

    def latest(self) -> View | None:
        """The newest view; `on_update` may be called again."""
        with self._lock:
            self._notified = False
            return self._view

    def displayed(self) -> None:
        """A view has been painted."""
        with self._lock:
            self._metrics.count_displayed(time.perf_counter())

    def stats(self) -> Stats:
        with self._lock:
            return self._metrics.stats(time.perf_counter(), len(self._view.detections) if self._view else 0)

    # Told

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._phase, self._core, self._trouble = Phase.IDLE, None, None

    def on_opened(self, source: Source, player: Player) -> None:
        """Also after a reconnection."""
        with self._lock:
            if self._closed:
                return
            self._source, self._player = source, player
            if self._phase is Phase.OPENING:
                self._phase = Phase.RUNNING
        self._notify()

    def on_captured(self, frame: Frame, dropped: bool) -> None:
        """dropped: an older frame, which nobody had taken, made room for this one."""
        with self._lock:
            if not self._closed:
                self._newest = frame
                self._metrics.count_captured(frame.captured_s, dropped)

    def on_trouble(self, trouble: Trouble | None, lost: bool) -> None:
        """lost: the source is gone, and will be opened again; None: all is well again."""
        with self._lock:
            if self._closed or self._phase not in (Phase.RUNNING, Phase.RECONNECTING):
                return
            if self._phase is Phase.RECONNECTING and not lost:
                self._metrics.count_reconnected()
            phase = Phase.RECONNECTING if lost else Phase.RUNNING
            if phase is not self._phase:
                _logger.info("the source is lost: %s" if lost else "the source is back", *([trouble] if lost else []))
            self._phase = phase
            self._trouble = trouble
        self._notify()

    def on_revived(self) -> None:
        """Somebody has gone back from the end."""
        with self._lock:
            if not self._closed and self._phase is Phase.ENDED:
                self._phase = Phase.RUNNING
        self._notify()

    def on_pinned(self, core: int | None) -> None:
        with self._lock:
            if not self._closed:
                self._core = core

    def on_detected(
        self, frame: Frame, faces: FrameFaces, privacy: PrivacyOptions | None, detector_ms: float, again: bool
    ) -> View | None:
        """The new view; None if it comes too late. again: the detector has seen the frame before."""
        ready_s = time.perf_counter()
        with self._lock:
            if self._closed:
                return None
            view = self._view = View(
                self._newest or frame, faces.shown, frame, faces.private, privacy, faces.detected, faces.second
            )
            if faces.detected:
                self._metrics.add_detector_ms(detector_ms)
            if faces.second is None or faces.second.detected:
                self._metrics.add_second_ms(None if faces.second is None else faces.second.took_ms)
            if faces.detected and not again:
                self._metrics.count_detected(ready_s, frame.captured_s)
            return view

    def on_ended(self) -> None:
        """All frames are through, and no more will come, at least until `on_revived`."""
        with self._lock:
            if self._closed or self._phase is not Phase.RUNNING:
                return
            self._phase = Phase.ENDED
        self._notify()

    def on_failed(self, error: FacecamError) -> None:
        """For good."""
        with self._lock:
            if self._closed or self._phase is Phase.FAILED:
                return
            self._phase, self._error = Phase.FAILED, error
        self._notify()

    def publish(self) -> None:
        """A view that `on_detected` has given can be fetched now."""
        self._notify()

    def _notify(self) -> None:
        with self._lock:
            if self._closed or self._notified or self._on_update is None:
                return
            self._notified = True
        self._on_update()
