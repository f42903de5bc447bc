"""Verdicts in words, beside the papers, and none where nothing can be told."""

from __future__ import annotations

from dataclasses import replace

import onnx

from facecam.bench import compare
from facecam.bench import report as reports
from facecam.bench.compare import verdict
from facecam.bench.measure import run_of
from facecam.bench.report import Role, bars, headline
from facecam.bench.result import Labels, Series
from facecam.bench.tables import markdown
from facecam.bench.workloads import detector_benchmark
from facecam.detection.detector import FaceDetector
from facecam.detection.model import DEFAULT_MODEL, PAPER_MODEL
from facecam.system.cpu import CoreUse
from facecam.system.resources import asset
from tests.facecam.bench.made import ALONE, MACHINE, made_run, reported


def test_verdict_in_words_and_none_when_the_times_spread():
    steady = made_run([10.0] * 50)
    words = reports.verdict(steady, steady.series[0], MACHINE)
    assert words.startswith("made x: 100 FPS on one core of Test CPU, 5.0 times the paper's 20 FPS")
    assert "3.6 times the 28 FPS" in words
    wild = made_run([5.0, 10.0, 20.0] * 20)
    assert "spread too much" in reported(wild).problems[0]
    assert "FPS" not in reports.verdict(wild, wild.series[0], MACHINE)
    other_size = made_run([10.0] * 50, labels=Labels(model="m", width=320, height=240))
    assert "paper" not in reports.verdict(other_size, other_size.series[0], MACHINE)


def test_several_threads_are_no_problem_where_they_were_asked_for():
    use = CoreUse(wall_s=1.0, thread_cpu_s=0.8, process_cpu_s=1.7, busy_threads=2)
    assert len(made_run([10.0] * 50, use=use).problems) == 2
    two = made_run([10.0] * 50, labels=Labels(model="m", threads=2)).series
    assert run_of("two", [*made_run([10.0] * 50).series, *two], use).problems == ()


def test_a_graphics_card_is_held_against_the_papers():
    labels = Labels(model="m", runtime="onnxruntime", provider="cuda", width=640, height=480)
    run = made_run([4.0] * 50, labels=labels)
    words = reports.verdict(run, run.series[0], MACHINE)
    assert words.startswith("m onnxruntime cuda: 250 FPS, 2.0 times the paper's 125 FPS on a graphics card")
    assert "1.0 times the 254 FPS" in words
    assert "core of" not in words
    unpinned = replace(MACHINE, pinned_core=None)  # as where another processor computes
    assert reported(run, machine=unpinned).warnings == ()
    assert "not pinned" in reported(made_run([4.0] * 50), machine=unpinned).warnings[0]


def test_the_headline_is_the_first_models_fastest_exact_engine():
    def series(model, precision, ms):
        labels = Labels(model=model, model_sha256=model, runtime="x", precision=precision, width=640, height=480)
        return made_run([ms] * 50, labels=labels).series[0]

    all_series = (series("a", "f32", 8.0), series("a", "f32", 5.0), series("a", "bf16", 2.0), series("b", "f32", 4.0))
    good = headline(reported(run_of("main", all_series, ALONE)))
    assert (good.figure, good.place, good.trusted) == ("200 FPS", "on one core of Test CPU", True)
    assert "10.0 times the paper's 20 FPS" in good.against
    assert [(one.title, one.figure, one.words) for one in good.figures] == [("a, float32", "200 FPS", "a · x")]
    busy = headline(reported(run_of("main", all_series, CoreUse(1.0, 0.5, 0.5, 1))))
    assert (busy.figure, busy.trusted) == ("No verdict", False)
    assert "only 50 % of the time" in busy.against


def test_the_second_figure_is_what_the_live_tab_would_choose():
    def series(model, runtime, precision, ms):
        labels = Labels(model=model, model_sha256=model, runtime=runtime, precision=precision, average_precision=0.8)
        return made_run([ms] * 50, labels=labels).series[0]

    all_series = (
        series(PAPER_MODEL, "onnxruntime", "f32", 8.0),
        series(PAPER_MODEL, "openvino", "int8", 2.0),
        series(DEFAULT_MODEL, "openvino", "int8", 4.0),
        series(DEFAULT_MODEL, "opencv", "int8", 3.0),
    )
    result = reported(run_of("main", all_series, ALONE))
    assert [(one.title, one.figure, one.words) for one in headline(result).figures] == [
        ("The paper's network, float32", "125 FPS", f"AP 0.800 · {PAPER_MODEL} · onnxruntime"),
        ("What Live runs here", "250 FPS", f"AP 0.800 · {DEFAULT_MODEL} · openvino int8"),
    ]
    exact = (all_series[0], series(DEFAULT_MODEL, "openvino", "f32", 6.0))
    for able in ({"precisions": ("f32", "int8")}, {"flags": ("avx512_vnni",)}):  # the latter in early results
        result = reported(run_of("main", exact, ALONE), machine=replace(MACHINE, **able))
        assert len(headline(result).figures) == 1, "Live would run int8, which was left out"


