"""The small graphs that ship: written again byte for byte, and what they say that they are."""

from __future__ import annotations

from pathlib import Path

import onnx

from facecam.system.resources import asset
from train.tiny_graphs import GRAPHS, main


def test_those_that_ship_are_written_again_byte_for_byte(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(GRAPHS)
    for name in GRAPHS:
        assert (tmp_path / name).read_bytes() == asset(f"graphs/{name}").read_bytes()


def test_the_suppressions_graph_is_what_it_says() -> None:
    model = onnx.load(asset("graphs/nms.onnx"))
    (node,) = model.graph.node
    assert (node.op_type, list(node.input), list(node.output)) == (
        "NonMaxSuppression",
        ["boxes", "scores", "most", "iou"],
        ["kept"],
    )
    kinds, helper = onnx.TensorProto, onnx.helper
    values: dict[str, tuple[int, list[str | int | None]]] = {}
    values |= {"boxes": (kinds.FLOAT, [1, "N", 4]), "scores": (kinds.FLOAT, [1, 1, "N"]), "most": (kinds.INT64, [1])}
    values |= {"iou": (kinds.FLOAT, [1]), "kept": (kinds.INT64, ["K", 3])}
    assert [*model.graph.input, *model.graph.output] == [
        helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in values.items()
    ]
