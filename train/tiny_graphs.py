"""The graphs of one node that the program computes with, beside its networks: makes assets/facecam/graphs.

python -m train.tiny_graphs [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from train.onnx_graph import OPSET

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "facecam" / "graphs"

Value = tuple[str, TensorProto.DataType, Sequence[int | str]]


def nms() -> onnx.ModelProto:
    """kept (K, 3) int64, rows of batch, class and box, of boxes (1, N, 4) float32, scores (1, 1, N) float32, most (1,)
    int64 and iou (1,) float32."""
    inputs: list[Value] = [
        ("boxes", TensorProto.FLOAT, [1, "N", 4]),
        ("scores", TensorProto.FLOAT, [1, 1, "N"]),
        ("most", TensorProto.INT64, [1]),
        ("iou", TensorProto.FLOAT, [1]),
    ]
    return _one_node("NonMaxSuppression", inputs, ("kept", TensorProto.INT64, ["K", 3]))


def int8_product() -> onnx.ModelProto:
    """y (8, 32) int32, the product of a (8, 64) uint8 and b (64, 32) int8."""
    inputs: list[Value] = [("a", TensorProto.UINT8, [8, 64]), ("b", TensorProto.INT8, [64, 32])]
    return _one_node("MatMulInteger", inputs, ("y", TensorProto.INT32, [8, 32]))


def _one_node(operator: str, inputs: Sequence[Value], output: Value) -> onnx.ModelProto:
    node = helper.make_node(operator, [name for name, _, _ in inputs], [output[0]])
    values = [helper.make_tensor_value_info(*value) for value in (*inputs, output)]
    graph = helper.make_graph([node], operator, values[:-1], values[-1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


GRAPHS = {"nms.onnx": nms, "int8_product.onnx": int8_product}


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in GRAPHS.items():
        (folder / name).write_bytes(build().SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
