"""`facecam detect`: what people type, and what lies on the disk afterwards."""

from __future__ import annotations

import csv
import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from facecam.sources import open_source
from facecam.system.opencv import cv2
from tests.clips import write_clip
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.processes import run_python, start_python


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


@pytest.fixture
def photo(tmp_path, make_frame):
    return write(tmp_path / "in" / "photo.png", make_frame((3, 2), (7, 5)))


@pytest.fixture
def clip(tmp_path, make_frame):
    """Five frames at 10 per second: no face, then one in cell (i, 1)."""
    cells = [[(number, 1)] if number else [] for number in range(5)]
    return write_clip(tmp_path / "in" / "clip.mkv", [make_frame(*faces, width=320, height=240) for faces in cells])


def json_lines(path, about="faces"):
    """The lines that tell of faces in a frame, or of something else about a source."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if about in line]


def test_a_picture_as_json_and_csv(detect, photo, tmp_path):
    status, _, _ = detect(photo, "--json", tmp_path / "r.jsonl", "--csv", tmp_path / "r.csv")
    assert status == 0
    (line,) = json_lines(tmp_path / "r.jsonl")
    faces = line.pop("faces")
    assert line == {"source": str(photo), "frame": 0, "time_s": 0.0, "width": 640, "height": 480}
    assert sorted(face["box"] for face in faces) == [[96, 64, 128, 96], [224, 160, 256, 192]]
    assert all(set(face) == {"box", "score"} and 0.99 < face["score"] <= 1 for face in faces)
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == [str(photo)] * 2
    assert sorted([float(row[name]) for name in ("x1", "y1", "x2", "y2")] for row in rows) == sorted(
        face["box"] for face in faces
    )


def test_a_video_has_a_line_per_frame(detect, clip, tmp_path):
    status, _, _ = detect(clip, "--json", tmp_path / "r.jsonl")
    assert status == 0
    lines = json_lines(tmp_path / "r.jsonl")
    assert [line["frame"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["time_s"] for line in lines] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.002)
    assert [len(line["faces"]) for line in lines] == [0, 1, 1, 1, 1]
    assert lines[3]["faces"][0]["box"][:2] == [96, 32]


def test_a_folder_with_pictures_videos_and_rubbish(detect, photo, clip, tmp_path, make_frame):
    write(photo.parent / "sub" / "other.jpg", make_frame((1, 1)))
    (photo.parent / "broken.jpg").write_text("text", encoding="utf-8")
    (photo.parent / "broken.mp4").write_text("text", encoding="utf-8")
    status, _, errors = detect(photo.parent, "--json", tmp_path / "r.jsonl")
    assert status == 0  # damaged files in a folder are told and passed over
    assert sum("Skipped" in line for line in errors) == 2
    assert any("broken.jpg" in line for line in errors)
    assert any("broken.mp4" in line for line in errors)
    sources = {Path(line["source"]).name for line in json_lines(tmp_path / "r.jsonl")}
    assert sources == {"photo.png", "other.jpg", "clip.mkv"}
    passed_over = {Path(line["source"]).name: line for line in json_lines(tmp_path / "r.jsonl", "skipped")}
    assert set(passed_over) == {"broken.jpg", "broken.mp4"}
    assert "damaged" in passed_over["broken.jpg"]["skipped"]
    assert "Passed over: " in errors[-2]
    assert detect(photo.parent, "--strict")[0] == 3


def test_results_are_printed_where_no_file_is_asked_for(detect, photo):
    status, out, _ = detect(photo)
    assert status == 0
    assert out.startswith(f"{photo}: 2 faces")
    assert "[96 64 128 96]" in out


def test_a_dash_writes_to_standard_output_alone(detect, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = detect(photo, "--json", "-")
    assert status == 0
    (line,) = out.splitlines()
    assert len(json.loads(line)["faces"]) == 2
    _, out, _ = detect(photo, "--csv", "-", "--json", "r.jsonl")
    assert [row["source"] for row in csv.DictReader(out.splitlines())] == [str(photo)] * 2
    assert not (tmp_path / "-").exists()
    status, out, errors = detect(photo, "--csv", "-", "--json", "-")
    assert (status, out) == (2, "")
    assert "name a file for the other" in errors[0]


def test_the_threshold_counts(detect, tmp_path):
    grey = write(tmp_path / "grey.png", np.full((32, 32, 3), 185, np.uint8))  # score about 0.73
    assert "1 face" in detect(grey, "--threshold", "0.7")[1]
    assert "0 faces" in detect(grey, "--threshold", "0.8")[1]


def test_native_size(detect, tmp_path, make_frame):
    large = write(tmp_path / "large.png", make_frame((30, 20), width=1280, height=960))
    assert "0 faces" in detect(large)[1]
    assert "1 face" in detect(large, "--size", "native")[1]


def test_copies_show_the_boxes_and_keep_the_folders(detect, photo, clip, tmp_path, make_frame):
    write(photo.parent / "sub" / "photo.jpg", make_frame((1, 1)))
    out = tmp_path / "out"
    assert detect(photo.parent, "--out", out)[0] == 0
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.*")} == {
        "photo.png", "sub/photo.jpg", "clip.mkv",
    }  # fmt: skip
    before, after = cv2.imread(str(photo)), cv2.imread(str(out / "photo.png"))
    assert before is not None
    assert after is not None
    assert after.shape == before.shape
    changed = np.argwhere((before != after).any(axis=2))
    assert len(changed) > 100
    assert (after[64, 96:128] != before[64, 96:128]).any()
    copy = open_source(str(out / "clip.mkv"))
    assert copy.fps == 10
    assert sum(1 for _ in iter(copy.read, None)) == 5


def test_inputs_are_never_overwritten(detect, photo, tmp_path):
    original = photo.read_bytes()
    assert detect(photo, "--out", photo.parent)[0] == 0
    assert photo.read_bytes() == original
    assert (photo.parent / "photo-faces.png").exists()
    for option in ("--json", "--csv"):
        status, _, errors = detect(photo, option, photo)
        assert status == 2
        assert "is an input" in errors[-1]
        assert photo.read_bytes() == original


def test_an_input_is_safe_from_the_copy_of_another(detect, tmp_path, make_frame):
    a = write(tmp_path / "a" / "x.png", make_frame((1, 1)))
    b = write(tmp_path / "b" / "x.png", make_frame((2, 2)))
    original = b.read_bytes()
    assert detect(a, b, "--out", b.parent)[0] == 0
    assert b.read_bytes() == original
    assert len(list(b.parent.iterdir())) == 3  # the original and two copies


def test_copies_inside_the_folder_are_not_inputs_the_next_time(detect, photo, clip):
    for _ in range(2):
        assert detect(photo.parent, "--out", photo.parent / "out")[0] == 0
    assert sorted(path.name for path in (photo.parent / "out").rglob("*.*")) == ["clip.mkv", "photo.png"]


def test_a_wrong_source_is_told_and_the_others_are_done(detect, photo, tmp_path):
    status, _, errors = detect(tmp_path / "missing.jpg", photo, "--json", tmp_path / "r.jsonl")
    assert status == 2
    assert "missing.jpg" in errors[0]
    assert len(json_lines(tmp_path / "r.jsonl")) == 1
    assert "no file" in json_lines(tmp_path / "r.jsonl", "failed")[0]["failed"]


def test_live_sources_stop_after_the_given_time(detect, tmp_path):
    status, _, _ = detect("demo", "--seconds", "0.2", "--csv", tmp_path / "r.csv", "--json", tmp_path / "r.jsonl")
    assert status == 0
    assert len(json_lines(tmp_path / "r.jsonl")) >= 1


@pytest.mark.parametrize("target", ["--json", "--csv", "--out"])
def test_results_that_cannot_be_written(detect, photo, tmp_path, target):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    status, _, errors = detect(photo, target, tmp_path / "file" / "results")
    assert status == 2
    assert "can't be written" in errors[-1]


# As a process of its own


def test_wrong_input_gives_one_line_and_status_2(tiny_model, tmp_path):
    """In a real process, because libraries write to the real stderr about damaged files."""
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    cut = write(tmp_path / "cut.png", noise)
    cut.write_bytes(cut.read_bytes()[:3000])
    (tmp_path / "clip.mp4").write_bytes(bytes(range(256)) * 100)
    wrong = (cut, tmp_path / "clip.mp4")
    done = run_python("-m", "facecam", "detect", *wrong, "--model", tiny_model)
    assert (done.returncode, done.stdout) == (2, "")
    for path, line in zip(wrong, done.stderr.splitlines(), strict=True):
        assert line.startswith(f"facecam: {path} is not a")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C can't be sent to one process alone on Windows")
def test_the_results_are_there_while_it_works_and_ctrl_c_keeps_them(tiny_model, tmp_path):
    results = tmp_path / "r.jsonl"
    process = start_python("-m", "facecam", "detect", "demo", "--model", tiny_model, "--json", results)
    wait_for(lambda: process.poll() is not None or (results.exists() and results.read_bytes().count(b"\n") >= 3))
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "stopped" in err
    lines = json_lines(results)
    assert [line["frame"] for line in lines] == list(range(len(lines)))
