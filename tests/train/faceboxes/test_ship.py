"""One command makes what ships: calibrated, with the threshold that the rule gives, in int8, and with its cards."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from facecam.bench.workloads import detector_benchmark
from facecam.detection.detector import FaceDetector
from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import RUNTIMES
from facecam.runtimes.registry import has_int8
from facecam.sources.demo import demo_frame
from facecam.system.opencv import cv2
from facecam.system.resources import asset
from tests.clips import write_clip
from train.faceboxes import ship
from train.training import TrainingError


@pytest.fixture
def material(tmp_path: Path) -> list[str]:
    """The demo's pictures with the faces that a shipped network finds there as labels, and a still clip of one face."""
    detector = FaceDetector("faceboxes")
    lines = []
    for index in range(6):
        event = "2--web" if index % 3 else "3--none"
        frame = demo_frame(40 * index)
        found = detector.detect(frame).boxes if index % 3 else np.zeros((0, 4))
        path = tmp_path / "WIDER_val" / "images" / event / f"made_{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), frame if index % 3 else np.full_like(frame, 60 * index))
        rows = [f"{x:.0f} {y:.0f} {x2 - x:.0f} {y2 - y:.0f} 0 0 0 0 0 0" for x, y, x2, y2 in found]
        lines += [f"{event}/{path.name}", str(len(rows)), *(rows or ["0 0 0 0 0 0 0 0 0 0"])]
    split = tmp_path / "wider_face_split"
    split.mkdir()
    (split / "wider_face_val_bbx_gt.txt").write_text("\n".join(lines) + "\n")
    training = tmp_path / "WIDER_train" / "images"
    training.mkdir(parents=True)
    cv2.imwrite(str(training / "one.png"), demo_frame(9))
    frame, one = demo_frame(0), np.zeros((480, 640, 3), np.uint8)
    x, y, x2, y2 = detector.detect(frame).boxes[0].round().astype(int)
    one[y - 30 : y2 + 30, x - 30 : x2 + 30] = frame[y - 30 : y2 + 30, x - 30 : x2 + 30]
    write_clip(tmp_path / "clip.avi", [one] * 5, 30)
    return ["--faces", str(tmp_path), "--clips", str(tmp_path), "--events", "2--web", "--out", str(tmp_path / "out")]


@pytest.mark.skipif(not all(map(has_int8, RUNTIMES)), reason="this processor doesn't add up products of bytes")
def test_what_ships_is_calibrated_measured_and_rounded(tmp_path: Path, material: list[str]) -> None:
    old = load_model("faceboxes")
    assert ship.main([str(old.path), "--recipe", "Measured anew.", *material]) == 0
    new = load_model(tmp_path / "out" / "faceboxes.onnx")
    assert (new.metadata["data"], new.metadata["recipe"]) == (old.metadata["data"], "Measured anew.")
    gain, offset = new.metadata["score_curve"]
    before, after = (FaceDetector(DetectorOptions(model.path, 0.02)).detect(demo_frame(80)) for model in (old, new))
    scores = before.scores.astype(np.float64)
    expected = 1 / (1 + np.exp(-(gain * np.log(scores / (1 - scores)) + offset)))
    assert len(after) >= 2
    np.testing.assert_allclose(after.scores, expected[: len(after)], atol=1e-3)
    assert new.threshold < 1
    assert detector_benchmark(FaceDetector(new.path), demo_frame(80), 1).labels.average_precision == 1

    card = (tmp_path / "out" / "faceboxes.md").read_text(encoding="utf-8")
    assert "| AP on WIDER_val 2--web, letterboxed into 640x480: all | 1.000 |" in card
    assert "boxes in 2 photos without a face | 0 |" in card
    shares = [share for _, share in new.metadata["false_share"]]
    assert shares == sorted(shares, reverse=True)
    for runtime in RUNTIMES:
        rounded = new.int8(runtime).metadata
        assert rounded["threshold"] == new.metadata["threshold"]
        assert rounded["metrics"]["AP on WIDER_val 2--web, letterboxed into 640x480"]["all"] > 0.9
        assert "at the default threshold, on 2--web: recall" in (
            tmp_path / "out" / f"faceboxes-int8-{runtime}.md"
        ).read_text(encoding="utf-8")


def test_what_shipped_stays_where_the_last_file_fails(
    tmp_path: Path, material: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(path: Path, *_: object) -> Path:
        assert path.is_file()
        raise TrainingError("no int8 today.")

    shipped = shutil.copy(asset("faceboxes.onnx"), tmp_path)
    monkeypatch.setattr(ship, "quantise", fails)
    assert ship.main([shipped, *material, "--out", str(tmp_path)]) == 2
    assert "no int8 today" in capsys.readouterr().err
    assert Path(shipped).read_bytes() == asset("faceboxes.onnx").read_bytes()
    assert list(tmp_path.rglob("*.onnx")) == [Path(shipped)]
    assert list(tmp_path.rglob("*.md")) == []


def test_what_is_missing_is_said_in_one_sentence(
    tmp_path: Path, material: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    exact = str(asset("faceboxes.onnx"))
    assert ship.main([exact, *material, "--events", "9--Missing"]) == 2
    assert "is of the event 9--Missing" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "WIDER_train")
    assert ship.main([exact, *material]) == 2
    assert "there is no picture in" in capsys.readouterr().err
    (tmp_path / "clip.avi").unlink()
    assert ship.main([exact, *material]) == 2
    assert "holds no clips" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
