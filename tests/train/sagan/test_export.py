"""Exported graphs compute what the networks compute, and say what they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch

from tests.train.sagan.made import config, made_generator
from train.sagan.export import export_discriminator, export_generator, parity
from train.sagan.graph import SaganGraph
from train.sagan.networks import Discriminator
from train.sagan.self_attention import gammas
from train.training import TrainingError


def session(path: Path) -> ort.InferenceSession:
    """A session that keeps quiet about the input with a default."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("classes", [1, 3])
def test_generator_parity(tmp_path: Path, classes: int) -> None:
    generator = made_generator(classes)
    export_generator(generator, tmp_path / "g.onnx", {"name": "g"})
    image, rows = parity(generator, tmp_path / "g.onnx")
    assert image < 1e-4
    assert rows < 1e-4
    inputs = [i.name for i in session(tmp_path / "g.onnx").get_inputs()]
    assert ("label" in inputs) == (classes > 1)


def test_half_size_weights_keep_the_picture(tmp_path: Path) -> None:
    generator = made_generator(3)
    export_generator(generator, tmp_path / "whole.onnx", {})
    export_generator(generator, tmp_path / "half.onnx", {}, half=True)
    assert (tmp_path / "half.onnx").stat().st_size < 0.65 * (tmp_path / "whole.onnx").stat().st_size
    assert parity(generator, tmp_path / "half.onnx")[0] < 2 / 255


def test_weights_beyond_half_precision_are_told() -> None:
    with pytest.raises(TrainingError, match="export without --half"):
        SaganGraph("g", half=True).constant(np.full((64, 64), 1e6, np.float32))


def test_class_mix_goes_from_one_class_to_the_other(tmp_path: Path) -> None:
    export_generator(made_generator(3), tmp_path / "g.onnx", {})
    net = session(tmp_path / "g.onnx")
    z = np.random.default_rng(0).standard_normal((1, 16), np.float32)
    pictures = [net.run(["image"], {"z": z, "label": np.array([label])})[0] for label in (0, 2)]
    assert np.abs(pictures[0] - pictures[1]).max() > 0.05
    shares = (0.0, 0.5, 1.0)
    feeds = [{"label_to": np.array([2]), "class_mix": np.array([share], np.float32)} for share in shares]
    mixed = [net.run(["image"], {"z": z, "label": np.array([0])} | feed)[0] for feed in feeds]
    np.testing.assert_allclose(mixed[0], pictures[0], atol=1e-5)
    np.testing.assert_allclose(mixed[2], pictures[1], atol=1e-4)
    assert min(np.abs(mixed[1] - picture).max() for picture in pictures) > 0.01


def test_attention_scale_switches_attention_off(tmp_path: Path) -> None:
    generator = made_generator(3)
    export_generator(generator, tmp_path / "g.onnx", {})
    net = session(tmp_path / "g.onnx")
    feed: dict[str, Any] = {
        "z": np.random.default_rng(0).standard_normal((4, 16), np.float32),
        "label": np.arange(4) % 3,
    }
    usual, rows, gamma = net.run(["image", "attention_2", "gamma_2"], feed)
    off, same_rows = net.run(["image", "attention"], feed | {"attention_scale": np.zeros(1, np.float32)})
    with torch.no_grad():
        expected = generator(torch.from_numpy(feed["z"]), torch.from_numpy(feed["label"]), 0.0)[0].numpy()
    np.testing.assert_allclose(off, expected, atol=1e-4)
    assert np.abs(off - usual).max() > 0.01
    np.testing.assert_allclose(rows.sum(2), 1, atol=1e-5)
    np.testing.assert_allclose(same_rows.sum(2), 1, atol=1e-5)
    assert gamma.shape == ()
    assert gamma == pytest.approx(0.8)


def test_metadata_describe_the_layers(tmp_path: Path) -> None:
    export_generator(made_generator(3), tmp_path / "g.onnx", {"name": "g", "classes": ["a", "b", "c"]})
    about = json.loads(session(tmp_path / "g.onnx").get_modelmeta().custom_metadata_map["sagan"])
    assert about["format"] == 1
    assert about["resolution"] == 32
    assert about["z_dim"] == 16
    assert about["query_grid"] == [8, 8]
    assert about["key_grid"] == [4, 4]
    assert about["attention_layers"][1] == {"query_grid": [16, 16], "key_grid": [8, 8]}


@pytest.mark.parametrize(("classes", "half"), [(1, False), (3, False), (3, True)])
def test_discriminator_parity(tmp_path: Path, classes: int, half: bool) -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(config(classes)).eval()
    with torch.no_grad():
        for gamma in gammas(discriminator):
            gamma.fill_(0.8)
    export_discriminator(discriminator, tmp_path / "d.onnx", {}, half)
    score, rows = parity(discriminator, tmp_path / "d.onnx")
    assert score < (2 / 255 if half else 1e-5)
    assert rows < (2 / 255 if half else 1e-5)
    with torch.no_grad():
        discriminator.get_parameter("score.bias").add_(0.1)
    assert parity(discriminator, tmp_path / "d.onnx")[0] > 0.01
