"""Several processes of one thread each for the inputs of a batch, with results in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event

from facecam.batch.work import Result, Task, Worker, WorkOptions
from facecam.errors import FacecamError

_AHEAD = 4
"""Inputs per process that are under way: enough to keep all busy, few enough for memory."""

_LEAVES_WITHIN_S = 5.0


class ProcessPool:
    """`jobs` processes that each do whole tasks: read, detect, write the copy.

    They start with the first task, and end with this process, however it dies. To be closed, also after an error or
    Ctrl+C.
    """

    def __init__(self, jobs: int, options: WorkOptions) -> None:
        self._jobs, self._options = jobs, options
        self._executor: ProcessPoolExecutor | None = None
        # Not forked: OpenCV and the runtimes may hold locks and threads that a fork would break.
        self._context = multiprocessing.get_context("spawn")
        self._given_up = self._context.Event()

    def results(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """What became of each task, in their order. Raises FacecamError, also if a process dies."""
        waiting = iter(tasks)
        under_way: deque[Future[Result]] = deque()
        try:
            while True:
                while len(under_way) < _AHEAD * self._jobs and (task := next(waiting, None)) is not None:
                    under_way.append(self._pool().submit(do, task))
                if not under_way:
                    return
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            raise FacecamError("A detector process has ended unexpectedly; try again with fewer --jobs.") from error
        finally:
            for future in under_way:
                future.cancel()

    def give_up(self) -> None:
        """What is under way is left unfinished, without a trace; to be followed by `close`."""
        self._given_up.set()

    def close(self) -> None:
        """Ends the processes; each finishes the input that it is at."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        if self._executor is None:
            arguments = (self._options, self._given_up)
            self._executor = ProcessPoolExecutor(self._jobs, self._context, start, arguments)
        return self._executor


# In the processes

_worker: Worker | None = None
_at_rest = threading.Lock()
"""Held by the task that is under way."""


def start(options: WorkOptions, given_up: Event) -> None:
    """Makes this process ready for `do`."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole group; the parent decides
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel, given_up), name="parent watch", daemon=True).start()
    # One thread each, so one core each; which one is left to the system, which knows what else is running.
    _worker = Worker(options, given_up.is_set)


def do(task: Task) -> Result:
    """What became of the task, and what was told of each frame."""
    assert _worker is not None
    with _at_rest:
        return _worker.result(task)


def _end_with(sentinel: int, given_up: Event) -> None:
    """Nothing else would end a process whose parent was killed: it waits for work that never comes."""
    wait([sentinel])
    given_up.set()
    _at_rest.acquire(timeout=_LEAVES_WITHIN_S)  # it removes what it has written of a copy
    os._exit(1)
