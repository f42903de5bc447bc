"""Several processes of one thread each for the inputs of a batch, with results in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from facecam.batch.pieces import Piece
from facecam.batch.work import Task, Worker, WorkOptions
from facecam.errors import FacecamError

Part = TypeVar("Part")
_AHEAD = 4
"""Tasks or pieces per process that are under way: enough to keep all busy, few enough for memory."""

_LEAVES_WITHIN_S = 5.0


class ProcessPool:
    """`jobs` processes that do whole tasks (read, detect, write the copy) and detect in pieces of others.

    They start with the first task, and end with this process, however it dies. To be closed, also after an error or
    Ctrl+C.
    """

    def __init__(self, jobs: int, options: WorkOptions) -> None:
        self._jobs, self._options = jobs, options
        self._executor: ProcessPoolExecutor | None = None
        # Not forked: OpenCV and the runtimes may hold locks and threads that a fork would break.
        self._context = multiprocessing.get_context("spawn")
        self._given_up = self._context.Event()

    def results(self, parts: Iterable[Task | Piece], tell: Callable[[str], None]) -> Iterator[Any]:
        """As of `facecam.batch.batch.Pool`. Raises FacecamError if a process dies over a whole task."""
        for part, future in in_order(parts, self._submit, lambda: self._jobs):
            try:
                yield result_of(part, future, tell)
            except BrokenProcessPool as error:
                raise FacecamError("A detector process has ended unexpectedly; try again with fewer --jobs.") from error

    def give_up(self) -> None:
        """What is under way is left unfinished, without a trace; to be followed by `close`."""
        self._given_up.set()

    def close(self) -> None:
        """Ends the processes, and gives up what is under way."""
        self.give_up()
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self, part: Task | Piece) -> Future[Any]:
        if self._executor is None:
            arguments = (self._options, self._given_up)
            self._executor = ProcessPoolExecutor(self._jobs, self._context, start, arguments)
        try:
            return self._executor.submit(do, part)
        except BrokenProcessPool as error:
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed


def in_order(
    parts: Iterable[Part], submit: Callable[[Part], Any], workers: Callable[[], int]
) -> Iterator[tuple[Part, Any]]:
    """Each part with its future, in their order; a few for each worker are under way meanwhile."""
    waiting = iter(parts)
    under_way: deque[tuple[Part, Any]] = deque()
    try:
        while True:
            while len(under_way) < _AHEAD * workers() and (part := next(waiting, None)) is not None:
                under_way.append((part, submit(part)))
            if not under_way:
                return
            yield under_way.popleft()
    finally:
        for _, future in under_way:
            future.cancel()


def result_of(part: Task | Piece, future: Any, tell: Callable[[str], None]) -> Any:
    """A future's result; None, after a sentence, where it is that of a piece and has failed."""
    try:
        return future.result()
    except Exception as error:
        if not isinstance(part, Piece):
            raise
        tell(f"{part.title} is done anew, as it failed elsewhere ({type(error).__name__}: {error}).")
        return None


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


def do(part: Task | Piece) -> Any:
    """`Worker.result`."""
    assert _worker is not None
    with _at_rest:
        return _worker.result(part)


def _end_with(sentinel: int, given_up: Event) -> None:
    """Nothing else would end a process whose parent was killed: it waits for work that never comes."""
    wait([sentinel])
    given_up.set()
    _at_rest.acquire(timeout=_LEAVES_WITHIN_S)  # it removes what it has written of a copy
    os._exit(1)
