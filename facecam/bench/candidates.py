"""Candidates: what a benchmark compares. Our networks in each engine, and other people's detectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facecam.bench.measure import Benchmark
from facecam.bench.other_runtimes import NCNN, OPENCV, NcnnNet, OpenCvDnn
from facecam.bench.result import Labels
from facecam.bench.workloads import detector_benchmark
from facecam.detection.detector import FaceDetector
from facecam.detection.letterbox import Image
from facecam.detection.model import find_model, int8_path
from facecam.detection.third_party import PEERS, recognise
from facecam.errors import FacecamError
from facecam.runtimes import providers
from facecam.runtimes.engine import AUTO, BF16, F32, INT8, OPENVINO, RUNTIMES, Engine, runtimes_for
from facecam.runtimes.registry import has_bf16, has_int8


@dataclass(frozen=True)
class Candidate:
    """One model in one engine. open: makes a fresh detector and gives what is measured on a frame with so many faces.

    ours: whether it is a network of our interface, so that it runs at any size.
    """

    model: str
    engine: Engine
    ours: bool
    open: Callable[[Image, int], Benchmark]

    @property
    def any_size(self) -> bool:
        """Whether it can take part in the runs at other sizes."""
        return self.engine.runtime != NCNN

    def detector(self, threshold: float | None = None) -> FaceDetector:
        """A detector of our interface that never scales the frame."""
        return make_detector(self.model, self.engine, threshold)


def engines(runtime: str = AUTO, precision: str = F32, provider: str = providers.CPU) -> list[Engine]:
    """The engines to compare: "auto" means all that there are. Raises FacecamError if what was asked for is missing."""
    if provider != providers.CPU:
        providers.check_provider(provider)
        return [Engine(provider=provider), Engine()]
    names = runtimes_for(runtime)
    in_int8 = [Engine(name, INT8) for name in names if precision in (AUTO, INT8) and has_int8(name)]
    if precision == INT8:
        return in_int8 or [Engine(names[0], INT8)]
    if precision == BF16:
        return [Engine(OPENVINO if runtime == AUTO else runtime, BF16)]
    found = [Engine(name) for name in names]
    if precision == F32:
        return found
    in_bf16 = [Engine(OPENVINO, BF16)] if OPENVINO in names and has_bf16() else []
    return found + in_bf16 + in_int8


def candidates(model: str | Path | None, among: Sequence[Engine], threshold: float | None = None) -> list[Candidate]:
    """One candidate for each engine, for a network of ours; a single one for another family, which has its own engine.
    Where several are to be compared, int8 takes part if there is such a network.

    Raises ModelError if the file is none of them.
    """
    path = find_model(model)
    name = str(path if model is None else model)
    family = recognise(path) if path.is_file() else None
    if family is not None:
        return [_peer(path, family, threshold)]

    def ours(engine: Engine) -> Candidate:
        def opened(frame: Image, faces: int) -> Benchmark:
            return detector_benchmark(make_detector(name, engine, threshold), frame, faces)

        return Candidate(name, engine, True, opened)

    def there(engine: Engine) -> bool:
        return engine.precision != INT8 or int8_path(path, engine.runtime).is_file()

    # Where none is there, the first one tells what is missing.
    return [ours(engine) for engine in filter(there, among)] or [ours(among[0])]


def make_detector(model: str, engine: Engine, threshold: float | None = None) -> FaceDetector:
    """A detector of our interface in that engine, OpenCV's included, that never scales the frame."""
    if engine.runtime == OPENCV:
        detector = FaceDetector(model, threshold, size=None, runtime=RUNTIMES[0])
        detector.use(engine, OpenCvDnn(find_model(model).read_bytes()))
        return detector
    return FaceDetector(
        model,
        threshold,
        size=None,
        runtime=engine.runtime,
        precision=engine.precision,
        threads=engine.threads,
        provider=engine.provider,
    )


def through_ncnn(model: str | Path | None, param: Path, threshold: float | None = None) -> Candidate:
    """A network of ours as it was converted for ncnn. Raises FacecamError if ncnn or the files are missing."""
    net, name, engine = NcnnNet(param), str(find_model(model) if model is None else model), Engine(NCNN)

    def opened(frame: Image, faces: int) -> Benchmark:
        detector = FaceDetector(name, threshold, size=None, runtime=RUNTIMES[0])
        detector.use(engine, net)
        return detector_benchmark(detector, frame, faces)

    return Candidate(name, engine, True, opened)


def with_threads(candidate: Candidate, threads: int, threshold: float | None = None) -> Candidate:
    """The same network in the same runtime on more threads. Raises FacecamError for another family."""
    if not candidate.ours:
        raise FacecamError("--threads is for our own networks; leave it out for other people's.")
    return candidates(candidate.model, [replace(candidate.engine, threads=threads)], threshold)[0]


def _peer(path: Path, family: str, threshold: float | None) -> Candidate:
    kind = PEERS[family]

    def opened(frame: Image, faces: int) -> Benchmark:
        detect = kind(path) if threshold is None else kind(path, threshold)
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

    return Candidate(str(path), Engine(kind.runtime), False, opened)
