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
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from train.sagan.graph import SaganGraph, Weights, array
from train.sagan.tf_bundle import bundle_prefix, read_bundle
from train.sagan.tf_convert import convert_variables
from train.training import TrainingError, load_checkpoint, run_command


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


def norm_relu(graph: SaganGraph, x: str, state: dict[str, Tensor], name: str) -> str:
    """Batch norm with the stored statistics, then ReLU."""
    gain = state[f"{name}.weight"].float() / torch.sqrt(state[f"{name}.running_var"].float() + 1e-5)
    bias = state[f"{name}.bias"].float() - state[f"{name}.running_mean"].float() * gain
    gain_name, bias_name = (graph.constant(array(t)[None, :, None, None]) for t in (gain, bias))
    return graph.op("Relu", graph.op("Add", graph.op("Mul", x, gain_name), bias_name))


def convert(state: dict[str, Tensor], path: Path, name: str, facts: dict[str, Any]) -> None:
    """Writes the ONNX file. state: the generator's state dict; facts: data, licence, metrics for the metadata.

    Raises TrainingError when the names are not those of this generator.
    """
    state = {key.removeprefix("module."): value for key, value in state.items()}  # saved from DataParallel
    needed = ["l1.0.module.weight_bar", "l4.1.running_var", "last.0.weight", "attn2.gamma", "attn2.query_conv.weight"]
    missing = [key for key in needed if key not in state]
    if missing:
        raise TrainingError(f"This is no generator of heykeetae/Self-Attention-GAN: it has no tensor {missing[0]}.")
    z_dim = state["l1.0.module.weight_bar"].shape[0]
    graph = SaganGraph("sagan_generator")
    z = graph.input("z", ["N", z_dim])
    scale = graph.optional_input("attention_scale", np.ones(1, np.float32))
    x = graph.reshape(z, 0, z_dim, 1, 1)
    grids: list[dict[str, list[int]]] = []
    side = 4
    for layer, attention in (("l1", None), ("l2", None), ("l3", "attn1"), ("l4", "attn2"), ("last", None)):
        first = layer == "l1"
        inner = f"{layer}.0" if layer == "last" else f"{layer}.0.module"
        weight = array(state[f"{inner}.weight"]) if layer == "last" else normalised(state, inner)
        strides: dict[str, Any] = (
            {"strides": [1, 1], "pads": [0] * 4} if first else {"strides": [2, 2], "pads": [1] * 4}
        )
        tensors = (graph.constant(weight), graph.constant(array(state[f"{inner}.bias"])))
        x = graph.op("ConvTranspose", x, *tensors, kernel_shape=[4, 4], **strides)
        side = side if first else side * 2
        if layer != "last":
            x = norm_relu(graph, x, state, f"{layer}.1")
        if attention is not None:
            parts = [f"{attention}.{part}_conv" for part in ("query", "key", "value")]
            projections = [(array(state[f"{p}.weight"]), array(state[f"{p}.bias"])) for p in parts]
            read, rows = graph.attention(x, list(projections), side, pooled=False)
            gamma = graph.constant(array(state[f"{attention}.gamma"]).reshape(()), exact=True)
            x = graph.op("Add", x, graph.op("Mul", read, graph.op("Mul", gamma, scale)))
            ending = "" if not grids else f"_{len(grids) + 1}"
            graph.output(rows, f"attention{ending}", ["N", side * side, side * side])
            graph.output(gamma, f"gamma{ending}", [])
            grids.append({"query_grid": [side, side], "key_grid": [side, side]})
    graph.output(graph.op("Tanh", x), "image", ["N", 3, side, side])
    metadata = {"format": 1, "name": name, "resolution": side, "z_dim": z_dim, "classes": [], "dtype": "float32"}
    graph.save(path, metadata | grids[0] | {"attention_layers": grids, "commit": "", "metrics": {}} | facts)


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--name", default="", help="name shown in the gallery; the file's name by default")
    parser.add_argument("--about-data", default="", help="what it was trained on, in words")
    parser.add_argument("--licence", default="", help="terms of use of the weights")
    args = parser.parse_args(argv)
    facts = {"data": args.about_data, "licence": args.licence}
    name = args.name or args.out.stem
    prefix = bundle_prefix(args.checkpoint)
    if prefix is None:
        convert(load_checkpoint(args.checkpoint), args.out, name, facts)
    else:
        convert_variables(read_bundle(prefix, "generator"), args.out, name, facts)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run_command(main)
