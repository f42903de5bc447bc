"""What `facecam bench` does: four alternating runs on one pinned core, and the report."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from facecam.bench.compare import compare
from facecam.bench.frames import frame_with_faces
from facecam.bench.machine import describe_machine
from facecam.bench.measure import Run, Subject, detector_subject, measure
from facecam.bench.peak import measure_peak
from facecam.bench.report import load, markdown, report
from facecam.bench.staged import staged_subject
from facecam.cpu import choose_core, pinned
from facecam.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.runtimes import AUTO, RUNTIMES, installed

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
FACES = (0, 1, 20, 200)
MAIN_FACES = 20


def run_benchmark(
    models: Sequence[str | Path | None],
    runtime: str = AUTO,
    core: int | None = None,
    seconds: float = 5.0,
    threshold: float | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> dict[str, Any]:
    """Measures and returns the report as plain JSON values.

    models: names or files (None: the default one). runtime: one, or "auto" for all that are installed, compared.
    seconds: of each of the four runs. tell: is told what is being done. Raises FacecamError, PausedError among them.
    """
    runtimes = [name for name in RUNTIMES if installed(name)] if runtime == AUTO else [runtime]
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    machine: dict[str, Any]

    def detector(model: str | Path | None, name: str) -> FaceDetector:
        return FaceDetector(model, threshold, size=None, runtime=name)

    with pinned(choose_core() if core is None else core) as pinned_core:
        tell("Looking at the machine")
        machine = describe_machine(pinned_core)
        peak = measure_peak()
        vga = frame_with_faces(MAIN_FACES, 640, 480)
        runs: list[Run] = []

        def take(title: str, subjects: list[Subject]) -> Run:
            tell(title)
            runs.append(measure(title, subjects, seconds))
            return runs[-1]

        subjects = [detector_subject(detector(m, name), vga, MAIN_FACES) for m in models for name in runtimes]
        main = take("640x480, 20 faces", subjects)
        medians = [sorted(series.cpu_ms)[len(series.cpu_ms) // 2] for series in main.series]
        best = medians.index(min(medians[: len(runtimes)]))  # the first model's faster runtime
        chosen = runtimes[best]
        pasted = [
            detector_subject(detector(models[0], chosen), frame_with_faces(count, 640, 480), count) for count in FACES
        ]
        staged = [staged_subject(detector(models[0], chosen), frame_with_faces(0, 640, 480), count) for count in FACES]
        take("Does the number of faces matter? Faces pasted into the frame", pasted)
        take("Does the number of faces matter? Faces put into the network's output", staged)
        # A detector of its own for each size: the number of sizes that one keeps prepared is limited.
        take(
            "Sizes",
            [
                detector_subject(detector(models[0], chosen), frame_with_faces(MAIN_FACES, *size), MAIN_FACES)
                for size in SIZES
            ],
        )
    return report(machine, peak, runs, started)


def bench_command(
    models: Sequence[str | Path | None],
    runtime: str,
    core: int | None,
    seconds: float,
    threshold: float | None,
    json_path: Path | None,
    markdown_path: Path | None,
    say: Callable[[str], None],
    tell: Callable[[str], None],
) -> None:
    """Runs the benchmark, says it in Markdown and writes the files that were asked for."""
    for path in (json_path, markdown_path):
        if path is not None and not path.absolute().parent.is_dir():
            raise FacecamError(f"There is no folder {path.absolute().parent} for {path.name}.")
    result = run_benchmark(models, runtime, core, seconds, threshold, tell)
    text = markdown(result)
    say(text)
    try:
        if json_path is not None:
            json_path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        if markdown_path is not None:
            markdown_path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FacecamError(f"The result can't be written: {error}.") from error


def compare_command(first: Path, second: Path) -> str:
    """The comparison of two results' files, in Markdown."""
    return compare(load(first), load(second))
