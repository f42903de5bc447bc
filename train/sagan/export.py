"""Writes the ONNX files of the gallery from a checkpoint: the averaged generator, and the discriminator.

    python -m train.sagan.export runs/00000-sagan64/best.pt --data ../shared/data/sagan --out assets/sagan_gallery \\
        --name sagan64 --half

Generator: `z` (N, z_dim) float32, `label` (N,) int64 when conditional, and `attention_scale` (1,) float32, which is 1
when left out and multiplies every gamma, so that 0 shows the picture without attention. When conditional, `label_to`
(1,) int64 and `class_mix` (1,) float32, which is 0 when left out: the share of the way from the gains and biases of
`label` to those of `label_to`. Outputs: `image` (N, 3, R, R) float32 in -1..1, `attention` (N, Q, K) float32 rows that
sum to 1, `gamma` () float32; `attention_2`, `gamma_2` and so on for further layers, smallest map first.

Discriminator: `image` and, when conditional, `label` -> `score` (N,) float32, and `attention` (N, Q, K) and so on,
largest map first.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from facecam.runtimes.onnx_runtime import open_session
from sagan_gallery.model_file import attention_outputs
from train.sagan.data import load_pictures
from train.sagan.evaluate import averaged_generator, load_run
from train.sagan.graph import SaganGraph, Weights, array
from train.sagan.layers import ConditionalBatchNorm, Conv, Linear
from train.sagan.networks import Discriminator, DiscriminatorBlock, Generator, GeneratorBlock, NetworkConfig
from train.sagan.self_attention import SelfAttention
from train.sagan.trainer import TrainConfig, pictures_seen
from train.training import TrainingError, all_or_none, command


def bias_of(module: Conv | Linear) -> Weights | None:
    """The bias, if there is one."""
    return None if module.bias is None else array(module.bias)


def resized_conv(graph: SaganGraph, x: str, conv: Conv) -> str:
    """A `Conv` layer with its upsampling or averaging, its weight already divided by its spectral norm."""
    weight, bias = array(conv.kernel()), bias_of(conv)
    small = weight.shape[-1] == 1
    if conv.resize == "up":
        return graph.upsample(graph.conv(x, weight, bias)) if small else graph.conv(graph.upsample(x), weight, bias)
    if conv.resize == "down":
        pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
        if small:
            return graph.conv(graph.op("AveragePool", x, **pool), weight, bias)
        return graph.op("AveragePool", graph.conv(x, weight, bias), **pool)
    return graph.conv(x, weight, bias)


Classes = tuple[str, str, str]
"""Names of the inputs that choose the class: from `label` to `label_to`, by a share `class_mix`."""


def conditional_norm(graph: SaganGraph, x: str, layer: ConditionalBatchNorm, classes: Classes | None) -> str:
    """Batch norm in evaluation, its statistics folded into the tables of gains and biases, and ReLU."""
    mean, variance = (layer.norm.get_buffer(name) for name in ("running_mean", "running_var"))
    gain = layer.gain / torch.sqrt(variance + layer.norm.eps)  # (classes, C)
    bias = layer.bias - mean * gain
    tensors = []
    for table in (gain, bias):
        values = array(table)[:, :, None, None]
        if classes is None or len(values) == 1:
            tensors.append(graph.constant(values[:1]))
        else:
            rows, (*labels, mix) = graph.constant(values), classes
            first, second = (graph.op("Gather", rows, label, axis=0) for label in labels)
            tensors.append(graph.op("Add", first, graph.op("Mul", graph.op("Sub", second, first), mix)))
    return graph.scale_relu(x, *tensors)


def attend(graph: SaganGraph, x: str, layer: nn.Module, side: int, scale: str | None) -> str:
    """A `SelfAttention` layer over side x side cells."""
    assert isinstance(layer, SelfAttention)
    projections = [(array(part.kernel()), bias_of(part)) for part in (layer.query, layer.key, layer.value)]
    output = (array(layer.output.kernel()), None)
    return graph.attention(x, projections, array(layer.gamma), side, pooled=True, scale=scale, output=output)


@torch.no_grad()
def export_generator(generator: Generator, path: Path, facts: dict[str, Any], half: bool = False) -> None:
    """Writes the generator, in evaluation mode, with its batch statistics as they are."""
    config = generator.config
    graph = SaganGraph("sagan_generator", half)
    z = graph.input("z", ["N", config.z_dim])
    classes = None
    if config.classes > 1:
        label = graph.input("label", ["N"], "int64")
        label_to = graph.optional_input("label_to", np.zeros(1, np.int64))
        classes = label, label_to, graph.optional_input("class_mix", np.zeros(1, np.float32))
    scale = graph.optional_input("attention_scale", np.ones(1, np.float32)) if len(generator.attention) else None
    first = generator.first
    assert first.bias is not None
    x = graph.op("Gemm", z, graph.constant(array(first.kernel())), graph.constant(array(first.bias)), transB=1)
    x = graph.reshape(x, 0, config.widths_g[0], 4, 4)
    for name, block in generator.blocks.items():
        assert isinstance(block, GeneratorBlock)
        h = resized_conv(graph, conditional_norm(graph, x, block.norm1, classes), block.conv1)
        h = resized_conv(graph, conditional_norm(graph, h, block.norm2, classes), block.conv2)
        x = graph.op("Add", h, resized_conv(graph, x, block.shortcut))
        if name in generator.attention:
            x = attend(graph, x, generator.attention[name], int(name), scale)
    x = resized_conv(graph, conditional_norm(graph, x, generator.last_norm, None), generator.last)
    graph.output(graph.op("Tanh", x), "image", ["N", 3, config.resolution, config.resolution])
    graph.save(path, config.resolution, config.z_dim, facts)


@torch.no_grad()
def export_discriminator(discriminator: Discriminator, path: Path, facts: dict[str, Any], half: bool = False) -> None:
    """Writes the discriminator."""
    config = discriminator.config
    graph = SaganGraph("sagan_discriminator", half)
    x = graph.input("image", ["N", 3, config.resolution, config.resolution])
    label = graph.input("label", ["N"], "int64") if config.classes > 1 else None
    for name, block in discriminator.blocks.items():
        assert isinstance(block, DiscriminatorBlock)
        h = resized_conv(graph, x if block.pixels else graph.op("Relu", x), block.conv1)
        h = resized_conv(graph, graph.op("Relu", h), block.conv2)
        x = graph.op("Add", h, x if block.shortcut is None else resized_conv(graph, x, block.shortcut))
        if name in discriminator.attention:
            x = attend(graph, x, discriminator.attention[name], int(name) // 2, None)
    axes = graph.constant(np.array([2, 3], np.int64))
    features = graph.op("ReduceSum", graph.op("Relu", x), axes, keepdims=0)  # (N, C)
    assert discriminator.score.bias is not None
    weight = graph.constant(array(discriminator.score.kernel()))  # (1, C)
    if label is not None and discriminator.embedding is not None:
        table = graph.constant(array(discriminator.embedding.kernel()).T)  # (classes, C)
        weight = graph.op("Add", weight, graph.op("Gather", table, label, axis=0))  # psi(h) + <embedding, h>
    axis = graph.constant(np.array([1], np.int64))
    score = graph.op("ReduceSum", graph.op("Mul", features, weight), axis, keepdims=0)
    graph.output(graph.op("Add", score, graph.constant(array(discriminator.score.bias))), "score", ["N"])
    graph.save(path, config.resolution, config.z_dim, facts)


@torch.no_grad()
def parity(network: Generator | Discriminator, path: Path) -> tuple[float, float]:
    """Largest difference between a file and its network: of the pictures (-1..1) or the scores (as a share of the
    largest where that is above 1), and of the attention rows."""
    config = network.config
    random = torch.Generator().manual_seed(0)
    label = torch.arange(16) % config.classes
    if isinstance(network, Generator):
        given, asked, x = "z", "image", torch.randn(16, config.z_dim, generator=random)
    else:
        given, asked = "image", "score"
        x = torch.rand(16, 3, config.resolution, config.resolution, generator=random) * 2 - 1
    wanted, maps = network.cpu().eval()(x, label)
    feed = {given: x.numpy()} | ({"label": label.numpy()} if config.classes > 1 else {})
    names = [asked, *(rows for rows, _ in attention_outputs(len(maps)))]
    found, *rows = open_session(path.read_bytes()).run(names, feed)
    differences = [float(np.abs(a - b.numpy()).max()) for a, b in zip(rows, maps, strict=True)]
    scale = max(1.0, float(wanted.abs().max()))
    return float(np.abs(found - wanted.numpy()).max()) / scale, max(differences, default=0.0)


def describe_training(state: dict[str, Any]) -> str:
    """How a checkpoint came about, in words, from the checkpoint alone."""
    config = TrainConfig.of(state)
    return ", then ".join(pictures_seen(state) or ["no pictures"]) + (
        f" seen, batch {config.batch}, Adam ({config.beta1:g}, "
        f"{config.beta2:g}) at {config.lr_g:g} for G and {config.lr_d:g} for D ({config.gamma_rate:g} times that for "
        f"gamma), hinge loss, 1 D step per G step, DiffAugment translation {config.translation:g} and "
        f"cutout {config.cut:g}, weights averaged over {config.ema_kimg:g} thousand pictures (settings at the end)."
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the folder of class folders it was trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder to write NAME.onnx and NAME-d.onnx to")
    parser.add_argument("--name", default="sagan")
    parser.add_argument("--half", action="store_true", help="store weights as float16; computing stays float32")
    parser.add_argument("--metrics", type=Path, help="JSON of python -m train.sagan.evaluate, for the metadata")
    parser.add_argument("--about-data", default="", help="what it was trained on, in words")
    parser.add_argument("--licence", default="", help="terms of use of the weights")
    parser.add_argument("--commit", default="", help="version of the code that trained it")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    args = parser.parse_args(argv)

    state = load_run(args.checkpoint)
    config = NetworkConfig(**state["network"])
    data = load_pictures(args.data, config.resolution, args.cache)
    generator = averaged_generator(state, torch.device("cpu"), data.frequencies)
    discriminator = Discriminator(config).eval()
    discriminator.load_state_dict(state["discriminator"])
    metrics = json.loads(args.metrics.read_text(encoding="utf-8")) if args.metrics else {}
    facts = {"name": args.name, "classes": state["classes"], "data": args.about_data, "licence": args.licence}
    facts |= {"commit": args.commit, "metrics": metrics, "training": describe_training(state)}
    networks: list[Generator | Discriminator] = [generator, discriminator]
    with all_or_none(args.out) as folder:
        paths = [folder / f"{args.name}{ending}.onnx" for ending in ("", "-d")]
        export_generator(generator, paths[0], facts, args.half)
        export_discriminator(discriminator, paths[1], facts, args.half)
        for network, path, what in zip(networks, paths, ("pictures", "scores"), strict=True):
            first, rows = parity(network, path)
            size = f"{args.out / path.name}: {path.stat().st_size / 1e6:.1f} MB"
            print(f"{size}; {what} differ by {first:.1e}, attention by {rows:.1e}")
            if not first <= (2 / 255 if args.half else 1e-4):
                advice = ": export without --half" if args.half else ""
                raise TrainingError(f"{path.name} differs from its network by {first:.1e} and was not kept{advice}.")


if __name__ == "__main__":
    sys.exit(command(main)())
