"""The writer of SAGAN's ONNX graphs: what generators and discriminators are made of."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from torch import Tensor

from train.onnx_graph import Graph

Weights = NDArray[np.float32]
Projections = list[tuple[Weights, Weights | None]]

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
        small = array.astype(np.float16)
        if not np.isfinite(small).all():
            raise ValueError("A weight is too large for float16: export without --half.")
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

    def attention(self, x: str, projections: Projections, side: int, pooled: bool) -> tuple[str, str]:
        """Self-attention over side x side cells: the read values (N, C, side, side) and the rows (N, Q, K).

        projections: weight and bias of the 1x1 convolutions for query, key and value; pooled: the last two get a 2x2
        max-pool.
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
        return self.reshape(read, 0, projections[2][0].shape[0], side, side), rows

    def save(self, path: Path, metadata: dict[str, Any]) -> None:
        """Checks the graph and writes it, with the metadata as JSON under `sagan`."""
        model = self.model()
        model.producer_name = "facecam"
        onnx.helper.set_model_props(model, {"sagan": json.dumps(metadata)})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())

    def new_name(self, kind: str) -> str:
        """Constants and nodes are counted together."""
        return f"{kind}_{next(self._numbers)}"
