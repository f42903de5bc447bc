"""The int8 graph computes what the network computes, but for rounding; the command that makes its file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from facecam.cells import CellBuffer
from facecam.detector import FaceDetector
from facecam.resources import asset, shipped_models
from facecam.runtimes import INT8, has_int8
from facecam.sources.demo import demo_frame
from train.faceboxes.export import FastReference
from train.faceboxes.int8_graph import int8_model, observed_ranges, rounded_weights
from train.faceboxes.model import MEAN_BGR
from train.faceboxes.quantise import main
from train.faceboxes.reuse import network_of_onnx


def cells_of(picture: np.ndarray) -> np.ndarray:
    buffer = CellBuffer(*picture.shape[:2], MEAN_BGR)
    buffer.fill(picture)
    return buffer.array


@pytest.mark.parametrize("name", shipped_models())
@pytest.mark.parametrize("size", [(480, 640), (333, 517), (64, 96)])
def test_it_equals_the_network_but_for_rounding(name: str, size: tuple[int, int]) -> None:
    net = network_of_onnx(asset(f"{name}.onnx"))
    picture = np.ascontiguousarray(demo_frame(11)[: size[0], : size[1]])
    ranges = observed_ranges(net, [cells_of(picture)])
    session = onnxruntime.InferenceSession(int8_model(net, ranges).SerializeToString())
    (faces,) = session.run(None, {"cells": cells_of(picture)})
    image = torch.from_numpy(picture.astype(np.float32) - np.array(MEAN_BGR, np.float32)).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = FastReference(net)(image)[0].numpy()
    assert faces.shape == expected.shape
    spread = expected.std((0, 1))
    assert (np.abs(faces - expected).mean((0, 1)) < 0.1 * spread).all()
    assert np.corrcoef(faces[..., 4].ravel(), expected[..., 4].ravel())[0, 1] > 0.99


def test_weights_are_rounded_by_half_a_step_at_most_and_a_channel_of_zeros_stays() -> None:
    weight = np.random.default_rng(0).normal(0, 0.3, (5, 3, 3, 3)).astype(np.float32)
    weight[2] = 0
    rounded, steps = rounded_weights(weight)
    assert rounded.dtype == np.int8
    assert np.abs(rounded * steps[:, None, None, None] - weight).max() <= steps.max() / 2 * 1.0001
    assert not rounded[2].any()
    assert np.abs(rounded[[0, 1, 3, 4]]).reshape(4, -1).max(1).tolist() == [127] * 4


@pytest.mark.skipif(not has_int8(), reason="this processor does not compute in int8")
def test_the_command_writes_a_file_that_the_detector_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "mine.onnx"
    shutil.copy(asset("faceboxes.onnx"), model)
    assert main([str(model), "--pictures", str(asset("demo"))]) == 0
    assert (tmp_path / "mine-int8.onnx").stat().st_size < model.stat().st_size / 3
    assert "mine-int8" in (tmp_path / "mine-int8.md").read_text(encoding="utf-8")
    frame = demo_frame(3)
    assert len(FaceDetector(model, precision=INT8).detect(frame)) == len(FaceDetector(model).detect(frame))


def test_the_command_says_in_one_sentence_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(asset("faceboxes.onnx")), "--pictures", str(tmp_path)]) == 2
    assert "there is no picture in" in capsys.readouterr().err
    (tmp_path / "text.onnx").write_text("no model", encoding="utf-8")
    assert main([str(tmp_path / "text.onnx"), "--pictures", str(asset("demo"))]) == 2
    assert "not a file of train.faceboxes.export" in capsys.readouterr().err
