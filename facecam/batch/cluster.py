"""The inputs of a batch on the machines of a Dask cluster, with results in their order.

The machines see the files under the same paths, and have this program with the same version. Dask
(`pip install 'facecam[cluster]'`) is asked for when a cluster is named, and not before.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from facecam.batch.copies import CopyPlace, file_id
from facecam.batch.work import Outcome, Result, Task, Worker, WorkOptions
from facecam.errors import FacecamError

_AHEAD = 4
_RETRIES = 2
_PATIENCE_S = 15


class ClusterPool:
    """address: of the scheduler, "tcp://host:8786". Raises FacecamError without Dask, or where nobody answers.

    A machine that is lost in the middle of a file has that file done again by another; where three are lost over the
    same file, that is told as its problem. To be closed.
    """

    def __init__(self, address: str, options: WorkOptions) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise FacecamError("--scheduler needs Dask: pip install 'facecam[cluster]'.") from error
        self._options = options
        try:
            self._client: Any = Client(address, timeout=_PATIENCE_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise FacecamError(f"There is no Dask scheduler at {address} ({error}).") from error
        if not self._client.scheduler_info()["workers"]:
            self.close()
            raise FacecamError(f"The Dask scheduler at {address} has no workers; start some with `dask worker`.")

    def results(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """What became of each task, in their order. Raises FacecamError."""
        waiting = iter(tasks)
        under_way: deque[tuple[Task, Any]] = deque()
        while True:
            workers = sum(self._client.nthreads().values()) or 1
            while len(under_way) < _AHEAD * workers and (task := next(waiting, None)) is not None:
                future = self._client.submit(do, _everywhere(task), self._options, pure=False, retries=_RETRIES)
                under_way.append((task, future))
            if not under_way:
                return
            yield self._result(*under_way.popleft())

    def close(self) -> None:
        """Gives up what is under way."""
        self._client.close()

    def _result(self, task: Task, future: Any) -> Result:
        from distributed.scheduler import KilledWorker

        spec = task.input.spec
        try:
            outcome, records = future.result()
        except KilledWorker:
            problem = f"{spec} could not be done: the cluster lost {_RETRIES + 1} workers over it."
            return Outcome(spec, task.input.folder is not None, problem), []
        if (there := _everywhere(task).input.spec) == spec:
            return outcome, records
        outcome.source, outcome.problem = spec, outcome.problem and outcome.problem.replace(there, spec)
        return outcome, [({**record, "source": spec}, is_picture) for record, is_picture in records]


def _everywhere(task: Task) -> Task:
    """The task with paths that mean the same in whatever folder a worker runs."""
    spec, copy = task.input.spec, task.copy
    if file_id(spec) is not None:
        spec = str(Path(spec).expanduser().absolute())
    if copy is not None:
        copy = CopyPlace(copy.path.absolute(), copy.alone)
    return Task(replace(task.input, spec=spec), copy)


# On the machines of the cluster

_workers: dict[tuple[int, WorkOptions], Worker] = {}


def do(task: Task, options: WorkOptions) -> Result:
    """`Worker.result`, by a detector that is kept for each thread and choice of options."""
    key = (threading.get_ident(), options)
    if key not in _workers:
        _workers[key] = Worker(options)
    return _workers[key].result(task)
