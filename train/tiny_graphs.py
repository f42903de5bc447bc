"""The graphs of one node that the program computes with, beside its networks: makes assets/facecam/graphs.

python -m train.tiny_graphs [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import onnx

from train.onnx_graph import Graph

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "facecam" / "graphs"


def nms() -> onnx.ModelProto:
    """kept (K, 3) int64, rows of batch, class and box, of boxes (1, N, 4) float32, scores (1, 1, N) float32, most (1,)
    int64 and iou (1,) float32."""
    graph = Graph("NonMaxSuppression")
    boxes, scores = graph.input("boxes", [1, "N", 4]), graph.input("scores", [1, 1, "N"])
    most, iou = graph.input("most", [1], "int64"), graph.input("iou", [1])
    graph.result(graph.op(graph.name, boxes, scores, most, iou, output="kept"), ["K", 3], "int64")
    return graph.model()


def int8_product() -> onnx.ModelProto:
    """y (8, 32) int32, the product of a (8, 64) uint8 and b (64, 32) int8."""
    graph = Graph("MatMulInteger")
    a, b = graph.input("a", [8, 64], "uint8"), graph.input("b", [64, 32], "int8")
    graph.result(graph.op(graph.name, a, b, output="y"), [8, 32], "int32")
    return graph.model()


GRAPHS = {"nms.onnx": nms, "int8_product.onnx": int8_product}


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in GRAPHS.items():
        (folder / name).write_bytes(build().SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
