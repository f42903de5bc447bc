"""The writer of SAGAN's ONNX graphs: what generators and discriminators are made of."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from torch import Tensor

from facecam.system.files import write_whole
from sagan_gallery.model_file import attention_outputs
from train.onnx_graph import Graph
from train.training import TrainingError

Weights = NDArray[np.float32]
Layer = tuple[Weights, Weights | None]
"""Weight and bias of a convolution."""

_SMALLEST_HALF = 4096


def array(tensor: Tensor) -> Weights:
    """A tensor as a contiguous float32 array."""
    return np.ascontiguousarray(tensor.detach().cpu().float().numpy())


class SaganGraph(Graph):
    """Collects nodes; each method takes and returns names of tensors.

    half: store float32 weights as float16, with a cast that the runtime folds away when it loads the file, so that it
    computes in float32 all the same.
    """

    node_prefix = "node_"

    def __init__(self, name: str, half: bool = False) -> None:
        super().__init__(name)
        self.half = half
        self.layers: list[dict[str, list[int]]] = []  # what the metadata say of each attention layer
        self._numbers = itertools.count()

    def optional_input(self, name: str, default: NDArray[Any]) -> str:
        """An input of fixed shape that may be left out."""
        self.initializers.append(numpy_helper.from_array(default, name))
        return self.input(name, default.shape, str(default.dtype))

    def output(self, tensor: str, name: str, shape: list[int | str]) -> None:
        """Gives a tensor out under a name; float32."""
        self.nodes.append(onnx.helper.make_node("Identity", [tensor], [name], name=f"output_{name}"))
        self.result(name, shape)

    def constant(self, array: NDArray[Any], exact: bool = False) -> str:
        """A constant tensor. exact: never as float16, as is what is small: the gains and statistics of norms save
        nothing, and rounding them changes whole maps."""
        if array.dtype != np.float32 or not self.half or exact or array.size < _SMALLEST_HALF:
            return super().constant(array)
        with np.errstate(over="ignore"):
            small = array.astype(np.float16)
        if not np.isfinite(small).all():
            raise TrainingError("A weight is too large for float16: export without --half.")
        return self.op("Cast", super().constant(small), to=TensorProto.FLOAT)

    def conv(self, tensor: str, weight: Weights, bias: Weights | None = None, **attributes: Any) -> str:
        """A convolution that keeps the size unless told otherwise. weight: (out, in, k, k) float32."""
        size = weight.shape[-1]
        extra = [] if bias is None else [self.constant(bias)]
        attributes = {"kernel_shape": [size, size], "pads": [size // 2] * 4} | attributes
        return self.op("Conv", tensor, self.constant(weight), *extra, **attributes)

    def upsample(self, tensor: str) -> str:
        """Twice the size by repeating cells."""
        scales = self.constant(np.array([1, 1, 2, 2], np.float32), exact=True)
        modes = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
        return self.op("Resize", tensor, "", scales, **modes)

    def deconv(self, tensor: str, weight: Weights, bias: Weights | None, first: bool) -> str:
        """A transposed 4x4 convolution: from one cell to 4x4 at first, else to twice the size.

        weight: (in, out, 4, 4) float32.
        """
        tensors = [self.constant(part) for part in (weight, bias) if part is not None]
        stride, pad = (1, 0) if first else (2, 1)
        return self.op("ConvTranspose", tensor, *tensors, kernel_shape=[4, 4], strides=[stride] * 2, pads=[pad] * 4)

    def scale_relu(self, tensor: str, gain: str, bias: str) -> str:
        """ReLU of tensor * gain + bias, which are (N, C, 1, 1)."""
        return self.op("Relu", self.op("Add", self.op("Mul", tensor, gain), bias))

    def norm_relu(self, tensor: str, mean: Weights, variance: Weights, gain: Weights, bias: Weights) -> str:
        """Batch norm with stored statistics, eps 1e-5, and ReLU. All (C,)."""
        gain = gain / np.sqrt(variance + np.float32(1e-5))
        parts = (self.constant(part[None, :, None, None]) for part in (gain, bias - mean * gain))
        return self.scale_relu(tensor, *parts)

    def attention(
        self,
        x: str,
        projections: Sequence[Layer],
        gamma: Weights,
        side: int,
        pooled: bool,
        scale: str | None,
        output: Layer | None = None,
    ) -> str:
        """Self-attention over side x side cells: x + gamma * scale * what is read.

        Its rows (N, Q, K) and gamma become outputs. projections: 1x1 convolutions for query, key and value; gamma: one
        number; pooled: key and value get a 2x2 max-pool; scale: None for 1; output: a 1x1 convolution of what is read.
        """
        tensors = []
        for index, (weight, bias) in enumerate(projections):
            t = self.conv(x, weight, bias)
            if pooled and index > 0:
                t = self.op("MaxPool", t, kernel_shape=[2, 2], strides=[2, 2])
            tensors.append(self.reshape(t, 0, weight.shape[0], -1))  # (N, C, cells)
        q, k, v = tensors
        rows = self.op("Softmax", self.op("MatMul", self.op("Transpose", q, perm=[0, 2, 1]), k), axis=-1)
        read = self.op("MatMul", v, self.op("Transpose", rows, perm=[0, 2, 1]))  # (N, C, Q)
        read = self.reshape(read, 0, projections[2][0].shape[0], side, side)
        factor = gamma_name = self.constant(gamma.reshape(()), exact=True)
        if scale is not None:
            factor = self.op("Mul", gamma_name, scale)
        if output is not None:
            read = self.conv(read, *output)
        keys = side // 2 if pooled else side
        self.layers.append({"query_grid": [side, side], "key_grid": [keys, keys]})
        x = self.op("Add", x, self.op("Mul", read, factor))
        rows_name, gamma_output = attention_outputs(len(self.layers))[-1]
        self.output(rows, rows_name, ["N", side * side, keys * keys])
        self.output(gamma_name, gamma_output, [])
        return x

    def save(self, path: Path, resolution: int, z_dim: int, facts: dict[str, Any]) -> None:
        """Checks the graph and writes it, with its metadata as JSON under `sagan`.

        facts: name, classes, data, licence, commit, metrics.
        """
        metadata = {
            "format": 1,
            "resolution": resolution,
            "z_dim": z_dim,
            **(self.layers[0] if self.layers else {"query_grid": None, "key_grid": None}),
            "attention_layers": self.layers,
            "dtype": "float16" if self.half else "float32",
            **facts,
        }
        model = self.model()
        model.producer_name = "facecam"
        onnx.helper.set_model_props(model, {"sagan": json.dumps(metadata)})
        write_whole(path, model.SerializeToString())

    def new_name(self, kind: str) -> str:
        """Constants and nodes are counted together."""
        return f"{kind}_{next(self._numbers)}"
