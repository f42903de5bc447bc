"""Which engine computes a network: the first one at once, and another where that is the faster one here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from weakref import WeakKeyDictionary, proxy

import numpy as np

from facecam.detection.frame_plan import FramePlan
from facecam.detection.model import Binding, Model, int8_path
from facecam.runtimes.engine import Engine, Precision, Runtime, RuntimeFailure
from facecam.runtimes.providers import CPU
from facecam.runtimes.registry import is_there
from facecam.runtimes.speed_trial import SpeedTrial, candidates, keep_choice, kept_choice, trial_key
from facecam.system.cpu import thread_cpu_s, unpinned
from facecam.system.memory import give_back_free_memory

AFTER_FRAMES = 30
"""Frames of one size after which other engines are tried, so that the first boxes don't wait for a trial, and a folder
of pictures of all sizes never has one."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Candidates:
    """The networks to choose from, for frames of one size, by the names of their engines.

    engines: all that there are; key: under which the result is kept; kept: the engine that was the fastest one before.
    """

    engines: tuple[Engine, ...]
    key: str
    kept: str | None
    networks: Mapping[str, Binding]


class EngineChoice:
    """The engines of one network.

    model: the network.
    wanted: its precision may be AUTO; its runtime doesn't count.
    runtimes: to choose from.
    in_background: a thread makes the others ready while frames go on, and then each frame gives every engine one turn.
        Otherwise one frame waits for all of it, so that in a video it is always the same frame from which another
        engine computes.
    """

    def __init__(self, model: Model, wanted: Engine, runtimes: list[Runtime], in_background: bool) -> None:
        self._model, self._wanted, self._runtimes, self._in_background = model, wanted, runtimes, in_background
        first_int8 = islice(self._with_int8(), 1) if wanted.precision == Precision.INT8 else ()
        self._engines = candidates(wanted, runtimes, list(first_int8))
        self._open = len(runtimes) > 1 or (wanted.precision == Precision.AUTO and wanted.provider == CPU)
        self._failed: set[Engine] = set()
        self._steps: WeakKeyDictionary[FramePlan, Iterator[None]] = WeakKeyDictionary()

    @property
    def first(self) -> Engine:
        """The engine to start with."""
        return self._engines[0]

    def fix(self, engine: Engine) -> None:
        """Lets no other engine compute from now on."""
        self._engines, self._open = (engine,), False

    def before_frame(self, plan: FramePlan) -> None:
        """To be called before each frame. Switches to another engine once that was found to be faster."""
        if not self._open:
            return
        if plan not in self._steps:
            self._steps[plan] = self._choose(proxy(plan))  # the plan itself would be kept for ever
        try:
            next(self._steps[plan], None)
        except RuntimeFailure as error:
            _logger.warning("the trial of engines ended early: %s", error)
            self._open = False

    def _choose(self, plan: FramePlan) -> Iterator[None]:
        """All that leads to the fastest engine for frames of one size: a frame comes after each step."""
        for _ in range(AFTER_FRAMES - 1):
            yield
        if self._in_background:
            executor = ThreadPoolExecutor(1, "engines")
            with unpinned():  # the detector's core goes on with the frames
                preparing = executor.submit(self._prepare, plan)
            executor.shutdown(wait=False)
            while not preparing.done():
                yield
            ready = preparing.result()
        else:
            ready = self._prepare(plan)
        fastest = ready.kept
        if fastest is None and len(ready.networks) > 1:
            trial = self._trial(plan, ready)
            while not trial.round():
                if self._in_background:
                    yield
            fastest, quartiles_ms = trial.result()
            _logger.info("%s is the fastest here: %s", fastest, quartiles_ms)
            keep_choice(ready.key, fastest)
        self._adopt(plan, ready, fastest)

    def fall_back(self, plan: FramePlan, error: RuntimeFailure) -> None:
        """Goes back to the first engine for good, as the plan's network can't be run; so does each other plan that has
        gone over to that engine, or another. Raises that error if it is the first one."""
        if plan.network.engine == self.first:
            raise error
        self._exclude(plan.network.engine, error)
        self._open = False
        plan.network = self._model.bind(*plan.input_size, self.first)

    def _prepare(self, plan: FramePlan) -> _Candidates:
        engines = self._engines
        if self._wanted.precision in (Precision.AUTO, Precision.INT8):
            engines = candidates(self._wanted, self._runtimes, list(self._with_int8()))
        names = {str(engine): engine for engine in engines if engine not in self._failed}
        key = trial_key(self._model.sha256, *plan.input_size, tuple(names))
        networks = {str(plan.network.engine): plan.network}

        def get_ready(name: str) -> bool:
            """Whether it can be had here."""
            if name not in networks and names[name] not in self._failed and is_there(names[name]):
                try:
                    networks[name] = self._model.bind(*plan.input_size, names[name])
                except RuntimeFailure as error:
                    self._exclude(names[name], error)
            return name in networks

        kept = kept_choice(key)
        if kept not in names or not get_ready(kept):  # it may have been before, on a machine with the same processor
            kept = None
            for name in names:
                get_ready(name)
        return _Candidates(engines, key, kept, networks)

    def _trial(self, plan: FramePlan, ready: _Candidates) -> SpeedTrial:
        """A race of the networks by the thread's CPU time, which slows all down alike where the machine is busy."""
        picture = np.zeros((plan.height, plan.width, 3), np.uint8)

        def run(network: Binding) -> None:
            network.fill(picture)  # a picture's way into the network is not the same for all engines
            network.infer()

        clock = thread_cpu_s if self._wanted.threads == 1 else time.perf_counter
        return SpeedTrial({name: partial(run, network) for name, network in ready.networks.items()}, clock)

    def _adopt(self, plan: FramePlan, ready: _Candidates, fastest: str | None) -> None:
        """Switches to the fastest engine, None: stays with the plan's, and forgets the others."""
        self._engines = ready.engines
        plan.network = ready.networks.get(fastest or "", plan.network)
        for engine in self._engines:
            if engine != plan.network.engine:  # 25 to 90 MB each; another size may open the first one again
                self._model.forget(engine)
        give_back_free_memory()

    def _exclude(self, engine: Engine, error: RuntimeFailure) -> None:
        _logger.warning("%s is left aside: %s", engine, error)
        self._failed.add(engine)

    def _with_int8(self) -> Iterator[Runtime]:
        """The runtimes to choose from in which there is this network in int8, and this processor for it. Looking at
        OpenVINO loads it."""
        for runtime in self._runtimes if self._wanted.provider == CPU else ():
            if int8_path(self._model.path, runtime).is_file() and is_there(Engine(runtime, Precision.INT8)):
                try:
                    self._model.int8(runtime)
                except RuntimeFailure as error:
                    _logger.warning("int8 is left aside: %s", error)
                else:
                    yield runtime
