"""A small writer of ONNX graphs from arrays: it needs no PyTorch and fixes every name and shape itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 17


class Graph:
    """Collects nodes and constants; each method takes and returns names of tensors.

    A kind of graph keeps to its way of giving names, so that the files that ship can be written again byte for byte.
    """

    node_prefix = ""
    """What a node is called, before the name of its output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str], dtype: str = "float32") -> str:
        """An input of the graph. shape: numbers, or names of what may be of any size."""
        self.inputs.append(_described(name, shape, dtype))
        return name

    def result(self, name: str, shape: Sequence[int | str], dtype: str = "float32") -> None:
        """The tensor of this name is an output of the graph."""
        self.outputs.append(_described(name, shape, dtype))

    def constant(self, array: NDArray[Any]) -> str:
        """A constant tensor."""
        name = self.new_name("constant")
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def op(self, kind: str, *tensors: str, output: str | None = None, **attributes: Any) -> str:
        """One node with one output, whose name is returned: `output`, or a new one."""
        name = output or self.new_name(kind.lower())
        self.nodes.append(helper.make_node(kind, list(tensors), [name], name=self.node_prefix + name, **attributes))
        return name

    def reshape(self, tensor: str, *shape: int) -> str:
        """0 keeps an axis, -1 is worked out."""
        return self.op("Reshape", tensor, self.constant(np.array(shape, np.int64)))

    def model(self) -> onnx.ModelProto:
        """The graph so far as a checked model, without metadata."""
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    def new_name(self, kind: str) -> str:
        """Constants and nodes are counted apart."""
        return f"{kind}{len(self.initializers if kind == 'constant' else self.nodes)}"


def _described(name: str, shape: Sequence[int | str], dtype: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
