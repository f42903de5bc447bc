"""The time that a batch takes, told before it starts; and what a batch in another process tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from facecam.batch.batch import Summary
from facecam.batch.estimate import SAMPLE, Estimate, estimate, words
from facecam.batch.inputs import Input
from facecam.batch.watch import Progress, from_line, to_line
from facecam.batch.work import Task, Worker, WorkOptions
from facecam.cli import main
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.faces.boxes import Detections
from facecam.system.opencv import cv2
from tests.clips import write_clip
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.processes import ROOT

MakeFrame = Callable[..., np.ndarray]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """200 frames of 640 x 480, with no face in them."""
    return write_clip(tmp_path / "clip.mkv", [np.zeros((480, 640, 3), np.uint8)] * 200)


def test_pictures_and_frames_are_counted_and_larger_ones_take_longer(
    tmp_path: Path, clip: Path, tiny_model: Path
) -> None:
    detector = FaceDetector(tiny_model)
    paths = []
    for name, side in (("small.png", 400), ("large.png", 2000)):
        cv2.imwrite(str(tmp_path / name), np.zeros((side, side, 3), np.uint8))
        paths.append(tmp_path / name)
    small, large, video = (estimate([Task(Input(str(path)))], detector) for path in (*paths, clip))
    assert (small.pictures, small.videos, small.frames) == (1, 0, 1)
    assert (video.pictures, video.videos, video.frames) == (0, 1, 200)
    assert small.thorough_s < large.thorough_s < video.thorough_s
    assert large.quick_s < large.thorough_s
    assert all(each.sure for each in (small, large, video))


@pytest.mark.parametrize("alpha", [0, 255])
def test_each_look_at_a_transparent_picture_counts(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, alpha: int
) -> None:
    """As many as there will be: screenshots say that they are transparent, and are not."""
    searched = [0]
    monkeypatch.setattr("facecam.batch.estimate._AROUND_S", 0.0)
    monkeypatch.setattr("facecam.batch.estimate._tile_s", lambda detector: 1e4)
    worker = Worker(WorkOptions(DetectorOptions(tiny_model), thorough=True))
    real = FaceDetector.detect

    def counting(self: FaceDetector, frame: np.ndarray) -> Detections:
        searched[-1] += 1
        return real(self, frame)

    monkeypatch.setattr(FaceDetector, "detect", counting)
    tasks = []
    for name, channels in (("a.png", 3), ("b.png", 4)):
        cv2.imwrite(str(tmp_path / name), np.full((200, 300, channels), alpha, np.uint8))
        tasks.append(Task(Input(str(tmp_path / name))))
        worker.do(tasks[-1], lambda record, is_picture: None)
        searched.append(0)
    opaque, other = (estimate([task], worker.base_detector).thorough_s for task in tasks)
    assert other / opaque == pytest.approx(searched[1] / searched[0], rel=0.01)


def test_many_files_are_sampled_and_unknown_ones_told(tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((100, 100, 3), np.uint8))
    many = [Task(Input(str(path)))] * (3 * SAMPLE)
    assert estimate(many, FaceDetector(tiny_model)).frames == 3 * SAMPLE
    (tmp_path / "b.png").write_bytes(b"")
    mixed = estimate([*many, Task(Input(str(tmp_path / "b.png"))), Task(Input("demo"))], FaceDetector(tiny_model))
    assert not mixed.sure


def test_processes_share_files(tiny_model: Path) -> None:
    told = Estimate(3, 0, 3, 60.0, 6.0)
    assert told.seconds(True, 2) == 30
    assert told.seconds(False, 8) == 2
    assert Estimate(0, 1, 900, 60.0, 6.0).seconds(True, 8) == 60
    assert Estimate(0, 1, 90_000, 60.0, 6.0).seconds(True, 8) == 7.5  # in pieces


@pytest.mark.parametrize(
    ("seconds", "told"), [(3, "a few seconds"), (41, "about 45 s"), (70, "about 1 min"), (240, "about 4 min")]
)
def test_words(seconds: float, told: str) -> None:
    assert words(seconds) == told


def test_hiding_tells_how_long_it_takes(
    tmp_path: Path, clip: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["detect", str(clip), "--hide", "blur", "--out", str(tmp_path / "out"), "--model", str(tiny_model)]
    assert main([*command, "--seconds", "0.1"]) == 0
    assert "at several sizes, " in (told := capsys.readouterr().err)
    assert "--size 640x480" in told


def test_lines_come_through() -> None:
    for told in (
        Progress("a.jpg", 1, 5, 17),
        Summary(files=2, failed=["a"], error="full", stopped=True),
        Estimate(1, 2, 3, 4, 5),
    ):
        assert from_line(to_line(told)) == told
    assert from_line(b"hello\n") is None


# In a process of its own


@contextmanager
def started(*arguments: object) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Standard input and output of `facecam detect ARGUMENTS`, which has ended well or been stopped afterwards."""
    command = [sys.executable, "-m", "facecam", "detect", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None
    assert process.stdout is not None
    yield process.stdin, process.stdout
    process.stdin.close()
    assert process.wait(PATIENCE_S) in (0, 130)


def test_another_process_tells_progress_and_the_end(tmp_path: Path, make_frame: MakeFrame, tiny_model: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), make_frame((3, 2)))
    (folder / "c.png").write_bytes(b"no picture")
    command = (folder, "--hide", "blur", "--out", tmp_path / "out", "--model", tiny_model, "--watch")
    with started(*command) as (_, output):
        told = [from_line(line) for line in output]
    assert Progress("a.png", 0, 3, 1) in told
    report = told[-1]
    assert isinstance(report, Summary)
    assert (report.files, report.copies, report.faces) == (2, 2, 2)
    assert len(report.skipped) == 1
    assert "c.png" in next(iter(report.skipped.values()))


@pytest.mark.parametrize("jobs", [1, 2])
def test_closing_its_input_leaves_whole_copies_only(tmp_path: Path, clip: Path, tiny_model: Path, jobs: int) -> None:
    second = tmp_path / "other.mkv"
    second.write_bytes(clip.read_bytes())
    out = tmp_path / "out"
    command = (clip, second, "--hide", "blur", "--out", out, "--watch", "--jobs", jobs, "--model", tiny_model)
    with started(*command) as (controls, output):
        wait_for(lambda: any(out.glob(".*.mkv")))
        controls.close()
        report = [from_line(line) for line in output][-1]
    assert isinstance(report, Summary)
    assert report.stopped
    assert [path.name for path in out.iterdir() if path.suffix == ".mkv"] == []


def test_an_estimate_alone(clip: Path, tiny_model: Path) -> None:
    with started(clip, "--model", tiny_model, "--estimate") as (_, output):
        told = from_line(output.read())
    assert isinstance(told, Estimate)
    assert told.frames == 200
