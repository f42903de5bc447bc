"""The fast graph: what the plain export computes, arranged so that a CPU does it in less time.

`fast_model(net)` writes an ONNX graph node by node from a trained network, in the interface of format 2:

- input `image` (1, 3, H, W) float32, BGR minus the mean, as in format 1;
- one output `faces` (1, A, 5) float32: dcx dcy dw dh and the logit of the class face, in the order of the anchors.

What is rewritten, each with the same result to float rounding:

- Batch norm is folded into the convolutions (the plain export does so too).
- One head per level. A softmax over two classes is the sigmoid of their logits' difference, so the difference of the
  two convolutions is one convolution, a third of the score channels less, and it is merged with the offsets'. The
  sigmoid itself is left to the reader, which needs it only for the few anchors that pass the threshold.
- C.ReLU pools before it concatenates and rectifies: max pooling, ReLU and concatenation commute, and a quarter of the
  pixels is left to copy and rectify. Where a depthwise convolution follows instead, it comes before the concatenation.

Gains, and the rewritings that were tried and did not help, are in `docs/adr/0050-rewritings-of-the-graph.md`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from torch import Tensor, nn

from facecam.arrays import Array
from train.faceboxes.model import ConvBN, Detector, FaceBoxes, Inception
from train.faceboxes.model_s8 import FaceBoxesS8, Separable
from train.onnx_graph import Graph

FORMAT = 2


def fast_model(net: Detector) -> onnx.ModelProto:
    """The network as an ONNX model of format 2, without metadata; `net` must be in evaluation mode."""
    return DetectorGraph(net.name).detector(net)


class DetectorGraph(Graph):
    """A detector's graph, by its parts. Each method adds nodes and returns the name of their output."""

    def detector(self, net: Detector) -> onnx.ModelProto:
        """The whole network as a model without metadata."""
        if isinstance(net, FaceBoxesS8):
            _predict_s8(self, net)
        else:
            assert isinstance(net, FaceBoxes)
            _predict(self, net, self.pooled_stem(net.conv1, net.conv2))
        return self.model()

    def separable_stem(self, conv1: ConvBN, block: Separable) -> str:
        """The input, the C.ReLU of conv1 (ReLU of the convolution and of its negative), and the block after it."""
        y, count = self.conv(self._image(), *folded(conv1), conv1.conv.stride[0]), conv1.conv.out_channels
        zeros = np.zeros(count, np.float32)
        # Not `Neg`, for which ONNX Runtime puts the channels in another order, and back after it.
        negative = self.conv(y, np.full((count, 1, 1, 1), -1, np.float32), zeros, groups=count)
        conv = block.depthwise
        halves = [
            self.conv(self.op("Relu", half), weight, zeros, conv.stride[0], count)
            for half, weight in zip((y, negative), np.split(single(conv.weight), 2), strict=True)
        ]
        return self.conv_relu(self.concat(*halves), block)

    def pooled_stem(self, conv1: ConvBN, conv2: ConvBN) -> str:
        """The input, and both C.ReLUs, each with the max pooling after it."""
        x = self._image()
        for block in (conv1, conv2):
            y = self.conv(x, *folded(block), block.conv.stride[0])
            # The pooling's padding is minus infinity, which the ReLU after it never sees: each window holds a pixel.
            x = self.op("Relu", self.concat(self.max_pool(y), self.max_pool(self.op("Neg", y))))
        return x

    def _image(self) -> str:
        return self.input("image", [1, 3, "height", "width"])

    def conv(
        self, x: str, weight: Array, bias: Array,
        stride: int = 1, groups: int = 1, border: int | None = None, relu: bool = False, output: str | None = None,
    ) -> str:  # fmt: skip
        """border: as of `conv_attributes`. relu: it follows. output: its name."""
        attributes = conv_attributes(weight, stride, groups, border)
        tensors = x, self.weights(weight), self.constant(bias)
        y = self.op("Conv", *tensors, output=None if relu else output, **attributes)
        return self.op("Relu", y, output=output) if relu else y

    def weights(self, weight: Array) -> str:
        """Those of a convolution. For a graph that has others."""
        return self.constant(weight)

    def conv_relu(self, x: str, block: ConvBN) -> str:
        return self.conv(x, *folded(block), block.conv.stride[0], relu=True)

    def separable(self, x: str, block: Separable) -> str:
        """As its two convolutions."""
        conv = block.depthwise
        zeros = np.zeros(conv.out_channels, np.float32)
        y = self.conv(x, single(conv.weight), zeros, conv.stride[0], conv.groups)
        return self.conv_relu(self.signed(y), block)

    def signed(self, x: str) -> str:
        """x, which has no ReLU. For a graph that wants to know."""
        return x

    def rounded(self, x: str) -> str:
        """x, which is only moved. For a graph that would rather move bytes."""
        return x

    def max_pool(self, x: str) -> str:
        return self.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])

    def average_pool(self, x: str, channels: int) -> str:
        """channels: of x."""
        return self.op(
            "AveragePool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], count_include_pad=1
        )  # fmt: skip

    def concat(self, *parts: str) -> str:
        return self.op("Concat", *parts, axis=1)

    def size(self, x: str) -> str:
        """Height and width, (2,) int64."""
        return self.op("Slice", self.op("Shape", x), *(self.constant(np.array([n])) for n in (2, 4)))

    def lateral(self, fine: str, coarse: str, top_down: nn.Module) -> str:
        """The ReLU of the finer map plus `top_down` of the coarser one, enlarged."""
        y = self.rounded(fine)
        weight, bias = plain(top_down)
        top = self.signed(self.conv(coarse, weight, bias))
        # Enlarged to the lateral map's own size: it has one row or column less than twice the coarse map where the
        # image ends inside of a cell.
        size = self.size(y)
        size = self.op("Concat", self.constant(np.array([1, len(bias)])), size, axis=0)
        enlarged = self.op(
            "Resize", self.rounded(top), "", "", size,
            mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        return self.op("Relu", self.op("Add", y, enlarged))

    def head(self, source: str, weight: Array, bias: Array) -> str:
        """(1, anchors of the level, 5) float32, of a convolution whose channels are, of each anchor in turn, its four
        offsets and its logit, so that a transposition alone puts them in order."""
        return self.in_rows(self.conv(source, weight, bias))

    def last(self, maps: str) -> str:
        """Channels last."""
        return self.op("Transpose", maps, perm=[0, 2, 3, 1])

    def in_rows(self, maps: str) -> str:
        return self.reshape(self.last(maps), 1, -1, 5)


def conv_attributes(weight: Array, stride: int, groups: int, border: int | None) -> dict[str, Any]:
    """Those of a convolution's node. border: half of the kernel, where None."""
    border = weight.shape[2] // 2 if border is None else border
    return {
        "kernel_shape": list(weight.shape[2:]), "strides": [stride] * 2, "pads": [border] * 4, "group": groups,
    }  # fmt: skip


def folded(block: ConvBN) -> tuple[Array, Array]:
    """Weight and bias of one convolution that does what the block's convolution and batch norm do, computed in double
    precision."""
    bn = block.bn
    mean, variance = (_double(bn.get_buffer(name)) for name in ("running_mean", "running_var"))
    scale = _double(bn.weight) / np.sqrt(variance + bn.eps)
    weight = _double(block.conv.weight) * scale[:, None, None, None]
    bias = _double(bn.bias) - mean * scale
    return weight.astype(np.float32), bias.astype(np.float32)


def _double(tensor: Tensor) -> npt.NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def _inception(graph: DetectorGraph, block: Inception, x: str) -> str:
    pooled = graph.average_pool(x, block.branch1x1_2.conv.in_channels)
    reduced, reduced_2 = graph.conv_relu(x, block.branch3x3_reduce), graph.conv_relu(x, block.branch3x3_reduce_2)
    return graph.concat(
        graph.conv_relu(x, block.branch1x1),
        graph.conv_relu(pooled, block.branch1x1_2),
        graph.conv_relu(reduced, block.branch3x3),
        graph.conv_relu(graph.conv_relu(reduced_2, block.branch3x3_2), block.branch3x3_3),
    )


def _predict(graph: DetectorGraph, net: FaceBoxes, x: str) -> None:
    """All that comes after the second C.ReLU, pooled, up to the output `faces`."""
    for block in (net.inception1, net.inception2, net.inception3):
        x = _inception(graph, block, x)
    stride64 = graph.conv_relu(graph.conv_relu(x, net.conv3_1), net.conv3_2)
    stride128 = graph.conv_relu(graph.conv_relu(stride64, net.conv4_1), net.conv4_2)
    _predictions(graph, net, [x, stride64, stride128])


def _predict_s8(graph: DetectorGraph, net: FaceBoxesS8) -> None:
    """The second network, from the input up to the output `faces`."""
    maps, x = [], ""
    for stage in net.backbone:
        for block in stage:  # type: ignore[attr-defined]
            x = graph.separable(x, block) if x else graph.separable_stem(net.conv1, block)
        maps.append(x)
    for level in (1, 0):
        merged = graph.lateral(maps[level], maps[level + 1], net.top_down[level])
        maps[level] = graph.separable(merged, net.merge[level])  # type: ignore[arg-type]
    _predictions(graph, net, maps)


def _predictions(graph: DetectorGraph, net: Detector, maps: list[str]) -> None:
    """The output `faces` from the maps that predict, finest first."""
    levels = [_head(graph, *level) for level in zip(net.loc, net.conf, maps, strict=True)]
    graph.result(graph.op("Concat", *levels, axis=1, output="faces"), [1, "anchors", 5])


def plain(conv: nn.Module) -> tuple[Array, Array]:
    """Weight and bias of a convolution without batch norm."""
    return single(conv.get_parameter("weight")), single(conv.get_parameter("bias"))


def single(tensor: Tensor) -> Array:
    """float32."""
    return tensor.detach().cpu().float().numpy()


def _head(graph: DetectorGraph, loc: nn.Module, conf: nn.Module, source: str) -> str:
    """(1, anchors of the level, 5): offsets and logit of each anchor from one convolution."""
    loc_weight, loc_bias = plain(loc)
    conf_weight, conf_bias = plain(conf)
    anchors, shape = len(conf_bias) // 2, loc_weight.shape[1:]
    weight = np.concatenate(
        [loc_weight.reshape(anchors, 4, *shape), (conf_weight[1::2] - conf_weight[0::2])[:, None]], axis=1
    )
    bias = np.concatenate([loc_bias.reshape(anchors, 4), (conf_bias[1::2] - conf_bias[0::2])[:, None]], axis=1)
    return graph.head(source, weight.reshape(anchors * 5, *shape), bias.reshape(-1))
