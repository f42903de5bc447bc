"""The int8 graph for ONNX Runtime: format 3 of `train.faceboxes.graphs.int8_openvino`, of other operators.

`qlinear_model(net, ranges)` writes convolutions of bytes as `QLinearConv`, which ONNX Runtime computes without a float
in between, in less than half of its own time in float32 (`docs/results/speed.md`). The graph that OpenVINO likes
takes it longer than float32, and OpenVINO doesn't read this one: it takes the weights' steps for those of the input.

- Every activation is bytes, in steps of its own. The ReLU is the rounding itself, as bytes end at zero; what has none
  has its zero somewhere between.
- Both C.ReLUs convolve with the negative weights as well.
- Averaging is a depthwise convolution; the sum of two maps is written in floats, which ONNX Runtime computes in bytes.
- Predictions are bytes too, each channel between the lowest and the highest value that it is known to have.

The ranges come from `observed_ranges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto
from torch import nn

from facecam.arrays import Array
from train.faceboxes.graphs.fast import DetectorGraph, conv_attributes, folded, plain
from train.faceboxes.graphs.int8_openvino import cells_input, observed, on_cells, rounded_weights
from train.faceboxes.model import ConvBN, Detector
from train.faceboxes.model_s8 import Separable

LOWEST_LOGIT = np.float32(-8)
"""A logit below it, a score of 0.0003, is as good as this one."""
ROOM = np.float32(1.1)
"""Predictions may be farther from zero than those that were seen, by this factor."""

Ranges = Mapping[str, Array]
"""Lowest and highest value of each channel, (2, C) float32, by the name of a convolution's output."""


def qlinear_model(net: Detector, ranges: Ranges) -> onnx.ModelProto:
    """The network as an ONNX model of format 3, without metadata; `net` must be in evaluation mode. ranges: of
    `observed_ranges` for the same network."""
    return _QLinearGraph(net.name, ranges).detector(net)


def observed_ranges(net: Detector, cells: Iterable[npt.NDArray[np.uint8]]) -> dict[str, Array]:
    """The range of each convolution's output over pictures in cells (1, rows, columns, 48) uint8."""
    graph = _QLinearGraph(net.name, None)
    ranges = observed(graph.detector(net), graph.convolutions, cells)
    for names in graph.alike:
        largest = max(ranges[name].max() for name in names)
        for name in names:
            ranges[name][1] = largest
    return ranges


