"""Where the network's time goes, node by node, on one pinned core:

python -m facecam.bench.nodes [MODEL] [--runtime onnxruntime|openvino] [--precision f32|bf16|int8]

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

from facecam.detection.model import load_model
from facecam.errors import FacecamError
from facecam.runtimes.engine import PRECISIONS, RUNTIMES, Engine, NetworkInput, Precision, Runtime, input_name
from facecam.runtimes.onnx_runtime import open_session, session_options
from facecam.runtimes.openvino_runtime import OpenVino
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
    parser.add_argument("--size", default="640x480", help="WIDTHxHEIGHT")
    parser.add_argument("--top", type=int, default=20, help="how many nodes to print")
    options = parser.parse_args(arguments)
    width, _, height = options.size.partition("x")
    try:
        with pinned(choose_core()):
            model, engine = load_model(options.model), Engine(options.runtime, options.precision)
            binding = model.bind(int(height), int(width), engine)
            binding.fill(np.random.default_rng(0).integers(0, 256, (int(height), int(width), 3), np.uint8))
            profile = onnx_runtime_nodes if engine.runtime == Runtime.ONNX_RUNTIME else openvino_nodes
            nodes = profile(model.file_of(engine).data, engine, binding.image)
    except (FacecamError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    quartiles = sorted(((float(np.percentile(times, 25)), name) for name, times in nodes.items()), reverse=True)
    print(f"{cpu_name()}, {options.runtime} {options.precision}: {sum(us for us, _ in quartiles):.0f} µs in all")
    for us, name in quartiles[: options.top]:
        print(f"{us:7.0f}  {name}")
    return 0


def onnx_runtime_nodes(data: bytes, engine: Engine, image: NetworkInput, rounds: int = _ROUNDS) -> Nodes:
    """Of an ONNX file, as ONNX Runtime's own profiler tells. image: the network's input."""
    nodes: Nodes = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        options = session_options(engine.threads)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "nodes")
        session = open_session(data, options)
        for _ in range(rounds):
            session.run(None, {input_name(image): image})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            nodes[f"{name} ({event['args'].get('op_name')})"].append(float(event["dur"]))
    return nodes


def openvino_nodes(data: bytes, engine: Engine, image: NetworkInput, rounds: int = _ROUNDS) -> Nodes:
    """The same as OpenVINO's own counters tell."""
    request = OpenVino(data, engine).compile(image, {"PERF_COUNT": True}).create_infer_request()
    nodes: Nodes = defaultdict(list)
    for _ in range(rounds):
        request.infer({0: image})
        for node in request.profiling_info:
            microseconds = node.real_time.total_seconds() * 1e6
            nodes[f"{node.node_name} ({node.node_type}, {node.exec_type})"].append(microseconds)
    return nodes


if __name__ == "__main__":
    sys.exit(main())
