"""The one-core contract: pinning a thread to a core, which CPU this is, and who computes meanwhile.

A thread is pinned from inside itself, because ONNX Runtime and OpenCV compute in the thread that calls them. The proof
that one core does the work is part of every benchmark (`facecam.bench.measure`).
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import psutil

_LINUX_CPUS, _STAT = Path("/sys/devices/system/cpu"), Path("/proc/stat")
_Value = TypeVar("_Value")
_CLOCK_IS_COARSE = sys.platform == "win32"
_LOOK_S, _LOOKS = 0.001, 20


@lru_cache(maxsize=1)
def cpu_name() -> str:
    """The processor's name as its maker writes it, such as "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz"."""
    name = ""
    try:
        if sys.platform.startswith("linux"):
            name = _cpuinfo("model name", "Model", "Hardware")  # the latter two on ARM boards
        elif sys.platform == "darwin":
            name = _sysctl("machdep.cpu.brand_string")
        elif sys.platform == "win32":
            import winreg

            key = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as handle:
                name = str(winreg.QueryValueEx(handle, "ProcessorNameString")[0])
    except (OSError, subprocess.SubprocessError):
        pass  # the general answer below will do
    return " ".join(name.split()) or platform.processor() or platform.machine() or "unknown CPU"


def _cpuinfo(*keys: str) -> str:
    """What Linux tells under the first of the keys, of the first core that it tells it of."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    told = [(name.strip(), value) for name, _, value in (line.partition(":") for line in lines) if value.strip()]
    return next((value for key in keys for name, value in told if name == key), "")


def _sysctl(*names: str) -> str:
    command = ["/usr/sbin/sysctl", "-n", *names]
    return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout


@lru_cache(maxsize=1)
def cpu_flags() -> frozenset[str]:
    """Instruction sets as Linux and macOS on Intel name them, in lower case ("avx2", "fma"); empty where unknown."""
    try:
        if sys.platform.startswith("linux"):
            return frozenset(_cpuinfo("flags", "Features").split())
        if sys.platform == "darwin":
            text = _sysctl("machdep.cpu.features", "machdep.cpu.leaf7_features")
            return frozenset(text.lower().replace("avx1.0", "avx").split())
    except (OSError, subprocess.SubprocessError):
        pass  # unknown, then
    return frozenset()


def core_loads(seconds: float | None = None) -> tuple[float, ...]:
    """The load of each core in percent, by its number: for so long from now on, or since the last call. A core that is
    switched off has none."""
    loads = by_core(psutil.cpu_percent(interval=seconds, percpu=True))
    return tuple(loads.get(core, 0.0) for core in range(max(loads, default=-1) + 1))


def by_core(values: Sequence[_Value]) -> dict[int, _Value]:
    """What psutil lists, by the numbers of the cores: on Linux it leaves out those that are switched off."""
    numbers = list(range(len(values)))
    if sys.platform == "linux":
        lines = _STAT.read_text(encoding="ascii", errors="replace").splitlines()
        listed = [int(number[1]) for line in lines if (number := re.match(r"cpu(\d+) ", line))]
        numbers = listed if len(listed) == len(values) else numbers  # one was switched just now
    return dict(zip(numbers, values, strict=True))


def available_cores() -> list[int]:
    """Numbers of the cores that this process may use, whatever the calling thread is pinned to."""
    return list(_CORES)


def _process_cores() -> tuple[int, ...]:
    try:
        return tuple(sorted(psutil.Process().cpu_affinity() or ()))
    except (AttributeError, psutil.Error):  # macOS has no such list
        return tuple(range(os.cpu_count() or 1))


_CORES = _process_cores()  # asked at the start: once the main thread is pinned, the system calls that the process's


def can_pin() -> bool:
    """Whether this system lets a thread be pinned to a core. macOS doesn't."""
    return hasattr(os, "sched_setaffinity") or sys.platform == "win32"


def choose_core() -> int | None:
    """A good core for the detector: one of the fastest, and not the first, which serves the system's interrupts.

    None where threads can't be pinned.
    """
    return next(iter(fast_cores()), None)


def fast_cores() -> list[int]:
    """The fastest cores, the one to choose first; none where threads can't be pinned."""
    cores = available_cores()
    if not can_pin() or not cores:
        return []
    speeds = {core: _max_khz(core) for core in cores}
    fastest = [core for core in cores if speeds[core] == max(speeds.values())]
    if sys.platform == "win32" and len(fastest) > 3:
        return [*fastest[2:], *fastest[:2]]  # performance cores come first there; 0 and 1 share one
    return fastest[::-1]


def core_siblings(core: int) -> list[int]:
    """The other numbers under which the system knows the same physical core (hyper-threads, which share what computes);
    empty where it has none or the system doesn't tell."""
    try:
        text = (_LINUX_CPUS / f"cpu{core}" / "topology" / "thread_siblings_list").read_text(encoding="utf-8")
        ranges = [part.split("-") for part in text.strip().split(",")]
        numbers = [number for part in ranges for number in range(int(part[0]), int(part[-1]) + 1)]
    except (OSError, ValueError):
        return []
    return [number for number in numbers if number != core]


def _max_khz(core: int) -> int:
    """The core's highest clock in kHz, 0 where the system doesn't tell. It tells performance from efficiency cores."""
    try:
        return int((_LINUX_CPUS / f"cpu{core}" / "cpufreq" / "cpuinfo_max_freq").read_text())
    except (OSError, ValueError):
        return 0