class _QLinearGraph(DetectorGraph):
    """Computes with bytes. ranges: None computes with floats, under the names that the ranges have."""

    def __init__(self, name: str, ranges: Ranges | None) -> None:
        super().__init__(name)
        self.convolutions: list[str] = []
        self.alike: list[tuple[str, ...]] = []  # outputs that are put together, and so share their steps
        self.exact = ranges is None
        self._ranges = ranges
        self._steps: dict[str, np.float32] = {}  # of each activation
        self._zeros: dict[str, int] = {}  # the byte that is zero, where it is another

    def stem(self, conv1: ConvBN) -> str:
        x = self.op("Transpose", cells_input(self), perm=[0, 3, 1, 2])  # in steps of one grey level
        x = self.op("Cast", x, to=TensorProto.FLOAT) if self.exact else self._known(x, np.float32(1))
        return self.conv(x, *on_cells(conv1, np.float32(1), self.exact), border=0, relu=True)

    def separable_stem(self, conv1: ConvBN, block: Separable) -> str:
        return self.separable(self.stem(conv1), block)

    def pooled_stem(self, conv1: ConvBN, conv2: ConvBN) -> str:
        x = self.max_pool(self.stem(conv1))
        weight, bias = (np.concatenate([part, -part]) for part in folded(conv2))
        return self.max_pool(self.conv(x, weight, bias, conv2.conv.stride[0], relu=True))

    def conv(
        self, x: str, weight: Array, bias: Array,
        stride: int = 1, groups: int = 1, border: int | None = None, relu: bool = False, output: str | None = None,
    ) -> str:  # fmt: skip
        """As bytes it is a ReLU where the lowest value is 0."""
        name = self._next()
        if self._ranges is None:
            return super().conv(x, weight, bias, stride, groups, border, relu, name)
        low, high = min(self._ranges[name].min(), 0), max(self._ranges[name].max(), 1e-6)
        step = np.float32((high - low) / 255)
        self._zeros[name] = round(float(-low / step))
        return self._known(self._bytes(x, weight, bias, step, stride, groups, border, name), step)

    def max_pool(self, x: str) -> str:
        return self._like(super().max_pool(x), x)

    def average_pool(self, x: str, channels: int) -> str:
        if self._ranges is None:
            return super().average_pool(x, channels)
        ninths, zeros = np.full((channels, 1, 3, 3), 1 / 9, np.float32), np.zeros(channels, np.float32)
        return self._like(self._bytes(x, ninths, zeros, self._steps[x], groups=channels), x)

    def concat(self, *parts: str) -> str:
        self.alike.append(parts)
        return self._like(super().concat(*parts), parts[0])

    def lateral(self, fine: str, coarse: str, top_down: nn.Module) -> str:
        weight, bias = plain(top_down)
        small = self.conv(coarse, weight, bias)
        top = self._enlarged(small, fine, len(bias))
        name = self._next()
        if self._ranges is None:
            return self.op("Relu", self.op("Add", fine, top), output=name)
        step = np.float32(max(self._ranges[name].max(), 1e-6) / 255)
        both = self.op("Add", self._as_floats(fine, fine), self._as_floats(top, small))
        scale = self.constant(np.array(step)), self.constant(np.array(0, np.uint8))
        return self._known(self.op("QuantizeLinear", both, *scale, output=name), step)

    def head(self, source: str, weight: Array, bias: Array) -> str:
        name = self._next()
        if self._ranges is None:
            return self.in_rows(super().conv(source, weight, bias, output=name))
        low, high = self._ranges[name] * ROOM
        low[4::5] = np.maximum(low[4::5], LOWEST_LOGIT)
        low, high = np.minimum(low, 0), np.maximum(high, 1e-3)
        steps = (high - low) / np.float32(255)
        # Each channel in its own steps, from 0 to 255, so that one rounding serves all.
        in_steps = weight / steps[:, None, None, None], (bias - low) / steps
        bytes_ = self._bytes(source, *in_steps, np.float32(1), output=name)
        maps = self.op("Cast", bytes_, to=TensorProto.FLOAT)
        # Before the transposition, as five numbers at a time would take as long as a convolution.
        maps = self.op("Mul", maps, self.constant(steps[:, None, None]))
        return self.in_rows(self.op("Add", maps, self.constant(low[:, None, None])))

    def _next(self) -> str:
        self.convolutions.append(f"convolution{len(self.convolutions)}")
        return self.convolutions[-1]

    def _known(self, x: str, step: np.float32) -> str:
        self._steps[x] = step
        return x

    def _like(self, x: str, other: str) -> str:
        """x, which is in the steps of another activation."""
        return x if self._ranges is None else self._known(x, self._steps[other])

    def _as_floats(self, x: str, like: str) -> str:
        """Bytes, in the steps of `like`, as floats."""
        zero = np.array(self._zeros.get(like, 0), np.uint8)
        return self.op("DequantizeLinear", x, self.constant(np.array(self._steps[like])), self.constant(zero))

    def _bytes(
        self, x: str, weight: Array, bias: Array, step: np.float32,
        stride: int = 1, groups: int = 1, border: int | None = None, output: str | None = None,
    ) -> str:  # fmt: skip
        """A convolution of bytes to bytes in steps of `step`, from 0 to 255."""
        input_step = self._steps[x]
        input_zero, zero = (self.constant(np.array(self._zeros.get(name or "", 0), np.uint8)) for name in (x, output))
        bytes_, steps = rounded_weights(weight)
        return self.op(
            "QLinearConv",
            *(x, self.constant(np.array(input_step)), input_zero),
            *(self.constant(bytes_), self.constant(steps), self.constant(np.zeros(len(steps), np.int8))),
            *(self.constant(np.array(step)), zero),
            self.constant(np.rint(bias / (np.float64(input_step) * steps)).astype(np.int32)),
            output=output, **conv_attributes(weight, stride, groups, border),
        )  # fmt: skip

    def _enlarged(self, x: str, like: str, channels: int) -> str:
        """Each pixel four times, in the size of another map, which has one row or column less than twice this one's
        where the picture ends inside of a cell. `Resize` would take bytes one by one."""
        last = self.last(x)  # (1, h, w, C)
        wide = self.reshape(self.op("Concat", last, last, axis=3), 0, 0, -1, channels)  # (1, h, 2 w, C)
        rows = self.op("Transpose", wide, perm=[1, 0, 2, 3])  # (h, 1, 2 w, C)
        twice = self.reshape(self.op("Concat", rows, rows, axis=1), 1, -1, 0, 0)  # (1, 2 h, 2 w, C)
        size, starts, axes = self.size(like), self.constant(np.array([0, 0])), self.constant(np.array([1, 2]))
        return self.op("Transpose", self.op("Slice", twice, starts, size, axes), perm=[0, 3, 1, 2])
