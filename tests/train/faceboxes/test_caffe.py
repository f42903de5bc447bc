"""A `.caffemodel` computes here what Caffe makes of it, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.sources.demo import demo_frame
from train.faceboxes.caffe import Blobs, NetMessage, network_of_caffe
from train.faceboxes.convert import main
from train.faceboxes.model import MEAN_BGR
from train.training import TrainingError

AUTHORS = Path(__file__).resolve().parents[4] / "shared" / "checkpoints"

CONVOLUTIONS = {
    "conv1": (24, 3, 7), "conv2": (64, 48, 5), "conv3_1": (128, 128, 1), "conv3_2": (256, 128, 3),
    "conv4_1": (128, 256, 1), "conv4_2": (256, 128, 3),
}  # fmt: skip
BRANCHES = {
    "1x1": (32, 128, 1), "1x1_2": (32, 128, 1), "3x3_reduce": (24, 128, 1), "3x3": (32, 24, 3),
    "3x3_2_reduce": (24, 128, 1), "3x3_2": (32, 24, 3), "3x3_3": (32, 32, 3),
}  # fmt: skip
HEADS = {"inception_a3_concat": (128, 21), "conv3_2": (256, 1), "conv4_2": (256, 1)}


def made_blobs() -> Blobs:
    """Weights that are not trained, in the shapes and names of the authors' file."""
    draw = torch.Generator().manual_seed(3)
    shapes = CONVOLUTIONS | {f"inception_a{n}_{name}": shape for n in (1, 2, 3) for name, shape in BRANCHES.items()}
    blobs: Blobs = {}
    for name, (outputs, inputs, kernel) in shapes.items():
        scaled = 2 * outputs if name in ("conv1", "conv2") else outputs
        fan = inputs * kernel**2
        blobs[name] = [torch.randn(outputs, inputs, kernel, kernel, generator=draw) * (2 / fan) ** 0.5]
        count = torch.tensor([1.6])
        mean, variance = torch.randn(outputs, generator=draw) * 0.3, torch.rand(outputs, generator=draw) + 0.5
        blobs[f"{name}_bn"] = [mean * count, variance * count, count]
        blobs[f"{name}_scale"] = [torch.rand(scaled, generator=draw) + 0.5, torch.randn(scaled, generator=draw) * 0.3]
    for name, (inputs, anchors) in HEADS.items():
        for kind, values in (("loc", 4), ("conf", 2)):
            weight = torch.randn(anchors * values, inputs, 3, 3, generator=draw) * 0.005
            blobs[f"{name}_mbox_{kind}"] = [weight, torch.randn(anchors * values, generator=draw)]
    return blobs


def written(blobs: Blobs, path: Path) -> Path:
    net = NetMessage()
    for name, values in blobs.items():
        layer = net.layer.add(name=name)
        for value in values:
            blob = layer.blobs.add()
            blob.shape.dim.extend(value.shape)
            blob.data.extend(value.flatten().tolist())
    path.write_bytes(net.SerializeToString())
    return path


def as_caffe_does(blobs: Blobs, x: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets (A, 4) and logits (A, 2) by the layers of the authors' deploy.prototxt."""

    def unit(x: Tensor, name: str, stride: int = 1) -> Tensor:
        (weight,), (mean, variance, count), (scale, shift) = (blobs[name + end] for end in ("", "_bn", "_scale"))
        x = F.batch_norm(F.conv2d(x, weight, None, stride, weight.shape[2] // 2), mean / count, variance / count)
        if len(scale) == 2 * len(weight):
            x = torch.cat([x, -x], 1)
        return F.relu(x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1))

    x = F.max_pool2d(unit(x, "conv1", 4), 3, 2, ceil_mode=True)
    x = F.max_pool2d(unit(x, "conv2", 2), 3, 2, ceil_mode=True)
    for n in (1, 2, 3):
        name = f"inception_a{n}_"
        averaged = unit(F.avg_pool2d(x, 3, 1, 1), name + "1x1")
        short = unit(unit(x, name + "3x3_reduce"), name + "3x3")
        long = unit(unit(unit(x, name + "3x3_2_reduce"), name + "3x3_2"), name + "3x3_3")
        x = torch.cat([averaged, unit(x, name + "1x1_2"), short, long], 1)
    sources = {"inception_a3_concat": x, "conv3_2": unit(unit(x, "conv3_1"), "conv3_2", 2)}
    sources["conv4_2"] = unit(unit(sources["conv3_2"], "conv4_1"), "conv4_2", 2)
    found = []
    for kind, values in (("loc", 4), ("conf", 2)):
        layers = [(x, *blobs[f"{name}_mbox_{kind}"]) for name, x in sources.items()]
        maps = [F.conv2d(x, weight, bias, padding=1) for x, weight, bias in layers]
        found.append(torch.cat([one.permute(0, 2, 3, 1).reshape(-1, values) for one in maps]))
    return found[0], found[1]


@torch.no_grad()
def test_file_computes_as_in_caffe_and_the_detector_opens_it(tmp_path: Path) -> None:
    blobs = made_blobs()
    path = written(blobs, tmp_path / "made.caffemodel")
    x = torch.from_numpy(demo_frame(5)[:128, :192].astype(np.float32)).permute(2, 0, 1)[None] - 115
    for mine, theirs in zip(network_of_caffe(path)(x), as_caffe_does(blobs, x), strict=True):
        torch.testing.assert_close(mine[0], theirs, atol=1e-3, rtol=1e-4)
    assert main([str(path), "--out", str(tmp_path / "made.onnx")]) == 0
    # Sides that are no multiple of any stride, where Caffe's pooling and ours have different numbers of cells.
    FaceDetector(DetectorOptions(tmp_path / "made.onnx", threshold=0.0)).detect(
        np.ascontiguousarray(demo_frame(5)[:211, :333])
    )


def test_other_files_are_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blobs = made_blobs()
    del blobs["conv3_2"]
    with pytest.raises(TrainingError, match=r"does not hold FaceBoxes' weights.*conv3_2"):
        network_of_caffe(written(blobs, tmp_path / "less.caffemodel"))
    noise = tmp_path / "noise.caffemodel"
    noise.write_bytes(b"not a message")
    assert main([str(noise), "--out", str(tmp_path / "noise.onnx")]) == 2
    assert "noise.caffemodel" in capsys.readouterr().err


@pytest.mark.skipif(not AUTHORS.is_dir(), reason="the authors' weights are not in ../shared")
@torch.no_grad()
def test_authors_weights_answer_as_their_network_does() -> None:
    net = network_of_caffe(AUTHORS / "faceboxes.caffemodel")
    with np.load(AUTHORS / "faceboxes_expected.npz") as expected:
        image = expected["image"].astype(np.float32) - np.array(MEAN_BGR, np.float32)
        offsets, logits = net(torch.from_numpy(image).permute(2, 0, 1)[None])
        np.testing.assert_allclose(offsets[0].numpy(), expected["loc"], atol=1e-4)
        np.testing.assert_allclose(logits[0].softmax(-1).numpy(), expected["conf"], atol=1e-4)
