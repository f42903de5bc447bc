"""The machine before a run, and whether the measured core was alone: before the start, and during the run.

A core that is shared gives no verdict: its wall times are the other programs' as well. Other cores share the memory and
often the clock, which slows the measured one by less: a verdict then has a warning beside it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from facecam.bench.result import Machine
from facecam.runtimes.engine import PRECISIONS, RUNTIMES, Engine, Precision, version
from facecam.runtimes.registry import is_there
from facecam.system.cpu import available_cores, core_loads, core_siblings, cpu_flags, cpu_name, fast_cores

BUSY_PERCENT = 20.0
"""Load of a core from which on it counts as busy."""
_TELLING_FLAGS = ("sse4_2", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "asimd")


def describe_machine(core: int | None, sample_s: float = 0.5, looks: int = 1) -> Machine:
    """The machine now. core: that the calling thread is pinned to.

    The load is sampled for `sample_s` seconds, and again while the core to be measured is busy, `looks` times at most,
    so that something that is just ending, such as the start of the program itself, does not spoil a measurement.
    """
    siblings = [] if core is None else core_siblings(core)
    for _ in range(looks):
        loads = core_loads(sample_s)
        if not is_shared(core, siblings, loads):
            break
    battery = asked("sensors_battery")
    return Machine(
        cpu=cpu_name(),
        flags=tuple(flag for flag in _TELLING_FLAGS if flag in cpu_flags()),
        cores=len(available_cores()),
        pinned_core=core,
        core_siblings=tuple(siblings),
        governor=_governor(core or 0),
        power=None if battery is None else ("mains" if battery.power_plugged else "battery"),
        load_before_percent=loads,
        busy_before=max(loads, default=0.0) > BUSY_PERCENT,
        precisions=tuple(one for one in PRECISIONS if any(is_there(Engine(runtime, one)) for runtime in RUNTIMES)),
        memory_mib=psutil.virtual_memory().total >> 20,
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        python=platform.python_version(),
        versions={name: version(name) for name in (*RUNTIMES, "numpy", "opencv-python-headless", "facecam")},
    )


def precision_words(machine: Machine) -> str:
    """What its processor computes in, and what it lacks, in words; empty for early results, which don't tell."""
    if machine.precisions == (Precision.F32,):
        return "float32; int8 and bf16, shorter numbers that take about half the time, need a newer one"
    return " and ".join("float32" if one == Precision.F32 else one for one in machine.precisions)


def asked(function: str, **arguments: bool) -> Any:
    """What psutil's function tells; None where it has none for this system, or the system doesn't tell (a container
    without /sys)."""
    try:
        return getattr(psutil, function)(**arguments)
    except (AttributeError, OSError, NotImplementedError):
        return None


def _governor(core: int) -> str | None:
    try:
        path = Path(f"/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor")
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


# Was the measured core alone?


def idle_core() -> int | None:
    """The first of the fastest cores that nothing else computes on, or the first, if all are busy; None where threads
    can't be pinned. Looks for half a second."""
    cores = fast_cores()
    loads = core_loads(0.5)
    alone = (core for core in cores if not is_shared(core, core_siblings(core), loads))
    return next(alone, next(iter(cores), None))


def is_shared(core: int | None, siblings: Sequence[int], loads: Sequence[float]) -> bool:
    """Whether a program that measures on that core has to share it, with such loads of the cores in percent. Without a
    core of its own it goes wherever there is room, and has to share only where there is none."""
    if core is None:
        return min(loads, default=0.0) > BUSY_PERCENT
    return bool(_busy((core, *siblings), loads))


def shared(machine: Machine, meanwhile: Sequence[float]) -> Iterator[str]:
    """Why the core was not alone before the start, or during a run with such loads, as sentences; none if it was.

    The measuring itself is in its load meanwhile, so that only hyper-threads on the same core are looked at then; what
    other programs took of the core shows in its CPU over wall time.
    """
    core, siblings, before = machine.pinned_core, machine.core_siblings, machine.load_before_percent
    if core is None:
        if is_shared(core, siblings, before):
            words = _words(range(len(before)), before)
            yield f"All cores were busy before the start ({words}): the measured one was shared."
        return
    if _busy([core], before):
        yield f"The measured core was busy before the start ({_words([core], before)}): other programs shared it."
    for when, loads in (("before the start", before), ("meanwhile", meanwhile)):
        if busy := _busy(siblings, loads):
            yield (
                f"The measured core {core} computed for others {when}, under its other number"
                f" ({_words(busy, loads)}): they shared what it computes with."
            )


def busy_beside(machine: Machine, loads: Sequence[float]) -> str | None:
    """Which other cores were busy before the start, or during a run with such loads ("core 0: 98 %"); None if none."""
    core, siblings, before = machine.pinned_core, machine.core_siblings, machine.load_before_percent
    apart = [number for number in range(max(len(before), len(loads))) if number != core and number not in siblings]
    if core is None:  # what was measured is among the loads of the run
        return _words(_busy(apart, before), before) or None
    higher = [max(one) for one in zip(before, loads, strict=False)] or list(before)
    return _words(_busy(apart, higher), higher) or None


def _busy(cores: Sequence[int], loads: Sequence[float]) -> list[int]:
    return [core for core in cores if core < len(loads) and loads[core] > BUSY_PERCENT]


def _words(cores: Sequence[int], loads: Sequence[float]) -> str:
    return ", ".join(f"core {core}: {loads[core]:.0f} %" for core in cores)
