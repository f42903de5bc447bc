"""Converts a generator of a public SAGAN into the gallery's format: of heykeetae/Self-Attention-GAN (PyTorch), or of
taki0112/Self-Attention-GAN-Tensorflow (`train.sagan.tf_convert`), whose checkpoints are several files of one beginning.

    python -m train.sagan.convert 904_G.pth --out my-sagan.onnx --licence "as the checkpoint's"
    python -m train.sagan.convert checkpoint/SAGAN.model-100002 --out my-sagan.onnx

The first one is unconditional: transposed convolutions of 4x4 (`l1` to `l4`, `last`), batch norm and ReLU, and two
attention layers without pooling, `attn1` at 16x16 and `attn2` at 32x32. Only tensors are read from the file; a file
that holds whole pickled objects is refused.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from train.sagan.graph import SaganGraph, Weights, array
from train.sagan.tf_bundle import bundle_prefix, read_bundle
from train.sagan.tf_convert import convert_variables
from train.training import TrainingError, command, load_checkpoint


class _Named(dict[str, Tensor]):
    """The tensors by name; of one that isn't there it raises TrainingError."""

    def __missing__(self, name: str) -> Tensor:
        raise TrainingError(f"This is no generator of heykeetae/Self-Attention-GAN: it has no tensor {name}.")


def normalised(state: dict[str, Tensor], name: str) -> Weights:
    """A weight that the checkpoint keeps as `weight_bar`, `weight_u` and `weight_v`, divided by its spectral norm.

    Its own forward pass makes one step of power iteration before it divides, over the first axis against all others
    (which for a transposed convolution are the input channels).
    """
    weight, u = state[f"{name}.weight_bar"].float(), state[f"{name}.weight_u"].float()
    matrix = weight.flatten(1)
    v = F.normalize(matrix.t() @ u, dim=0, eps=1e-12)
    u = F.normalize(matrix @ v, dim=0, eps=1e-12)
    return array(weight / (u @ matrix @ v))


def convert(state: dict[str, Tensor], path: Path, facts: dict[str, Any]) -> None:
    """Writes the ONNX file. state: the generator's state dict; facts: name, data, licence and so on for the metadata.

    Raises TrainingError when the names are not those of this generator.
    """
    state = _Named({key.removeprefix("module."): value for key, value in state.items()})  # saved from DataParallel
    z_dim = state["l1.0.module.weight_bar"].shape[0]
    graph = SaganGraph("sagan_generator")
    z = graph.input("z", ["N", z_dim])
    scale = graph.optional_input("attention_scale", np.ones(1, np.float32))
    x = graph.reshape(z, 0, z_dim, 1, 1)
    side = 4
    for layer, attention in (("l1", None), ("l2", None), ("l3", "attn1"), ("l4", "attn2"), ("last", None)):
        first = layer == "l1"
        inner = f"{layer}.0" if layer == "last" else f"{layer}.0.module"
        weight = array(state[f"{inner}.weight"]) if layer == "last" else normalised(state, inner)
        x = graph.deconv(x, weight, array(state[f"{inner}.bias"]), first)
        side = side if first else side * 2
        if layer != "last":
            parts = ("running_mean", "running_var", "weight", "bias")
            x = graph.norm_relu(x, *(array(state[f"{layer}.1.{part}"]) for part in parts))
        if attention is not None:
            names = [f"{attention}.{part}_conv" for part in ("query", "key", "value")]
            projections = [(array(state[f"{n}.weight"]), array(state[f"{n}.bias"])) for n in names]
            gamma = array(state[f"{attention}.gamma"])
            x = graph.attention(x, projections, gamma, side, pooled=False, scale=scale)
    graph.output(graph.op("Tanh", x), "image", ["N", 3, side, side])
    graph.save(path, side, z_dim, facts)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--name", default="", help="name shown in the gallery; the file's name by default")
    parser.add_argument("--about-data", default="", help="what it was trained on, in words")
    parser.add_argument("--licence", default="", help="terms of use of the weights")
    args = parser.parse_args(argv)
    facts = {"name": args.name or args.out.stem, "classes": [], "data": args.about_data, "licence": args.licence}
    facts |= {"commit": "", "metrics": {}}
    prefix = bundle_prefix(args.checkpoint)
    if prefix is None:
        convert(load_checkpoint(args.checkpoint), args.out, facts)
    else:
        convert_variables(read_bundle(prefix, "generator"), args.out, facts)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(command(main)())
