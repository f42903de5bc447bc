"""The fast graph gives what the plain export gives: offsets, scores and, through the detector, boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from facecam.detection.detector import FaceDetector
from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import Engine, Runtime, installed
from facecam.sources.demo import demo_frame
from tests.train.faceboxes.made_nets import PROVENANCE, with_statistics
from train.faceboxes import export
from train.faceboxes.graphs.fast import fast_model
from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.networks import MODELS

RUNTIMES = [
    Runtime.ONNX_RUNTIME,
    pytest.param(
        Runtime.OPENVINO, marks=pytest.mark.skipif(not installed(Runtime.OPENVINO), reason="OpenVINO is not installed")
    ),
]


def settled(kind: type[Detector]) -> Detector:
    """A network whose scores spread over 0 to 1 on pictures, with batch-norm statistics unlike the initial ones."""
    pictures = np.stack([demo_frame(index * 25) for index in range(3)]).astype(np.float32)
    net = with_statistics(kind, torch.from_numpy(pictures).permute(0, 3, 1, 2) - 115)
    with torch.no_grad():
        for conf in net.conf:
            conf.get_parameter("weight").mul_(3)
    return net


@pytest.fixture(scope="module", params=MODELS.values(), ids=list(MODELS))
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same network as a plain and as a fast file."""
    folder = tmp_path_factory.mktemp("graphs")
    net = settled(request.param)
    export.export(net, folder / "plain.onnx", PROVENANCE)
    assert export.export_fast(net, folder / "fast.onnx", PROVENANCE) <= export.TOLERANCE
    return folder / "plain.onnx", folder / "fast.onnx"


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("size", [(480, 640), (64, 96), (211, 130), (33, 47), (272, 496)])
def test_scores_and_offsets_equal_the_plain_export(
    files: tuple[Path, Path], runtime: Runtime, size: tuple[int, int]
) -> None:
    frame = np.ascontiguousarray(demo_frame(10)[: size[0], : size[1]])
    image = np.ascontiguousarray(frame.transpose(2, 0, 1)[None].astype(np.float32) - 115)
    plain, fast = load_model(files[0]).bind(*size), load_model(files[1]).bind(*size, Engine(runtime))
    plain.image[:] = image
    fast.image[:] = image.transpose(0, 2, 3, 1) if fast.engine.packed else image
    plain.infer()
    fast.infer()
    assert (plain.logits, fast.logits) == (False, True)
    assert plain.scores.max() - plain.scores.min() > 0.2, "the comparison would say nothing"
    np.testing.assert_allclose(1 / (1 + np.exp(-fast.scores)), plain.scores, atol=1e-4)
    np.testing.assert_allclose(fast.offsets, plain.offsets, atol=1e-4 * max(1.0, float(np.abs(plain.offsets).max())))


def test_pooling_comes_before_the_concatenation_and_no_softmax_is_left() -> None:
    kinds = [node.op_type for node in fast_model(settled(FaceBoxes)).graph.node]
    assert kinds.count("MaxPool") > 2  # of both halves of a C.ReLU
    assert "Softmax" not in kinds


def test_thresholds_mean_the_same_in_both_formats(files: tuple[Path, Path]) -> None:
    plain, fast = FaceDetector(DetectorOptions(files[0], nms=1.0)), FaceDetector(DetectorOptions(files[1], nms=1.0))
    frame = demo_frame(10)[:96, :128]
    for threshold in (0.0, 0.2, 0.5, 0.9, 0.999, 1.0):
        plain.threshold = fast.threshold = threshold
        assert abs(len(plain.detect(frame)) - len(fast.detect(frame))) <= 1  # one may lie within rounding of it


def test_file_says_its_format_and_both_kinds_load(files: tuple[Path, Path]) -> None:
    said = []
    for path in files:
        (prop,) = (p for p in onnx.load(str(path)).metadata_props if p.key == "facecam")
        said.append(json.loads(prop.value))
        assert FaceDetector(path).threshold == 0.4
    assert [metadata.pop("format") for metadata in said] == [1, 2]
    assert said[0] == said[1]


def test_metadata_and_outputs_must_agree(files: tuple[Path, Path], tmp_path: Path) -> None:
    from facecam.errors import ModelError

    model = onnx.load(str(files[1]))
    metadata = json.loads(model.metadata_props[0].value)
    onnx.helper.set_model_props(model, {"facecam": json.dumps({**metadata, "format": 1})})
    onnx.save(model, str(tmp_path / "wrong.onnx"))
    with pytest.raises(ModelError, match="outputs are others"):
        FaceDetector(tmp_path / "wrong.onnx")


def test_multiply_adds_are_those_of_the_paper_network(files: tuple[Path, Path]) -> None:
    net = FaceBoxes()
    at_vga = export.multiply_adds(net)
    assert at_vga == pytest.approx(275e6, rel=0.01)
    assert net.training
    assert export.multiply_adds(net, 960, 1280) == pytest.approx(4 * at_vga, rel=0.01)
    said = json.loads(onnx.load(str(files[1])).metadata_props[0].value)
    assert said["multiply_adds_vga"] == export.multiply_adds(MODELS[said["name"]]())
