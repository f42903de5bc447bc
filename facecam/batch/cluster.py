"""The inputs of a batch, or pieces of them, on the machines of a Dask cluster, with results in their order.

The machines see the files under the same paths, and have this program with the same version. Dask
(`pip install 'facecam[cluster]'`) is asked for when a cluster is named, and not before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from facecam.batch.copies import CopyPlace
from facecam.batch.inputs import file_id
from facecam.batch.parallel import in_order, result_of
from facecam.batch.pieces import Piece
from facecam.batch.work import Outcome, Task, Worker, WorkOptions
from facecam.errors import FacecamError
from facecam.system.files import named_path

_RETRIES = 2
_PATIENCE_S = 15


class ClusterPool:
    """address: of the scheduler, "tcp://host:8786". Raises FacecamError without Dask, or where nobody answers.

    What a machine was at that is lost is done again by another, and told; where three are lost over the same file, that
    is told as its problem. To be closed.
    """

    def __init__(self, address: str, options: WorkOptions) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise FacecamError("--scheduler needs Dask: pip install 'facecam[cluster]'.") from error
        self._options = options
        self._threads: dict[str, int] = {}
        try:
            self._client: Any = Client(address, timeout=_PATIENCE_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise FacecamError(f"There is no Dask scheduler at {address} ({error}).") from error
        if not self._client.scheduler_info()["workers"]:
            self.close()
            raise FacecamError(f"The Dask scheduler at {address} has no workers; start some with `dask worker`.")

    def results(self, parts: Iterable[Task | Piece], tell: Callable[[str], None]) -> Iterator[Any]:
        """As of `facecam.batch.batch.Pool`. Raises FacecamError."""
        pairs = ((part, _everywhere(part)) for part in parts)
        for pair, future in in_order(pairs, self._submit, lambda: self._workers(tell)):
            yield self._result(*pair, future, tell)

    def close(self) -> None:
        """Gives up what is under way."""
        self._client.close()

    def _submit(self, pair: tuple[Any, Task | Piece]) -> Any:
        return self._client.submit(do, pair[1], self._options, pure=False, retries=_RETRIES)

    def _workers(self, tell: Callable[[str], None]) -> int:
        before, self._threads = self._threads, self._client.nthreads()
        for _ in before.keys() - self._threads.keys():
            tell("The cluster has lost a worker; what it was at is done again by another.")
        return sum(self._threads.values()) or 1

    def _result(self, part: Task | Piece, there: Task | Piece, future: Any, tell: Callable[[str], None]) -> Any:
        from distributed.scheduler import KilledWorker

        spec = part.input.spec
        try:
            result = result_of(part, future, tell)
        except KilledWorker:
            problem = f"{spec} could not be done: the cluster lost {_RETRIES + 1} workers over it."
            return Outcome(spec, part.input.folder is not None, problem), []
        if isinstance(part, Piece) or there.input.spec == spec:
            return result
        outcome, records = result
        outcome.source, outcome.problem = spec, outcome.problem and outcome.problem.replace(there.input.spec, spec)
        return outcome, [({**record, "source": spec}, is_picture) for record, is_picture in records]


def _everywhere(part: Task | Piece) -> Task | Piece:
    """It with paths that mean the same in whatever folder a worker runs."""
    if file_id(part.input.spec) is not None:
        part = replace(part, input=replace(part.input, spec=str(named_path(part.input.spec).absolute())))
    if isinstance(part, Task) and part.copy is not None:
        part = replace(part, copy=CopyPlace(part.copy.path.absolute(), part.copy.alone))
    if isinstance(part, Task) and part.regions is not None:
        part = replace(part, regions=part.regions.absolute())
    return part


# On the machines of the cluster

_workers: dict[tuple[int, WorkOptions], Worker] = {}


def do(part: Task | Piece, options: WorkOptions) -> Any:
    """`Worker.result`, by a detector that is kept for each thread and choice of options."""
    key = (threading.get_ident(), options)
    if key not in _workers:
        _workers[key] = Worker(options)
    return _workers[key].result(part)
