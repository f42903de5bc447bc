"""The command line apart from `detect`."""

from __future__ import annotations

import re
import sys

import pytest

from facecam.cli import commands, main, make_parser
from facecam.cli.options import detector_options
from facecam.errors import SourceError
from facecam.live.metrics import RECENT
from facecam.live.state import PipelineState
from facecam.sources import Camera
from facecam.system.opencv import cv2
from tests import loopback
from tests.facecam.saving.told_clips import has_sound, make_clip
from tests.microphones import FakeMiniaudio
from tests.processes import run_python, start_python

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")


@pytest.mark.parametrize(
    ("connected", "told"),
    [([Camera(0, "Front"), Camera(2, "Desk camera")], "0  Front\n2  Desk camera\n"), ([], "No camera found.")],
)
def test_cameras_are_listed_with_their_names(monkeypatch, capsys, connected, told):
    monkeypatch.setattr(commands, "list_cameras", lambda: connected)
    assert main(["cameras"]) == 0
    assert capsys.readouterr().out.startswith(told)


@pytest.mark.parametrize(("threads", "where"), [("1", "this core"), ("2", "this machine")])
def test_headless_runs_the_pipeline_and_tells_the_rates(tiny_model, capsys, threads, where):
    arguments = ["--headless", "--source", "demo", "--seconds", "2.2", "--threads", threads, "--model", str(tiny_model)]
    assert main(arguments) == 0
    first, *rates, summary = capsys.readouterr().out.splitlines()
    assert first.startswith("Demo, tiny on ")
    assert 1 <= len(rates) <= 2  # a busy machine may miss the last one
    assert all("capture" in line and "detect" in line and "latency" in line for line in rates)
    assert "frames captured" in summary
    assert f"{where} could do" in summary
    told = re.search(r"(\d+) detected.* of the last (\d+): latency", summary)
    assert told
    assert int(told[2]) == min(int(told[1]), RECENT), "the figures are not of the whole run"


@pytest.mark.parametrize("sound", [True, False])
def test_headless_records_the_sound_of_a_file_unless_silence_is_wanted(tiny_model, tmp_path, capsys, sound):
    clip, video = make_clip(tmp_path / "clip.mp4", seconds=2), tmp_path / "r.mp4"
    arguments = ["--headless", "--source", str(clip), "--seconds", "0", "--model", str(tiny_model)]
    assert main([*arguments, "--record", str(video), *([] if sound else ["--no-audio"])]) == 0
    assert (", with sound\n" in capsys.readouterr().out) is sound
    assert has_sound(video) is sound


def test_headless_records_without_a_microphone_that_is_not_there(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "miniaudio", FakeMiniaudio("Desk"))
    arguments = ["--headless", "--source", "demo", "--seconds", "2", "--model", str(tiny_model), "--microphone", "Yeti"]
    assert main([*arguments, "--record", str(tmp_path / "r.mp4")]) == 0
    out = capsys.readouterr().out
    assert out.count("There is no microphone Yeti, only Desk.") == 1
    assert re.search(r"r\.mp4: [1-9]\d* frames recorded", out)
    assert "with sound" not in out
    assert main(arguments) == 2
    assert "name a video with --record" in capsys.readouterr().err


def test_headless_as_a_virtual_camera_tells_its_figures(tiny_model, monkeypatch, capsys):
    device = loopback.install(monkeypatch)
    arguments = ["--headless", "--virtual-camera", "--source", "demo", "--seconds", "2", "--model", str(tiny_model)]
    assert main(arguments) == 0
    line = capsys.readouterr().out.splitlines()[-2]
    pattern = rf"{loopback.NAME}: (\d+) pictures shown, [\d.]+ ms p50 and [\d.]+ ms p95 after their capture, [\d.]+ ms"
    told = re.match(pattern, line)
    assert told, line
    assert 1 < int(told[1]) <= len(device.sent)
    assert device.sizes == [(640, 480)]
    assert device.closed == 1
    device.problem = RuntimeError("unplugged")
    assert main([*arguments[:-3], "0", *arguments[-2:]]) == 2
    assert "has gone away (unplugged)" in capsys.readouterr().err


