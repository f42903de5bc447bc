"""A state dict of the public PyTorch SAGAN's naming converts into a file that samples the same pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sagan_gallery.generator import Generator as Gallery
from train.sagan.convert import main
from train.training import TrainingError

Z = 12
WIDTHS = {"l1": (Z, 32), "l2": (32, 16), "l3": (16, 16), "l4": (16, 8), "last": (8, 3)}


def made_state() -> dict[str, Tensor]:
    """Random weights under the names of that project's generator, narrower."""
    torch.manual_seed(0)
    state: dict[str, Tensor] = {}
    for layer, (inputs, outputs) in WIDTHS.items():
        weight = torch.randn(inputs, outputs, 4, 4)
        if layer == "last":
            state |= {"last.0.weight": weight * 0.1, "last.0.bias": torch.randn(outputs) * 0.1}
            continue
        name = f"{layer}.0.module"
        u, v = torch.randn(inputs), torch.randn(outputs * 16)
        for _ in range(30):  # trained checkpoints hold converged vectors
            v = F.normalize(weight.flatten(1).t() @ u, dim=0)
            u = F.normalize(weight.flatten(1) @ v, dim=0)
        state |= {f"{name}.weight_bar": weight, f"{name}.weight_u": u, f"{name}.weight_v": v}
        state |= {f"{name}.bias": torch.randn(outputs) * 0.1}
        state |= {f"{layer}.1.weight": torch.rand(outputs) + 0.5, f"{layer}.1.bias": torch.randn(outputs) * 0.1}
        state |= {
            f"{layer}.1.running_mean": torch.randn(outputs) * 0.1,
            f"{layer}.1.running_var": torch.rand(outputs) + 0.1,
        }
        state |= {f"{layer}.1.num_batches_tracked": torch.tensor(5)}
    for name, width in (("attn1", 16), ("attn2", 8)):
        for part, outputs in (("query", width // 8), ("key", width // 8), ("value", width)):
            state[f"{name}.{part}_conv.weight"] = torch.randn(outputs, width, 1, 1)
            state[f"{name}.{part}_conv.bias"] = torch.randn(outputs)
        state[f"{name}.gamma"] = torch.tensor([0.7])
    return state


def reference(state: dict[str, Tensor], z: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What that generator computes in evaluation mode."""
    x, maps = z[:, :, None, None], []
    for layer in WIDTHS:
        if layer == "last":
            x = torch.tanh(F.conv_transpose2d(x, state["last.0.weight"], state["last.0.bias"], 2, 1))
            continue
        bar = state[f"{layer}.0.module.weight_bar"]
        weight = bar / torch.linalg.svdvals(bar.flatten(1))[0]
        stride, padding = (1, 0) if layer == "l1" else (2, 1)
        x = F.conv_transpose2d(x, weight, state[f"{layer}.0.module.bias"], stride, padding)
        mean, variance, gain, bias = (
            state[f"{layer}.1.{n}"] for n in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.relu(F.batch_norm(x, mean, variance, gain, bias))
        name = {"l3": "attn1", "l4": "attn2"}.get(layer)
        if name is not None:
            q, k, v = (
                F.conv2d(x, state[f"{name}.{p}_conv.weight"], state[f"{name}.{p}_conv.bias"]).flatten(2)
                for p in ("query", "key", "value")
            )
            rows = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
            x = x + state[f"{name}.gamma"] * (v @ rows.transpose(1, 2)).view_as(x)
            maps.append(rows)
    return x, maps


@pytest.mark.parametrize("prefix", ["", "module."])
def test_converted_generator_samples_the_same_pictures(tmp_path: Path, prefix: str) -> None:
    state = made_state()
    torch.save({prefix + name: value for name, value in state.items()}, tmp_path / "904_G.pth")
    main([str(tmp_path / "904_G.pth"), "--out", str(tmp_path / "mine.onnx"), "--licence", "theirs"])
    gallery = Gallery(tmp_path / "mine.onnx")
    assert gallery.classes == []
    z = torch.randn(1, Z, generator=torch.Generator().manual_seed(3))
    image, maps = reference(state, z)
    sample = gallery.sample(z[0].numpy())
    expected = ((image[0] + 1) * 127.5).permute(1, 2, 0).numpy()
    assert np.abs(sample.image - expected).max() < 1
    assert len(sample.layers) == 2
    for layer, rows, side in zip(sample.layers, maps, (16, 32), strict=True):
        assert layer.attention.shape == (side**2, side**2)
        np.testing.assert_allclose(layer.attention, rows[0].numpy(), atol=1e-4)
        assert layer.gamma == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("name", ["l2.1.running_mean", "attn1.value_conv.bias", "last.0.bias", "l3.0.module.weight_u"])
def test_a_tensor_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    state = made_state()
    del state[name]
    torch.save(state, tmp_path / "g.pth")
    with pytest.raises(TrainingError, match=f"it has no tensor {name}"):
        main([str(tmp_path / "g.pth"), "--out", str(tmp_path / "x.onnx")])


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match="no generator of heykeetae"):
        main([str(tmp_path / "other.pth"), "--out", str(tmp_path / "x.onnx")])
    torch.save(torch.nn.Linear(2, 2), tmp_path / "pickled.pth")
    with pytest.raises(TrainingError, match="plain weights"):
        main([str(tmp_path / "pickled.pth"), "--out", str(tmp_path / "x.onnx")])
    assert not (tmp_path / "x.onnx").exists()
