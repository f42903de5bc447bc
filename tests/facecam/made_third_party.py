"""Made models with the interfaces of other people's detectors: what their files would be, without their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def save_yunet(path: Path) -> Path:
    """YuNet's twelve outputs. White cells of 32 x 32 px are faces; at strides 8 and 16 there are none."""
    graph = _graph()
    image = graph.input("input", [1, 3, 320, 320])
    for name, count in {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}.items():
        for stride in (8, 16, 32):
            weight, bias = np.zeros((count, 3, stride, stride), np.float32), np.zeros(count, np.float32)
            if name == "cls":
                weight[:] = 0.1 / (3 * stride * stride) if stride == 32 else 0.0
                bias[:] = -12.0
            elif name == "obj":
                bias[:] = 9.0
            elif name == "bbox":
                bias[:2] = 0.5  # the cell's centre
            sides = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
            maps = graph.op("Conv", image, graph.constant(weight), graph.constant(bias), **sides)
            rows = graph.reshape(graph.op("Transpose", maps, perm=[0, 2, 3, 1]), 1, -1, count)
            output = f"{name}_{stride}"
            graph.op("Sigmoid" if name in ("cls", "obj") else "Identity", rows, output=output)
            graph.result(output, [1, "N", count])
    path.write_bytes(graph.model().SerializeToString())
    return path


def save_ultralight(path: Path) -> Path:
    """Two boxes whatever the picture; the second's score is the mean of the picture's blue, (b - 127) / 128."""
    graph = _graph()
    blue = np.zeros((1, 3, 1, 1), np.float32)
    blue[0, 2] = 1
    plane = graph.op("Conv", graph.input("input", [1, 3, 240, 320]), graph.constant(blue))
    mean = graph.op("ReduceMean", plane, axes=[1, 2, 3], keepdims=0)
    second = graph.op("Mul", graph.constant(np.array([[[0, 0], [0, 1]]], np.float32)), mean)
    graph.op("Add", graph.constant(np.array([[[0.1, 0.9], [1, 0]]], np.float32)), second, output="scores")
    boxes = np.array([[[0.25, 0.5, 0.5, 1.0], [0.0, 0.0, 0.1, 0.1]]], np.float32)
    graph.op("Identity", graph.constant(boxes), output="boxes")
    for name, values in (("boxes", 4), ("scores", 2)):
        graph.result(name, [1, 2, values])
    path.write_bytes(graph.model().SerializeToString())
    return path


def _graph() -> Any:
    pytest.importorskip("onnx")
    from train.onnx_graph import Graph

    return Graph("peer")
