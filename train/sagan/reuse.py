"""Starts training from exported files: the ONNX generator and its discriminator back into a checkpoint's weights.

The files hold weights already divided by their spectral norms, and batch norms folded into the tables of gains and
biases of the classes. Both have an inverse that computes the same: a weight whose norm is 1, and a batch norm that
takes out of its inputs what its gain and bias put back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from train.sagan.layers import ConditionalBatchNorm, Conv, Linear, refresh_spectral_norms
from train.sagan.networks import Discriminator, DiscriminatorBlock, Generator, GeneratorBlock, NetworkConfig
from train.sagan.sampling import draw_latents
from train.sagan.self_attention import SelfAttention
from train.training import TrainingError, batch_norm_inputs, settle_norm

POWER_STEPS = 200  # of the iteration that finds the singular vectors again


def state_of_onnx(path: Path, config: NetworkConfig) -> dict[str, Any]:
    """What `Trainer.warm_start` takes, from `NAME.onnx` and `NAME-d.onnx` beside it, which `train.sagan.export` wrote.

    Generator and moving average both get the file's weights, which are those of the average. config: the networks, of
    the files' widths and attention layers. Raises TrainingError when a file is none of ours or of another shape.
    """
    generator, discriminator = Generator(config), Discriminator(config)
    beside = path.with_name(f"{path.stem}-d.onnx")
    about = _read(path, lambda weights: _fill_generator(generator, weights))
    _read(beside, lambda weights: _fill_discriminator(discriminator, weights))
    for network in (generator, discriminator):
        refresh_spectral_norms(network, POWER_STEPS)
    settle_batch_norms(generator)
    words = str(about.get("training", "")).rstrip(". ") or "the pictures of an exported file"
    return {
        "generator": generator.state_dict(),
        "ema": {"module": generator.state_dict()},
        "discriminator": discriminator.state_dict(),
        "history": [f"{words}; the exported weights"],
    }


def _read(path: Path, fill: Any) -> dict[str, Any]:
    """Hands the float constants of a file to `fill`, in the order in which they were written; returns its metadata."""
    try:
        model = onnx.load(str(path), load_external_data=False)
        about: dict[str, Any] = json.loads(next(p.value for p in model.metadata_props if p.key == "sagan"))
    except FileNotFoundError as error:
        raise TrainingError(f"{path} is missing: both files of an export are needed.") from error
    except Exception as error:  # whatever the protobuf reader makes of a wrong or damaged file
        raise TrainingError(f"{path} is not a file of train.sagan.export ({type(error).__name__}).") from error
    scales = {name for node in model.graph.node if node.op_type == "Resize" for name in node.input[1:]}
    constants = [i for i in model.graph.initializer if i.name.startswith("constant_") and i.name not in scales]
    arrays = [numpy_helper.to_array(i) for i in sorted(constants, key=lambda i: int(i.name.removeprefix("constant_")))]
    weights = iter([torch.from_numpy(a.astype(np.float32)) for a in arrays if a.dtype.kind == "f"])
    try:
        fill(weights)
    except (StopIteration, RuntimeError) as error:  # too few constants, or one of another shape
        raise TrainingError(f"{path} holds networks of other widths or attention layers than asked for.") from error
    if next(weights, None) is not None:
        raise TrainingError(f"{path} holds more layers than the networks that were asked for.")
    return about


@torch.no_grad()
def _copy(target: Tensor | None, value: Tensor) -> None:
    """Strict about shapes, where copy_ alone would broadcast."""
    assert target is not None
    if target.shape != value.shape:
        raise RuntimeError(f"{tuple(value.shape)} does not fit {tuple(target.shape)}")
    target.copy_(value)


def _fill_conv(layer: Conv, weights: Iterator[Tensor]) -> None:
    if layer.bias is not None:
        _copy(layer.bias, next(weights))
    _copy(layer.kernel.weight, next(weights))


def _fill_linear(layer: Linear, weights: Iterator[Tensor]) -> None:
    _copy(layer.kernel.weight, next(weights))
    if layer.bias is not None:
        _copy(layer.bias, next(weights))


def _fill_norm(layer: ConditionalBatchNorm, weights: Iterator[Tensor]) -> None:
    """The folded gain and bias, over a batch norm that changes nothing."""
    _copy(layer.gain, next(weights).flatten(1))
    _copy(layer.bias, next(weights).flatten(1))
    assert layer.norm.running_mean is not None
    assert layer.norm.running_var is not None
    layer.norm.running_mean.zero_()
    layer.norm.running_var.fill_(1 - layer.norm.eps)


def _fill_attention(layer: nn.Module, weights: Iterator[Tensor]) -> None:
    assert isinstance(layer, SelfAttention)
    for part in (layer.query, layer.key, layer.value):
        _fill_conv(part, weights)
    _copy(layer.gamma, next(weights))
    _fill_conv(layer.output, weights)


def _fill_generator(network: Generator, weights: Iterator[Tensor]) -> None:
    """In the order of `export_generator`."""
    _fill_linear(network.first, weights)
    for name, block in network.blocks.items():
        assert isinstance(block, GeneratorBlock)
        _fill_norm(block.norm1, weights)
        _fill_conv(block.conv1, weights)
        _fill_norm(block.norm2, weights)
        _fill_conv(block.conv2, weights)
        _fill_conv(block.shortcut, weights)
        if name in network.attention:
            _fill_attention(network.attention[name], weights)
    _fill_norm(network.last_norm, weights)
    _fill_conv(network.last, weights)


def _fill_discriminator(network: Discriminator, weights: Iterator[Tensor]) -> None:
    """In the order of `export_discriminator`."""
    for name, block in network.blocks.items():
        assert isinstance(block, DiscriminatorBlock)
        for part in (block.conv1, block.conv2, block.shortcut):
            if part is not None:
                _fill_conv(part, weights)
        if name in network.attention:
            _fill_attention(network.attention[name], weights)
    _copy(network.score.kernel.weight, next(weights))
    if network.embedding is not None:
        _copy(network.embedding.kernel.weight, next(weights).T)
    _copy(network.score.bias, next(weights))


@torch.no_grad()
def settle_batch_norms(network: Generator, batches: int = 16, batch: int = 64) -> None:
    """Gives folded batch norms statistics again, without changing what the generator paints in evaluation mode.

    Training normalises by each batch's mean and variance: those are measured over the generator's own pictures, all
    classes alike, taken out by the norm and put back by its gain and bias.
    """
    layers = [module for module in network.modules() if isinstance(module, ConditionalBatchNorm)]
    random = torch.Generator().manual_seed(0)

    def paint() -> None:
        for _ in range(batches):
            label = torch.randint(network.config.classes, (batch,), generator=random)
            network(draw_latents(batch, network.config.z_dim, random), label)

    network.eval()
    statistics = batch_norm_inputs([layer.norm for layer in layers], paint)
    network.train()
    for layer in layers:
        settle_norm(layer.norm, layer.gain, layer.bias, *statistics[layer.norm])