def test_what_is_live_computes_in_the_fastest_precision_and_files_exactly_unless_told(capsys):
    def options(*arguments, live):
        made = detector_options(make_parser().parse_args(arguments))
        return made.for_live() if live else made

    assert (options(live=True).engine.precision, options(live=True).in_background) == ("auto", True)
    detect = options("detect", "x.jpg", live=False)
    assert (detect.engine.precision, detect.in_background) == ("f32", False)
    assert options("--precision", "f32", live=True).engine.precision == "f32"
    for arguments, words in ((["--help"], "default: auto, the fastest)"), (["detect", "--help"], "default: f32; auto")):
        with pytest.raises(SystemExit):
            main(arguments)
        assert words in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def picture(tmp_path, make_frame):
    """The path of one with one face for the tiny model."""
    cv2.imwrite(str(tmp_path / "one.png"), make_frame((1, 1)))
    return str(tmp_path / "one.png")


def test_headless_ends_with_its_source(tiny_model, picture, capsys):
    assert main(["--headless", "--source", picture, "--seconds", "0", "--model", str(tiny_model)]) == 0
    assert "1 frames captured, 1 detected" in capsys.readouterr().out


def test_a_network_that_is_gone_is_told_in_a_sentence(picture, capsys):
    assert main(["detect", picture, "--model", "faceboxes-s16"]) == 0
    told = capsys.readouterr().err
    assert "faceboxes-s16 is gone; faceboxes-s8 is used" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--headless", "--source", "missing.mp4", "--model", "TINY"], "missing.mp4"),
        (["--headless", "--model", "missing.onnx"], "missing.onnx"),
        (["detect", "missing.jpg", "--model", "TINY"], "missing.jpg"),
        (["detect", "x.jpg", "--model", "missing.onnx"], "missing.onnx"),
        (["bench", "--model", "missing.onnx"], "missing.onnx"),
    ],
)
def test_wrong_input_gives_one_sentence_and_status_2(tiny_model, capsys, arguments, words):
    assert main([str(tiny_model) if argument == "TINY" else argument for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("facecam: ")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--threshold", "1.5"],
        ["--runtime", "tensorrt"],
        ["--threshold", "abc"],
        ["--core", "4096"],
        ["--core", "x"],
        ["--seconds", "-1"],
        ["nonsense"],
        ["x" * 5000],  # too long for the name of a file
        ["detect"],
        ["detect", "a.jpg", "--size", "10x10"],
        ["detect", "a.jpg", "--size", "large"],
    ],
)
def test_wrong_options_give_one_line_and_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("facecam")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--record", "x.mp4"], "--record is for running without a window: add --headless"),
        (["--virtual-camera"], "--virtual-camera is"),
        (["--microphone", "default"], "--microphone is"),
        (["--seconds", "3"], "--seconds is"),
        (["--no-audio"], "--no-audio is"),
        (["--record", "x.mp4", "detect", "a.jpg"], "--record is for live pictures"),
        (["--seconds", "3", "bench"], "--seconds is for live pictures; what is for a command stands behind its name"),
        (["--no-audio", "detect", "a.jpg"], "--no-audio is"),
        (["--headless", "doctor"], "--headless is"),
        (["bench", "--accuracy", "a", "b", "--compare", "c"], "not allowed with argument --accuracy"),
        (["bench", "--markdown", "-"], "the tables are printed anyway"),
    ],
)
def test_options_that_nothing_would_look_at_are_refused(monkeypatch, capsys, arguments, words):
    monkeypatch.setattr("facecam.cli.window_problem", lambda: None)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["bench", "--accuracy", "a", "b", "--threads", "4", "--minutes", "3"],
            "--accuracy has no use for --minutes and --threads",
        ),
        (["bench", "--compare", "a", "b", "--no-gallery"], "--compare has no use for --no-gallery"),
        (
            ["--model", "x", "bench", "--compare", "a", "b", "--also", "c"],
            "--compare has no use for --model and --also",
        ),
        (["bench", "--provider", "cuda", "--runtime", "openvino"], "leave --runtime or --provider out"),
        (["bench", "--provider", "cuda", "--precision", "int8"], "leave --provider or --precision out"),
        (["bench", "--provider", "cuda", "--precision", "bf16"], "ONNX Runtime has no bf16"),
        (["--headless", "--no-audio"], "--no-audio is for recordings"),
    ],
)
def test_options_that_exclude_each_other_are_refused(capsys, arguments, words):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("word", ["clip.mp4", "Photo.JPG", "rtsp://host/live", "0", "demo"])
def test_a_source_in_the_place_of_a_command_is_told_where_it_belongs(capsys, word):
    with pytest.raises(SystemExit):
        main([word])
    err = capsys.readouterr().err
    assert f"`facecam --source {word}`" in err
    assert f"`facecam detect {word}`" in err


