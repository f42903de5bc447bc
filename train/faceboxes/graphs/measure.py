"""What each rewriting of the graph brings on this machine, in turns on one pinned core, as a Markdown table.

    python -m train.faceboxes.graphs.measure                    # what the fast graph is made of, both networks
    python -m train.faceboxes.graphs.measure --alone            # each rewriting alone, the ones left out among them

The network alone at 640x480, in each runtime that is installed, against the plain export in the same runtime. The lower
quartile of the thread's CPU time counts, to which other programs can only add. Weights are random: no time depends on
them. The table is worth as much as the line below it: on a busy machine the ratios tremble by some percent.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from facecam.bench.machine import describe_machine
from facecam.bench.measure import Run, Subject, measure
from facecam.bench.quiet import quiet_core
from facecam.bench.report import problems
from facecam.bench.tables import proof_words, table
from facecam.errors import FacecamError
from facecam.runtimes.engine import ONNX_RUNTIME, RUNTIMES, TITLES, installed
from facecam.runtimes.onnx_runtime import OnnxRuntime
from facecam.runtimes.openvino_runtime import OpenVino
from facecam.system.cpu import cpu_name, pinned
from train.faceboxes import export
from train.faceboxes.graphs import variants
from train.faceboxes.graphs.fast import fast_model
from train.faceboxes.graphs.variants import HEIGHT, WIDTH, Rewriting
from train.faceboxes.model import MODELS, FaceBoxes

PLAIN = "plain export"
_IN_A_ROW = 4
"""Runs in each turn, so that most find their weights in the cache, as in a program with one network."""
_QUARTILE = 25

Feed = npt.NDArray[Any]


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m train.faceboxes.graphs.measure", description=_first_line())
    parser.add_argument("--alone", action="store_true", help="each rewriting of the exact network alone")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each table (default: 30)")
    parser.add_argument("--core", type=int, help="to pin to (default: a fast one that is free)")
    options = parser.parse_args(arguments)
    try:
        core = quiet_core() if options.core is None else options.core
        with pinned(core) as pinned_core:
            machine = describe_machine(pinned_core)
            for title, networks in tables(options.alone):
                run = measure(title, subjects(networks), options.seconds)
                print("\n".join([*lines(run, list(networks)), *problems(run, machine), ""]), flush=True)
    except FacecamError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def tables(alone: bool) -> Iterator[tuple[str, dict[str, tuple[bytes, Feed]]]]:
    """A title, and by name the ONNX file and the picture that it is fed with, the plain export first."""
    torch.manual_seed(0)
    if alone:
        net = FaceBoxes().eval()
        planes = variants.example("planes").numpy()
        networks = {PLAIN: (plain(net), planes)}
        for name, how in variants.ALONE.items():
            networks[name] = (variants.exported(net, how), variants.example(how.picture).numpy())
        yield f"{net.name}, each alone", networks
        return
    for kind in MODELS.values():
        net = kind().eval()
        files = {PLAIN: plain(net)}
        files["merged heads, logits"] = fast_model(net, early_pool=False).SerializeToString()
        if kind is FaceBoxes:
            files["pooling before the concatenation"] = variants.exported(net, Rewriting(early_pool=True))
        files["both: the fast graph"] = fast_model(net).SerializeToString()
        picture = variants.example("planes").numpy()
        yield net.name, {name: (data, picture) for name, data in files.items()}


def plain(net: FaceBoxes) -> bytes:
    """The network as PyTorch exports it."""
    nothing = export.Provenance("", "", "", "", 0.5, {})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.onnx"
        export.export(net, path, nothing)
        return path.read_bytes()


def subjects(networks: dict[str, tuple[bytes, Feed]]) -> list[Subject]:
    """Each network in each runtime, runtime by runtime."""
    found = []
    for runtime in filter(installed, RUNTIMES):
        for name, (data, picture) in networks.items():
            call = (onnx_runtime_call if runtime == ONNX_RUNTIME else openvino_call)(data, picture)
            found.append(Subject(_in_a_row(call), {"model": name, "runtime": runtime}))
    return found


def onnx_runtime_call(data: bytes, picture: Feed) -> Callable[[], Any]:
    """One run; gives the outputs."""
    session = OnnxRuntime(data).session
    return lambda: session.run(None, {"image": picture})


def openvino_call(data: bytes, picture: Feed) -> Callable[[], Any]:
    """One run; gives the outputs. Float planes are fed in OpenVINO's own order, as the program does."""
    runtime = OpenVino(data)
    if picture.dtype == np.float32 and picture.shape[1] == 3:
        compiled, picture = runtime.compile(HEIGHT, WIDTH), np.ascontiguousarray(picture.transpose(0, 2, 3, 1))
    else:
        compiled = runtime.compile_as_is()
    request = compiled.create_infer_request()
    outputs = len(compiled.outputs)

    def call() -> list[Feed]:
        request.infer({0: picture}, share_inputs=True)
        return [request.get_output_tensor(index).data for index in range(outputs)]

    return call


def lines(run: Run, names: list[str]) -> list[str]:
    """A Markdown table of milliseconds and of ratios to the plain export in the same runtime, and the proof of it."""
    runtimes = [name for name in RUNTIMES if any(series.labels["runtime"] == name for series in run.series)]
    times_ms = {
        (series.labels["model"], series.labels["runtime"]): float(np.percentile(series.cpu_ms, _QUARTILE)) / _IN_A_ROW
        for series in run.series
    }
    columns = [run.title, *(text for name in runtimes for text in (f"{TITLES[name]}, ms", "of the plain"))]
    rows = [
        [name]
        + [
            text
            for runtime in runtimes
            for text in (
                f"{times_ms[name, runtime]:.2f}",
                f"{times_ms[name, runtime] / times_ms[names[0], runtime]:.3f}",
            )
        ]
        for name in names
    ]
    rounds = len(run.series[0].cpu_ms)
    return [*table(columns, rows), "", f"{cpu_name()}; {rounds} turns of {_IN_A_ROW} runs; {proof_words(run.use)}"]


def _in_a_row(call: Callable[[], Any]) -> Callable[[], None]:
    def several() -> None:
        for _ in range(_IN_A_ROW):
            call()

    return several


def _first_line() -> str:
    return (__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
