"""Capture: reads a source in a thread of its own, and sees to it that a live one goes on.

A camera's driver may block for ever, a stream may stall, a camera be unplugged. So a second thread watches the first:
when no picture comes, or always the same one, it abandons the reader (which ends by itself as soon as its driver lets
it) and opens the source again, at growing intervals.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from facecam.errors import FacecamError
from facecam.live.state import PipelineState, Trouble
from facecam.sources import Frame, Player, Source
from facecam.sources.base import Cancellable, MayStandStill, Reopenable

STALLED_AFTER_S = 1.6
"""So long without a picture, as far as the watching thread could look; with the time between two looks that makes less
than two seconds."""
FROZEN_AFTER_S = 1.6
OPENING_TAKES_AT_MOST_S = 30.0
RETRY_AFTER_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
LOOK_EVERY_S = 0.2
_SLOW_PATIENCE_S = 8.0  # with a source of which it isn't known yet how often its pictures come
_STEADY_S = 5.0  # after that long without trouble the next trouble is a new one
_MOST_HUNG = 2
_logger = logging.getLogger(__name__)


class Capture:
    """Runs one source until `stop`, its end, or the state's run is over.

    open_source: called in the reading thread, may block for seconds. state: is told what happens, in either thread.
    reconnect: whether a live source that has once delivered is opened again when it is lost, for as long as it takes.
    """

    def __init__(self, open_source: Callable[[], Source], state: PipelineState, reconnect: bool) -> None:
        self._open, self._state, self._reconnect = open_source, state, reconnect
        self._changed = threading.Condition()
        self._hurry = False
        self._reader: _Reader | None = None
        self._left: list[_Reader] = []
        self._began_s = time.perf_counter()
        self._attempts = 0
        self._lost = False  # as the state knows it
        self._told: Trouble | None = None
        self._accepts_still = False  # its picture stayed the same even after it was opened again
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the state's run. Returns at once; see `join`."""
        self._state.end()
        with self._changed:
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

        When all have ended, the readers are let go. They refer to this object in turn, so that otherwise pictures and
        decoder would stay in memory until the garbage collector runs, often many sources later.
        """
        threads = [self._thread, *([self._reader.thread] if self._reader is not None else [])]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end_s - time.perf_counter()))
        ended = not any(thread.is_alive() for thread in (*threads, *(reader.thread for reader in self._left)))
        if ended:
            self._reader = None
            self._left.clear()
        return ended

    # Watching thread

    def _run(self) -> None:
        reader: _Reader | None = self._start_reader(self._open, 0)
        while reader is not None:
            reason = self._watch(reader)
            if reason is None:
                return
            reader.leave()
            self._left.append(reader)
            reader = self._again(reason, reader)

    def _start_reader(self, open_source: Callable[[], Source], first_index: int) -> _Reader | None:
        with self._changed:
            if self._state.over.is_set():
                return None
            base_s = time.perf_counter() - self._began_s if first_index else 0.0
            reader = self._reader = _Reader(open_source, self, first_index, base_s)
        reader.thread.start()
        return reader

    def _watch(self, reader: _Reader) -> str | None:
        """Until something is wrong (says what) or it is over (None)."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._state.over.is_set() or reader.over, LOOK_EVERY_S)
            if self._state.over.is_set():
                return None
            if reader.over:
                return self._why_over(reader)
            reader.look()
            reason = self._what_is_wrong(reader)
            if reason is not None:
                return reason

    def _why_over(self, reader: _Reader) -> str | None:
        if self._goes_on(reader) and (reader.error is None or reader.foreseen):
            return str(reader.error or f"{reader.title} has ended the connection.")
        if reader.error is not None:
            self._state.on_failed(reader.error)
        return None  # the reader has reported the end

    def _goes_on(self, reader: _Reader) -> bool:
        """Whether its end or failure is a reason to open the source again."""
        return self._reconnect and (self._lost or (reader.live and reader.delivered > 0))

    def _what_is_wrong(self, reader: _Reader) -> str | None:
        waits_s = reader.waits_s
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

    def _again(self, reason: str, before: _Reader) -> _Reader | None:
        """Waits for its time, and opens the source once more."""
        if before.steady_s > _STEADY_S:
            self._attempts = 0
        retry_at_s = time.perf_counter() + RETRY_AFTER_S[min(self._attempts, len(RETRY_AFTER_S) - 1)]
        self._hurry = False  # before it is told, which may be answered at once
        self._tell(Trouble(reason, retry_at_s), lost=True)
        with self._changed:
            while not self._state.over.is_set():
                hung = [reader for reader in self._left if reader.thread.is_alive()]
                left_s = retry_at_s - time.perf_counter()
                if (left_s <= 0 or self._hurry) and len(hung) < _MOST_HUNG:
                    break
                self._changed.wait(max(0.05, min(left_s, LOOK_EVERY_S)) if not self._hurry else LOOK_EVERY_S)
            self._left = [reader for reader in self._left if reader.thread.is_alive()]
        self._attempts += 1
        self._tell(Trouble(reason), lost=True)
        return self._start_reader(before.open_again or self._open, before.next_index)

    def _tell(self, trouble: Trouble | None, lost: bool) -> None:
        with self._telling:
            if trouble != self._told or lost != self._lost:
                self._told, self._lost = trouble, lost
                self._state.on_trouble(trouble, lost)

    # Reading threads. One that was left is not heard any more.

    def on_opened(self, reader: _Reader, source: Source, player: Player) -> None:
        if self._hears(reader):
            self._state.on_opened(source, player)

    def on_captured(self, reader: _Reader, frame: Frame) -> None:
        if self._hears(reader):
            if self._lost:
                self._tell(None, lost=False)
            self._state.on_captured(frame)

    def on_ended(self, reader: _Reader) -> None:
        if self._hears(reader) and not self._goes_on(reader):
            self._state.on_ended()

    def on_revived(self, reader: _Reader) -> None:
        if self._hears(reader):
            self._state.on_revived()

    def on_over(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _hears(self, reader: _Reader) -> bool:
        with self._changed:
            return reader is self._reader and not (self._state.over.is_set() or reader.is_left)


class _Reader:
    """One opening of the source, and the thread that reads it. Its figures are read by the watching thread."""

    def __init__(self, open_source: Callable[[], Source], capture: Capture, first_index: int, base_s: float) -> None:
        self._open, self._capture = open_source, capture
        self._first_index, self._base_s = first_index, base_s
        self.source: Source | None = None
        self.player: Player | None = None
        self.open_again: Callable[[], Source] | None = None
        self.opened = self.over = self.is_left = self.foreseen = False
        self.live = self._may_stand_still = False
        self.title = ""
        self.error: FacecamError | None = None
        self.delivered = 0
        self.next_index = first_index
        self.frozen_s = self.waits_s = 0.0
        self._asked_s = self._first_s = time.perf_counter()
        self._changed_s = 0.0
        self._last: Frame | None = None
        self.thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def leave(self) -> None:
        """Nothing is wanted from it any more."""
        self.is_left = True
        if self.player is not None:
            self.player.stop()
        if isinstance(self.source, Cancellable):
            self.source.cancel()

    def look(self) -> None:
        """Brings `waits_s` up to date: for how long the source has not answered. Each look adds at most the time
        between two looks: on a machine that slept or is starved, whoever looks late has read late, too."""
        since_s = self._asked_s if self.player is None else self.player.waiting_since_s
        self.waits_s = 0.0 if since_s is None else min(time.perf_counter() - since_s, self.waits_s + LOOK_EVERY_S)

    @property
    def usual_gap_s(self) -> float | None:
        """The mean time between two pictures, None while it can't be known yet."""
        return self.steady_s / (self.delivered - 1) if self.delivered >= 3 else None

    @property
    def steady_s(self) -> float:
        """For how long it has delivered."""
        return 0.0 if self._last is None else self._last.captured_s - self._first_s

    def _run(self) -> None:
        try:
            source = self.source = self._open()
            self.live, self.title = source.live, source.title
            self.open_again = source.open_again if isinstance(source, Reopenable) else None
            self._may_stand_still = isinstance(source, MayStandStill) and source.may_stand_still
            player = self.player = Player(source)
            if self.is_left:
                player.stop()
            self.opened = True
            _logger.info("%s is open, %s", self.title, "live" if self.live else f"{source.frame_count} pictures")
            self._capture.on_opened(self, source, player)
            self._read(player)
        except FacecamError as error:
            _logger.info("%s", error)
            self.error, self.foreseen = error.alone(), True
        except Exception as error:
            _logger.exception("the source failed")
            self.error = FacecamError(f"The source failed unexpectedly: {error}")
        finally:
            self.over = True
            _logger.debug("%s is over after %d pictures", self.title or "the source", self.delivered)
            self._capture.on_over()
            if self.source is not None:
                with suppress(FacecamError):
                    self.source.close()

    def _read(self, player: Player) -> None:
        while not self.is_left:
            frame = player.read()
            if frame is None:
                if self.is_left:
                    return
                self._capture.on_ended(self)
                if not player.can_seek or not player.revived():
                    return
                self._capture.on_revived(self)
                continue
            if self._first_index:
                frame = replace(frame, index=frame.index + self._first_index, time_s=frame.time_s + self._base_s)
            self._note(frame)
            self._capture.on_captured(self, frame)

    def _note(self, frame: Frame) -> None:
        if not self.delivered:
            self._first_s = self._changed_s = frame.captured_s
        elif self.live and not self._may_stand_still:
            assert self._last is not None
            if _same(self._last, frame):
                self.frozen_s = frame.captured_s - self._changed_s
            else:
                self._changed_s, self.frozen_s = frame.captured_s, 0.0
        self._last = frame
        self.delivered += 1
        self.next_index = frame.index + 1


def _same(a: Frame, b: Frame) -> bool:
    """Whether two pictures are equal to the last bit, which those of a camera that sees something never are."""
    first, second = a.image, b.image
    if first.shape != second.shape or not np.array_equal(first[::16, ::16], second[::16, ::16]):
        return False
    return np.array_equal(first, second)
