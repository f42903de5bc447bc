"""Training goes on from exported files: in evaluation the networks compute nearly the same again."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.train.sagan.made import config, made_generator
from train.sagan.export import export_discriminator, export_generator
from train.sagan.layers import refresh_spectral_norms
from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.sagan.reuse import state_of_onnx
from train.sagan.self_attention import gammas
from train.training import TrainingError


def made_discriminator(classes: int) -> Discriminator:
    """Random weights with gammas that matter."""
    torch.manual_seed(1)
    discriminator = Discriminator(config(classes))
    with torch.no_grad():
        for weight in discriminator.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
        for gamma in gammas(discriminator):
            gamma.fill_(-0.7)
    refresh_spectral_norms(discriminator, 500)
    return discriminator.eval()


@pytest.mark.parametrize(("classes", "half"), [(1, False), (3, False), (3, True)])
def test_networks_come_back_from_their_files(tmp_path: Path, classes: int, half: bool) -> None:
    generator, discriminator = made_generator(classes), made_discriminator(classes)
    export_generator(generator, tmp_path / "a.onnx", {"training": "12 pictures seen."}, half)
    export_discriminator(discriminator, tmp_path / "a-d.onnx", {}, half)
    state = state_of_onnx(tmp_path / "a.onnx", config(classes))
    assert state["history"] == ["12 pictures seen; the exported weights"]
    again_g, again_d = Generator(config(classes)), Discriminator(config(classes))
    again_g.load_state_dict(state["ema"]["module"])
    again_d.load_state_dict(state["discriminator"])
    z, label = torch.randn(6, 16), torch.arange(6) % classes
    tolerance = 0.02 if half else 2e-3  # the spectral norms are estimated anew
    with torch.no_grad():
        wanted, rows = generator.eval()(z, label)
        found, found_rows = again_g.eval()(z, label)
        assert (found - wanted).abs().max() < tolerance
        assert max(float((a - b).abs().max()) for a, b in zip(found_rows, rows, strict=True)) < tolerance
        score, _ = discriminator(wanted, label)
        found_score, _ = again_d.eval()(wanted, label)
        assert (found_score - score).abs().max() < tolerance * score.abs().max()


def test_training_statistics_are_those_of_evaluation(tmp_path: Path) -> None:
    """A batch in training mode, normalised by its own statistics, looks like the same batch in evaluation mode."""
    export_generator(made_generator(3), tmp_path / "a.onnx", {})
    export_discriminator(made_discriminator(3), tmp_path / "a-d.onnx", {})
    generator = Generator(config(3))
    generator.load_state_dict(state_of_onnx(tmp_path / "a.onnx", config(3))["generator"])
    z, label = torch.randn(256, 16), torch.arange(256) % 3
    with torch.no_grad():
        evaluated = generator.eval()(z, label)[0]
        trained = generator.train()(z, label)[0]
    assert (trained - evaluated).abs().mean() < 0.1 * evaluated.abs().mean()


def test_wrong_files_are_told_in_one_sentence(tmp_path: Path) -> None:
    export_generator(made_generator(3), tmp_path / "a.onnx", {})
    with pytest.raises(TrainingError, match=r"a-d\.onnx is missing"):
        state_of_onnx(tmp_path / "a.onnx", config(3))
    shutil.copy(tmp_path / "a.onnx", tmp_path / "a-d.onnx")  # a generator where the discriminator belongs
    with pytest.raises(TrainingError, match="widths or attention layers"):
        state_of_onnx(tmp_path / "a.onnx", config(3))
    with pytest.raises(TrainingError, match="widths or attention layers"):
        state_of_onnx(tmp_path / "a.onnx", NetworkConfig(32, 3, z_dim=16, width=4))
    (tmp_path / "b.onnx").write_bytes(b"no graph")
    with pytest.raises(TrainingError, match="is not a file of"):
        state_of_onnx(tmp_path / "b.onnx", config(3))
