"""A TensorFlow checkpoint of the public generator's variables converts into a file that samples the same pictures."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sagan_gallery.generator import Generator as Gallery
from train.sagan.convert import main
from train.sagan.tf_bundle import EntryMessage, Variables
from train.training import TrainingError

Z = 12


class Made:
    """Variables as that project names them, narrower and at random, and what its generator computes with them.

    norm: with spectral norm. TensorFlow's layers put their own name between the scope and the kernel without it.
    """

    def __init__(self, norm: bool) -> None:
        self.norm = norm
        self.draw = np.random.default_rng(4)
        self.variables: Variables = {}

    def random(self, *shape: int) -> np.ndarray:
        return self.draw.normal(size=shape).astype(np.float32)

    def kernel(self, name: str, kind: str, shape: tuple[int, ...], bias: int = 0, norm: bool = True) -> Tensor:
        """Makes a layer and returns its kernel as it is applied."""
        weight = self.random(*shape) * np.float32(0.3)
        inner = name if self.norm and norm else f"{name}/{kind}"
        self.variables[f"{inner}/kernel"] = weight
        if bias:
            self.variables[f"{inner}/bias"] = self.random(bias) * np.float32(0.1)
        if not (self.norm and norm):
            return torch.from_numpy(weight)
        matrix = torch.from_numpy(weight).flatten(0, -2)
        u = torch.linalg.svd(matrix).Vh[:1]  # trained checkpoints hold converged vectors
        self.variables[f"{name}/u"] = u.numpy()
        return torch.from_numpy(weight) / torch.linalg.svdvals(matrix)[0]

    def bias(self, name: str) -> Tensor | None:
        found = [value for key, value in self.variables.items() if key.startswith(f"{name}/") and key.endswith("bias")]
        return torch.from_numpy(found[0]) if found else None

    def conv(
        self, x: Tensor, name: str, outputs: int, size: int = 3, bias: bool = True, reflect: bool = False
    ) -> Tensor:
        shape = (size, size, x.shape[1], outputs)
        weight = self.kernel(name, "conv2d", shape, outputs if bias else 0, norm=name != "g_logit").permute(3, 2, 0, 1)
        if size == 3:
            x = F.pad(x, (1, 1, 1, 1), mode="reflect" if reflect else "constant")
        return F.conv2d(x, weight, self.bias(name))

    def deconv(self, x: Tensor, name: str, outputs: int, stride: int = 2) -> Tensor:
        weight = self.kernel(name, "conv2d_transpose", (4, 4, outputs, x.shape[1]))
        return F.conv_transpose2d(x, weight.permute(3, 2, 0, 1), None, stride, stride - 1)

    def norm_relu(self, x: Tensor, name: str) -> Tensor:
        channels = x.shape[1]
        values = {
            "moving_mean": self.random(channels) * np.float32(0.1),
            "moving_variance": np.abs(self.random(channels)) + np.float32(0.5),
            "gamma": self.random(channels), "beta": self.random(channels) * np.float32(0.3),
        }  # fmt: skip
        self.variables |= {f"{name}/{part}": value for part, value in values.items()}
        mean, variance, gamma, beta = map(torch.from_numpy, values.values())
        return F.relu(F.batch_norm(x, mean, variance, gamma, beta))

    def attention(self, x: Tensor, name: str, later: bool) -> tuple[Tensor, Tensor]:
        channels = x.shape[1]
        f, g = (self.conv(x, f"{name}/{part}_conv", channels // 8, 1) for part in "fg")
        h = self.conv(x, f"{name}/h_conv", channels // 2 if later else channels, 1)
        if later:
            f, h = F.max_pool2d(f, 2), F.max_pool2d(h, 2)
        beta = torch.softmax(g.flatten(2).transpose(1, 2) @ f.flatten(2), -1)
        o = (h.flatten(2) @ beta.transpose(1, 2)).unflatten(2, x.shape[2:])
        if later:
            o = self.conv(o, f"{name}/attn_conv", channels, 1)
        self.variables[f"{name}/gamma"] = np.array([0.7], np.float32)
        return x + 0.7 * o, beta

    def earlier(self, z: Tensor, enlarges: bool) -> tuple[Tensor, Tensor]:
        x = self.norm_relu(self.deconv(z[:, :, None, None], "deconv", 32, 1), "batch_norm")
        for number in range(2):
            if number == 1:
                x, beta = self.attention(x, "attention", later=False)
            x = self.conv(twice(x), f"up_conv_{number}", 16) if enlarges else self.deconv(x, f"deconv_{number}", 16)
            x = self.norm_relu(x, f"batch_norm_{number}")
        x = self.conv(twice(x), "G_conv_logit", 3) if enlarges else self.deconv(x, "G_deconv_logit", 3)
        return torch.tanh(x), beta

    def later(self, z: Tensor) -> tuple[Tensor, Tensor]:
        weight = self.kernel("fc", "dense", (Z, 16 * 32), 16 * 32)
        bias = self.bias("fc")
        assert bias is not None
        x = (z @ weight + bias).view(-1, 4, 4, 32).permute(0, 3, 1, 2)
        x = self.up_block(x, "front_resblock_0", 32)
        x = self.up_block(x, "middle_resblock_0", 16)
        x, beta = self.attention(x, "self_attention", later=True)
        for number in (1, 2):
            x = self.up_block(x, f"back_resblock_{number}", 8)
        return torch.tanh(self.conv(self.norm_relu(x, "batch_norm"), "g_logit", 3, reflect=True)), beta

    def up_block(self, x: Tensor, name: str, outputs: int) -> Tensor:
        y = twice(self.norm_relu(x, f"{name}/res1/batch_norm"))
        y = self.conv(y, f"{name}/res1/conv_0", outputs, bias=False, reflect=True)
        y = self.conv(self.norm_relu(y, f"{name}/res2/batch_norm"), f"{name}/res2/conv_0", outputs, reflect=True)
        return y + self.conv(twice(x), f"{name}/shortcut/conv_0", outputs, 1, bias=False)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def block(rows: list[tuple[bytes, bytes]]) -> bytes:
    """A table's block, its keys shortened by what each has in common with the one before, type and sum behind it."""
    data, last = b"", b""
    for key, value in rows:
        shared = next((n for n, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return data + struct.pack("<II", 0, 1) + bytes(5)


def write_bundle(variables: Variables, prefix: Path) -> None:
    """A checkpoint of the variables below `generator`, of an optimizer's and of a counter, in two blocks."""
    named = {f"generator/{name}": value for name, value in variables.items()}
    named |= {f"{name}/Adam": value for name, value in list(named.items())[:2]} | {
        "discriminator/x": np.zeros(2, np.float32)
    }
    rows, data = [(b"", b"\x08\x01")], b"padding"  # the empty key holds the header
    for name in sorted(named):
        value = named[name]
        entry = EntryMessage(dtype=1, shard_id=0, offset=len(data), size=value.nbytes)
        for size in value.shape:
            entry.shape.dim.add(size=size)
        rows.append((name.encode(), entry.SerializeToString()))
        data += value.tobytes()
    table, index = b"", []
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        made = block(part)
        index.append((part[-1][0] + b"~", varint(len(table)) + varint(len(made) - 5)))
        table += made
    meta, made = block([]), block(index)
    handles = varint(len(table)) + varint(len(meta) - 5) + varint(len(table) + len(meta)) + varint(len(made) - 5)
    footer = handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    prefix.with_name(prefix.name + ".index").write_bytes(table + meta + made + footer)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)


@pytest.mark.parametrize("norm", [True, False], ids=["norm", "plain"])
@pytest.mark.parametrize("kind", ["deconv", "up_conv", "resblock"])
def test_converted_generator_samples_the_same_pictures(tmp_path: Path, kind: str, norm: bool) -> None:
    z = torch.randn(1, Z, generator=torch.Generator().manual_seed(3))
    made = Made(norm)
    image, beta = made.later(z) if kind == "resblock" else made.earlier(z, kind == "up_conv")
    prefix = tmp_path / "SAGAN.model-100002"
    write_bundle(made.variables, prefix)
    main([str(prefix), "--out", str(tmp_path / "mine.onnx"), "--licence", "theirs"])
    gallery = Gallery(tmp_path / "mine.onnx")
    sample = gallery.sample(z[0].numpy())
    assert np.abs(sample.image - ((image[0] + 1) * 127.5).permute(1, 2, 0).numpy()).max() < 1
    (layer,) = sample.layers
    np.testing.assert_allclose(layer.attention, beta[0].numpy(), atol=1e-3)
    assert layer.gamma == pytest.approx(0.7, abs=1e-6)


def test_wrong_and_damaged_checkpoints_are_refused_in_words(tmp_path: Path) -> None:
    prefix, out = tmp_path / "model-1", tmp_path / "x.onnx"
    made = Made(norm=True)
    made.earlier(torch.zeros(1, Z), enlarges=False)
    del made.variables["attention/gamma"]
    write_bundle(made.variables, prefix)
    with pytest.raises(TrainingError, match=r"no generator of taki0112.*attention/gamma"):
        main([str(prefix), "--out", str(out)])
    index = tmp_path / "model-1.index"
    whole = index.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", whole[:200] + whole[260:]):
        index.write_bytes(damaged)
        with pytest.raises(TrainingError, match=r"model-1\.index"):
            main([str(index), "--out", str(out)])
    index.write_bytes(whole)
    (tmp_path / "model-1.data-00000-of-00001").write_bytes(b"short")
    with pytest.raises(TrainingError, match="a part of it is missing"):
        main([str(prefix), "--out", str(out)])
    assert not out.exists()
