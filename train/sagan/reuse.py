"""Starts training from exported files: the ONNX generator and its discriminator back into a checkpoint's weights.

The files hold weights already divided by their spectral norms, and batch norms folded into the tables of gains and
biases of the classes. Both have an inverse that computes nearly the same in evaluation: a weight whose norm is 1, and a
batch norm that takes out of its inputs what its gain and bias put back. In training, by the statistics of each batch,
the pictures are others, and worse at first (docs/results/sagan.md).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from train.sagan.layers import ConditionalBatchNorm, Conv, refresh_spectral_norms
from train.sagan.networks import Discriminator, DiscriminatorBlock, Generator, GeneratorBlock, NetworkConfig
from train.sagan.self_attention import SelfAttention
from train.training import TrainingError, settle_batch_norms

POWER_STEPS = 200  # of the iteration that finds the singular vectors again


def state_of_onnx(path: Path, config: NetworkConfig) -> dict[str, Any]:
    """What `Trainer.warm_start` takes, from `NAME.onnx` and `NAME-d.onnx` beside it, which `train.sagan.export` wrote.

    Generator and moving average both get the file's weights, which are those of the average. config: the networks, of
    the files' widths and attention layers. Raises TrainingError when a file is none of ours or of another shape.
    """
    generator, discriminator = Generator(config), Discriminator(config)
    about = _fill(path, _generator_weights(generator))
    _fill(path.with_name(f"{path.stem}-d.onnx"), _discriminator_weights(discriminator))
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d):  # its mean is 0: it changes nothing
            module.get_buffer("running_var").fill_(1 - module.eps)
    for network in (generator, discriminator):
        refresh_spectral_norms(network, POWER_STEPS)
    random = torch.Generator().manual_seed(0)
    layers = [module for module in generator.modules() if isinstance(module, ConditionalBatchNorm)]

    def paint() -> None:
        """Its own pictures, all classes alike."""
        for _ in range(16):
            label = torch.randint(config.classes, (64,), generator=random)
            generator(torch.randn(64, config.z_dim, generator=random), label)

    settle_batch_norms(generator, [(layer.norm, layer.gain, layer.bias) for layer in layers], paint)
    words = str(about.get("training", "")).rstrip(". ") or "the pictures of an exported file"
    return {
        "generator": generator.state_dict(),
        "ema": {"module": generator.state_dict()},
        "discriminator": discriminator.state_dict(),
        "history": [f"{words}; the exported weights"],
    }


@torch.no_grad()
def _fill(path: Path, targets: list[Tensor]) -> dict[str, Any]:
    """Copies the float constants of a file, in the order in which they were written, into the weights that they are of;
    returns the file's metadata."""
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
    values = [torch.from_numpy(a.astype(np.float32)) for a in arrays if a.dtype.kind == "f"]
    if [tuple(value.shape) for value in values] != [tuple(target.shape) for target in targets]:
        raise TrainingError(f"{path} holds networks of other widths or attention layers than asked for.")
    for target, value in zip(targets, values, strict=True):
        target.copy_(value)
    return about


def _of_conv(layer: Conv) -> list[Tensor]:
    return [layer.kernel.weight] if layer.bias is None else [layer.bias, layer.kernel.weight]


def _of_norm(layer: ConditionalBatchNorm) -> list[Tensor]:
    return [layer.gain[:, :, None, None], layer.bias[:, :, None, None]]


def _of_attention(layer: nn.Module) -> list[Tensor]:
    assert isinstance(layer, SelfAttention)
    read = [weight for part in (layer.query, layer.key, layer.value) for weight in _of_conv(part)]
    return [*read, layer.gamma, *_of_conv(layer.output)]


def _generator_weights(network: Generator) -> list[Tensor]:
    """In the order of `export_generator`."""
    assert network.first.bias is not None
    weights: list[Tensor] = [network.first.kernel.weight, network.first.bias]
    for name, block in network.blocks.items():
        assert isinstance(block, GeneratorBlock)
        weights += [*_of_norm(block.norm1), *_of_conv(block.conv1), *_of_norm(block.norm2), *_of_conv(block.conv2)]
        weights += _of_conv(block.shortcut)
        if name in network.attention:
            weights += _of_attention(network.attention[name])
    return [*weights, *_of_norm(network.last_norm), *_of_conv(network.last)]


def _discriminator_weights(network: Discriminator) -> list[Tensor]:
    """In the order of `export_discriminator`."""
    weights: list[Tensor] = []
    for name, block in network.blocks.items():
        assert isinstance(block, DiscriminatorBlock)
        weights += [*_of_conv(block.conv1), *_of_conv(block.conv2)]
        weights += [] if block.shortcut is None else _of_conv(block.shortcut)
        if name in network.attention:
            weights += _of_attention(network.attention[name])
    embedding = [] if network.embedding is None else [network.embedding.kernel.weight.T]
    assert network.score.bias is not None
    return [*weights, network.score.kernel.weight, *embedding, network.score.bias]
