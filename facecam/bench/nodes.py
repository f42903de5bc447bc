"""Where the network's time goes, node by node, on one pinned core:

python -m facecam.bench.nodes [MODEL] [--runtime onnxruntime|openvino] [--precision f32|bf16|int8] [--planes]

Profiling itself costs time, so the sum is a little above what `facecam bench` measures. The lower quartile of each node
is told, because other programs can only add to it; both runtimes measure wall time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.detection.cells import CellBuffer
from facecam.detection.model import Model, find_model, load_model
from facecam.errors import FacecamError
from facecam.runtimes.engine import PRECISIONS, RUNTIMES, Engine, NetworkInput, Precision, Runtime
from facecam.runtimes.onnx_runtime import open_session, session_options
from facecam.runtimes.openvino_runtime import OpenVino
from facecam.runtimes.registry import check
from facecam.system.cpu import choose_core, cpu_name, pinned

_ROUNDS = 60
Nodes = dict[str, list[float]]
"""Microseconds of each run, by the node's name and kind."""


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m facecam.bench.nodes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", help="a shipped model's name or an ONNX file")
    parser.add_argument("--runtime", type=Runtime, choices=RUNTIMES, default=Runtime.ONNX_RUNTIME)
    parser.add_argument(
        "--precision", type=Precision, choices=PRECISIONS, default=Precision.F32, help="of the arithmetic"
    )
    parser.add_argument("--planes", action="store_true", help="give OpenVINO planes, as ONNX Runtime reads pictures")
    parser.add_argument("--size", default="640x480", help="WIDTHxHEIGHT")
    parser.add_argument("--top", type=int, default=20, help="how many nodes to print")
    options = parser.parse_args(arguments)
    width, _, height = options.size.partition("x")
    try:
        with pinned(choose_core()):
            path, engine = find_model(options.model), Engine(options.runtime, options.precision)
            check(engine)
            if engine.runtime == Runtime.ONNX_RUNTIME:
                nodes = onnx_runtime_nodes(path, int(height), int(width), engine.precision == Precision.INT8)
            else:
                nodes = openvino_nodes(path, int(height), int(width), engine, options.planes)
    except (FacecamError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    quartiles = sorted(((float(np.percentile(times, 25)), name) for name, times in nodes.items()), reverse=True)
    print(f"{cpu_name()}, {options.runtime} {options.precision}: {sum(us for us, _ in quartiles):.0f} µs in all")
    for us, name in quartiles[: options.top]:
        print(f"{us:7.0f}  {name}")
    return 0


def onnx_runtime_nodes(path: Path, height: int, width: int, in_int8: bool = False, rounds: int = _ROUNDS) -> Nodes:
    """As ONNX Runtime's own profiler tells. in_int8: of the int8 network that was made from the file."""
    nodes: Nodes = defaultdict(list)
    feed: dict[str, NetworkInput]
    if in_int8:
        model = load_model(path)
        data, feed = model.int8(Runtime.ONNX_RUNTIME).data, {"cells": _cells(model, height, width)}
    else:
        data, feed = path.read_bytes(), {"image": _picture((1, 3, height, width))}
    with tempfile.TemporaryDirectory() as folder:
        options = session_options()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "nodes")
        session = open_session(data, options)
        for _ in range(rounds):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            nodes[f"{name} ({event['args'].get('op_name')})"].append(float(event["dur"]))
    return nodes


def openvino_nodes(
    path: Path, height: int, width: int, engine: Engine, planes: bool = False, rounds: int = _ROUNDS
) -> Nodes:
    """As OpenVINO's own counters tell. planes: a picture of (1, 3, H, W) instead of (1, H, W, 3)."""
    model, counted = load_model(path), {"PERF_COUNT": True}
    picture: NetworkInput
    if engine.precision == Precision.INT8:
        picture = _cells(model, height, width)
        compiled = OpenVino(model.int8(Runtime.OPENVINO).data, engine).compile_cells(picture.shape, counted)
    else:
        picture = _picture((1, 3, height, width) if planes else (1, height, width, 3))
        compiled = OpenVino(model.data, engine).compile(height, width, planes, counted)
    request = compiled.create_infer_request()
    nodes: Nodes = defaultdict(list)
    for _ in range(rounds):
        request.infer({0: picture})
        for node in request.profiling_info:
            microseconds = node.real_time.total_seconds() * 1e6
            nodes[f"{node.node_name} ({node.node_type}, {node.exec_type})"].append(microseconds)
    return nodes


def _picture(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(0).uniform(-120, 130, shape).astype(np.float32)


def _cells(model: Model, height: int, width: int) -> npt.NDArray[np.uint8]:
    cells = CellBuffer(height, width, model.mean)
    cells.fill(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))
    return cells.array


if __name__ == "__main__":
    sys.exit(main())
