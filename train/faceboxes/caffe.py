"""Reads the authors' FaceBoxes weights, a `.caffemodel`, into the exact topology. Caffe is not needed.

Such a file is a Protocol Buffers message of the type `caffe.NetParameter`. Of that type only what holds weights is
declared here, by the numbers of its fields; the rest is skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from google.protobuf.message import DecodeError
from torch import Tensor, nn

from facecam.system.files import reading
from train.faceboxes.model import ConvBN, FaceBoxes
from train.messages import FLOAT, INT64, STRING, message_class
from train.training import TrainingError

_MESSAGES = {
    "Shape": {"dim": (1, INT64, True)},
    "Blob": {"shape": (7, "Shape", False), "data": (5, FLOAT, True)},
    "Layer": {"name": (1, STRING, False), "blobs": (7, "Blob", True)},
    "Net": {"layer": (100, "Layer", True)},
}
"""Caffe calls them BlobShape, BlobProto, LayerParameter and NetParameter."""

NetMessage = message_class(_MESSAGES, "Net")
"""The message that such a file is."""

_BRANCHES = {
    "1x1": "branch1x1_2", "1x1_2": "branch1x1", "3x3_reduce": "branch3x3_reduce", "3x3": "branch3x3",
    "3x3_2_reduce": "branch3x3_reduce_2", "3x3_2": "branch3x3_2", "3x3_3": "branch3x3_3",
}  # fmt: skip
"""An inception block's branches by the authors' names. Theirs averages in the first, ours in the second."""

_SWAPPED = torch.cat([torch.arange(32, 64), torch.arange(32), torch.arange(64, 128)])
"""So an inception block's channels come in our order."""

_SOURCES = ("inception_a3_concat", "conv3_2", "conv4_2")


class CaffePool(nn.Module):
    """Max pooling from the first pixel on, where PyTorch's begins one before it."""

    def forward(self, x: Tensor) -> Tensor:
        # The last row and column once more change no maximum, and make it one cell for each two pixels or less.
        x = torch.cat([x, x[:, :, -1:]], 2)
        return F.max_pool2d(torch.cat([x, x[..., -1:]], 3), 3, 2, ceil_mode=True)


Blobs = dict[str, list[Tensor]]
"""The weights of each layer by its name."""


def read_blobs(path: Path) -> Blobs:
    """The weights in a `.caffemodel`. Raises TrainingError when it can't be read or is none."""
    try:
        with reading(path, TrainingError):
            data = path.read_bytes()
        net = NetMessage.FromString(data)
        return {
            layer.name: [
                torch.from_numpy(np.array(blob.data, np.float32).reshape(tuple(blob.shape.dim))) for blob in layer.blobs
            ]
            for layer in net.layer
            if layer.blobs
        }
    except (DecodeError, ValueError) as error:  # the latter: numbers that don't fill their shape
        raise TrainingError(f"{path} is not a .caffemodel, or is damaged ({error}).") from error


@torch.no_grad()
def network_of_caffe(path: Path) -> FaceBoxes:
    """The exact topology in evaluation mode with the weights of a `.caffemodel`, and with two differences: there the
    two halves of C.ReLU are scaled each by its own numbers, so that it is one convolution of both here, and the
    pooling is Caffe's. Raises TrainingError when the file does not hold FaceBoxes."""
    blobs = read_blobs(path)
    net = FaceBoxes()
    net.pool = CaffePool()
    for name, inputs, outputs, kernel, stride in (("conv1", 3, 24, 7, 4), ("conv2", 48, 64, 5, 2)):
        setattr(net, name, ConvBN(inputs, 2 * outputs, kernel, stride))
    try:
        for name in ("conv1", "conv2"):
            _fill_block(getattr(net, name), blobs, name, (1, -1))
        for number in (1, 2, 3):
            for theirs, ours in _BRANCHES.items():
                first = theirs in ("1x1", "1x1_2", "3x3_reduce", "3x3_2_reduce")
                block = getattr(getattr(net, f"inception{number}"), ours)
                _fill_block(block, blobs, f"inception_a{number}_{theirs}", swapped=first and number > 1)
        for name in ("conv3_1", "conv3_2", "conv4_1", "conv4_2"):
            _fill_block(getattr(net, name), blobs, name, swapped=name == "conv3_1")
        for level, source in enumerate(_SOURCES):
            for heads, kind in ((net.loc, "loc"), (net.conf, "conf")):
                weight, bias = blobs[f"{source}_mbox_{kind}"]
                heads[level].get_parameter("weight").copy_(weight[:, _SWAPPED] if level == 0 else weight)
                heads[level].get_parameter("bias").copy_(bias)
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise TrainingError(f"{path} does not hold FaceBoxes' weights: {str(error).splitlines()[0][:200]}") from error
    return net.eval()


def _fill_block(block: ConvBN, blobs: Blobs, name: str, signs: Sequence[float] = (1,), swapped: bool = False) -> None:
    """signs: 1, and -1 for C.ReLU's second half. swapped: the input is an inception block's output."""
    (weight,), (mean, variance, count), (scale, shift) = (blobs[name + end] for end in ("", "_bn", "_scale"))
    bn = block.bn
    # Caffe keeps sums, and by what to divide them. It normalises before it turns the sign.
    mean, variance = mean / count, variance / count
    block.conv.weight.copy_(torch.cat([sign * (weight[:, _SWAPPED] if swapped else weight) for sign in signs]))
    bn.get_buffer("running_mean").copy_(torch.cat([sign * mean for sign in signs]))
    bn.get_buffer("running_var").copy_(variance.repeat(len(signs)))
    bn.weight.copy_(scale)
    bn.bias.copy_(shift)