def test_what_the_processor_can_not_compute_in_is_told_in_plain_words():
    old, new = (
        reported(made_run([10.0] * 50), machine=replace(MACHINE, precisions=precisions))
        for precisions in (("f32",), ("f32", "int8"))
    )
    assert "computes in float32; int8 and bf16, shorter numbers that take about half the time, need a newer" in (
        markdown(old)
    )
    assert headline(old).place == "on one core of Test CPU, in float32 only"
    assert "This processor computes in float32 and int8." in markdown(new)
    assert headline(new).place == "on one core of Test CPU"


def test_a_comparison_says_which_is_faster_and_by_what():
    def result(network_ms, shares=1.0):
        times = (network_ms + 1.0,) * 50
        series = Series.of(made_run(times).series[0].labels, (1.0,), times, times, [(0.5, network_ms, 0.5)] * 50)
        return reported(run_of("main", (series,), CoreUse(1.0, shares, shares, 1)))

    assert verdict(result(9.0), result(4.0)) == (
        "The second is 2.00 times as fast as the first, mostly in the network (made x 640x480 1 face)."
    )
    assert "takes 2.00 times as long as the first" in verdict(result(4.0), result(9.0))
    assert "is as fast as the first" in verdict(result(4.0), result(4.05))
    assert verdict(result(9.0), result(4.0, shares=0.5)).startswith("No verdict: the second had none either")


def test_networks_of_one_name_are_told_apart_by_their_hashes():
    shipped = Labels(model=DEFAULT_MODEL, model_sha256="a" * 64, family="facecam", runtime="onnxruntime", width=640)
    mine = replace(shipped, model_sha256="b" * 64, own=True)

    def result(*labels_and_ms):
        series = [made_run([ms] * 50, labels=labels).series[0] for labels, ms in labels_and_ms]
        return reported(run_of("main", series, ALONE))

    both = result((shipped, 8.0), (mine, 4.0))
    text = markdown(both)
    assert f"| {DEFAULT_MODEL} bbbbbbbb |" in text
    assert f"models {DEFAULT_MODEL} {'a' * 12}, {DEFAULT_MODEL} {'b' * 12}\n" in text
    assert [(bar.name, bar.role) for bar in bars(both)] == [
        (f"{DEFAULT_MODEL} · onnxruntime", Role.EXACT),
        (f"{DEFAULT_MODEL} bbbbbbbb · onnxruntime", None),
    ], "Live runs what came with the program"
    assert [bar.role for bar in bars(result((mine, 4.0)))] == [Role.EXACT]
    assert [row[-1] for row in compare.rows(both, both)] == ["1.000", "1.000"]
    assert not any("same name" in caution for caution in compare.cautions(both, both))
    # Of a network that only one of them has, the namesake in the other is compared with, and that is said.
    old, new = result((shipped, 8.0)), result((mine, 4.0))
    assert [row[-1] for row in compare.rows(old, new)] == ["0.500"]
    assert compare.cautions(old, new)[-1] == (
        f"Another network of the same name, {DEFAULT_MODEL}: aaaaaaaa first, then bbbbbbbb."
    )
    assert [row[-1] for row in compare.rows(old, both)] == ["1.000"]


def test_a_network_is_one_of_the_programs_own_by_its_hash_not_its_name(tmp_path, make_frame):
    kept, changed = tmp_path / "kept.onnx", tmp_path / "changed.onnx"
    kept.write_bytes(asset(f"{DEFAULT_MODEL}.onnx").read_bytes())
    network = onnx.load(kept)
    network.producer_name = "another training"
    onnx.save(network, changed)
    frame = make_frame(width=64, height=64)
    labels = [detector_benchmark(FaceDetector(path), frame, 0).labels for path in (kept, changed)]
    assert [one.model for one in labels] == [DEFAULT_MODEL] * 2
    assert [one.own for one in labels] == [False, True]
