"""How fast sampling is on this machine, on one core, as JSON for `facecam bench`, which has it in its report:

python -m sagan_gallery.bench [MODEL.onnx] [--runtime onnxruntime|openvino|auto]

Time to the first sample, and for each sample with and without its attention; the runtimes (auto: all that are
installed) take turns. The process is pinned to one core where the system lets it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facecam.errors import FacecamError
from facecam.runtimes.engine import RUNTIME_CHOICES, Runtime, runtimes_for
from facecam.system.cpu import measure_core_use
from sagan_gallery.generator import Generator
from sagan_gallery.latent import latent

WITH_ATTENTION, PICTURE_ONLY = "picture and attention", "picture only"
_WARM_UP = 3


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sagan_gallery.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="generator (default: the one that comes with the program)")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--runtime", choices=RUNTIME_CHOICES, default="auto", help="auto: all that are installed")
    parser.add_argument("--core", type=int, help="core to run on (default: the last one)")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if options.core is None else options.core})
    try:
        result = measure(options.model, runtimes_for(Runtime(options.runtime)), max(1, options.samples))
    except FacecamError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


def measure(model: Path | None, runtimes: list[Runtime], count: int) -> dict[str, Any]:
    """Plain JSON values: the model, the time to the first sample, who computed, and one series for each runtime and
    kind of sample, with wall and CPU milliseconds of `count` samples."""
    began_s = time.perf_counter()
    first = Generator(model)
    first.sample(0)
    first_s = time.perf_counter() - began_s
    series: list[dict[str, Any]] = []
    runs: list[Callable[[int], object]] = []
    for name in runtimes:
        generator = first if name == Runtime.ONNX_RUNTIME else Generator(model)
        if name == Runtime.OPENVINO:
            generator.use_openvino()
        for what, run in _kinds(generator).items():
            warm_up_ms = [_timed_ms(run, seed)[0] for seed in range(_WARM_UP)]
            series.append({"what": what, "runtime": name, "warm_up_ms": warm_up_ms, "total_ms": [], "cpu_ms": []})
            runs.append(run)

    def take_turns() -> None:
        for seed in range(count):
            for one, run in zip(series, runs, strict=True):
                total_ms, cpu_ms = _timed_ms(run, seed)
                one["total_ms"].append(total_ms)
                one["cpu_ms"].append(cpu_ms)

    use = measure_core_use(take_turns)
    return {
        "model": first.name,
        "model_sha256": first.sha256,
        "resolution_px": first.resolution_px,
        "first_s": first_s,
        "wall_s": use.wall_s,
        "thread_cpu_s": use.thread_cpu_s,
        "process_cpu_s": use.process_cpu_s,
        "series": series,
    }


def _kinds(generator: Generator) -> dict[str, Callable[[int], object]]:
    return {
        WITH_ATTENTION: lambda seed: generator.sample(seed),
        PICTURE_ONLY: lambda seed: generator.pictures(latent(seed, generator.z_dim)[None], [0]),
    }


def _timed_ms(run: Callable[[int], object], seed: int) -> tuple[float, float]:
    """Wall and CPU milliseconds."""
    began_s, cpu_s = time.perf_counter(), time.thread_time()
    run(seed)
    return 1000 * (time.perf_counter() - began_s), 1000 * (time.thread_time() - cpu_s)


if __name__ == "__main__":
    sys.exit(main())
