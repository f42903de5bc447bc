"""Which engine is the fastest one here: a short trial, whose result is kept per machine, model and size.

The results lie in one small JSON file in the user's cache folder. A file that is damaged or can't be written costs a
trial at the next start and nothing else.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from facecam.runtimes.engine import RUNTIMES, Engine, Precision, Runtime, version
from facecam.system.cpu import cpu_name
from facecam.system.paths import cache_folder
from facecam.system.settings_file import SettingsFile

TRIAL_S = 0.2
"""CPU time that a trial takes at most, compiling apart."""
_MAX_ROUNDS = 25
_WARM_UP_ROUNDS = 2
_LAYOUT = "packed, int8 in both, fine clock"
"""Changes when the engines themselves do, or what they are timed by, so that older results are not taken for theirs."""


def choices_path() -> Path:
    """The file of kept results."""
    return cache_folder() / "runtimes.json"


def candidates(wanted: Engine, runtimes: Sequence[Runtime], int8: Collection[Runtime]) -> tuple[Engine, ...]:
    """The engines to choose from, the one to start with first.

    wanted: its precision may be AUTO; its runtime doesn't count. runtimes: to choose from. int8: those of them in which
    there is such a network, and which this processor can be trusted with: it then takes half of the time in float32
    and less than in bfloat16, so that neither need be tried, but float32 once to compare with.
    """
    found = [
        replace(wanted, runtime=runtime, precision=precision)
        for runtime in runtimes
        for precision in _precisions(wanted.precision, runtime, runtime in int8)
    ]
    # Which tells what is missing, if nothing was found.
    first = Precision.F32 if wanted.precision == Precision.AUTO else wanted.precision
    if wanted.precision == Precision.AUTO or not found:
        found.insert(0, replace(wanted, runtime=runtimes[0], precision=first))
    return tuple(dict.fromkeys(found))


def _precisions(wanted: Precision, runtime: Runtime, in_int8: bool) -> tuple[Precision, ...]:
    if wanted == Precision.AUTO and in_int8:
        return (Precision.INT8,)
    if wanted == Precision.AUTO:
        return (Precision.F32, Precision.BF16) if runtime == Runtime.OPENVINO else (Precision.F32,)
    return (wanted,) if wanted != Precision.INT8 or in_int8 else ()


def trial_key(model_sha256: str, height: int, width: int, names: Sequence[str]) -> str:
    """What a result holds for: this processor, these versions, this model, this size of the network's input, and these
    engines to choose from."""
    versions = "+".join(f"{name}-{version(name) or 'none'}" for name in RUNTIMES)
    return "|".join(
        (cpu_name(), platform.machine(), versions, model_sha256[:16], f"{width}x{height}", ",".join(names), _LAYOUT)
    )


def kept_choice(key: str) -> str | None:
    """The engine that was the fastest one before, None if that isn't known."""
    name = SettingsFile(choices_path()).value(key)
    return name if isinstance(name, str) and name.partition(" ")[0] in RUNTIMES else None


def keep_choice(key: str, engine: str) -> None:
    """Remembers a result."""
    choices = SettingsFile(choices_path())
    choices.put(key, engine)
    choices.flush()


class SpeedTrial:
    """Several networks that take turns, to find out which is the fastest."""

    def __init__(self, runs: Mapping[str, Callable[[], object]], clock: Callable[[], float]) -> None:
        """runs: of each network, by its name; clock: seconds."""
        self._runs, self._clock = runs, clock
        self._times_s: dict[str, list[float]] = {name: [] for name in runs}
        self._rounds, self._spent_s = 0, 0.0

    def round(self) -> bool:
        """One turn of each; whether more would tell no more."""
        for name, run in self._runs.items():
            before_s = self._clock()
            run()
            took_s = self._clock() - before_s
            self._spent_s += took_s
            if self._rounds >= _WARM_UP_ROUNDS:
                self._times_s[name].append(took_s)
        self._rounds += 1
        enough = self._spent_s > TRIAL_S and self._rounds > _WARM_UP_ROUNDS
        return enough or self._rounds == _WARM_UP_ROUNDS + _MAX_ROUNDS

    def result(self) -> tuple[str, dict[str, float]]:
        """The fastest of the networks, and the lower quartile of each one's milliseconds.

        The first one stays unless another is faster by 2 %: less than that is not worth the change.
        """
        quartiles_ms = {name: 1000 * sorted(times)[len(times) // 4] for name, times in self._times_s.items()}
        first = next(iter(quartiles_ms))
        best = min(quartiles_ms, key=lambda name: quartiles_ms[name])
        return (best if quartiles_ms[best] < 0.98 * quartiles_ms[first] else first), quartiles_ms
