"""The gallery's part of a benchmark, in a process of its own: the two packages don't import each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from facecam.bench.measure import Labels, Run, Series, refuse_standstill
from facecam.errors import FacecamError
from facecam.system.cpu import CoreUse

TITLE = "Gallery: one sample of the generator"
_TIMEOUT_S = 300
_MS_A_SAMPLE = 30
"""A guess, of all kinds of sample together, for how many fit into the time."""


def measure_gallery(core: int | None, seconds: float, runtime: str = "auto", model: Path | None = None) -> Run | None:
    """A sample with and without its attention, in each runtime; None where no generator comes with this copy.

    Raises FacecamError when the measurement fails, PausedError among them.
    """
    command = [sys.executable, "-m", "sagan_gallery.bench", *([] if model is None else [str(model)]), "--json"]
    command += ["--runtime", runtime, "--samples", str(max(20, round(1000 * seconds / _MS_A_SAMPLE)))]
    command += [] if core is None else ["--core", str(core)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FacecamError(f"The gallery can't be measured: {error}.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it ended without a reason"])[-1]
        if model is None and "No generator comes with" in reason:
            return None
        raise FacecamError(f"The gallery can't be measured: {reason.rstrip('.')}.")
    return read_run(json.loads(done.stdout))


def read_run(result: dict[str, Any]) -> Run:
    """The run that `python -m sagan_gallery.bench --json` has printed. Raises PausedError if it stood still."""
    series = []
    for one in result["series"]:
        labels: Labels = {
            "model": result["model"],
            "model_sha256": result["model_sha256"],
            "family": "gallery",
            "runtime": one["runtime"],
            "precision": "f32",
            "threads": 1,
            "provider": "cpu",
            "what": one["what"],
            "width": result["resolution_px"],
            "height": result["resolution_px"],
        }
        refuse_standstill(np.array(one["total_ms"]) / 1000)
        times = {name: tuple(one[name]) for name in ("warm_up_ms", "total_ms", "cpu_ms")}
        series.append(Series(labels=labels, pre_ms=(), network_ms=(), post_ms=(), **times))
    use = CoreUse(result["wall_s"], result["thread_cpu_s"], result["process_cpu_s"], 1)
    return Run(TITLE, tuple(series), use)