@contextmanager
def pinned(core: int | None) -> Iterator[int | None]:
    """Pins the calling thread to `core` for the block. Gives the core, or None where it couldn't be (or wasn't) pinned.

    Threads that the block starts inherit the pinning on Linux: start them before.
    """
    restore = _pin(core) if core is not None and can_pin() else None
    try:
        yield None if restore is None else core
    finally:
        if restore is not None:
            restore()


@contextmanager
def unpinned() -> Iterator[None]:
    """Lets the calling thread run on all cores for the block: for starting threads, which inherit the pinning."""
    if not hasattr(os, "sched_setaffinity"):  # Windows: threads that are started don't inherit it
        yield
        return
    before_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, available_cores())
    try:
        yield
    finally:
        os.sched_setaffinity(0, before_cores)


@contextmanager
def no_more_urgent() -> Iterator[None]:
    """No thread of this process is more urgent after the block than before.

    SVT-AV1 takes the highest priority of all for the thread that opens an encoder, and for its own, where it may (as
    root): one that computes then keeps everything else on its core waiting, the screen too.
    """
    before = set(_realtime_threads())
    try:
        yield
    finally:
        for thread in set(_realtime_threads()) - before:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
            if thread == threading.get_native_id():
                # the C library remembers what it set, and hands it on to threads that ask for a priority of their own
                # (miniaudio's do), which then can't start: it has to hear of this too
                no_priority = ctypes.byref(ctypes.c_int(0))
                ctypes.CDLL(None).pthread_setschedparam(
                    ctypes.c_ulong(threading.get_ident()), os.SCHED_OTHER, no_priority
                )


def _realtime_threads() -> Iterator[int]:
    if sys.platform == "linux":
        for thread in map(int, os.listdir("/proc/self/task")):
            with suppress(ProcessLookupError):
                if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR):
                    yield thread


def _pin(core: int) -> Callable[[], None] | None:
    """Pins the calling thread; returns how to undo it, or None if the system refused."""
    if sys.platform == "win32":
        if not 0 <= core < 64:  # beyond are other processor groups
            return None
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadAffinityMask.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        kernel.SetThreadAffinityMask.restype = ctypes.c_size_t
        thread = kernel.GetCurrentThread()  # a constant that means "the calling thread"
        before = kernel.SetThreadAffinityMask(thread, 1 << core)
        return (lambda: kernel.SetThreadAffinityMask(thread, before)) if before else None
    before_cores = os.sched_getaffinity(0)  # 0: the calling thread
    try:
        os.sched_setaffinity(0, {core})
    except (OSError, ValueError, OverflowError):
        return None
    return lambda: os.sched_setaffinity(0, before_cores)


def thread_cpu_s() -> float:
    """CPU time of the calling thread in seconds, from some start. Windows' own clock of it, which time.thread_time
    reads, ticks every 15.6 ms, which is longer than a detection; the cycles that it counts are exact."""
    if not _CLOCK_IS_COARSE:
        return time.thread_time()
    second = _cycles_a_second()  # computes for a while at the first call: before the cycles are read
    return _thread_cycles() / second


def _thread_cycles() -> int:
    """Cycles of the processor that the calling thread has had."""
    if sys.platform != "win32":
        raise NotImplementedError
    cycles = ctypes.c_uint64()
    this_thread = ctypes.c_void_p(-2)  # a constant, as of GetCurrentThread
    ctypes.windll.kernel32.QueryThreadCycleTime(this_thread, ctypes.byref(cycles))
    return cycles.value


@lru_cache(maxsize=1)
def _cycles_a_second() -> float:
    """How many of them are a second, which the system doesn't tell: the most of several looks of 1 ms, as another
    program may have had the core during some of them."""

    def look() -> float:
        cycles, start_s = _thread_cycles(), time.perf_counter()
        while (took_s := time.perf_counter() - start_s) < _LOOK_S:
            pass
        return (_thread_cycles() - cycles) / took_s

    return max(look() for _ in range(_LOOKS))


@dataclass(frozen=True)
class CoreUse:
    """What computed while a function ran.

    wall_s: elapsed; thread_cpu_s: CPU time of the calling thread; process_cpu_s: of all threads together;
    busy_threads: threads that used CPU time at all, of those alive at the end (1: the caller alone).
    """

    wall_s: float
    thread_cpu_s: float
    process_cpu_s: float
    busy_threads: int

    @property
    def cpu_over_wall(self) -> float:
        """Cores in use on average: 1.0 is one core, fully."""
        return self.process_cpu_s / self.wall_s if self.wall_s > 0 else 0.0

    @property
    def others_cpu_s(self) -> float:
        """CPU time of all threads but the calling one."""
        return max(0.0, self.process_cpu_s - self.thread_cpu_s)


def measure_core_use(work: Callable[[], object]) -> CoreUse:
    """Runs `work` in the calling thread and tells who computed meanwhile, in this process."""
    before = _thread_times_s()
    wall_s, thread_s, process_s = time.perf_counter(), time.thread_time(), time.process_time()
    work()
    wall_s, thread_s, process_s = (
        time.perf_counter() - wall_s,
        time.thread_time() - thread_s,
        time.process_time() - process_s,
    )
    after = _thread_times_s()
    busy = {number for number, used_s in after.items() if used_s > before.get(number, 0.0)}
    return CoreUse(wall_s, thread_s, process_s, len(busy | {threading.get_native_id()}))


def _thread_times_s() -> dict[int, float]:
    """CPU time of each thread of this process by its system number; ticks are 10 ms on Linux."""
    try:
        return {thread.id: thread.user_time + thread.system_time for thread in psutil.Process().threads()}
    except (psutil.Error, OSError):  # macOS may deny it
        return {}
