"""The machine as it was before the run: what a figure can't be understood without."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import psutil

from facecam.bench import quiet
from facecam.runtimes.engine import RUNTIMES, version
from facecam.system.cpu import available_cores, core_siblings, cpu_flags, cpu_name

_TELLING_FLAGS = ("sse4_2", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "asimd")


def _battery() -> Any:
    """psutil's battery, None where there is none or the system doesn't tell (a container without /sys)."""
    try:
        return psutil.sensors_battery()
    except (AttributeError, OSError):
        return None


def describe_machine(core: int | None, sample_s: float = 0.5, looks: int = 1) -> dict[str, Any]:
    """Plain JSON values; None where the system doesn't tell. core: that the calling thread is pinned to.

    The load is sampled for `sample_s` seconds, and again while the core to be measured is busy, `looks` times at most:
    what is just ending, such as the start of the program itself, is not to spoil a measurement.
    """
    siblings = [] if core is None else core_siblings(core)
    for _ in range(looks):
        loads = psutil.cpu_percent(interval=sample_s, percpu=True)
        if not quiet.is_shared(core, siblings, loads):
            break
    battery = _battery()
    return {
        "cpu": cpu_name(),
        "flags": [flag for flag in _TELLING_FLAGS if flag in cpu_flags()],
        "cores": len(available_cores()),
        "pinned_core": core,
        "core_siblings": siblings,
        "governor": _governor(core or 0),
        "power": None if battery is None else ("mains" if battery.power_plugged else "battery"),
        "load_before_percent": loads,
        "busy_before": max(loads, default=0.0) > quiet.BUSY_PERCENT,
        "memory_mib": psutil.virtual_memory().total >> 20,
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "versions": {
            **{name: version(name) for name in RUNTIMES},
            "numpy": version("numpy"),
            "opencv-python": version("opencv-python"),
            "facecam": version("facecam"),
        },
    }


def _governor(core: int) -> str | None:
    try:
        path = Path(f"/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor")
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
