"""PipelineState: what one start of the pipeline has come to. Its threads tell it, the window asks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from facecam.errors import FacecamError
from facecam.faces.privacy import PrivacyOptions
from facecam.live.metrics import LiveMetrics, Percentiles, Stats
from facecam.live.options import LiveOptions
from facecam.live.view import View
from facecam.sources import Frame, Player, Source
from facecam.sources.player import Place

_SURE_AGAIN = 1.25
"""A picture that was hidden whole is shown again when the rate exceeds the least one by this factor."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trouble:
    """Why a live source shows nothing new. reason: a sentence; retry_at_s: time.perf_counter() of the next attempt,
    None: one is under way, or none is needed."""

    reason: str
    retry_at_s: float | None = None


class FrameMailbox:
    """A mailbox for one frame: putting replaces what has not been taken yet."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """True if an older frame was dropped for this one."""
        with self._changed:
            dropped = self._frame is not None
            self._frame = frame
            self._changed.notify()
        return dropped

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None after the timeout or once closed and empty."""
        with self._changed:
            if self._frame is None and not self._closed:
                self._changed.wait(timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """No more frames will come; what is in the mailbox can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def reopen(self) -> None:
        """After `close`: there will be frames again."""
        with self._changed:
            self._closed = False

    @property
    def drained(self) -> bool:
        with self._changed:
            return self._closed and self._frame is None


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


class Sink(Protocol):
    """Takes pictures from a running pipeline, in its threads: it must not hold them up."""

    def on_captured(self, frame: Frame, private: bool) -> None:
        """A frame has come. private: faces are to be hidden, and are not known yet."""

    def on_detected(self, view: View) -> None:
        """The faces of a frame are known."""


@dataclass
class Wanted:
    """What may change at any time while the pipeline runs. options: how to detect, None: with the detector's own
    settings. sinks: who takes the pictures; replaced whole, as threads go through them."""

    options: LiveOptions | None
    sinks: tuple[Sink, ...] = ()

    @property
    def privacy(self) -> PrivacyOptions | None:
        """How faces are to be hidden at this moment."""
        return None if self.options is None else self.options.privacy


class PipelineState:
    """Thread-safe. Once closed it is idle and does not change any more, whatever an abandoned thread may still report;
    the last view, the source and the figures can be asked for as before.

    title: of the source, until it is open. wanted: asked, frame by frame, for the options and the sinks. on_update:
    called when there is a new view or phase, in the thread that tells it, at most once until `latest()` is called.
    place: where a file or a folder goes on; None: it begins. mailbox: the newest frame, on its way from the capture to
    the detection. over: set when the threads are to end.

    To be asked at any time, and set here alone: phase; error: why it is FAILED; trouble; core: of the detection, once
    its thread is pinned; source and player, once they are open.
    """

    def __init__(
        self,
        title: str,
        wanted: Wanted,
        on_update: Callable[[], None] | None,
        phase: Phase = Phase.OPENING,
        place: Place | None = None,
    ) -> None:
        self.mailbox, self.over = FrameMailbox(), threading.Event()
        self._title, self._wanted, self._on_update, self._place = title, wanted, on_update, place
        self._lock = threading.Lock()  # guards everything below; public attributes are read without it
        self._closed = False
        self._notified = False
        self.phase = phase
        self.error: FacecamError | None = None
        self.trouble: Trouble | None = None
        self.core: int | None = None
        self.source: Source | None = None
        self.player: Player | None = None
        self._newest: Frame | None = None
        self._view: View | None = None
        self._was_unsure = True
        self._metrics = LiveMetrics()

    # Asked

    @property
    def title(self) -> str:
        return self.source.title if self.source else self._title

    @property
    def live(self) -> bool:
        return self.source is not None and self.source.live

    @property
    def still(self) -> bool:
        """Whether the source is one picture."""
        return self.source is not None and self.source.frame_count == 1

    def latest(self) -> View | None:
        """The newest view; `on_update` may be called again. When nothing follows a view, it becomes an unsure one."""
        with self._lock:
            self._notified = False
            if self._view is not None:
                self._view = self._hidden(self._view, time.perf_counter())
            return self._view

    def displayed(self) -> None:
        """A view has been painted."""
        with self._lock:
            self._metrics.displays.tick(time.perf_counter())

    def stats(self) -> Stats:
        with self._lock:
            return self._metrics.stats(time.perf_counter(), len(self._view.detections) if self._view else 0)

    def close(self) -> None:
        """Idle from now on."""
        with self._lock:
            self._closed = True
            self.phase, self.core, self.trouble = Phase.IDLE, None, None

    # Told by the capture, in its threads

    def on_opened(self, source: Source, player: Player) -> None:
        """Also after a reconnection. Before anything is read of it."""
        if self._place is not None:
            player.go_to(self._place)
        with self._lock:
            if self._closed:
                return
            self.source, self.player = source, player
            if self.phase is Phase.OPENING:
                self.phase = Phase.RUNNING
        self._notify()

    def on_captured(self, frame: Frame) -> None:
        """A frame waits in the mailbox, and goes to the sinks."""
        with self._lock:
            closed = self._closed
        for sink in () if closed else self._wanted.sinks:
            sink.on_captured(frame, self._wanted.privacy is not None)
        dropped = self.mailbox.put(frame)
        with self._lock:
            if not self._closed:
                self._newest = frame
                self._metrics.count_captured(frame.captured_s, dropped)

    def on_trouble(self, trouble: Trouble | None, lost: bool) -> None:
        """trouble: None: all is well again; lost: the source is gone, and will be opened again."""
        with self._lock:
            if self._closed or self.phase not in (Phase.RUNNING, Phase.RECONNECTING):
                return
            if self.phase is Phase.RECONNECTING and not lost:
                self._metrics.reconnects += 1
            phase = Phase.RECONNECTING if lost else Phase.RUNNING
            if phase is not self.phase:
                _logger.info("the source is %s", f"lost: {trouble.reason}" if lost and trouble else "back")
            self.trouble, self.phase = trouble, phase
        self._notify()

    def on_ended(self) -> None:
        """There are no more frames, at least until `on_revived`."""
        self.mailbox.close()

    def on_revived(self) -> None:
        """Somebody has gone back from the end."""
        self.mailbox.reopen()
        with self._lock:
            if not self._closed and self.phase is Phase.ENDED:
                self.phase = Phase.RUNNING
        self._notify()

    def on_failed(self, error: FacecamError) -> None:
        """For good. Told by the detection too."""
        self.end()
        with self._lock:
            if self._closed or self.phase is Phase.FAILED:
                return
            self.error, self.phase = error, Phase.FAILED  # in this order, for those that look without the lock
        self._notify()

    def end(self) -> None:
        """The threads are to end. Returns at once."""
        self.over.set()
        self.mailbox.close()

    # Asked and told by the detection, in its thread

    @property
    def options(self) -> LiveOptions | None:
        """How to detect, at this moment; None: with the detector's own settings."""
        return self._wanted.options

    def on_pinned(self, core: int | None) -> None:
        """The core that is computed on from now on; None: the thread could not be pinned."""
        with self._lock:
            if not self._closed:
                self.core = core

    def on_detected(self, view: View, detector_ms: float, again: bool) -> None:
        """A frame's view. detector_ms: how long the last detection took. again: the frame was detected before, under
        other options."""
        ready_s = time.perf_counter()
        with self._lock:
            if self._closed:
                return
            view = replace(view, frame=self._newest or view.frame)
            if view.detected:
                self._metrics.detector_ms.add(detector_ms)
            if view.second is None:
                self._metrics.second_ms = Percentiles()
            elif view.second.detected:
                self._metrics.second_ms.add(view.second.took_ms)
            if view.detected and not again:
                self._metrics.count_detected(ready_s, view.detected_frame.captured_s)
            self._was_unsure = self._is_unsure(view, ready_s)
            view = self._view = self._hidden(view, ready_s)
        for sink in self._wanted.sinks:
            sink.on_detected(view)
        self._notify()

    def _hidden(self, view: View, now_s: float) -> View:
        """Under the lock. The view with everything hidden that has to be by now: all of it where privacy was switched
        on only after the faces were looked for, as then nobody knows which places to hide."""
        privacy = self._wanted.privacy
        if privacy is not None and privacy != view.privacy:
            view = replace(view, privacy=privacy, unsure=view.unsure or view.privacy is None)
        if not view.unsure and self._is_unsure(view, now_s):
            view = replace(view, unsure=True)
        return view

    def _is_unsure(self, view: View, now_s: float) -> bool:
        """Under the lock. A picture that stays, a still one or a paused one, has been searched, so that no rate
        counts."""
        least_hz = None if view.privacy is None else view.privacy.least_hz
        if least_hz is None or view.detected_frame.path is not None or self.still:
            return False
        if self.phase is Phase.RECONNECTING or self.trouble is not None:
            return True
        if self.phase is not Phase.RUNNING or (self.player is not None and self.player.paused):
            return view.unsure
        return self._metrics.detect_hz(now_s) < least_hz * (_SURE_AGAIN if self._was_unsure else 1)

    def on_drained(self) -> None:
        """All frames are through, and no more will come, at least for now. Told again and again while that is so."""
        with self._lock:
            if self._closed or self.phase is not Phase.RUNNING:
                return
            self.phase = Phase.ENDED
        self._notify()

    def _notify(self) -> None:
        with self._lock:
            if self._closed or self._notified or self._on_update is None:
                return
            self._notified = True
        self._on_update()
