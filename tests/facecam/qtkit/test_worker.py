"""The worker thread: newest request wins, urgent work goes first, and errors come back to the GUI thread."""

from __future__ import annotations

import os
import sys
import threading
from enum import IntEnum

import pytest

from facecam.errors import FacecamError
from facecam.qtkit.worker import Notifier, Worker


class Lane(IntEnum):
    MODEL = 0
    SAMPLE = 1
    GRID = 2
    EXPORT = 3


@pytest.fixture
def worker(qtbot):
    made = Worker("test")
    yield made
    assert made.close(2.0)


def collect(qtbot, worker, until):
    """All results until one satisfies the condition."""
    found = []

    def check():
        found.extend(worker.take())
        assert any(until(result) for result in found)

    qtbot.waitUntil(check)
    return found


def test_steps_come_in_order_and_then_the_end(qtbot, worker):
    worker.submit(Lane.GRID, lambda: iter([1, 2, 3]))
    found = collect(qtbot, worker, lambda result: result.last)
    assert [result.value for result in found] == [1, 2, 3, None]
    assert not worker.busy(Lane.GRID)


def test_a_new_request_replaces_the_old_one_and_its_results(qtbot, worker):
    computing, go_on = threading.Event(), threading.Event()

    def slow():
        computing.set()
        assert go_on.wait(5)
        return "old"

    worker.submit_one(Lane.GRID, slow)
    assert computing.wait(5)
    worker.submit_one(Lane.GRID, lambda: "new")
    go_on.set()
    found = collect(qtbot, worker, lambda result: result.last)
    assert [result.value for result in found] == ["new", None]


def test_results_that_lie_ready_are_dropped_when_a_new_request_comes(qtbot, worker):
    with qtbot.waitSignal(worker.arrived):
        worker.submit_one(Lane.SAMPLE, lambda: "old")
    worker.submit_one(Lane.SAMPLE, lambda: "new")
    assert "old" not in [result.value for result in collect(qtbot, worker, lambda result: result.last)]


def test_results_that_an_earlier_one_makes_needless_are_dropped(qtbot, worker):
    done = threading.Event()
    worker.submit_one(Lane.MODEL, lambda: "model")
    worker.submit_one(Lane.GRID, lambda: "old")
    worker.submit_one(Lane.EXPORT, done.set)
    assert done.wait(5)
    taken = []
    for result in worker.take():
        taken.append(result.value)
        worker.cancel(Lane.GRID)
    assert "model" in taken
    assert "old" not in taken


def test_urgent_work_goes_between_two_steps(qtbot, worker):
    started, go_on = threading.Event(), threading.Event()
    order: list[object] = []

    def grid():
        for number in range(3):
            started.set()
            assert go_on.wait(5)
            order.append(number)
            yield number

    worker.submit(Lane.GRID, grid)
    assert started.wait(5)
    worker.submit_one(Lane.SAMPLE, lambda: order.append("sample"))
    go_on.set()
    collect(qtbot, worker, lambda result: result.lane is Lane.GRID and result.last)
    assert order == [0, "sample", 1, 2]


def test_a_cancelled_lane_gives_no_more_results(qtbot, worker):
    go_on = threading.Event()

    def endless():
        while go_on.wait(5):
            yield 0

    worker.submit(Lane.EXPORT, endless)
    go_on.set()
    collect(qtbot, worker, lambda result: result.value == 0)
    worker.cancel(Lane.EXPORT)
    worker.submit_one(Lane.GRID, lambda: "after")
    found = collect(qtbot, worker, lambda result: result.value == "after")
    assert all(result.lane is Lane.GRID for result in found)


def test_a_users_error_is_a_result_and_any_other_is_reported_and_one_too(qtbot, worker):
    def wrong():
        raise FacecamError("Give another file.")

    worker.submit_one(Lane.MODEL, wrong)
    found = collect(qtbot, worker, lambda result: result.error is not None)
    assert str(found[-1].error) == "Give another file."
    done = threading.Event()
    worker.submit_one(Lane.MODEL, lambda: 1 // 0)
    worker.submit_one(Lane.GRID, lambda: "with it")
    worker.submit_one(Lane.EXPORT, done.set)
    assert done.wait(5)
    with qtbot.captureExceptions() as reported:
        found = collect(qtbot, worker, lambda result: result.value == "with it")  # of the same batch
    assert [kind for kind, *_ in reported] == [ZeroDivisionError]
    assert isinstance(found[0].error, FacecamError)
    assert "inside the program" in str(found[0].error)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread be placed without ado")
def test_work_stays_off_the_core_that_is_somebody_elses(qtbot):
    cores = os.sched_getaffinity(0)
    taken: list[int | None] = [max(cores)]
    worker = Worker("test", keep_off=lambda: taken[0])
    try:
        worker.submit_one(Lane.SAMPLE, lambda: os.sched_getaffinity(0))
        found = collect(qtbot, worker, lambda result: result.value is not None)
        assert found[0].value == (cores - {taken[0]} or cores)
        taken[0] = None
        worker.submit_one(Lane.SAMPLE, lambda: os.sched_getaffinity(0))
        found = collect(qtbot, worker, lambda result: result.value is not None)
        assert found[0].value == cores
        assert os.sched_getaffinity(0) == cores  # the window's own thread is where it was
    finally:
        assert worker.close(2.0)


def test_work_that_is_cancelled_during_a_step_closes_what_it_has_open(qtbot, worker):
    computing, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def steps():
        try:
            computing.set()
            assert go_on.wait(5)
            yield "step"
            yield "another"
        finally:
            closed.set()

    worker.submit(Lane.EXPORT, steps)
    assert computing.wait(5)
    worker.cancel(Lane.EXPORT)
    go_on.set()
    assert closed.wait(5)  # with nothing else to do for the worker


def test_what_was_opened_is_released_in_the_thread_at_the_end(qtbot):
    worker, threads = Worker("mine"), []
    assert worker.close(2.0, lambda: threads.append(threading.current_thread().name))
    assert threads == ["mine"]
    worker = Worker("mine")
    worker.submit_one(Lane.MODEL, lambda: None)
    assert worker.close(2.0, lambda: threads.append(threading.current_thread().name))
    assert threads == ["mine", "mine"]


def test_many_notifications_from_any_thread_arrive_as_one_in_the_gui_thread(qtbot):
    notifier, told = Notifier(), []
    notifier.notified.connect(lambda: told.append(threading.current_thread()))
    threads = [threading.Thread(target=notifier.notify) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(20)
    assert told == [threading.main_thread()]
    notifier.notify()
    qtbot.waitUntil(lambda: len(told) == 2)
    notifier.close()
    notifier.notify()
    qtbot.wait(20)
    assert len(told) == 2
