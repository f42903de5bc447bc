"""The int8 graph for OpenVINO: the fast graph with activations and weights of 8 bits (VNNI, AMX multiply such).

`int8_model(net, ranges)` writes an ONNX graph of format 3 from a trained network:

- input `cells` (1, ceil(H / 4) + 1, ceil(W / 4) + 1, 48) uint8: the picture in cells of 4x4 px, each with its four rows
  of four pixels of BGR, and one row and one column of cells of the mean colour above and left of it; what is missing
  in the last cells is of the mean colour too (`facecam.detection.cells`);
- one output `faces` (1, A, 5) float32, as in format 2.

It computes what the fast graph computes but for rounding. What is arranged otherwise:

- conv1 has a stride of 4 px and looks 3 px beyond, so that it is a 2x2 convolution on cells: 48 channels instead of 3
  fill the registers. A cell of bytes is its input as it is, without rounding; the mean is taken off by the bias.
- The first C.ReLU convolves with the negative weights as well instead of turning the sign of the result: twice the
  multiplications, which are cheap here, for three passes over the largest map less.
- Activations are rounded right behind the ReLU, so that pooling and concatenation move bytes. They are positive: a
  scale without a zero point. What has no ReLU lies between -127 and 127. Weights have one scale per output channel
  (symmetric, -127..127).

The ranges come from `observed_ranges`: the largest value of each activation over some pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper

from facecam.arrays import Array
from facecam.detection.cells import CELL, CHANNELS
from train.faceboxes.graphs.fast import DetectorGraph, folded
from train.faceboxes.model import MEAN_BGR, ConvBN, Detector
from train.faceboxes.model_s8 import Separable

FORMAT = 3
PIXEL_STEP = np.float32(1.0001)
"""One grey level as conv1 sees it; bytes stay as they are. OpenVINO would drop a step of 1, or of a power of 2 with a
multiplication before it, and then no longer see that conv1's input is bytes: it computed in float32, at three times the
time of the whole network."""

Ranges = Mapping[str, float]
"""Largest value, whatever its sign, by the name of an activation."""


def int8_model(net: Detector, ranges: Ranges) -> onnx.ModelProto:
    """The network as an ONNX model of format 3, without metadata; `net` must be in evaluation mode. ranges: of
    `observed_ranges` for the same network."""
    return _Int8Graph(net.name, ranges).detector(net)


def observed_ranges(net: Detector, cells: Iterable[npt.NDArray[np.uint8]]) -> dict[str, float]:
    """The largest value, whatever its sign, of each activation over pictures in cells (1, rows, columns, 48) uint8."""
    graph = _Int8Graph(net.name, None)
    model = graph.detector(net)
    return {name: float(np.abs(values).max()) for name, values in observed(model, graph.activations, cells).items()}


def observed(model: onnx.ModelProto, names: list[str], cells: Iterable[npt.NDArray[np.uint8]]) -> dict[str, Array]:
    """Lowest and highest value of each channel, (2, C) float32, of maps (1, C, h, w) inside of a model by name, over
    pictures in cells."""
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ranges: dict[str, Array] = {}
    for picture in cells:
        for name, values in zip(names, session.run(names, {"cells": picture}), strict=True):
            low, high = values.min((0, 2, 3)), values.max((0, 2, 3))
            if name in ranges:
                low, high = np.minimum(low, ranges[name][0]), np.maximum(high, ranges[name][1])
            ranges[name] = np.stack([low, high])
    return ranges


class _Int8Graph(DetectorGraph):
    """Rounds what goes into each convolution, once, and as early as that is possible.

    ranges: None leaves all as it is, under the names that the ranges have.
    """

    def __init__(self, name: str, ranges: Ranges | None) -> None:
        super().__init__(name)
        self.activations: list[str] = []
        self.exact = ranges is None
        self._ranges = ranges or {}
        self._rounded: dict[str, str] = {}  # each activation and what it is called when rounded
        self._signed: set[str] = set()  # activations without a ReLU

    def stem(self, conv1: ConvBN) -> str:
        weight, bias = on_cells(conv1, PIXEL_STEP, self.exact)
        return self.conv(self.pixels(cells_input(self)), weight, bias, border=0, relu=True)

    def separable_stem(self, conv1: ConvBN, block: Separable) -> str:
        return self.separable(self.stem(conv1), block)

    def pooled_stem(self, conv1: ConvBN, conv2: ConvBN) -> str:
        y = self.conv(self.max_pool(self.stem(conv1)), *folded(conv2), conv2.conv.stride[0])
        return self.max_pool(self.concat(self.op("Relu", y), self.op("Relu", self.op("Neg", y))))

    def signed(self, x: str) -> str:
        self._signed.add(x)
        return x

    def conv(self, x: str, *tensors: Any, **options: Any) -> str:
        return super().conv(self.rounded(x), *tensors, **options)

    def max_pool(self, x: str) -> str:
        return self._as_rounded(super().max_pool(self.rounded(x)))

    def concat(self, *parts: str) -> str:
        return self._as_rounded(super().concat(*self._rounded_alike(*parts)))

    def rounded(self, x: str) -> str:
        """The activation in 256 steps from 0 to the largest value that it is known to have."""
        if x not in self._rounded:
            self._rounded_alike(x)
        return self._rounded[x]

    def pixels(self, cells: str) -> str:
        """Bytes (1, rows, columns, 48) as rounded activations (1, 48, rows, columns), whose steps are `PIXEL_STEP`."""
        planes = self.op("Cast", self.op("Transpose", cells, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
        return self._as_rounded(planes if self.exact else self._round(planes, PIXEL_STEP))

    def _rounded_alike(self, *parts: str) -> list[str]:
        """The activations, none of which is rounded yet, in the same steps, so that they can be put together."""
        names = [f"activation{len(self.activations) + index}" for index in range(len(parts))]
        self.activations += names
        if self.exact:
            for part, name in zip(parts, names, strict=True):
                self._rounded[part] = self.op("Identity", part, output=name)
        else:
            signed = parts[0] in self._signed
            step = np.float32(max(max(self._ranges[name] for name in names), 1e-6) / (127 if signed else 255))
            for part in parts:
                self._rounded[part] = self._round(part, step, np.int8 if signed else np.uint8)
        return [self._rounded[part] for part in parts]

    def _round(self, x: str, step: np.float32, kind: type[np.uint8 | np.int8] = np.uint8) -> str:
        scale = (self.constant(np.array(step)), self.constant(np.array(0, kind)))
        return self.op("DequantizeLinear", self.op("QuantizeLinear", x, *scale), *scale)

    def _as_rounded(self, x: str) -> str:
        self._rounded[x] = x
        return x

    def weights(self, weight: Array) -> str:
        if self.exact:
            return self.constant(weight)
        bytes_, steps = rounded_weights(weight)
        zeros = self.constant(np.zeros(len(steps), np.int8))
        return self.op("DequantizeLinear", self.constant(bytes_), self.constant(steps), zeros, axis=0)


def rounded_weights(weight: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """(O, I, h, w) float32 as int8 of the same shape, and the step of each output channel, (O,) float32."""
    steps = np.maximum(np.abs(weight).max((1, 2, 3)), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(weight / steps[:, None, None, None]).astype(np.int8), steps


def cells_input(graph: DetectorGraph) -> str:
    """The input of format 3."""
    return graph.input("cells", [1, "rows", "columns", CHANNELS], "uint8")


def on_cells(block: ConvBN, pixel_step: np.float32, exact: bool) -> tuple[Array, Array]:
    """Weight (2 O, 48, 2, 2) and bias (2 O,) of conv1 and of its negative on cells, whose grey levels are
    `pixel_step`. The mean is taken off with the weights as they will be rounded, unless exact, or their errors would
    count 100 times."""
    weight, bias = (np.concatenate([part, -part]) for part in folded(block))
    outputs, inputs = weight.shape[:2]
    # A window covers rows 4i - 3 to 4i + 3: those of cell i - 1 but its first, and of cell i.
    taps = np.pad(weight, ((0, 0), (0, 0), (1, 0), (1, 0))).reshape(outputs, inputs, 2, CELL, 2, CELL)
    by_channel = taps.transpose(0, 3, 5, 1, 2, 4)  # row and column in a cell, colour; row and column of cells
    result: Array = (by_channel.reshape(outputs, CHANNELS, 2, 2) / pixel_step).astype(np.float32)
    bytes_, steps = rounded_weights(result)
    used = result if exact else bytes_ * steps[:, None, None, None]
    mean = np.tile(np.array(MEAN_BGR) * pixel_step, CELL * CELL)[:, None, None]
    return result, (bias - (used.astype(np.float64) * mean).sum((1, 2, 3))).astype(np.float32)
