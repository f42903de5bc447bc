"""Worker: one thread that samples, newest wish first, so that the window never waits.

Work comes in lanes. A new wish in a lane replaces the lane's old one, results of the replaced one are dropped, and a
lane of higher rank goes between any two steps of a lower one. The thread computes on itself alone: one core at most.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Signal

from facecam.errors import FacecamError

_NICENESS = 5


class Lane(IntEnum):
    """Kinds of work, most urgent first."""

    MODEL = 0
    SAMPLE = 1
    EFFECT = 2
    THUMB = 3
    GRID = 4
    EXPORT = 5


@dataclass(frozen=True)
class Result:
    """One step's outcome. error: a FacecamError that ended the work; last: the work is done, and there is no value."""

    lane: Lane
    value: Any = None
    error: FacecamError | None = None
    last: bool = False


@dataclass
class _Work:
    stamp: int
    start: Callable[[], Iterator[Any]]
    steps: Iterator[Any] | None = None


class Worker(QObject):
    """Runs work in its thread and hands results over in the GUI thread through `take`."""

    arrived = Signal()
    """There is something to take; at most one such signal is under way."""

    def __init__(self, keep_off: Callable[[], int | None] | None = None, parent: QObject | None = None) -> None:
        """keep_off: tells the core that is somebody else's at the moment, asked before each step."""
        super().__init__(parent)
        self._keep_off = keep_off
        self._kept_off: int | None = None
        self._cores: set[int] = set()
        self._changed = threading.Condition()
        self._work: dict[Lane, _Work] = {}
        self._stamps = dict.fromkeys(Lane, 0)
        self._results: list[tuple[int, Result, BaseException | None]] = []
        self._told = False
        self._ended = False
        self._thread = threading.Thread(target=self._loop, name="sagan-gallery", daemon=True)
        self._thread.start()

    def submit(self, lane: Lane, start: Callable[[], Iterator[Any]]) -> None:
        """Does `start()` and its steps in the thread, in place of what the lane has been doing."""
        with self._changed:
            self._stamps[lane] += 1
            self._work[lane] = _Work(self._stamps[lane], start)
            self._changed.notify()

    def submit_one(self, lane: Lane, compute: Callable[[], Any]) -> None:
        """Work of a single step."""

        def steps() -> Iterator[Any]:
            yield compute()

        self.submit(lane, steps)

    def cancel(self, lane: Lane) -> None:
        """Forgets the lane's work and its results."""
        with self._changed:
            self._stamps[lane] += 1
            self._work.pop(lane, None)

    def busy(self, lane: Lane) -> bool:
        """Whether the lane has work or results to be taken."""
        with self._changed:
            return lane in self._work or any(result.lane is lane for _, result, _ in self._results)

    def take(self) -> list[Result]:
        """Results since the last call, without those that have been replaced. Raises what went wrong unexpectedly."""
        with self._changed:
            fresh = [entry for entry in self._results if entry[0] == self._stamps[entry[1].lane]]
            self._results.clear()
            self._told = False
        for _, _, unexpected in fresh:
            if unexpected is not None:
                raise unexpected
        return [result for _, result, _ in fresh]

    def close(self, timeout_s: float) -> bool:
        """Ends the thread after the step that it is at; False when that takes longer."""
        with self._changed:
            self._ended = True
            self._work.clear()
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        if sys.platform == "linux":  # elsewhere a niceness is the whole process's
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
            self._cores = os.sched_getaffinity(0)
        while True:
            with self._changed:
                while not self._work and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                lane = min(self._work)
                work = self._work[lane]
            self._make_room()
            result, unexpected = self._step(lane, work)
            with self._changed:
                ended = result.last or result.error is not None or unexpected is not None
                if ended and self._work.get(lane) is work:
                    del self._work[lane]
                tell = False
                if self._stamps[lane] == work.stamp:
                    self._results.append((work.stamp, result, unexpected))
                    tell, self._told = not self._told and not self._ended, True
            del work  # what was cancelled during its step ends here: its generator closes what it has open
            if tell:
                try:
                    self.arrived.emit()
                except RuntimeError:  # the window was closed meanwhile, and this object with it
                    return

    def _make_room(self) -> None:
        """Leaves the core to whom it belongs, where the system lets threads be placed and there is another one."""
        core = self._keep_off() if self._keep_off is not None else None
        if core == self._kept_off or sys.platform != "linux":
            return
        self._kept_off = core
        os.sched_setaffinity(0, self._cores - {core} or self._cores)

    @staticmethod
    def _step(lane: Lane, work: _Work) -> tuple[Result, BaseException | None]:
        try:
            if work.steps is None:
                work.steps = work.start()
            return Result(lane, next(work.steps)), None
        except StopIteration:
            return Result(lane, last=True), None
        except FacecamError as error:
            return Result(lane, error=error), None
        except Exception as error:  # noqa: BLE001 - raised again in the GUI thread by `take`
            return Result(lane), error
