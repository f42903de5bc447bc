"""Was the measured core alone? What other programs did on it, and beside it, before the start and during a run.

A core that is shared gives no verdict: its wall times are the other programs' as well. Other cores share the memory and
often the clock, which slows the measured one by less: a verdict then has a warning beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psutil

from facecam.system.cpu import core_siblings, fast_cores

BUSY_PERCENT = 20.0
"""Load of a core from which on it counts as busy."""


def quiet_core(sample_s: float = 0.5) -> int | None:
    """The first of the fastest cores that nothing else computes on, or the first, if all are busy; None where threads
    can't be pinned. Looks for `sample_s` seconds."""
    cores = fast_cores()
    loads = psutil.cpu_percent(interval=sample_s, percpu=True)
    alone = (core for core in cores if not is_shared(core, core_siblings(core), loads))
    return next(alone, next(iter(cores), None))


def is_shared(core: int | None, siblings: Sequence[int], loads: Sequence[float]) -> bool:
    """Whether a program that measures on that core has to share it, with such loads of the cores in percent. Without a
    core of its own it goes wherever there is room, and has to share only where there is none."""
    if core is None:
        return min(loads, default=0.0) > BUSY_PERCENT
    return bool(_busy((core, *siblings), loads))


def shared_before(machine: dict[str, Any]) -> str | None:
    """Why the core was not alone before the start, as a sentence; None if it was. machine: of `describe_machine`."""
    core, siblings, loads = _core(machine)
    if not is_shared(core, siblings, loads):
        return None
    if core is None:
        return (
            f"All cores were busy before the start ({_words(range(len(loads)), loads)}): the measured one was shared."
        )
    if _busy([core], loads):
        return f"The measured core was busy before the start ({_words([core], loads)}): other programs shared it."
    return _sibling_words(core, siblings, loads, "before the start")


def shared_meanwhile(machine: dict[str, Any], loads: Sequence[float]) -> str | None:
    """Why the core was not alone during a run with such loads, as a sentence; None if it was.

    The measuring itself is in its load, so that only hyper-threads on the same core are looked at; what other programs
    took of the core shows in its CPU over wall time.
    """
    core, siblings, _ = _core(machine)
    if core is None or not _busy(siblings, loads):
        return None
    return _sibling_words(core, siblings, loads, "meanwhile")


def busy_beside(machine: dict[str, Any], loads: Sequence[float]) -> str | None:
    """Which other cores were busy before the start, or during a run with such loads ("core 0: 98 %"); None if none."""
    core, siblings, before = _core(machine)
    apart = [number for number in range(max(len(before), len(loads))) if number != core and number not in siblings]
    if core is None:  # what was measured is among the loads of the run
        return _words(_busy(apart, before), before) or None
    higher = [max(one) for one in zip(before, loads, strict=False)] or list(before)
    return _words(_busy(apart, higher), higher) or None


def _core(machine: dict[str, Any]) -> tuple[int | None, Sequence[int], Sequence[float]]:
    return machine["pinned_core"], machine.get("core_siblings") or (), machine["load_before_percent"]


def _busy(cores: Sequence[int], loads: Sequence[float]) -> list[int]:
    return [core for core in cores if core < len(loads) and loads[core] > BUSY_PERCENT]


def _words(cores: Sequence[int], loads: Sequence[float]) -> str:
    return ", ".join(f"core {core}: {loads[core]:.0f} %" for core in cores)


def _sibling_words(core: int, siblings: Sequence[int], loads: Sequence[float], when: str) -> str:
    return (
        f"The measured core {core} computed for others {when}, under its other number"
        f" ({_words(_busy(siblings, loads), loads)}): they shared what it computes with."
    )
