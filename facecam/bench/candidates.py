"""Candidates: what a benchmark compares. Our networks in each engine, and other people's detectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facecam.arrays import Image
from facecam.bench.measure import Benchmark
from facecam.bench.opencv_runtime import OpenCvDnn
from facecam.bench.workloads import detector_benchmark
from facecam.detection.any_detector import AnyDetector, open_detector
from facecam.detection.detector import FaceDetector
from facecam.detection.model import find_model, int8_path
from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import recognise
from facecam.errors import FacecamError
from facecam.runtimes import providers
from facecam.runtimes.engine import PRECISIONS, Engine, Precision, Runtime, runtimes_for
from facecam.runtimes.onnx_runtime import check_provider
from facecam.runtimes.registry import check, is_there


@dataclass(frozen=True)
class Candidate:
    """One model in one engine.

    options: what it was asked for by, with its model; the engine counts in place of theirs.
    ours: whether it is a network of our interface, so that it runs at any size.
    """

    options: DetectorOptions
    engine: Engine
    ours: bool = True

    def detector(self) -> AnyDetector:
        """A fresh one that never scales the frame. Raises FacecamError."""
        options = replace(self.options, size=None, core=None)  # the whole run is pinned
        if not self.ours:
            return open_detector(options)
        if self.engine.runtime != Runtime.OPENCV:
            return FaceDetector(options.on(self.engine))
        detector = FaceDetector(options.on(Engine()))
        detector.use(self.engine, OpenCvDnn(find_model(options.model).read_bytes()))
        return detector

    def open(self, frame: Image, faces: int) -> Benchmark:
        """A fresh detector on a frame with so many faces. Raises FacecamError."""
        return detector_benchmark(self.detector(), frame, faces)


def engines(wanted: DetectorOptions = DetectorOptions(precision=Precision.F32)) -> list[Engine]:
    """The engines to compare: all that there are where runtime or precision is AUTO, or left open. Raises FacecamError
    if what was asked for is missing."""
    asked = PRECISIONS if wanted.precision in (None, Precision.AUTO) else (wanted.precision,)
    if wanted.provider != providers.CPU:
        check(Engine(runtimes_for(wanted.runtime)[0], asked[0], provider=wanted.provider))  # it is float32's alone
        check_provider(wanted.provider)
        return [Engine(provider=wanted.provider), Engine()]
    found = [Engine(runtime, precision) for precision in asked for runtime in runtimes_for(wanted.runtime)]
    there = [engine for engine in found if is_there(engine)]
    if not there:
        check(found[-1])  # tells what is missing
    return there


def candidates(options: DetectorOptions, among: Sequence[Engine]) -> list[Candidate]:
    """One candidate for each engine, for a network of ours; a single one for another family, which has its own engine.
    Where several are to be compared, int8 takes part if there is such a network.

    options: the model and its threshold; the engines count in place of its own.
    Raises ModelError if the file is none of them.
    """
    path = find_model(options.model)
    kind = recognise(path) if path.is_file() else None
    if kind is not None:
        return [Candidate(options, Engine(kind.runtime), ours=False)]

    def there(engine: Engine) -> bool:
        return engine.precision != Precision.INT8 or int8_path(path, engine.runtime).is_file()

    # Where none is there, the first one tells what is missing.
    return [Candidate(options, engine) for engine in list(filter(there, among)) or among[:1]]


def with_threads(candidate: Candidate, threads: int) -> Candidate:
    """The same network in the same runtime on more threads. Raises FacecamError for another family."""
    if not candidate.ours:
        raise FacecamError("--threads is for our own networks; leave it out for other people's.")
    return replace(candidate, engine=replace(candidate.engine, threads=threads))
