"""The benchmark is honest: it measures what there is, notices what disturbs it, and keeps quiet when it can't tell."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from facecam.bench import command, machine, measure, nodes, peak, quiet
from facecam.bench.card import SIZE, draw_card
from facecam.bench.compare import compare
from facecam.bench.contenders import contenders, engines, through_ncnn
from facecam.bench.frames import frame_with_faces
from facecam.bench.gallery import measure_gallery, read_run
from facecam.bench.headline import headline
from facecam.bench.long import LongRun, Point, measure_long
from facecam.bench.measure import PausedError, Run, Series, Subject
from facecam.bench.peak import Peak
from facecam.bench.report import SCHEMA_FILE, load, markdown, report, verdict
from facecam.cli import main
from facecam.cpu import CoreUse, choose_core, pinned
from facecam.errors import FacecamError, ModelError
from facecam.opencv import cv2
from facecam.resources import shipped_models
from facecam.runtimes import RUNTIMES, Engine, RuntimeFailure, installed
from facecam.sources.demo import demo_frame
from tests.facecam.made_peers import save_ultralight, save_yunet
from tests.fuzz.damage import damaged_json
from tests.sagan_gallery.made import save_tiny_generator

MACHINE = {
    "cpu": "Test CPU", "flags": [], "cores": 4, "pinned_core": 3, "governor": None, "power": None,
    "load_before_percent": [1.0], "busy_before": False, "memory_mib": 1, "system": "Linux", "architecture": "x",
    "python": "3", "versions": {"numpy": "2"},
}  # fmt: skip


def busy_for(seconds):
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        pass


def made_run(total_ms, *, cpu_ms=None, use=None, labels=None, loads=()):
    total_ms = tuple(map(float, total_ms))
    wall_s = sum(total_ms) / 1000
    series = Series(
        labels={"model": "made", "runtime": "x", "width": 640, "height": 480, "faces": 1} if labels is None else labels,
        warm_up_ms=(1.0,), total_ms=total_ms, cpu_ms=total_ms if cpu_ms is None else cpu_ms,
        pre_ms=(), network_ms=(), post_ms=(),
    )  # fmt: skip
    return Run("made", (series,), CoreUse(wall_s, wall_s, wall_s, 1) if use is None else use, True, loads)


def test_a_known_sleep_measures_as_that_sleep_and_gives_no_verdict():
    subject = Subject(lambda: time.sleep(0.02), {"model": "sleeper"})
    run = measure.measure("sleep", [subject], seconds=0.1)
    (series,) = run.series
    assert len(series.total_ms) >= 20
    assert min(series.total_ms) >= 20.0
    assert np.percentile(series.total_ms, 25) < 40.0
    assert np.median(series.cpu_ms) < 5.0
    assert any("at work on this for only" in problem for problem in run.problems())
    assert verdict(run, series, MACHINE) == "sleeper: no verdict."


def test_known_work_is_measured_in_cpu_time_whatever_else_runs():
    subjects = [Subject(lambda: busy_for(0.004), {"model": "a"}), Subject(lambda: busy_for(0.008), {"model": "b"})]
    a, b = measure.measure("work", subjects, seconds=0.1).series
    assert np.median(a.cpu_ms) == pytest.approx(4.0, rel=0.1)
    assert np.median(b.cpu_ms) / np.median(a.cpu_ms) == pytest.approx(2.0, rel=0.1)
    assert len(a.total_ms) == len(b.total_ms)


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
        run = measure.measure("two", [Subject(call)], seconds=0.5)
    finally:
        stop.set()
        thread.join()
    assert any("More than one thread computed" in problem for problem in run.problems())


def test_a_paused_run_is_not_reported():
    calls = []

    def call():
        calls.append(None)
        if len(calls) == 10:
            time.sleep(1.2)  # as when the process is stopped, or the lid closed
        busy_for(0.001)

    with pytest.raises(PausedError, match="stood still"):
        measure.measure("paused", [Subject(call)], seconds=0.05)


def test_a_clock_that_jumps_is_a_pause(monkeypatch):
    times = iter([1000.0, 1100.0])
    monkeypatch.setattr(measure.time, "time", lambda: next(times))
    with pytest.raises(PausedError, match="slept"):
        measure.measure("asleep", [Subject(lambda: busy_for(0.001))], seconds=0.0)


def test_verdict_in_words_and_none_when_the_times_spread():
    steady = made_run([10.0] * 50)
    words = verdict(steady, steady.series[0], MACHINE)
    assert words.startswith("made x: 100 FPS on one core of Test CPU, 5.0 times the paper's 20 FPS")
    assert "3.6 times the 28 FPS" in words
    wild = made_run([5.0, 10.0, 20.0] * 20)
    assert "spread too much" in report(MACHINE, None, [wild], "now")["problems"][0]
    assert "FPS" not in verdict(wild, wild.series[0], MACHINE)
    other_size = made_run([10.0] * 50, labels={"model": "m", "width": 320, "height": 240})
    assert "paper" not in verdict(other_size, other_size.series[0], MACHINE)


def test_throttling_is_told():
    run = made_run(list(np.linspace(8, 12, 100)))
    assert any("throttling" in warning for warning in run.warnings())
    assert made_run([10.0] * 100).warnings() == []


def test_verdict_beside_busy_cores_says_so_wherever_it_is_shown(monkeypatch):
    monkeypatch.setattr(machine.psutil, "cpu_percent", lambda **_: [95.0, 3.0])
    described = machine.describe_machine(1)
    assert described["busy_before"]
    content = report(described, None, [made_run([10.0] * 50)], "2026-01-02T03:04:05")
    assert "100 FPS" in content["verdicts"][0]
    assert content["verdicts"][0].endswith("other cores were busy (core 0: 95 %).")
    assert "Other cores were busy (core 0: 95 %)" in markdown(content)
    words = headline(content)
    assert words.trusted
    assert "Other cores were busy (core 0: 95 %)" in words.caution
    quiet_content = report(MACHINE, None, [made_run([10.0] * 50)], "2026-01-02T03:04:05")
    warned, unwarned = (_pixels(draw_card(one), "#e0a83c") for one in (content, quiet_content))
    assert warned > 500 > unwarned, "the card doesn't show the warning"


def _pixels(card, colour):
    """How many pixels of a card are of about that colour."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return int((np.abs(np.asarray(card).astype(int) - wanted).max(axis=2) < 24).sum())


