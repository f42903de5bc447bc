"""The exact network with rewritings of its graph, those that were kept and those that were left out, to be measured.

`train.faceboxes.graphs.measure` measures them. `train.faceboxes.graphs.fast` writes the graph that ships; here each
rewriting can be had alone, and the ones that didn't help are kept so that they can be tried again on another processor.
Each computes what the network computes; `tests/train/faceboxes/graphs/test_measure.py` holds them to that.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facecam.detection.anchors import anchor_grid
from facecam.faces.boxes import VARIANCES
from train.faceboxes.graphs.fast import folded
from train.faceboxes.model import MEAN_BGR, ConvBN, FaceBoxes, Inception

HEIGHT, WIDTH = 480, 640
_BORDER = 3
"""Pixels around the picture that conv1 looks at."""


@dataclass(frozen=True)
class Rewriting:
    """What is done otherwise than in the plain export.

    early_pool: C.ReLU pools before it concatenates. negative: what turns the sign in it, "neg", "depthwise" (a 1x1
    convolution) or "norm" (a batch norm). heads: "two" per level, "one" with the sigmoid in the graph, or "maps", one
    that is left in the order of convolutions. merged_1x1: the parallel 1x1 convolutions of a block as one, then split.
    late_average: a block averages after its 1x1 convolution, over a quarter of the channels. picture: "planes", float32
    minus the mean; "blocks" of 4x4 px as 48 channels, or "rows", four of them as 12 channels, both float32 and already
    rearranged; "bytes", uint8 planes with conv1's border filled with the mean, which conv1's bias takes off; "packed
    bytes", the same as (1, H + 6, W + 6, 3). decoded: boxes instead of offsets, for 640x480 only.
    """

    early_pool: bool = False
    negative: str = "neg"
    heads: str = "two"
    merged_1x1: bool = False
    late_average: bool = False
    picture: str = "planes"
    decoded: bool = False


ALONE: dict[str, Rewriting] = {
    "one head per level, sigmoid in the graph": Rewriting(heads="one"),
    "heads left as maps, without transposition": Rewriting(heads="maps"),
    "pooling before the concatenation": Rewriting(early_pool=True),
    "the same with Neg as a depthwise 1x1": Rewriting(early_pool=True, negative="depthwise"),
    "the same with Neg as a batch norm": Rewriting(early_pool=True, negative="norm"),
    "Neg as a depthwise 1x1 alone": Rewriting(negative="depthwise"),
    "parallel 1x1 convolutions of a block as one": Rewriting(merged_1x1=True),
    "average pooling after its 1x1 (depthwise 3x3)": Rewriting(late_average=True),
    "both of the last two": Rewriting(merged_1x1=True, late_average=True),
    "conv1 by space to depth, 48 channels (without making them)": Rewriting(picture="blocks"),
    "conv1 by rows in four phases, 12 channels (likewise)": Rewriting(picture="rows"),
    "uint8 planes, mean in the bias": Rewriting(picture="bytes"),
    "uint8 height-width-channel input, mean in the bias": Rewriting(picture="packed bytes"),
    "decoding in the graph": Rewriting(heads="one", decoded=True),
}
"""By the names under which they are measured."""


class Rewritten(nn.Module):
    """The exact network, rewritten.

    Gives offsets (1, A, 4) and probabilities of a face (1, A), and with decoded boxes x1 y1 x2 y2 instead of the
    former; with heads as maps, the maps of each level, (1, 5 per cell, h, w).
    """

    def __init__(self, net: FaceBoxes, how: Rewriting) -> None:
        super().__init__()
        self.net, self.how = net.eval(), how

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        net, how = self.net, self.how
        x = self._crelu_pool(self._first(picture), how.early_pool)
        x = self._crelu_pool(_conv(net.conv2, x), how.early_pool)
        for block in (net.inception1, net.inception2, net.inception3):
            x = self._inception(block, x)
        stride64 = net.conv3_2(net.conv3_1(x))
        sources = [x, stride64, net.conv4_2(net.conv4_1(stride64))]
        if how.heads == "two":
            loc = [head(s).permute(0, 2, 3, 1).flatten(1) for head, s in zip(net.loc, sources, strict=True)]
            conf = [head(s).permute(0, 2, 3, 1).flatten(1) for head, s in zip(net.conf, sources, strict=True)]
            probabilities = torch.cat(conf, 1).unflatten(1, (-1, 2)).softmax(-1)
            return torch.cat(loc, 1).unflatten(1, (-1, 4)), probabilities[..., 1]
        maps = [_head(*level) for level in zip(net.loc, net.conf, sources, strict=True)]
        if how.heads == "maps":
            return tuple(maps)
        rows = torch.cat([one.permute(0, 2, 3, 1).flatten(1) for one in maps], 1).unflatten(1, (-1, 5))
        offsets = _decoded(net, rows[..., :4]) if how.decoded else rows[..., :4]
        return offsets, rows[..., 4].sigmoid()

    def _first(self, picture: Tensor) -> Tensor:
        """conv1, batch norm in it."""
        weight, bias = map(torch.from_numpy, folded(self.net.conv1))
        if self.how.picture == "planes":
            return F.conv2d(picture, weight, bias, 4, _BORDER)
        if self.how.picture in ("bytes", "packed bytes"):
            bias = bias - (weight.sum((2, 3)) * torch.tensor(MEAN_BGR)).sum(1)
            planes = picture.permute(0, 3, 1, 2) if self.how.picture == "packed bytes" else picture
            return F.conv2d(planes.float(), weight, bias, 4)
        # A window covers rows 4i - 3 to 4i + 3: those of block i - 1 but its first, and of block i.
        taps = F.pad(weight, (0, 0, 1, 0))  # [24, 3, 8, 7]
        if self.how.picture == "rows":
            by_phase = taps.unflatten(2, (2, 4)).permute(0, 1, 3, 2, 4).flatten(1, 2)  # [24, 3 * 4, 2, 7]
            return F.conv2d(F.pad(picture, (_BORDER, _BORDER, 1, 0)), by_phase, bias, (1, 4))
        taps = F.pad(weight, (1, 0, 1, 0)).unflatten(3, (2, 4)).unflatten(2, (2, 4))  # [24, 3, 2, 4, 2, 4]
        by_phase = taps.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)  # [24, 3 * 4 * 4, 2, 2]
        return F.conv2d(F.pad(picture, (1, 0, 1, 0)), by_phase, bias)

    def _crelu_pool(self, y: Tensor, early: bool) -> Tensor:
        negative = self._negative(y)
        if early:
            return F.relu(torch.cat([_pool(y), _pool(negative)], 1))
        return _pool(F.relu(torch.cat([y, negative], 1)))

    def _negative(self, y: Tensor) -> Tensor:
        channels = y.shape[1]
        if self.how.negative == "depthwise":
            return F.conv2d(y, -torch.ones(channels, 1, 1, 1), groups=channels)
        if self.how.negative == "norm":
            zeros, ones = torch.zeros(channels), torch.ones(channels)
            return F.batch_norm(y, zeros, ones, -ones, zeros, eps=0.0)
        return -y

    def _inception(self, block: Inception, x: Tensor) -> Tensor:
        if self.how.merged_1x1:
            kept = [block.branch1x1, block.branch3x3_reduce, block.branch3x3_reduce_2]
            kept += [block.branch1x1_2] if self.how.late_average else []
            parts = _merged(kept, x)
        else:
            parts = [one(x) for one in (block.branch1x1, block.branch3x3_reduce, block.branch3x3_reduce_2)]
            parts += [_conv(block.branch1x1_2, x, False)] if self.how.late_average else []
        first, reduced, reduced_2 = parts[:3]
        if self.how.late_average:
            bias = torch.from_numpy(folded(block.branch1x1_2)[1])
            averaged = F.relu(F.conv2d(parts[3], torch.full((32, 1, 3, 3), 1 / 9), bias, 1, 1, groups=32))
        else:
            averaged = block.branch1x1_2(F.avg_pool2d(x, 3, 1, 1))
        return torch.cat(
            [first, averaged, block.branch3x3(reduced), block.branch3x3_3(block.branch3x3_2(reduced_2))], 1
        )


def example(picture: str) -> Tensor:
    """A picture of 640x480 as that kind of input has it, of noise."""
    return as_input(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), picture)


def as_input(image: npt.NDArray[np.uint8], picture: str) -> Tensor:
    """(H, W, 3) uint8 BGR, sides multiples of 4, as that kind of input has it."""
    if picture in ("bytes", "packed bytes"):
        height, width = image.shape[:2]
        framed = np.empty((height + 2 * _BORDER, width + 2 * _BORDER, 3), np.uint8)
        framed[:] = MEAN_BGR
        framed[_BORDER:-_BORDER, _BORDER:-_BORDER] = image
        packed = torch.from_numpy(framed)[None]
        return packed if picture == "packed bytes" else packed.permute(0, 3, 1, 2).contiguous()
    planes = torch.from_numpy((image - np.array(MEAN_BGR, np.float32)).astype(np.float32)).permute(2, 0, 1)[None]
    if picture == "planes":
        return planes.contiguous()
    if picture == "rows":
        return planes.unflatten(2, (-1, 4)).permute(0, 1, 3, 2, 4).flatten(1, 2).contiguous()
    return planes.unflatten(3, (-1, 4)).unflatten(2, (-1, 4)).permute(0, 1, 3, 5, 2, 4).flatten(1, 3).contiguous()


def exported(net: FaceBoxes, how: Rewriting) -> bytes:
    """The rewritten network as an ONNX file at 640x480, input `image`."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in train.faceboxes.export
        file = str(Path(folder) / "rewritten.onnx")
        torch.onnx.export(
            # In evaluation mode as a whole: the exporter puts the mode back afterwards, in all of its parts.
            Rewritten(net, how).eval(),
            (example(how.picture),),
            file,
            input_names=["image"],
            opset_version=17,
            dynamo=False,
        )
        return Path(file).read_bytes()


