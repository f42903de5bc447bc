"""The gallery's part of a benchmark, in a process of its own: it stands beside this package, not below."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from facecam.bench.measure import Run, refuse_standstill
from facecam.bench.result import Labels, SeriesResult
from facecam.errors import FacecamError
from facecam.system.cpu import CoreUse
from facecam.system.python_process import python_command

TITLE = "Gallery: one sample of the generator"
_TIMEOUT_S = 300
_MS_A_SAMPLE = 30
"""A guess, of all kinds of sample together, for how many fit into the time."""


def measure_gallery(core: int | None, seconds: float, runtime: str = "auto", model: Path | None = None) -> Run | None:
    """A sample with and without its attention, in each runtime; None where no generator comes with this copy.

    Raises FacecamError when the measurement fails, PausedError among them.
    """
    command = [*python_command("sagan_gallery.bench"), *([] if model is None else [str(model)])]
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
    return gallery_run(msgspec.json.decode(done.stdout, type=GalleryResult))


@dataclass(frozen=True)
class GallerySeries:
    """One kind of sample in one runtime: wall times before, and wall and CPU times of each sample, in milliseconds."""

    what: str
    runtime: str
    warm_up_ms: tuple[float, ...]
    total_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]


@dataclass(frozen=True)
class GalleryResult:
    """What `python -m sagan_gallery.bench` prints, as far as it is told on."""

    model: str
    model_sha256: str
    resolution_px: int
    wall_s: float
    thread_cpu_s: float
    process_cpu_s: float
    series: tuple[GallerySeries, ...]


def gallery_run(result: GalleryResult) -> Run:
    """The run of such a result. Raises PausedError if it stood still."""
    series = []
    for one in result.series:
        refuse_standstill(np.array(one.total_ms) / 1000)
        labels = Labels(
            model=result.model,
            model_sha256=result.model_sha256,
            family="gallery",
            runtime=one.runtime,
            what=one.what,
            width=result.resolution_px,
            height=result.resolution_px,
        )
        series.append(SeriesResult.of(labels, one.warm_up_ms, one.total_ms, one.cpu_ms))
    use = CoreUse(result.wall_s, result.thread_cpu_s, result.process_cpu_s, 1)
    return Run(TITLE, tuple(series), use)