def test_other_cores_that_get_busy_during_the_run_are_told():
    described = {**MACHINE, "load_before_percent": [0.0] * 4}
    run = made_run([10.0] * 50, loads=(97.0, 2.0, 1.0, 100.0))  # core 3 is the measured one
    assert "other cores were busy (core 0: 97 %)" in report(described, None, [run], "now")["verdicts"][0]


def test_a_hyper_thread_beside_the_measured_core_takes_the_verdict():
    described = {**MACHINE, "load_before_percent": [0.0] * 4, "core_siblings": [2]}
    for run, when in (
        (made_run([10.0] * 50, loads=(0.0, 0.0, 90.0, 100.0)), "meanwhile"),
        (made_run([10.0] * 50), "before the start"),
    ):
        content = report(described, None, [run], "now")
        assert content["verdicts"] == ["made x: no verdict."]
        assert f"computed for others {when}" in content["problems"][0]
        assert "core 2: 90 %" in content["problems"][0]
        described = {**described, "load_before_percent": [0.0, 0.0, 90.0, 0.0]}


def test_without_a_core_of_its_own_a_verdict_needs_one_that_is_free():
    described = {**MACHINE, "pinned_core": None, "busy_before": True}
    full, half = ({**described, "load_before_percent": loads} for loads in ([90.0, 70.0], [90.0, 5.0]))
    run = made_run([10.0] * 50)
    assert "All cores were busy" in report(full, None, [run], "now")["problems"][0]
    assert "100 FPS" in report(half, None, [run], "now")["verdicts"][0]


@pytest.fixture
def busy_core():
    """A core, kept busy by another process."""
    core = choose_core()
    if core is None or not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system doesn't let a process be pinned to a core")
    script = f"import os; os.sched_setaffinity(0, {{{core}}}); print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield core
        process.kill()


