"""Accuracy against time: average precision over milliseconds of one core, of all candidates on the same pictures.

Every picture is letterboxed into 640x480, as a webcam frame would be. The candidates take turns on it: one detection at
each one's own threshold, which is timed, and one down to the lowest scores, which the curve needs and which is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facecam.arrays import Image
from facecam.bench.candidates import Candidate
from facecam.bench.measure import use_problems
from facecam.bench.report import machine_warnings, sharing
from facecam.bench.result import Labels, Machine, Percentiles
from facecam.bench.tables import table
from facecam.bench.voc import LOWEST_SCORE, Matching, curve, match
from facecam.bench.wider_labels import Labelled, read_wider
from facecam.bench.workloads import detector_benchmark
from facecam.detection.any_detector import AnyDetector
from facecam.detection.letterbox import letterbox
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.sources.photo import read_picture
from facecam.system.cpu import core_loads, measure_core_use, thread_cpu_s

CANVAS = (640, 480)
COLUMNS = ("model", "runtime", "AP", "CPU ms", "p50 ms", "FPS")
_WARM_UP = 3


@dataclass(frozen=True)
class Accuracy:
    """One candidate on all pictures.

    labels: those of the candidate on one of the pictures, without its faces.
    average_precision: at an IoU of 0.5, over all faces.
    cpu_ms, total_ms: CPU time of the calling thread and wall time of a detection at the candidate's own threshold.
    """

    labels: Labels
    average_precision: float
    cpu_ms: Percentiles
    total_ms: Percentiles


@dataclass(frozen=True)
class AccuracyResult:
    """Accuracy against time.

    pictures, faces: how many there were.
    pinned_core: None where threads can't be pinned.
    candidates: in the order of the command.
    problems: why the times can't be trusted, as sentences.
    warnings: what else should be known of them.
    """

    cpu: str
    pinned_core: int | None
    pictures: int
    faces: int
    candidates: tuple[Accuracy, ...]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_labels(pictures: Path, labels: Path) -> list[Labelled]:
    """The pictures of a WIDER FACE text file that hold a face. Raises FacecamError if there are none."""
    found = [item for item in read_wider(labels, pictures) if not item.ignore.all()]
    if not found:
        raise FacecamError(f"{labels} names no picture with a face; give a WIDER FACE text file.")
    return found


def measure_accuracy(
    among: Sequence[Candidate],
    labelled: Sequence[Labelled],
    machine: Machine,
    tell: Callable[[str], None] = lambda sentence: None,
) -> AccuracyResult:
    """Each candidate's accuracy and times. The caller has pinned the thread.

    machine: as it was before.
    Raises FacecamError if a picture can't be read.
    """
    first = _canvas(labelled[0])[0]
    detectors = [candidate.detector() for candidate in among]
    labels = [detector_benchmark(detector, first, len(labelled[0].boxes)).labels for detector in detectors]
    for detector in detectors * _WARM_UP:
        detector.detect(first)
    times: list[list[tuple[float, float]]] = [[] for _ in among]
    matchings: list[list[Matching]] = [[] for _ in among]

    def take_turns() -> None:
        for number, item in enumerate(labelled):
            if number % max(1, len(labelled) // 10) == 0:
                tell(f"{number} of {len(labelled)} pictures")
            canvas, scale = _canvas(item)
            boxes = (item.boxes * scale).astype(np.float32)
            for detector, own_times, own in zip(detectors, times, matchings, strict=True):
                cpu_s, start_s = thread_cpu_s(), time.perf_counter()
                detector.detect(canvas)
                own_times.append((1000 * (thread_cpu_s() - cpu_s), 1000 * (time.perf_counter() - start_s)))
                own.append(match(_all_found(detector, canvas), boxes, item.ignore))

    core_loads()  # from here on
    use = measure_core_use(take_turns)
    loads, found = core_loads(), []
    for label, own_times, own in zip(labels, times, matchings, strict=True):
        cpu_ms, total_ms = zip(*own_times, strict=True)
        area = round(curve(own).average_precision, 4)
        label = replace(label, faces=None, faces_found=None)
        found.append(Accuracy(label, area, Percentiles.of(cpu_ms), Percentiles.of(total_ms)))
    labels = [one.labels for one in found]
    # Reading a picture may wait for the disk: how much of the core there was is asked of the detections alone.
    cpu_s, wall_s = (float(total) / 1000 for total in np.sum(times, axis=(0, 1)))
    timed = replace(
        use, wall_s=wall_s, thread_cpu_s=cpu_s, process_cpu_s=cpu_s + use.others_cpu_s * wall_s / use.wall_s
    )
    return AccuracyResult(
        machine.cpu,
        machine.pinned_core,
        len(labelled),
        sum(int(np.count_nonzero(~item.ignore)) for item in labelled),
        tuple(found),
        (*sharing(machine, labels, loads), *use_problems(labels, timed)),
        tuple(machine_warnings(machine, labels, loads)),
    )


def _all_found(detector: AnyDetector, image: Image) -> Detections:
    """Down to the lowest scores."""
    threshold, detector.threshold = detector.threshold, LOWEST_SCORE
    found = detector.detect(image)
    detector.threshold = threshold
    return found


def by_accuracy(result: AccuracyResult) -> list[Accuracy]:
    """The most accurate first."""
    return sorted(result.candidates, key=lambda one: -one.average_precision)


def accuracy_markdown(result: AccuracyResult) -> str:
    """The result as a Markdown table, the most accurate first."""
    rows = [
        (
            one.labels.model_words,
            one.labels.engine_words,
            f"{one.average_precision:.3f}",
            f"{one.cpu_ms.p50:.2f}",
            f"{one.total_ms.p50:.2f}",
            f"{1000 / one.total_ms.p50:.0f}",
        )
        for one in by_accuracy(result)
    ]
    where = "not pinned" if result.pinned_core is None else f"core {result.pinned_core}"
    head = f"{result.pictures} pictures with {result.faces} faces, letterboxed into 640x480; {result.cpu}, {where}"
    said = []
    if result.problems:
        said = ["The times can't be trusted, because of what follows; close other programs and measure again:", ""]
    said += [f"- {sentence}" for sentence in (*result.problems, *result.warnings)]
    return "\n".join([head, "", *said, *[""] * bool(said), *table(COLUMNS, rows)]) + "\n"


def _canvas(item: Labelled) -> tuple[Image, float]:
    return letterbox(read_picture(item.path), CANVAS)
