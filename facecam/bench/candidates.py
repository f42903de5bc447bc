"""Candidates: what a benchmark compares. Our networks in each engine, and other people's detectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facecam.arrays import Array, Image
from facecam.bench.measure import Benchmark
from facecam.bench.opencv_runtime import OpenCvDnn
from facecam.bench.result import Labels
from facecam.bench.voc import LOWEST_SCORE
from facecam.bench.workloads import detector_benchmark
from facecam.detection.detector import FaceDetector
from facecam.detection.model import find_model, int8_path
from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import THIRD_PARTY, recognise
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.runtimes import providers
from facecam.runtimes.engine import Engine, Precision, Runtime, runtimes_for
from facecam.runtimes.registry import has_bf16, has_int8

Detect = Callable[[Image], Detections]


@dataclass(frozen=True)
class Candidate:
    """One model in one engine.

    ours: whether it is a network of our interface, so that it runs at any size.
    options: what it was asked for by.
    open: makes a fresh detector and gives what is measured on a frame with so many faces.
    detect: makes a fresh detector and gives it twice: at its own threshold, and down to the lowest scores.
    """

    model: str
    engine: Engine
    ours: bool
    options: DetectorOptions
    open: Callable[[Image, int], Benchmark]
    detect: Callable[[], tuple[Detect, Detect]]

    def detector(self) -> FaceDetector:
        """A detector of our interface that never scales the frame. Raises ModelError for another family."""
        return make_detector(self.options, self.engine)


def engines(wanted: DetectorOptions = DetectorOptions(precision=Precision.F32)) -> list[Engine]:
    """The engines to compare: all that there are where runtime or precision is AUTO, or left open. Raises FacecamError
    if what was asked for is missing."""
    if wanted.provider != providers.CPU:
        providers.check_provider(wanted.provider)
        return [Engine(provider=wanted.provider), Engine()]
    names, precision = runtimes_for(wanted.runtime), wanted.precision or Precision.AUTO
    with_int8 = precision in (Precision.AUTO, Precision.INT8)
    in_int8 = [Engine(name, Precision.INT8) for name in names if with_int8 and has_int8(name)]
    if precision == Precision.INT8:
        return in_int8 or [Engine(names[0], Precision.INT8)]
    if precision == Precision.BF16:
        return [Engine(wanted.engine.runtime, Precision.BF16)]
    found = [Engine(name) for name in names]
    if precision == Precision.F32:
        return found
    in_bf16 = [Engine(Runtime.OPENVINO, Precision.BF16)] if Runtime.OPENVINO in names and has_bf16() else []
    return found + in_bf16 + in_int8


def candidates(options: DetectorOptions, among: Sequence[Engine]) -> list[Candidate]:
    """One candidate for each engine, for a network of ours; a single one for another family, which has its own engine.
    Where several are to be compared, int8 takes part if there is such a network.

    options: the model and its threshold; the engines count in place of its own.
    Raises ModelError if the file is none of them.
    """
    path = find_model(options.model)
    name = str(path if options.model is None else options.model)
    family = recognise(path) if path.is_file() else None
    if family is not None:
        return [_third_party(path, family, options)]

    def there(engine: Engine) -> bool:
        return engine.precision != Precision.INT8 or int8_path(path, engine.runtime).is_file()

    # Where none is there, the first one tells what is missing.
    return [_ours(name, engine, options) for engine in list(filter(there, among)) or among[:1]]


def _ours(name: str, engine: Engine, options: DetectorOptions) -> Candidate:
    def opened(frame: Image, faces: int) -> Benchmark:
        return detector_benchmark(make_detector(options, engine), frame, faces)

    def both() -> tuple[Detect, Detect]:
        detector = make_detector(options, engine)
        threshold = detector.threshold

        def thorough(image: Image) -> Detections:
            detector.threshold = LOWEST_SCORE
            found = detector.detect(image)
            detector.threshold = threshold
            return found

        return detector.detect, thorough

    return Candidate(name, engine, True, options, opened, both)


def make_detector(options: DetectorOptions, engine: Engine) -> FaceDetector:
    """A detector of our interface in that engine, OpenCV's included, that never scales the frame."""
    options = replace(options, size=None, core=None)  # the whole run is pinned
    if engine.runtime != Runtime.OPENCV:
        return FaceDetector(options.on(engine))
    detector = FaceDetector(options.on(Engine()))
    detector.use(engine, OpenCvDnn(find_model(options.model).read_bytes()))
    return detector


def with_threads(candidate: Candidate, threads: int) -> Candidate:
    """The same network in the same runtime on more threads. Raises FacecamError for another family."""
    if not candidate.ours:
        raise FacecamError("--threads is for our own networks; leave it out for other people's.")
    return candidates(candidate.options, [replace(candidate.engine, threads=threads)])[0]


def _third_party(path: Path, family: str, options: DetectorOptions) -> Candidate:
    kind = THIRD_PARTY[family]

    def opened(frame: Image, faces: int) -> Benchmark:
        detect = kind(path) if options.threshold is None else kind(path, options.threshold)
        boxes, _ = detect(frame)
        labels = Labels(
            model=path.stem,
            model_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            family=family,
            runtime=detect.runtime,
            width=frame.shape[1],
            height=frame.shape[0],
            faces=faces,
            faces_found=len(np.asarray(boxes)),
        )

        def call() -> None:
            detect(frame)

        return Benchmark(call, labels)

    def both() -> tuple[Detect, Detect]:
        return _as_detections(kind(path)), _as_detections(kind(path, LOWEST_SCORE))

    return Candidate(str(path), Engine(kind.runtime), False, options, opened, both)


def _as_detections(detect: Callable[[Image], tuple[Array, Array]]) -> Detect:
    def best_first(image: Image) -> Detections:
        boxes, scores = detect(image)
        order = np.argsort(-scores, kind="stable")
        return Detections(boxes[order], scores[order])

    return best_first
