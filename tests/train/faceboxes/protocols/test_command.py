"""The whole command on small made pictures, and the detectors that it loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import UltraLight, YuNet
from facecam.errors import ModelError
from facecam.system.opencv import cv2
from tests.clips import write_clip
from tests.facecam.made_third_party import save_ultralight
from train.faceboxes.evaluate import main
from train.faceboxes.protocols.pictures import FileDetector

MakeFrame = Callable[..., np.ndarray]


@pytest.fixture
def data(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """Pictures in all the formats: white cells are what the tiny model takes for faces."""
    images = tmp_path / "images"
    frames = {
        "0--human/jol_1.png": make_frame((3, 2), (10, 5)),
        "0--human/jol_2.png": make_frame((1, 1)),
        "3--none/houses_1.png": make_frame(),
    }
    for name, frame in frames.items():
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(images / name), frame)
    row = "{} {} 32 32 0 0 0 0 0 0\n"
    (tmp_path / "gt.txt").write_text(
        "0--human/jol_1.png\n2\n" + row.format(96, 64) + row.format(320, 160)
        + "0--human/jol_2.png\n2\n" + row.format(32, 32) + row.format(400, 400)  # the second isn't there
        + "3--none/houses_1.png\n0\n" + row.format(0, 0).replace("32", "0")
    )  # fmt: skip
    return tmp_path


def evaluate(data: Path, model: Path, command: str, *arguments: object) -> Any:
    labels = [] if command in ("clips", "privacy") else [data / "gt.txt"]
    words = [command, *(arguments or [*labels, data / "images"]), "--model", model, "--out", data / "out"]
    assert main([str(word) for word in words]) == 0
    return json.loads((data / "out" / f"{command}.json").read_text())


def test_canvas(data: Path, tiny_model: Path) -> None:
    report = evaluate(data, tiny_model, "canvas")
    at_vga = report["results"]["640x480"]
    assert at_vga["ap"]["all"] == pytest.approx(3 / 4)
    assert at_vga["ap_by_source"] == {"jol": pytest.approx(3 / 4)}
    assert at_vga["ap_by_size"]["<16"] is None
    assert at_vga["false_boxes_over_0.5_without_faces"] == 0
    assert report["model"]["file"] == tiny_model.name
    assert cv2.imread(str(data / "out" / "canvas_pr.png")) is not None


def test_wider_at_original_scale(data: Path, tiny_model: Path) -> None:
    results = evaluate(data, tiny_model, "wider")["results"]
    assert results["all"] == {"ap": pytest.approx(3 / 4), "faces": 4}
    assert results["height >= 50 px"] == {"ap": None, "faces": 0}


def test_fddb(data: Path, tiny_model: Path) -> None:
    folds = data / "folds"
    folds.mkdir()
    (folds / "FDDB-fold-01-ellipseList.txt").write_text("big/img_1\n2\n16 16 0 112 80  1\n16 16 0 500 400  1\n")
    (data / "images" / "big").mkdir()
    frame = cv2.imread(str(data / "images" / "0--human" / "jol_1.png"))
    assert frame is not None
    cv2.imwrite(str(data / "images" / "big" / "img_1.jpg"), frame)
    results = evaluate(data, tiny_model, "fddb", folds, data / "images")["results"]
    at_1000 = results["true_positive_rate_at_false_positives"]["1000"]
    assert at_1000["discrete"] == pytest.approx(1 / 2)
    assert at_1000["continuous"] == pytest.approx(np.pi / 4 / 2, abs=0.03)


@pytest.mark.parametrize("command", ["afw", "pascal"])
def test_afw_and_pascal(data: Path, tiny_model: Path, command: str) -> None:
    labels = data / "labels.json"
    labels.write_text(
        json.dumps({"0--human/jol_1.png": {"boxes": [[100, 64, 132, 96]], "ignore": [[320, 160, 352, 192]]}})
    )
    words = [labels, data / "images", "--enlarge", "1"]
    results = evaluate(data, tiny_model, command, *words)["results"]
    assert results["x 1, as detected"]["ap"] == 1
    first = results["x 1, calibrated"]["calibration"][0]
    assert first["x"] == pytest.approx(4 / 32)  # the label lies 4 px to the right
    assert results["640x480"]["ap"]["all"] == 1


def test_clips(data: Path, tiny_model: Path, make_frame: MakeFrame) -> None:
    pictures = [make_frame((3, 2)) if index != 7 else make_frame((12, 9)) for index in range(20)]
    write_clip(data / "images" / "clip.avi", pictures, 30)
    results = evaluate(data, tiny_model, "clips")["results"]
    together = results["score 0.5"]["all clips"]
    assert together["frames"] == 20
    assert (together["lost"], together["other"]) == pytest.approx((1 / 20, 1 / 20))
    assert together["jitter_centre"] == pytest.approx(0, abs=1e-6)
    assert "clip.avi" in results["score 0.7"]
    tracked = results["score 0.5, tracked"]["all clips"]
    assert (tracked["lost"], tracked["numbers"]) == (0, 1)


def test_privacy(data: Path, tiny_model: Path, make_frame: MakeFrame) -> None:
    write_clip(data / "images" / "clip.avi", [make_frame((3, 2))] * 24, 30)
    results = evaluate(data, tiny_model, "privacy")["results"]
    assert (results["clips"], results["faces"]) == (1, 1)
    assert results["as filmed"]["frames"] == 24
    assert set(results) == {"clips", "faces", "as filmed", "exit, left", "exit, right", "exit, bottom", "occlusion"}
    assert 0 < results["exit, left"]["frames"] < 24  # in between it is gone
    slow = evaluate(data, tiny_model, "privacy", data / "images", "--rate", "10")["results"]
    assert slow["as filmed"]["frames"] == 8


def test_robustness(data: Path, tiny_model: Path) -> None:
    robustness = evaluate(data, tiny_model, "robustness")["results"]
    assert robustness["mirrored"]["ap"]["all"] == robustness["grey"]["ap"]["all"] == pytest.approx(3 / 4)
    assert set(robustness) >= {"320x240", "640x480", "1280x720", "1920x1080", "rotated 15", "dark"}


def test_what_is_wrong_is_told_in_one_sentence(
    data: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = ["canvas", str(data / "gt.txt"), str(data / "images"), "--out", str(data / "out")]
    assert main([*good, "--model", str(tiny_model), "--event", "9--Missing"]) == 2
    assert "9--Missing" in capsys.readouterr().err
    assert main([*good, "--model", str(data / "no.onnx")]) == 2
    assert "no.onnx" in capsys.readouterr().err
    (data / "gt.txt").write_text("broken")
    assert main([*good, "--model", str(tiny_model)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_our_detector_gives_boxes_below_its_threshold(make_model: Callable[..., Path], make_frame: MakeFrame) -> None:
    detect = FileDetector(DetectorOptions(make_model(threshold=0.9)))
    found = detect(make_frame((3, 2), width=1280, height=720))
    np.testing.assert_allclose(found.boxes[0], [96, 64, 128, 96], atol=0.01)  # never scaled
    assert detect.threshold == 0.9
    assert 0.5 < found.scores[0] < 0.9


def test_ultralight_boxes_come_back_in_the_pictures_pixels(tmp_path: Path) -> None:
    detect = FileDetector(DetectorOptions(save_ultralight(tmp_path / "peer.onnx")))
    picture = np.zeros((960, 1280, 3), np.uint8)
    picture[..., 0] = 255  # blue
    found = detect(picture)
    np.testing.assert_allclose(found.boxes, [[0, 0, 128, 96], [320, 480, 640, 960]])
    np.testing.assert_allclose(found.scores, [1.0, 0.9], atol=1e-5)
    assert len(detect(picture[..., ::-1].copy())) == 1  # red: channels go in as RGB


@pytest.mark.parametrize("opened", [UltraLight, YuNet, lambda file: FileDetector(DetectorOptions(file))])
def test_files_that_are_no_such_model_are_told(tmp_path: Path, opened: Callable[[Path], object]) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not a model")
    for file in (damaged, tmp_path / "missing.onnx"):
        with pytest.raises(ModelError, match=file.name):
            opened(file)


def test_our_own_file_is_no_ultralight(tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="Ultra-Light"):
        UltraLight(tiny_model)
