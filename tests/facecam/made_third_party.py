"""Made models with the interfaces of other people's detectors: what their files would be, without their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def save_yunet(path: Path) -> Path:
    """YuNet's twelve outputs. White cells of 32 x 32 px are faces; at strides 8 and 16 there are none."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes: list[Any] = []
    constants: dict[str, np.ndarray] = {}
    outputs: list[Any] = []
    channels = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    for name, count in channels.items():
        for stride in (8, 16, 32):
            weight = np.zeros((count, 3, stride, stride), np.float32)
            bias = np.zeros(count, np.float32)
            if name == "cls":
                weight[:] = 0.1 / (3 * stride * stride) if stride == 32 else 0.0
                bias[:] = -12.0
            elif name == "obj":
                bias[:] = 9.0
            elif name == "bbox":
                bias[:2] = 0.5  # the cell's centre
            out = f"{name}_{stride}"
            constants |= {f"{out}_w": weight, f"{out}_b": bias, f"{out}_s": np.array([1, -1, count], np.int64)}
            nodes.append(
                helper.make_node(
                    "Conv", ["input", f"{out}_w", f"{out}_b"], [f"{out}_map"],
                    kernel_shape=[stride] * 2, strides=[stride] * 2,
                )
            )  # fmt: skip
            nodes.append(helper.make_node("Transpose", [f"{out}_map"], [f"{out}_last"], perm=[0, 2, 3, 1]))
            flat = f"{out}_flat" if name in ("cls", "obj") else out
            nodes.append(helper.make_node("Reshape", [f"{out}_last", f"{out}_s"], [flat]))
            if flat != out:
                nodes.append(helper.make_node("Sigmoid", [flat], [out]))
            outputs.append(helper.make_tensor_value_info(out, kind, [1, "N", count]))
    _save(path, nodes, [("input", [1, 3, 320, 320])], outputs, constants)
    return path


def save_ultralight(path: Path) -> Path:
    """Two boxes whatever the picture; the second's score is the mean of the picture's blue, (b - 127) / 128."""
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper, kind = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
    boxes = np.array([[[0.25, 0.5, 0.5, 1.0], [0.0, 0.0, 0.1, 0.1]]], np.float32)
    base = np.array([[[0.1, 0.9], [1.0, 0.0]]], np.float32)
    blue = np.zeros((1, 3, 1, 1), np.float32)
    blue[0, 2] = 1
    place = np.array([[[0.0, 0.0], [0.0, 1.0]]], np.float32)
    nodes = [
        helper.make_node("Conv", ["input", "blue"], ["plane"]),
        helper.make_node("ReduceMean", ["plane"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["place", "mean"], ["second"]),
        helper.make_node("Add", ["base", "second"], ["scores"]),
        helper.make_node("Identity", ["fixed"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "peer",
        [helper.make_tensor_value_info("input", kind, [1, 3, 240, 320])],
        [
            helper.make_tensor_value_info("boxes", kind, [1, 2, 4]),
            helper.make_tensor_value_info("scores", kind, [1, 2, 2]),
        ],
        [
            numpy_helper.from_array(value, name)
            for name, value in {"blue": blue, "place": place, "base": base, "fixed": boxes}.items()
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def _save(path: Path, nodes: Any, inputs: Any, outputs: Any, constants: dict[str, np.ndarray]) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "peer",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        outputs,
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