def test_a_core_that_another_program_keeps_busy_gives_no_verdict(busy_core, monkeypatch):
    monkeypatch.setattr(measure, "_PAUSE_S", 60.0)
    with pinned(busy_core):
        described = machine.describe_machine(busy_core)
        run = measure.measure("shared", [Subject(lambda: busy_for(0.002), {"model": "m"})], seconds=1.0)
    sentences = {
        "busy before the start": report(described, None, [made_run([10.0] * 50)], "2026-01-02T03:04:05"),
        "other programs took the rest": report(MACHINE, None, [run], "2026-01-02T03:04:05"),
    }
    for sentence, content in sentences.items():
        assert all(words.endswith("no verdict.") for words in content["verdicts"])
        assert sentence in content["problems"][0]
        words = headline(content)
        assert (words.figure, words.trusted) == ("No verdict", False)
        assert sentence in words.against
        assert sentence in markdown(content)
        assert "FPS on" not in markdown(content)
        assert _pixels(draw_card(content), "#e0a83c") > 500, "the card doesn't show the reason"


def test_the_command_gives_no_verdict_on_a_busy_core(busy_core, tiny_model, monkeypatch, capsys):
    monkeypatch.setattr(command, "SIZES", ((64, 64),))
    monkeypatch.setattr(measure, "_PAUSE_S", 60.0)
    arguments = ["bench", "--model", str(tiny_model), "--seconds", "0.05", "--no-gallery", "--runtime", "onnxruntime"]
    assert main([*arguments, "--core", str(busy_core)]) == 0
    out = capsys.readouterr().out
    assert "no verdict" in out
    assert "The measured core was busy before the start" in out
    assert "times the paper's" not in out


def test_a_core_that_is_free_is_chosen(monkeypatch):
    monkeypatch.setattr(quiet, "fast_cores", lambda: [3, 2, 1, 0])
    monkeypatch.setattr(quiet, "core_siblings", lambda core: [core ^ 1])
    for loads, chosen in (([0.0] * 4, 3), ([0.0, 0.0, 99.0, 0.0], 1), ([99.0] * 4, 3)):
        monkeypatch.setattr(quiet.psutil, "cpu_percent", lambda loads=loads, **_: loads)
        assert quiet.quiet_core() == chosen


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


# The command