def test_a_mistyped_command_is_told_the_one_that_was_meant(capsys):
    with pytest.raises(SystemExit):
        main(["reset"])
    assert "do you mean reset-settings?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["nonsense"])
    known = capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out.partition("commands:")[2].splitlines()[2:]
    assert all(line.split()[0] in known for line in listed if line.startswith("    ") and line[4] != " ")


def test_options_may_stand_before_or_after_the_command(tiny_model, picture, capsys):
    model, detect = ["--model", str(tiny_model)], ["detect", picture]
    for arguments in ([*model, *detect], [*detect, *model]):
        assert main(arguments) == 0
        assert "1 face" in capsys.readouterr().out


@linux_only
def test_without_a_display_it_says_so_and_runs_headless(tiny_model):
    command = ["-m", "facecam", "--source", "demo", "--seconds", "1", "--model", tiny_model]
    done = run_python(*command, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 0, done.stderr
    assert "there is no display" in done.stderr
    assert "frames captured" in done.stdout


def test_ctrl_c_ends_headless_mode_with_130(monkeypatch, tiny_model, capsys):
    def interrupted(state):
        raise KeyboardInterrupt

    monkeypatch.setattr(PipelineState, "stats", interrupted)
    assert main(["--headless", "--source", "demo", "--model", str(tiny_model)]) == 130
    assert capsys.readouterr().err == "facecam: stopped.\n"


def test_a_live_source_that_fails_while_headless(monkeypatch, tiny_model, capsys):
    class Failing:
        title, live, fps, frame_count = "Failing camera", True, None, None

        def read(self):
            raise SourceError("Failing camera has stopped delivering pictures.")

        def close(self):
            pass

    from facecam.live import pipeline

    monkeypatch.setattr(pipeline, "open_source", lambda spec: Failing())
    assert main(["--headless", "--source", "0", "--model", str(tiny_model)]) == 2
    assert capsys.readouterr().err == "facecam: Failing camera has stopped delivering pictures.\n"


NAMED = """
import sys
from facecam.cli import commands, run
from facecam.sources import Camera

commands.list_cameras = lambda: [Camera(0, "Stefan’s 顔 × \\udcff")]
sys.argv = ["facecam", "cameras"]
run()
"""


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "ascii"])
def test_output_is_utf8_where_the_system_has_a_code_page(encoding):
    done = run_python("-c", NAMED, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0  Stefan’s 顔 × \\udcff\n", "")


MEASURED = """
import sys
from facecam.bench import command
from facecam.cli import run

def measured(options, tell, show):
    tell("[1/1] Looking")
    return command.Found("640 × 480" * 10000)

command.bench_command = measured
sys.argv = ["facecam", "bench", "--markdown", sys.argv[1]]
run()
"""


def test_a_result_is_written_where_nobody_reads_what_is_printed(tmp_path):
    process = start_python("-c", MEASURED, tmp_path / "result.md", PYTHONIOENCODING="cp1251")
    process.stdout.close()
    assert process.stderr.read() == "[1/1] Looking …\n"
    assert process.wait() == 141
    assert (tmp_path / "result.md").read_text(encoding="utf-8").startswith("640 × 480")


HANGING = """
import sys, threading, time
from facecam.cli import commands, run
from facecam.sources import Camera

def cameras():
    threading.Thread(target=time.sleep, args=(600,), daemon=True, name="stuck").start()
    return [Camera(0, "Front")]

commands.list_cameras = cameras
sys.argv = ["facecam", "cameras"]
run()
"""


def test_a_thread_that_hangs_does_not_keep_the_process():
    done = run_python("-c", HANGING)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0  Front\n", "")
