"""The clocks of a thread as Windows has them."""

from __future__ import annotations

import time

from facecam.system import cpu

_TICK_NS = 15_625_000
_CYCLES_A_NANOSECOND = 3
_exact_ns = time.thread_time_ns


def tick_as_on_windows(monkeypatch):
    """Lets its CPU time tick every 15.6 ms, and its cycles be counted exactly."""
    monkeypatch.setattr(time, "thread_time_ns", lambda: _exact_ns() // _TICK_NS * _TICK_NS)
    monkeypatch.setattr(time, "thread_time", lambda: time.thread_time_ns() / 1e9)
    monkeypatch.setattr(cpu, "_CLOCK_IS_COARSE", True)
    monkeypatch.setattr(cpu, "_thread_cycles", lambda: _CYCLES_A_NANOSECOND * _exact_ns())
    cpu._cycles_a_second.cache_clear()


def compute_for(seconds):
    """Takes so much CPU time."""
    end_ns = _exact_ns() + 1e9 * seconds
    while _exact_ns() < end_ns:
        pass
