"""The one-core contract."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import facecam
from facecam.system.cpu import available_cores, can_pin, choose_core, cpu_name, pinned, thread_cpu_s
from tests.facecam.windows_clock import compute_for, tick_as_on_windows

needs_pinning = pytest.mark.skipif(
    not (can_pin() and hasattr(os, "sched_getaffinity")), reason="a thread's cores can't be set and read here"
)


def test_the_cpu_has_a_name():
    assert cpu_name().strip() == cpu_name() != ""


@needs_pinning
def test_pinning_holds_inside_the_block_and_is_undone_after_it():
    before = os.sched_getaffinity(0)
    core = available_cores()[0]
    with pinned(core) as got:
        assert got == core
        assert os.sched_getaffinity(0) == {core}
        assert set(available_cores()) == before  # what the process may use, not the thread
    assert os.sched_getaffinity(0) == before
    with pytest.raises(KeyError), pinned(core):
        raise KeyError
    assert os.sched_getaffinity(0) == before


@needs_pinning
def test_pinning_one_thread_leaves_the_others_alone():
    before = os.sched_getaffinity(0)
    inside: set[int] = set()
    release, ready = threading.Event(), threading.Event()

    def work():
        with pinned(available_cores()[0]):
            inside.update(os.sched_getaffinity(0))
            ready.set()
            release.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(60)
    mine = os.sched_getaffinity(0)
    release.set()
    thread.join()
    assert len(inside) == 1
    assert mine == before


def test_a_core_that_does_not_exist_is_not_an_error():
    with pinned(100_000) as got:
        assert got is None
    with pinned(None) as got:
        assert got is None


@needs_pinning
def test_the_chosen_core_is_one_that_may_be_used():
    assert choose_core() in available_cores()


def test_a_thread_is_timed_finely_where_its_clock_ticks_slowly(monkeypatch):
    tick_as_on_windows(monkeypatch)
    took_ms = []
    for _ in range(5):
        start_s = thread_cpu_s()
        compute_for(0.004)
        took_ms.append(1000 * (thread_cpu_s() - start_s))
    assert took_ms == pytest.approx([4.0] * 5, rel=0.25)  # calibrated beside whatever else runs


def test_nobody_times_work_by_the_clock_that_ticks_slowly_on_windows():
    folder = Path(facecam.__file__).parent
    reads = {path.relative_to(folder) for path in folder.rglob("*.py") if "time.thread_time" in path.read_text()}
    assert reads == {Path("system/cpu.py")}, "thread_cpu_s is the one to read"
