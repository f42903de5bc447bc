"""How fast sampling is on this machine, on one core:

python -m sagan_gallery.bench [MODEL.onnx]

Time to the first sample, and for each sample with and without its attention. The process is pinned to one core where
the system lets it. What the window adds is measured by `python -m sagan_gallery.ui.bench`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sagan_gallery.errors import GalleryError
from sagan_gallery.generator import Generator
from sagan_gallery.latent import latent


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sagan_gallery.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="generator (default: the one that comes with the program)")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--core", type=int, help="core to run on (default: the last one)")
    options = parser.parse_args(arguments)
    print(pin(options.core))
    try:
        _measure_sampling(options.model, options.samples)
    except GalleryError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def pin(core: int | None) -> str:
    """Pins this process to a core, the last one for None, and says what was done."""
    if not hasattr(os, "sched_setaffinity"):
        return "This system does not pin processes to a core: close other programs."
    core = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {core})
    return f"Pinned to core {core}."


def _measure_sampling(model: Path | None, count: int) -> None:
    began_s = time.perf_counter()
    generator = Generator(model)
    generator.sample(0)
    first_s = time.perf_counter() - began_s
    print(f"{generator.name}:{generator.model_hash}, {generator.resolution_px} px")
    print(f"model loaded and first sample: {first_s:.2f} s")
    runs: dict[str, Callable[[int], object]] = {
        "picture and attention": lambda seed: generator.sample(seed),
        "picture only": lambda seed: generator.pictures(latent(seed, generator.z_dim)[None], [0]),
    }
    for name, run in runs.items():
        times_ms = [_timed_ms(run, seed) for seed in range(count)]
        print(f"{name}: p50 {np.median(times_ms):.1f} ms, {count} samples in {sum(times_ms) / 1000:.2f} s")


def _timed_ms(run: Callable[[int], object], seed: int) -> float:
    began_s = time.perf_counter()
    run(seed)
    return 1000 * (time.perf_counter() - began_s)


if __name__ == "__main__":
    sys.exit(main())
