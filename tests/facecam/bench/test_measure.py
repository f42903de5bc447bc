"""The benchmark measures what there is, and notices what disturbs it."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time

import numpy as np
import pytest

from facecam.bench import long, measure, peak
from facecam.bench.long import long_run, measure_long
from facecam.bench.measure import Benchmark, PausedError, run_of, warnings
from facecam.bench.report import verdict
from facecam.bench.result import Labels, Peak, Stretch, load, to_json
from facecam.bench.tables import markdown
from facecam.bench.workloads import frame_with_faces
from facecam.system.cpu import CoreUse
from facecam.system.opencv import cv2
from tests.facecam.bench.made import ALONE, MACHINE, busy_for, made_run, reported
from tests.facecam.windows_clock import compute_for, tick_as_on_windows


def test_a_known_sleep_measures_as_that_sleep_and_gives_no_verdict():
    slept_ms = []

    def sleep():
        began_s = time.perf_counter()
        time.sleep(0.02)
        slept_ms.append(1000 * (time.perf_counter() - began_s))

    benchmark = Benchmark(sleep, Labels(model="sleeper"))
    run = measure.measure("sleep", [benchmark], seconds=0.1)
    (series,) = run.series
    assert series.detections >= 20
    assert min(series.series_ms) >= 20.0
    assert np.percentile(series.series_ms, 25) < 2 * np.percentile(slept_ms, 25)
    assert series.cpu_ms.p50 < 5.0
    assert any("at work on this for only" in problem for problem in run.problems)
    assert verdict(run, series, MACHINE) == "sleeper: no verdict."


def test_known_work_is_measured_in_cpu_time_whatever_else_runs():
    benchmarks = [
        Benchmark(lambda: busy_for(0.004), Labels(model="a")),
        Benchmark(lambda: busy_for(0.008), Labels(model="b")),
    ]
    a, b = measure.measure("work", benchmarks, seconds=0.1).series
    assert a.cpu_ms.p50 == pytest.approx(4.0, rel=0.1)
    assert b.cpu_ms.p50 / a.cpu_ms.p50 == pytest.approx(2.0, rel=0.1)
    assert a.detections == b.detections


def test_no_figure_is_zero_where_the_threads_clock_ticks_slowly(monkeypatch, tmp_path):
    tick_as_on_windows(monkeypatch)
    assert 0 < peak._best_product_gflops() < 1e4
    benchmarks = [Benchmark(lambda: compute_for(0.001), Labels(model=name, multiply_adds=1e8)) for name in "ab"]
    result = reported(measure.measure("work", benchmarks, seconds=0.1), peak=Peak(100.0, "made"))
    assert [series.cpu_ms.p10 > 0.5 for series in result.runs[0].series] == [True, True]
    assert "| b " in markdown(result)
    (tmp_path / "a.json").write_text(to_json(result))
    assert load(tmp_path / "a.json") == result


def test_what_is_known_so_far_is_told_while_it_is_measured():
    told = []
    benchmark = Benchmark(lambda: busy_for(0.004))
    assert measure.quick_look_ms(benchmark) >= 4.0
    measure.measure("work", [benchmark], seconds=1.0, watch=lambda *known: told.append(known))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    assert all(times_ms[0] >= 4.0 for _, times_ms in told)


def test_a_second_busy_thread_is_noticed():
    stop = threading.Event()

    done = [0]

    def busy():
        data = bytes(1 << 20)
        while not stop.is_set():
            hashlib.sha256(data).digest()  # computes without the interpreter's lock
            done[0] += 1

    thread = threading.Thread(target=busy)

    def call():
        if not thread.is_alive():
            thread.start()
        wanted = done[0] + 8
        while done[0] < wanted:  # lets the other one on, also where there is but one core, or a busy one
            time.sleep(0.001)

    try:
        run = measure.measure("two", [Benchmark(call)], seconds=0.5)
    finally:
        stop.set()
        thread.join()
    assert any("More than one thread computed" in problem for problem in run.problems)


def test_a_paused_run_is_not_reported():
    calls: list[None] = []

    def call():
        calls.append(None)
        if len(calls) == 10:
            time.sleep(1.2)  # as when the process is stopped, or the lid closed
        busy_for(0.001)

    with pytest.raises(PausedError, match="stood still"):
        measure.measure("paused", [Benchmark(call)], seconds=0.05)


def test_a_clock_that_jumps_is_a_pause(monkeypatch):
    times = iter([1000.0, 1100.0])
    monkeypatch.setattr(measure.time, "time", lambda: next(times))
    with pytest.raises(PausedError, match="slept"):
        measure.measure("asleep", [Benchmark(lambda: busy_for(0.001))], seconds=0.0)


def test_a_long_run_tells_what_time_does(tiny_model):
    told: list[str] = []
    benchmark = Benchmark(lambda: busy_for(0.0005), Labels(model="m"))
    run = measure_long(benchmark, 0.04, told.append)
    assert len(run.points) == len(told) >= 1
    assert [point.time_s for point in run.points] == sorted(point.time_s for point in run.points)
    assert run.points[-1].time_s > 1.5, "it has ended before its time"
    assert all(point.memory_mib > 10 for point in run.points)

    def point(minute, cpu_ms, memory_mib, celsius):
        return Stretch(60.0 * minute, 100, cpu_ms, cpu_ms, cpu_ms, memory_mib, celsius, None)

    hot = long_run(Labels(), tuple(point(i + 1, 5.0 + 0.1 * i, 100.0 + i, 50.0 + i) for i in range(10)))
    assert hot.drift == pytest.approx(5.85 / 5.05, abs=1e-4)
    assert hot.memory_growth_mib == pytest.approx(8.0)
    words = hot.words
    assert "10.0 minutes it is 16 % slower" in words
    assert "+8.0 MiB" in words
    assert "from 50 to at most 59 °C" in words
    short = long_run(Labels(), (point(0.3, 5.0, 100.0, None),)).words
    assert short.startswith("After 18 s ")
    assert "°C" not in short


def test_a_long_run_that_was_disturbed_says_so_in_one_sentence(monkeypatch):
    shares = iter([1.0, *(0.5 + 0.01 * index for index in range(100))])
    monkeypatch.setattr(
        long, "measure", lambda *_: made_run([10.0] * 9, use=CoreUse(1.0, share := next(shares), share, 1))
    )
    monkeypatch.setattr(long.time, "perf_counter", itertools.count().__next__)
    run = measure_long(Benchmark(lambda: None, Labels(model="m")), 0.2)
    assert len(run.points) > 3
    (sentence,) = run.problems
    assert sentence.startswith(
        f"{len(run.points) - 1} of {len(run.points)} stretches were disturbed, the first one so:"
    )
    assert sentence.count("at work on this for only") == sentence.count("50 %") == 1


def test_slowing_down_is_told_once_for_all_of_a_run():
    def slowing(faces, factor):
        times = [10.0] * 30 + [10.0 * factor] * 20
        return made_run(times, labels=Labels(model="m", faces=faces)).series[0]

    (sentence,) = warnings(run_of("run", (slowing(0, 1.2), slowing(1, 1.3), slowing(20, 1.0)), ALONE))
    assert sentence.startswith("m 1 face and 1 more slowed down by up to 30 % in the course of “run”")
    assert warnings(run_of("run", (slowing(20, 1.0),), ALONE)) == []


def test_the_cores_peak_is_plausible():
    measured = peak.measure_peak()
    assert measured is not None
    product = peak._matrix_product()
    assert product is not None
    if measured.method == "register loop":
        assert measured.gflops > 0.9 * product.gflops, (
            "a matrix product can't beat the multiply-adds that it is made of"
        )


def test_where_code_may_not_be_made_a_matrix_product_stands_in(monkeypatch):
    def refused(*_args, **_kwargs):
        raise PermissionError("no executable memory")

    monkeypatch.setattr(peak.mmap, "mmap", refused)
    measured = peak.measure_peak()
    assert measured is not None
    assert measured.method == "matrix product"


@pytest.mark.parametrize("count", [0, 1, 20, 200])
@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1920, 1080)])
def test_frames_hold_as_many_faces_as_they_say(count, size):
    frame = frame_with_faces(count, *size)
    assert frame.shape == (size[1], size[0], 3)
    assert frame.flags.c_contiguous
    changed = (frame != frame_with_faces(0, *size)).any(axis=2)
    patches, _, stats, _ = cv2.connectedComponentsWithStats(changed.astype(np.uint8))
    large = stats[1:, cv2.CC_STAT_AREA] > 0.4 * stats[1:, cv2.CC_STAT_AREA].max(initial=0)
    assert patches > 0
    assert large.sum() == count