@pytest.fixture(scope="module")
def result(tiny_model, tmp_path_factory):
    """A quick benchmark of the tiny model, through the command line."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "SIZES", ((64, 64), (96, 64)))
        patch.setattr(measure, "_PAUSE_S", 60.0)  # a test machine may be as busy as it likes
        arguments = ["bench", "--model", str(tiny_model), "--seconds", "0.05", "--json", str(folder / "a.json")]
        arguments += ["--no-gallery", "--threads", "2", "--opencv", "--minutes", "0.01", "--png", str(folder / "a.png")]
        assert main([*arguments, "--markdown", str(folder / "a.md")]) == 0
    return folder / "a.json"


def conforms(value, schema):
    """Checks the part of JSON Schema that ours uses."""
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
    }  # fmt: skip
    if "const" in schema:
        assert value == schema["const"]
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert any(isinstance(value, kinds[name]) for name in names), (value, names)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value)
        for name, part in schema.get("properties", {}).items():
            if name in value:
                conforms(value[name], part)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            conforms(item, schema["items"])


def test_the_file_conforms_to_its_schema(result):
    conforms(json.loads(result.read_text()), json.loads(SCHEMA_FILE.read_text()))


def test_the_report_holds_what_was_measured(result, tiny_model):
    content = load(result)
    main_run, faces, staged, sizes, threads = content["runs"]
    assert {series["labels"]["model"] for series in main_run["series"]} == {"tiny"}
    assert "onnxruntime" in {series["labels"]["runtime"] for series in main_run["series"]}
    sha = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert {series["labels"]["model_sha256"] for series in main_run["series"]} == {sha}
    assert [series["labels"]["faces"] for series in faces["series"]] == [0, 1, 20, 200]
    # 300 cells of 32 px, of which the tiny model sees each as a face or not.
    assert [series["labels"]["faces_found"] for series in staged["series"]] == [0, 1, 20, 200]
    assert [series["labels"]["width"] for series in sizes["series"]] == [64, 96]
    assert [series["labels"]["threads"] for series in threads["series"]] == [1, 2]
    assert {series["labels"]["runtime"] for series in main_run["series"]} >= {"onnxruntime", "opencv"}
    for run in content["runs"]:
        for series in run["series"]:
            assert sum(series["histogram"]["counts"]) == series["detections"] == len(series["series_ms"]) >= 20
            assert series["total_ms"]["p10"] <= series["total_ms"]["p50"] <= series["total_ms"]["p99"]
    assert len(content["verdicts"]) == len(main_run["series"])
    assert markdown(content) == result.with_suffix(".md").read_text()


def test_results_are_compared_with_their_cautions(result, tmp_path, capsys):
    other = load(result)
    other["machine"]["cpu"] = "Another CPU"
    for run in other["runs"]:
        for series in run["series"]:
            series["cpu_ms"]["p50"] *= 2
    (tmp_path / "b.json").write_text(json.dumps(other))
    assert main(["bench", "--compare", str(result), str(tmp_path / "b.json")]) == 0
    text = capsys.readouterr().out
    assert "Different processors" in text
    rows = [line for line in text.splitlines() if line.startswith("| tiny")]
    assert rows
    assert all(line.rstrip(" |").rpartition("|")[2].strip() == "2.000" for line in rows)


def test_nothing_in_common_is_said():
    a = report(MACHINE, Peak(100.0, "x"), [made_run([10.0] * 50)], "now")
    b = report(MACHINE, None, [made_run([10.0] * 50, labels={"model": "another"})], "now")
    assert "nothing in common" in compare(a, b)


def test_the_floor_follows_from_multiply_adds_and_peak():
    labels = {"model": "m", "multiply_adds": 50e6}
    content = report(MACHINE, Peak(100.0, "x"), [made_run([2.0] * 50, labels=labels)], "now")
    (series,) = content["runs"][0]["series"]
    assert series["floor_ms"] == pytest.approx(1.0)
    assert series["times_floor"] == pytest.approx(2.0)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1}', '{"schema": 99, "runs": []}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(FacecamError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_damaged_results_are_told_in_one_sentence(result, tmp_path, capsys):
    whole = json.loads(result.read_text(encoding="utf-8"))
    other = tmp_path / "damaged.json"
    told = 0
    for seed in range(150):
        other.write_bytes(damaged_json(whole, random.Random(seed)))
        status = main(["bench", "--compare", str(result), str(other)])
        err = capsys.readouterr().err
        assert status in (0, 2), err
        assert (err.count("\n") == 1) == (status == 2), err
        told += status == 2
    assert 30 < told < 150


def test_a_result_that_could_not_be_written_is_told_before_measuring(tmp_path, tiny_model, capsys):
    missing = tmp_path / "no" / "a.json"
    assert main(["bench", "--model", str(tiny_model), "--json", str(missing)]) == 2
    assert "There is no folder" in capsys.readouterr().err


# Verdicts beside the papers, cards, long runs


def test_several_threads_are_no_problem_where_they_were_asked_for():
    use = CoreUse(wall_s=1.0, thread_cpu_s=0.8, process_cpu_s=1.7, busy_threads=2)
    series = made_run([10.0] * 50).series
    assert len(Run("one", series, use).problems()) == 2
    assert Run("two", series, use, one_core=False).problems() == []


def test_a_graphics_card_is_held_against_the_papers():
    labels = {"model": "m", "runtime": "onnxruntime", "provider": "cuda", "width": 640, "height": 480}
    run = made_run([4.0] * 50, labels=labels)
    words = verdict(run, run.series[0], MACHINE)
    assert words.startswith("m onnxruntime cuda: 250 FPS, 2.0 times the paper's 125 FPS on a graphics card")
    assert "1.0 times the 254 FPS" in words
    assert "core of" not in words


def test_the_headline_is_the_first_models_fastest_exact_engine():
    def series(model, precision, ms):
        labels = {
            "model": model,
            "model_sha256": model,
            "runtime": "x",
            "precision": precision,
            "width": 640,
            "height": 480,
        }
        return made_run([ms] * 50, labels=labels).series[0]

    all_series = (series("a", "f32", 8.0), series("a", "f32", 5.0), series("a", "bf16", 2.0), series("b", "f32", 4.0))
    use = CoreUse(1.0, 1.0, 1.0, 1)
    good = headline(report(MACHINE, None, [Run("main", all_series, use)], "now"))
    assert (good.figure, good.place, good.trusted) == ("200 FPS", "on one core of Test CPU", True)
    assert "10.0 times the paper's 20 FPS" in good.against
    busy = headline(report(MACHINE, None, [Run("main", all_series, CoreUse(1.0, 0.5, 0.5, 1))], "now"))
    assert (busy.figure, busy.trusted) == ("No verdict", False)
    assert "only 50 % of the time" in busy.against


def test_the_card_is_a_picture_to_show(result):
    with Image.open(result.with_suffix(".png")) as card:
        assert card.size == SIZE
        assert card.format == "PNG"
    steady = report(MACHINE, Peak(100.0, "x"), [made_run([10.0, 10.1, 10.2] * 20)], "2026-01-02T03:04:05")
    wild = report(MACHINE, None, [made_run([5.0, 10.0, 20.0] * 20)], "2026-01-02T03:04:05")
    cards = [np.asarray(draw_card(one)).astype(int) for one in (steady, wild)]
    figures = [card[84:200, 56:700].max(axis=2) > 200 for card in cards]
    assert all(figure.mean() > 0.02 for figure in figures), "the large figure is missing"
    assert (figures[0] != figures[1]).any(), "a result without a verdict shows the same figure"


def test_a_long_run_tells_what_time_does(tiny_model, monkeypatch):
    monkeypatch.setattr(measure, "_PAUSE_S", 60.0)
    told = []
    subject = Subject(lambda: busy_for(0.0005), {"model": "m"})
    run = measure_long(subject, 0.04, told.append)
    assert len(run.points) == len(told) >= 1
    assert [point.time_s for point in run.points] == sorted(point.time_s for point in run.points)
    assert run.points[-1].time_s > 1.5, "it has ended before its time"
    assert all(point.memory_mib > 10 for point in run.points)

    def point(minute, cpu_ms, memory_mib, celsius):
        return Point(60.0 * minute, 100, cpu_ms, cpu_ms, cpu_ms, memory_mib, celsius, None)

    hot = LongRun({}, tuple(point(i + 1, 5.0 + 0.1 * i, 100.0 + i, 50.0 + i) for i in range(10)), ())
    assert hot.drift == pytest.approx(5.85 / 5.05)
    assert hot.memory_growth_mib == pytest.approx(8.0)
    words = hot.words()
    assert "10.0 minutes it is 16 % slower" in words
    assert "+8.0 MiB" in words
    assert "from 50 to at most 59 °C" in words
    assert "°C" not in LongRun({}, (point(1, 5.0, 100.0, None),), ()).words()


# Other people's detectors, OpenCV, and the gallery


def test_other_peoples_detectors_take_part(tmp_path, make_frame):
    frame = make_frame((3, 2), (10, 5))
    (yunet,) = contenders(save_yunet(tmp_path / "yunet.onnx"), engines())
    labels = yunet.open(frame, 2).labels
    assert (labels["family"], labels["runtime"], labels["faces_found"]) == ("yunet", "opencv", 2)
    (ultralight,) = contenders(save_ultralight(tmp_path / "rfb.onnx"), engines())
    labels = ultralight.open(frame, 1).labels
    assert (labels["family"], labels["runtime"], labels["faces_found"]) == ("ultralight", "onnxruntime", 1)
    ultralight.open(frame, 1).call()
    assert not yunet.ours


@pytest.mark.parametrize("name", shipped_models())
def test_the_same_network_through_opencv_finds_the_same(name):
    frame = demo_frame(30)
    exact, through_opencv = (contenders(name, [Engine(runtime)])[0].detector() for runtime in ("onnxruntime", "opencv"))
    for size in ((640, 480), (320, 240)):
        picture = cv2.resize(frame, size)
        one, other = exact.detect(picture), through_opencv.detect(picture)
        assert len(one) > 0
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)
    assert through_opencv.runtime == "opencv"


TINY_NCNN = """7767517
9 10
Input        in0 0 1 in0
Split        s   1 2 in0 a b
Convolution  cf  1 1 a f 0=2 1=32 3=32 5=1 6=6144
Permute      pf  1 1 f f2 0=3
Reshape      rf  1 1 f2 f3 0=2 1=300
Softmax      sm  1 1 f3 out0 0=1 1=1
Convolution  cb  1 1 b g 0=4 1=32 3=32 5=0 6=12288
Permute      pg  1 1 g g2 0=3
Reshape      rg  1 1 g2 out1 0=4 1=300
"""
"""The tiny model, written for ncnn by hand."""


def test_the_same_network_through_ncnn_finds_the_same(tiny_model, tmp_path, make_frame):
    pytest.importorskip("ncnn", reason="ncnn is not installed")
    (tmp_path / "tiny.ncnn.param").write_text(TINY_NCNN)
    weight = np.zeros((2, 3, 32, 32), np.float32)
    weight[1] = 0.1 / (3 * 32 * 32)
    no_flag = np.zeros(1, np.int32).tobytes()  # plain float32 follows
    face = no_flag + weight.tobytes() + np.array([0, -6], np.float32).tobytes()
    (tmp_path / "tiny.ncnn.bin").write_bytes(face + no_flag + np.zeros(12288, np.float32).tobytes())
    contender = through_ncnn(tiny_model, tmp_path / "tiny.ncnn.param")
    labels = contender.open(make_frame((3, 2), (10, 5)), 2).labels
    assert (labels["runtime"], labels["faces_found"]) == ("ncnn", 2)
    with pytest.raises(RuntimeFailure, match="another size"):
        contender.open(make_frame(width=320, height=192), 0)


def test_without_ncnn_or_its_files_it_says_what_to_do(tiny_model, tmp_path, capsys):
    assert main(["bench", "--model", str(tiny_model), "--ncnn", str(tmp_path / "x.param")]) == 2
    assert ("pip install ncnn" if find_spec("ncnn") is None else "There is no file") in capsys.readouterr().err


def test_files_of_no_known_family_are_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError):
        contenders(tmp_path / "x.onnx", engines())


def test_a_provider_that_is_missing_is_told_before_measuring(tiny_model, capsys):
    assert main(["bench", "--model", str(tiny_model), "--provider", "migraphx"]) == 2
    err = capsys.readouterr().err
    assert "onnxruntime-migraphx" in err
    assert "[" not in err


def test_a_paused_gallery_is_not_reported():
    one = {"what": "picture only", "runtime": "x", "warm_up_ms": [5.0], "total_ms": [5.0] * 30, "cpu_ms": [5.0] * 30}
    result = {"model": "m", "model_sha256": "0", "resolution_px": 64, "wall_s": 1.0, "thread_cpu_s": 1.0}
    result |= {"process_cpu_s": 1.0, "series": [one]}
    assert read_run(result).problems() == []
    one["total_ms"] = [5.0] * 20 + [3000.0] + [5.0] * 9
    with pytest.raises(PausedError, match=r"stood still for 3\.0 s"):
        read_run(result)


def test_the_gallery_takes_part(tmp_path):
    run = measure_gallery(None, 0.2, "onnxruntime", save_tiny_generator(tmp_path / "tiny.onnx"))
    assert run is not None
    assert [series.labels["what"] for series in run.series] == ["picture and attention", "picture only"]
    for series in run.series:
        assert len(series.total_ms) == len(series.cpu_ms) >= 20
        assert min(series.total_ms) > 0
    with pytest.raises(FacecamError, match=r"The gallery can't be measured: .*nothing\.onnx"):
        measure_gallery(None, 0.2, "onnxruntime", tmp_path / "nothing.onnx")


def test_the_networks_time_is_told_node_by_node(tiny_model, capsys):
    for runtime in (name for name in RUNTIMES if installed(name)):
        assert nodes.main([str(tiny_model), "--runtime", runtime, "--size", "96x64"]) == 0
        out = capsys.readouterr().out
        assert "Conv" in out
        assert int(out.splitlines()[0].split(":")[1].split()[0]) > 0
    assert nodes.main(["nothing.onnx"]) == 2
    assert "nothing.onnx" in capsys.readouterr().err
