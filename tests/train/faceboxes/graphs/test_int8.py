"""The int8 graphs compute what the network computes, but for rounding; the command that makes their files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from facecam.detection.cells import CellBuffer
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import RUNTIMES, Precision
from facecam.runtimes.registry import has_int8
from facecam.sources.demo import demo_frame
from facecam.system.opencv import cv2
from facecam.system.resources import asset, shipped_models
from tests.train.faceboxes.made_nets import with_statistics
from train.faceboxes.export import fast_outputs
from train.faceboxes.graphs import int8_onnxruntime, int8_openvino
from train.faceboxes.graphs.int8_openvino import rounded_weights
from train.faceboxes.model import MEAN_BGR, Detector
from train.faceboxes.model_s8 import FaceBoxesS8, Separable
from train.faceboxes.networks import MODELS
from train.faceboxes.quantise import level_depthwise, main
from train.faceboxes.reuse import network_of_onnx

Graph = Callable[..., onnx.ModelProto]


def cells_of(picture: np.ndarray) -> np.ndarray:
    buffer = CellBuffer(picture.shape[0], picture.shape[1], MEAN_BGR)
    buffer.fill(picture)
    return buffer.array


def computed(model: onnx.ModelProto, picture: np.ndarray) -> np.ndarray:
    """Without overflow on any processor, however slowly."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    faces: np.ndarray = session.run(None, {"cells": cells_of(picture)})[0]
    return faces


def network(name: str) -> Detector:
    """A shipped one, or one that is not trained; ready to be rounded."""
    pictures = np.stack([demo_frame(index * 25) for index in range(3)]).astype(np.float32)
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) - 115
    shipped = name in shipped_models()
    net = network_of_onnx(asset(f"{name}.onnx")) if shipped else with_statistics(MODELS[name], images)
    level_depthwise(net, [images])
    return net


def test_levelled_channels_have_one_range_and_compute_what_they_did() -> None:
    images = torch.from_numpy(demo_frame(11).astype(np.float32)).permute(2, 0, 1)[None] - 115
    net = with_statistics(FaceBoxesS8, images)
    with torch.no_grad():
        before = net(images)
        level_depthwise(net, [images])
        for mine, theirs in zip(net(images), before, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
        first = next(module for module in net.modules() if isinstance(module, Separable))
        between = first.depthwise(net.conv1(images))
    torch.testing.assert_close(between.abs().amax((0, 2, 3)), torch.ones(32), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", [(480, 640), (333, 517), (64, 96), (16, 8)])
@pytest.mark.parametrize("graph", [int8_openvino.int8_model, int8_onnxruntime.qlinear_model])
def test_they_equal_the_network_but_for_rounding(name: str, size: tuple[int, int], graph: Graph) -> None:
    net = network(name)
    picture = cv2.resize(demo_frame(11), size[::-1], interpolation=cv2.INTER_AREA)
    observed = int8_openvino if graph is int8_openvino.int8_model else int8_onnxruntime
    model = graph(net, observed.observed_ranges(net, [cells_of(demo_frame(11)), cells_of(picture)]))
    faces = computed(model, picture)
    image = torch.from_numpy(picture.astype(np.float32) - np.array(MEAN_BGR, np.float32)).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = fast_outputs(net, image)[0].numpy()
    assert faces.shape == expected.shape
    faces, expected = (np.maximum(values, -5) for values in (faces, expected))  # no face has lower logits
    spread = expected.std((0, 1))
    large, limit = max(size) > 100, np.full(5, 0.1)
    if name == "faceboxes-s8":  # a mean of weights, whose offsets round worse, most on small pictures without a face
        limit[:4] = 0.15 if large else 0.5
    least = np.array([0, 0, 0, 0, 0 if large else 0.5])  # without a face scores hardly spread
    assert (np.abs(faces - expected).mean((0, 1)) <= limit * np.maximum(spread, least)).all()
    if large:
        assert np.corrcoef(faces[..., 4].ravel(), expected[..., 4].ravel())[0, 1] > 0.99


def test_predictions_beyond_what_was_seen_stop_at_the_end_of_their_bytes() -> None:
    """And logits so low that no face has them at the one that is low enough."""
    net = network_of_onnx(asset("faceboxes.onnx"))
    grey = np.full((96, 128, 3), 120, np.uint8)
    ranges = int8_onnxruntime.observed_ranges(net, [cells_of(grey)])
    faces = computed(int8_onnxruntime.qlinear_model(net, ranges), demo_frame(11))
    heads = [values for values in ranges.values() if values[0].min() < 0]
    assert len(heads) == len(net.loc)
    limits = [np.abs(values).max() * int8_onnxruntime.ROOM for values in heads]
    assert np.abs(faces[..., :4]).max() <= max(limits)
    assert faces[..., 4].min() >= int8_onnxruntime.LOWEST_LOGIT


def test_weights_are_rounded_by_half_a_step_at_most_and_a_channel_of_zeros_stays() -> None:
    weight = np.random.default_rng(0).normal(0, 0.3, (5, 3, 3, 3)).astype(np.float32)
    weight[2] = 0
    rounded, steps = rounded_weights(weight)
    assert rounded.dtype == np.int8
    assert np.abs(rounded * steps[:, None, None, None] - weight).max() <= steps.max() / 2 * 1.0001
    assert not rounded[2].any()
    assert np.abs(rounded[[0, 1, 3, 4]]).reshape(4, -1).max(1).tolist() == [127] * 4


def test_the_command_writes_files_that_the_detector_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "mine.onnx"
    shutil.copy(asset("faceboxes.onnx"), model)
    assert main([str(model), "--pictures", str(asset("demo"))]) == 0
    told = capsys.readouterr().out
    for runtime in RUNTIMES:
        name = f"mine-int8-{runtime}"
        assert name in told
        assert (tmp_path / f"{name}.onnx").stat().st_size < model.stat().st_size / 3
        card = (tmp_path / f"{name}.md").read_text(encoding="utf-8")
        assert name in card
        assert runtime.display_name in card
        if has_int8(runtime):
            rounded, exact = (
                FaceDetector(DetectorOptions(model, 0.5, runtime=runtime, precision=kind))
                for kind in (Precision.INT8, Precision.F32)
            )
            assert len(rounded.detect(demo_frame(3))) == len(exact.detect(demo_frame(3))) > 0


def test_the_command_says_in_one_sentence_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(asset("faceboxes.onnx")), "--pictures", str(tmp_path)]) == 2
    assert "there is no picture in" in capsys.readouterr().err
    (tmp_path / "text.onnx").write_text("no model", encoding="utf-8")
    assert main([str(tmp_path / "text.onnx"), "--pictures", str(asset("demo"))]) == 2
    assert "not a file of train.faceboxes.export" in capsys.readouterr().err
