"""Worker: one background thread, newest request first, so that the window never waits. Asker: one for single answers.

Work comes in lanes. A new request in a lane replaces the lane's old one, results of the replaced one are dropped, and a
lane of a smaller number goes between any two steps of one of a larger number.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from facecam.errors import FacecamError


class Notifier(QObject):
    """Tells the GUI thread that there is something new, whichever thread it comes from."""

    notified = Signal()
    """In the GUI thread. At most one such signal is under way: it stands for all that is new until it arrives."""
    _sent = Signal()  # from any thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._pending = self._closed = False
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def notify(self) -> None:
        """There is something new. From any thread, even when the window was closed meanwhile."""
        with self._lock:
            if self._pending or self._closed:
                return
            self._pending = True
        try:
            self._sent.emit()
        except RuntimeError:  # this object went with the window
            self._closed = True

    def close(self) -> None:
        with self._lock:
            self._closed = True

    def _deliver(self) -> None:
        with self._lock:
            self._pending = False
            closed = self._closed
        if not closed:
            self.notified.emit()


@dataclass(frozen=True)
class Result:
    """One step's outcome. error: ended the work, with a sentence for people; last: the work is done, and there is no
    value."""

    lane: int
    value: Any = None
    error: Exception | None = None
    last: bool = False


@dataclass
class _Work:
    stamp: int
    start: Callable[[], Iterator[Any]]
    steps: Iterator[Any] | None = None


class Worker(QObject):
    """Runs work in its thread, which begins with the first request, and hands results over through `take`.

    name: of the thread; niceness: of the thread, 0 like all others (on Linux; elsewhere it is the whole process's);
    keep_off: tells the core that is somebody else's at the moment, asked before each step.
    """

    arrived = Signal()
    """There is something to take. In the GUI thread; at most one such signal is under way."""

    def __init__(
        self,
        name: str,
        niceness: int = 0,
        keep_off: Callable[[], int | None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._niceness, self._keep_off = niceness, keep_off
        self._kept_off: int | None = None
        self._cores: set[int] = set()
        self._changed = threading.Condition()
        self._work: dict[int, _Work] = {}
        self._stamps: Counter[int] = Counter()
        self._results: list[tuple[int, Result]] = []  # with the stamps of their work
        self._ended = False
        self._at_the_end: Callable[[], object] | None = None
        self._notifier = Notifier(self)
        self._notifier.notified.connect(self.arrived)
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def submit(self, lane: int, start: Callable[[], Iterator[Any]]) -> None:
        """Does `start()` and its steps in the thread, in place of what the lane has been doing."""
        with self._changed:
            self._stamps[lane] += 1
            self._work[lane] = _Work(self._stamps[lane], start)
            self._changed.notify()
            self._begin()

    def submit_one(self, lane: int, compute: Callable[[], Any]) -> None:

        def steps() -> Iterator[Any]:
            yield compute()

        self.submit(lane, steps)

    def cancel(self, lane: int) -> None:
        """Forgets the lane's work and its results."""
        with self._changed:
            self._stamps[lane] += 1
            self._work.pop(lane, None)

    def busy(self, lane: int) -> bool:
        """Whether the lane has work or results to be taken."""
        with self._changed:
            return lane in self._work or any(result.lane == lane for _, result in self._results)

    def take(self) -> Iterator[Result]:
        """Results since the last call, without those that have been replaced or cancelled, be it by what is done about
        an earlier one of them. What went wrong unexpectedly is reported as an error of the program, and is a result
        like another: the ones after it are not lost, and who waits for it hears of its end."""
        with self._changed:
            results, self._results = self._results, []
        for stamp, result in results:
            if stamp == self._stamps[result.lane]:
                error = result.error
                if error is None or isinstance(error, FacecamError):
                    yield result
                else:
                    sys.excepthook(type(error), error, error.__traceback__)
                    yield replace(result, error=FacecamError("An error inside the program has ended this."))

    def close(self, timeout_s: float, at_the_end: Callable[[], object] | None = None) -> bool:
        """Ends the thread after the step that it is at; False when that takes longer.

        at_the_end: is done in the thread as its last act, such as to release what its work has opened.
        """
        self._notifier.close()
        with self._changed:
            self._ended, self._at_the_end = True, at_the_end
            self._work.clear()
            self._changed.notify()
            if at_the_end is not None:
                self._begin()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _begin(self) -> None:
        if self._thread.ident is None:
            self._thread.start()

    def _loop(self) -> None:
        if sys.platform == "linux":
            if self._niceness:
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
            self._cores = os.sched_getaffinity(0)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work or self._ended)
                if self._ended:
                    break
                lane = min(self._work)
                work = self._work[lane]
            self._make_room()
            result = self._step(lane, work)
            with self._changed:
                if (result.last or result.error is not None) and self._work.get(lane) is work:
                    del self._work[lane]
                is_wanted = self._stamps[lane] == work.stamp
                if is_wanted:
                    self._results.append((work.stamp, result))
            del work  # what was cancelled during its step ends here: its generator closes what it has open
            if is_wanted:
                self._notifier.notify()
        if self._at_the_end is not None:
            self._at_the_end()

    def _make_room(self) -> None:
        """Leaves the core to whom it belongs, where the system lets threads be placed and there is another one."""
        core = self._keep_off() if self._keep_off is not None else None
        if core == self._kept_off or sys.platform != "linux":
            return
        self._kept_off = core
        os.sched_setaffinity(0, self._cores - {core} or self._cores)

    @staticmethod
    def _step(lane: int, work: _Work) -> Result:
        try:
            if work.steps is None:
                work.steps = work.start()
            return Result(lane, next(work.steps))
        except StopIteration:
            return Result(lane, last=True)
        except Exception as error:  # noqa: BLE001 - reported in the GUI thread by `take`, unless it is foreseen
            return Result(lane, error=error)


class Asker(Worker):
    """Asks its thread one question at a time; of several that are asked at once the last one counts."""

    answered = Signal(object)
    failed = Signal(str)
    """Why there is no answer, in a sentence."""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(name, parent=parent)
        self.arrived.connect(self._deliver)

    def ask(self, compute: Callable[[], Any]) -> None:
        self.submit_one(0, compute)

    def _deliver(self) -> None:
        for result in self.take():
            if result.error is not None:
                self.failed.emit(str(result.error))
            elif not result.last:
                self.answered.emit(result.value)
