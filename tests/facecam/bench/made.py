"""What the benchmark's tests start from: a machine, runs, and work of a known length."""

from __future__ import annotations

import time

from facecam.bench.measure import run_of
from facecam.bench.report import report
from facecam.bench.result import Labels, Machine, Series
from facecam.system.cpu import CoreUse

MACHINE = Machine(
    cpu="Test CPU", flags=("avx2",), cores=4, pinned_core=3, governor=None, power=None, load_before_percent=(1.0,),
    busy_before=False, memory_mib=1, system="Linux", architecture="x", python="3", versions={"numpy": "2"},
)  # fmt: skip
ALONE = CoreUse(1.0, 1.0, 1.0, 1)
"""What computes while a thread has a core for itself."""


def busy_for(seconds):
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        pass


def made_run(total_ms, *, cpu_ms=None, use=None, labels=None, loads=()):
    total_ms = tuple(map(float, total_ms))
    wall_s = sum(total_ms) / 1000
    labels = labels or Labels(model="made", runtime="x", width=640, height=480, faces=1)
    series = Series.of(labels, (1.0,), total_ms, total_ms if cpu_ms is None else cpu_ms)
    return run_of("made", (series,), CoreUse(wall_s, wall_s, wall_s, 1) if use is None else use, loads)


def reported(*runs, machine=MACHINE, peak=None):
    return report(machine, peak, runs, "2026-01-02T03:04:05")
