"""Starts training from an exported file: an ONNX file of format 2 back into the readable network.

The file holds convolutions into which batch norm was folded, and one head per level in place of two. Both have an
inverse that computes the same: a batch norm that only adds a bias, and class logits whose difference is the file's.
Before such a network, or a mean of several, can be trained, its batch norms have to be settled.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from facecam.detection.model import METADATA_KEY
from train.faceboxes.graphs.fast import FORMAT
from train.faceboxes.model import ConvBN, Depthwise, Detector, FaceBoxes, Inception
from train.faceboxes.model_s8 import FaceBoxesS8
from train.faceboxes.networks import MODELS
from train.training import TrainingError, settle_batch_norms

FILTER_RMS = 0.08
"""Root mean square of the weights of a filter before a batch norm, about what training brings it to."""


@torch.no_grad()
def settle(net: Detector, run: Callable[[], object]) -> None:
    """Makes a network of `network_of_onnx`, or a mean of such, one that training can go on from; it computes the same.

    Batch norms that only add a bias get the statistics that they see while `run` runs the network. Filters before them
    have the size that folding gave them, by which a step of AdamW, which is as large for large weights as for small
    ones, is another step in each: all get that of `FILTER_RMS`. Other networks stay as they are.
    """
    blocks = [module for module in net.modules() if isinstance(module, ConvBN) and _only_adds(module.bn)]
    if not blocks:
        return
    settle_batch_norms(net, [(block.bn, block.bn.weight, block.bn.bias) for block in blocks], run)
    for block in blocks:
        filters, (mean, variance) = block.conv.weight, _statistics(block.bn)
        rms = filters.square().mean((1, 2, 3)).sqrt()
        scale = torch.where(rms > 0, FILTER_RMS / rms, 1.0)
        deviation = scale * (variance + block.bn.eps).sqrt()
        filters.mul_(scale[:, None, None, None])
        mean.mul_(scale)
        variance.mul_(scale.square())
        block.bn.weight.mul_((variance + block.bn.eps).sqrt() / deviation)  # eps was not scaled


def _only_adds(norm: nn.BatchNorm2d) -> bool:
    """Whether it is as `_fill` makes them."""
    mean, variance = _statistics(norm)
    return not mean.any() and bool((variance == 1 - norm.eps).all()) and bool((norm.weight == 1).all())


def _statistics(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Running mean and variance."""
    return norm.get_buffer("running_mean"), norm.get_buffer("running_var")


def network_of_onnx(path: Path) -> Detector:
    """The network in evaluation mode with the weights of a file that `train.faceboxes.export` wrote.

    Raises TrainingError when the file is not such a one.
    """
    try:
        graph = onnx.load(str(path), load_external_data=False)
        about = json.loads(next(prop.value for prop in graph.metadata_props if prop.key == METADATA_KEY))
        net = MODELS[about["name"]]().eval()
        if about["format"] != FORMAT:
            raise TrainingError(f"{path} has format {about['format']}: export it again, without --plain.")
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
        convolutions = [
            tuple(torch.tensor(weights[name]) for name in node.input[1:])
            for node in graph.graph.node
            if node.op_type == "Conv"
        ]
        if isinstance(net, FaceBoxesS8) and convolutions[1][0].shape[-1] == 1:
            # The negative of the first, and a depthwise one for either half, which older files have in one.
            convolutions[1:4] = [tuple(map(torch.cat, zip(*convolutions[2:4], strict=True)))]
        heads = len(net.loc)  # the last ones, one per level
        for module, (weight, bias) in zip(_in_graph_order(net), convolutions[:-heads], strict=True):
            _fill(module, weight, bias)
        for loc, conf, (weight, bias) in zip(net.loc, net.conf, convolutions[-heads:], strict=True):
            _fill_head(loc, conf, weight, bias)
    except TrainingError:
        raise
    except Exception as error:  # whatever the protobuf reader makes of a wrong or damaged file
        raise TrainingError(f"{path} is not a file of train.faceboxes.export ({type(error).__name__}).") from error
    return net


def _in_graph_order(net: Detector) -> list[nn.Module]:
    """The modules in the order of `fast_model`'s convolutions, without the heads."""
    order: list[nn.Module]
    if isinstance(net, FaceBoxesS8):
        order = [net.conv1]
        for block in (block for stage in net.backbone for block in stage):  # type: ignore[attr-defined]
            order += [block.depthwise, block]
        for level in (1, 0):
            merge = net.merge[level]
            order += [net.top_down[level], merge.depthwise, merge]  # type: ignore[list-item]
        return order
    assert isinstance(net, FaceBoxes)
    order = [net.conv1, net.conv2]
    for block in (net.inception1, net.inception2, net.inception3):
        assert isinstance(block, Inception)
        order += [
            block.branch3x3_reduce, block.branch3x3_reduce_2, block.branch1x1, block.branch1x1_2,
            block.branch3x3, block.branch3x3_2, block.branch3x3_3,
        ]  # fmt: skip
    return [*order, net.conv3_1, net.conv3_2, net.conv4_1, net.conv4_2]


@torch.no_grad()
def _fill(module: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Puts a convolution of the graph into the module that it came from."""
    if isinstance(module, ConvBN):
        module.conv.weight.copy_(weight)
        mean, variance = _statistics(module.bn)
        mean.zero_()
        variance.fill_(1 - module.bn.eps)
        module.bn.weight.fill_(1)
        module.bn.bias.copy_(bias)
    else:
        module.get_parameter("weight").copy_(weight)
        if not isinstance(module, Depthwise):
            module.get_parameter("bias").copy_(bias)


@torch.no_grad()
def _fill_head(loc: nn.Module, conf: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Parts the merged convolution of a level into that of the offsets and that of the classes."""
    for merged, kind in ((weight, "weight"), (bias, "bias")):
        parts = merged.unflatten(0, (-1, 5))  # of each anchor, four offsets and the logit
        half = parts[:, 4] / 2  # softmax over two classes: only the logits' difference counts
        loc.get_parameter(kind).copy_(parts[:, :4].flatten(0, 1))
        conf.get_parameter(kind).copy_(torch.stack([-half, half], 1).flatten(0, 1))