def _conv(block: ConvBN, x: Tensor, with_bias: bool = True) -> Tensor:
    """The block's convolution, its batch norm in it, without the ReLU."""
    weight, bias = map(torch.from_numpy, folded(block))
    conv = block.conv
    return F.conv2d(x, weight, bias if with_bias else None, conv.stride[0], conv.kernel_size[0] // 2)


def _merged(blocks: list[ConvBN], x: Tensor) -> list[Tensor]:
    """The 1x1 blocks' outputs from one convolution. A fourth one, to be averaged, without bias and ReLU."""
    weights, biases = zip(*(map(torch.from_numpy, folded(block)) for block in blocks), strict=True)
    widths = [len(bias) for bias in biases]
    if len(blocks) < 4:
        return list(F.relu(F.conv2d(x, torch.cat(weights), torch.cat(biases))).split(widths, 1))
    biases = (*biases[:3], torch.zeros(widths[3]))
    *parts, averaged = F.conv2d(x, torch.cat(weights), torch.cat(biases)).split(widths, 1)
    return [*map(F.relu, parts), averaged]


def _pool(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 2, 1)


def _head(loc: nn.Module, conf: nn.Module, source: Tensor) -> Tensor:
    """(1, 5 per cell, h, w): of each anchor its offsets and its logit, from one convolution."""
    assert isinstance(loc, nn.Conv2d)
    assert isinstance(conf, nn.Conv2d)
    assert loc.bias is not None
    assert conf.bias is not None
    weight = torch.cat([loc.weight.unflatten(0, (-1, 4)), (conf.weight[1::2] - conf.weight[0::2])[:, None]], 1)
    bias = torch.cat([loc.bias.unflatten(0, (-1, 4)), (conf.bias[1::2] - conf.bias[0::2])[:, None]], 1)
    return F.conv2d(source, weight.flatten(0, 1), bias.flatten(), padding=1)


def _decoded(net: FaceBoxes, offsets: Tensor) -> Tensor:
    anchors = torch.from_numpy(np.array(anchor_grid(net.anchors, HEIGHT, WIDTH)))
    centre = offsets[..., :2] * VARIANCES[0] * anchors[:, 2:] + anchors[:, :2]
    half = torch.exp(offsets[..., 2:] * VARIANCES[1]) * anchors[:, 2:] / 2
    return torch.cat([centre - half, centre + half], -1)
