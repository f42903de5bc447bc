"""A small writer of ONNX graphs from arrays: it needs no PyTorch and fixes every name and shape itself."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
TYPES = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("int64"): TensorProto.INT64}
Projections = list[tuple[NDArray[Any], NDArray[Any] | None]]

_SMALLEST_HALF = 4096


class Graph:
    """Collects nodes; each method takes and returns names of tensors.

    half: store float32 weights as float16, with a cast that the runtime folds away when it loads the file, so that it
    computes in float32 all the same.
    """

    def __init__(self, name: str, half: bool = False) -> None:
        self.name, self.half = name, half
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._numbers = itertools.count()

    def input(self, name: str, shape: list[int | str], dtype: str = "float32", default: Any = None) -> str:
        """An input of the graph; with a default it may be left out."""
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[np.dtype(dtype)], shape))
        if default is not None:
            self.initializers.append(numpy_helper.from_array(np.asarray(default, dtype), name))
        return name

    def output(self, tensor: str, name: str, shape: list[int | str]) -> None:
        """Gives a tensor out under a name; float32."""
        self.nodes.append(helper.make_node("Identity", [tensor], [name], name=f"output_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, array: NDArray[Any], exact: bool = False) -> str:
        """A constant tensor. exact: never as float16, as is what is small: the gains and statistics of norms save
        nothing, and rounding them changes whole maps."""
        name = f"constant_{next(self._numbers)}"
        if array.dtype == np.float32 and self.half and not exact and array.size >= _SMALLEST_HALF:
            small = array.astype(np.float16)
            if not np.isfinite(small).all():
                raise ValueError("A weight is too large for float16: export without --half.")
            self.initializers.append(numpy_helper.from_array(small, name))
            return self.op("Cast", name, to=TensorProto.FLOAT)
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def op(self, kind: str, *tensors: str, **attributes: Any) -> str:
        """One node with one output, whose name is returned."""
        name = f"{kind.lower()}_{next(self._numbers)}"
        self.nodes.append(helper.make_node(kind, list(tensors), [name], name=f"node_{name}", **attributes))
        return name

    def reshape(self, tensor: str, *shape: int) -> str:
        """0 keeps an axis, -1 is worked out."""
        return self.op("Reshape", tensor, self.constant(np.array(shape, np.int64)))

    def conv(self, tensor: str, weight: NDArray[Any], bias: NDArray[Any] | None = None, **attributes: Any) -> str:
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

    def save(self, path: Path, metadata: dict[str, Any], key: str = "sagan") -> None:
        """Checks the graph and writes it, with the metadata as JSON under `key`."""
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="facecam")
        model.ir_version = 8
        helper.set_model_props(model, {key: json.dumps(metadata)})
        onnx.checker.check_model(model, full_check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())
