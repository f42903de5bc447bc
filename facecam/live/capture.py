"""Capture: reads a source in a thread of its own, and sees to it that a live one goes on.

A camera's driver may block for ever, a stream stall, a plug be pulled. So a second thread watches the first: when no
picture comes, or the same again and again, it leaves the reader alone (which ends by itself as soon as its driver lets
it) and opens the source anew, at growing intervals.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from facecam.errors import FacecamError
from facecam.live.reader import Reader
from facecam.sources import Frame, Source
from facecam.sources.player import Player

STALLED_AFTER_S = 1.6
"""Without a picture; together with the time between two looks that is under two seconds."""
FROZEN_AFTER_S = 1.6
OPENING_TAKES_AT_MOST_S = 30.0
RETRY_AFTER_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_LOOK_EVERY_S = 0.2
_SLOW_PATIENCE_S = 8.0  # with a source of which it isn't known yet how often its pictures come
_STEADY_S = 5.0  # after that long without trouble the next trouble is a new one
_MOST_HUNG = 2


@dataclass(frozen=True)
class Trouble:
    """Why a live source shows nothing new. reason: a sentence; retry_at_s: time.perf_counter() of the next attempt,
    None: one is under way, or none is needed; attempts: so far, for this trouble."""

    reason: str
    retry_at_s: float | None = None
    attempts: int = 0


class CaptureListener(Protocol):
    """Who is told, in the threads of the capture."""

    def opened(self, source: Source, player: Player) -> None:
        """Also after a reconnection."""

    def got(self, frame: Frame) -> None: ...

    def troubled(self, trouble: Trouble | None, lost: bool) -> None:
        """lost: the source is gone, and will be opened again; None: all is well again."""

    def ended(self) -> None:
        """There are no more frames, at least until `revived`."""

    def revived(self) -> None:
        """Somebody has gone back from the end."""

    def failed(self, error: FacecamError) -> None:
        """For good."""


class Capture:
    """Runs one source until `stop`, its end, or a failure.

    open_source: called in the reading thread, may block for seconds. reconnect: whether a live source that has once
    delivered is opened again when it is lost, for as long as it takes.
    """

    def __init__(self, open_source: Callable[[], Source], listener: CaptureListener, reconnect: bool) -> None:
        self._open, self._listener, self._reconnect = open_source, listener, reconnect
        self._changed = threading.Condition()
        self._stopped = False
        self._hurry = False
        self._reader: Reader | None = None
        self._left: list[Reader] = []
        self._began_s = time.perf_counter()
        self._attempts = 0
        self._lost = False  # told to the listener
        self._told: Trouble | None = None
        self._accepts_still = False  # its picture stayed the same even after it was opened anew
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; see `join`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            reader = self._reader
        if reader is not None:
            reader.leave()

    def retry_now(self) -> None:
        """Doesn't wait for the time of the next attempt."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()

    def join(self, end_s: float) -> bool:
        """Waits for the threads until time.perf_counter() is `end_s`. False: one hangs in a driver.

        When all have ended it lets go of readers and listener. They know it too: their pictures and decoder would
        otherwise stay until the garbage collector comes, often many sources later.
        """
        threads = [self._thread, *([self._reader.thread] if self._reader is not None else [])]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end_s - time.perf_counter()))
        ended = not any(thread.is_alive() for thread in (*threads, *(reader.thread for reader in self._left)))
        if ended:
            self._reader = None
            self._left.clear()
            del self._listener
        return ended

    # Watching thread

    def _run(self) -> None:
        reader: Reader | None = self._start_reader(self._open, 0)
        while reader is not None:
            reason = self._watch(reader)
            if reason is None:
                return
            reader.leave()
            self._left.append(reader)
            reader = self._again(reason, reader)

    def _start_reader(self, open_source: Callable[[], Source], first_index: int) -> Reader | None:
        with self._changed:
            if self._stopped:
                return None
            base_s = time.perf_counter() - self._began_s if first_index else 0.0
            reader = self._reader = Reader(open_source, self._reading, first_index, base_s)
        reader.thread.start()
        return reader

    def _watch(self, reader: Reader) -> str | None:
        """Until something is wrong (says what) or it is over (None)."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or reader.over, _LOOK_EVERY_S)
                if self._stopped:
                    return None
            if reader.over:
                return self._why_over(reader)
            reason = self._what_is_wrong(reader)
            if reason is not None:
                return reason

    def _why_over(self, reader: Reader) -> str | None:
        if self._goes_on(reader) and (reader.error is None or reader.foreseen):
            return str(reader.error or f"{reader.title} has ended the connection.")
        if reader.error is not None:
            self._listener.failed(reader.error)
        return None  # an end has been told by the reader

    def _goes_on(self, reader: Reader) -> bool:
        """Whether its end or failure is a reason to open the source again."""
        return self._reconnect and (self._lost or (reader.live and reader.delivered > 0))

    def _what_is_wrong(self, reader: Reader) -> str | None:
        waits_s = reader.waits_s()
        if not reader.opened:
            if waits_s > OPENING_TAKES_AT_MOST_S and self._lost:
                return "It does not answer."
            return None
        usual_gap_s = reader.usual_gap_s
        if waits_s > max(STALLED_AFTER_S, min(3 * (usual_gap_s or 0), _SLOW_PATIENCE_S)):
            reason = f"{reader.title} sends no pictures."
            if self._reconnect and reader.live and (usual_gap_s is not None or waits_s > _SLOW_PATIENCE_S):
                return reason
            self._tell(Trouble(reason), lost=self._lost)
        elif reader.frozen_s > FROZEN_AFTER_S:
            if self._reconnect and not self._accepts_still:
                self._accepts_still = True
                return f"The picture of {reader.title} is frozen."
            self._tell(Trouble(f"The picture of {reader.title} does not change."), lost=False)
        elif reader.delivered and self._told is not None:
            self._tell(None, lost=False)
        if reader.steady_s > _STEADY_S:
            self._attempts = 0
            self._accepts_still &= reader.frozen_s > 0
        return None

    def _again(self, reason: str, before: Reader) -> Reader | None:
        """Waits for its time, and opens the source once more."""
        if before.steady_s > _STEADY_S:
            self._attempts = 0
        retry_at_s = time.perf_counter() + RETRY_AFTER_S[min(self._attempts, len(RETRY_AFTER_S) - 1)]
        self._tell(Trouble(reason, retry_at_s, self._attempts), lost=True)
        with self._changed:
            self._hurry = False
            while not self._stopped:
                hung = [reader for reader in self._left if reader.thread.is_alive()]
                left_s = retry_at_s - time.perf_counter()
                if (left_s <= 0 or self._hurry) and len(hung) < _MOST_HUNG:
                    break
                self._changed.wait(max(0.05, min(left_s, _LOOK_EVERY_S)) if not self._hurry else _LOOK_EVERY_S)
            self._left = [reader for reader in self._left if reader.thread.is_alive()]
        self._attempts += 1
        self._tell(Trouble(reason, None, self._attempts), lost=True)
        return self._start_reader(before.open_again or self._open, before.next_index)

    def _tell(self, trouble: Trouble | None, lost: bool) -> None:
        with self._telling:
            if trouble != self._told or lost != self._lost:
                self._told, self._lost = trouble, lost
                self._listener.troubled(trouble, lost)

    # Reading thread

    def _reading(self, reader: Reader, what: str, frame: Frame | None = None) -> None:
        """What a reader does. One that was left is not heard any more."""
        with self._changed:
            if reader is not self._reader or self._stopped or reader.is_left:
                return
            if what == "over":
                self._changed.notify_all()
                return
        if what == "opened":
            assert reader.source is not None
            assert reader.player is not None
            self._listener.opened(reader.source, reader.player)
        elif what == "revived":
            self._listener.revived()
        elif what == "ended":
            if not self._goes_on(reader):
                self._listener.ended()
        else:
            assert frame is not None
            if self._lost:
                self._tell(None, lost=False)
            self._listener.got(frame)
