"""What `facecam bench` does: alternating runs on one pinned core, the report, and its files."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from facecam.arrays import Image
from facecam.bench.accuracy import accuracy_markdown, measure_accuracy, read_labels
from facecam.bench.candidates import Candidate, candidates, engines, with_threads
from facecam.bench.card import Card, draw_accuracy, draw_card, draw_comparison
from facecam.bench.compare import compare, overview
from facecam.bench.gallery import TITLE, gallery_benchmarks
from facecam.bench.long import measure_long
from facecam.bench.machine import describe_machine, idle_core
from facecam.bench.measure import Benchmark, Watch, measure, quick_look_ms
from facecam.bench.peak import measure_peak
from facecam.bench.report import report
from facecam.bench.result import BenchResult, Interim, Labels, LongRun, Run, load, to_json
from facecam.bench.tables import markdown
from facecam.bench.workloads import frame_with_faces, injected_faces_benchmark
from facecam.detection.model import PAPER_MODEL
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.runtimes.engine import Engine, Precision, Runtime
from facecam.runtimes.providers import CPU
from facecam.system.cpu import pinned, unpinned
from facecam.system.resources import shipped_models

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
FACES = (0, 1, 20, 200)
MAIN_FACES = 20
VGA = (640, 480)
_LOOKS = 4


@dataclass(frozen=True)
class BenchOptions:
    """What to measure.

    detector: its model: None for all networks that come with the program, the default one first; runtime and
    precision: one, or AUTO (None) for all that there are here; threads: above 1 for a comparison with one; provider:
    compared with the processor; core: to pin to, None for a fast and free one.
    also: more models, other people's included.
    opencv: OpenCV's own network module as well.
    seconds: of each run.
    minutes: of the long mode, 0 for none.
    gallery: whether to measure the generator too.
    """

    detector: DetectorOptions = DetectorOptions()
    also: tuple[str | Path, ...] = ()
    opencv: bool = False
    seconds: float = 5.0
    minutes: float = 0.0
    gallery: bool = True

    def core(self) -> int | None:
        """The one to measure on: that which was asked for, or a fast and free one."""
        return idle_core() if self.detector.core is None else self.detector.core

    def candidates(self) -> list[Candidate]:
        """All that is to be compared, those of the main model first. Raises FacecamError for what is missing."""
        among, found = engines(self.detector), list[Candidate]()
        shipped = sorted(shipped_models(), key=lambda name: name != PAPER_MODEL)
        for model in (*(shipped if self.detector.model is None else [self.detector.model]), *self.also):
            detector = replace(self.detector, model=model)
            found += candidates(detector, among)
            if self.opencv and found[-1].ours:
                found += candidates(detector, [Engine(Runtime.OPENCV)])
        return found


Tell = Callable[[str], None]
Show = Callable[[Interim], None]


def run_benchmark(options: BenchOptions, tell: Tell = lambda sentence: None, show: Show | None = None) -> BenchResult:
    """Measures and returns what was found.

    tell: is told what is being done, as "[2/7] Sizes"; show: what is known while the main run goes on.
    Raises FacecamError, PausedError among them.
    """
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    among, threads, minutes = options.candidates(), options.detector.threads, options.minutes
    if threads > 1:
        with_threads(among[0], threads)  # it refuses what it can't do, before anything is measured
    total = 2 + 3 * among[0].ours + (threads > 1) + options.gallery + (minutes > 0)
    numbers = count(1)
    runs: list[Run] = []
    long: LongRun | None = None

    def say(title: str) -> None:
        tell(f"[{next(numbers)}/{total}] {title}")

    def take(title: str, benchmarks: Sequence[Benchmark], watch: Watch | None = None) -> None:
        say(title)
        runs.append(measure(title, benchmarks, options.seconds, watch))

    with pinned(options.core()) if options.detector.provider == CPU else nullcontext(None) as pinned_core:
        say("Looking at the machine")
        machine = describe_machine(pinned_core, looks=_LOOKS)
        peak = measure_peak()
        frame = frame_with_faces(MAIN_FACES, *VGA)
        benchmarks = _opened(among, frame, show)
        take("640x480, 20 faces", benchmarks, None if show is None else _showing(benchmarks, show))
        best = _best(among, runs[0], options)
        if best.ours:
            pasted = [best.open(frame_with_faces(faces, *VGA), faces) for faces in FACES]
            take("Does the number of faces matter? Faces pasted into the frame", pasted)
            empty = frame_with_faces(0, *VGA)
            injected = [injected_faces_benchmark(best.detector(), empty, faces) for faces in FACES]
            take("Does the number of faces matter? Faces put into the network's output", injected)
            # A detector of its own for each size: the number of sizes that one keeps prepared is limited.
            take("Sizes", [best.open(frame_with_faces(MAIN_FACES, *size), MAIN_FACES) for size in SIZES])
        if threads > 1:
            with unpinned():
                both = [one.open(frame, MAIN_FACES) for one in (best, with_threads(best, threads))]
                take(f"{threads} threads, not pinned", both)
        if options.gallery:
            take(TITLE, gallery_benchmarks(options.detector.runtime))
        if minutes > 0:
            say(f"The same for {minutes:g} minute{'s' * (minutes != 1)}")
            long = measure_long(best.open(frame, MAIN_FACES), minutes, tell, pinned_core)
    return report(machine, peak, runs, started, long)


def _opened(among: Sequence[Candidate], frame: Image, show: Show | None) -> list[Benchmark]:
    """All candidates on a frame; those that are ready are shown while the others are opened."""
    found: list[Benchmark] = []
    figures: list[tuple[Labels, float]] = []
    for candidate in among:
        found.append(candidate.open(frame, MAIN_FACES))
        if show is not None:
            figures.append((found[-1].labels, quick_look_ms(found[-1])))
            show(Interim(0.0, tuple(figures)))
    return found


def _showing(benchmarks: Sequence[Benchmark], show: Show) -> Watch:
    labels = [benchmark.labels for benchmark in benchmarks]
    return lambda share, times_ms: show(Interim(share, tuple(zip(labels, times_ms, strict=True))))


def _best(among: Sequence[Candidate], main: Run, options: BenchOptions) -> Candidate:
    """The first model's fastest engine, among the exact ones where no precision was asked for."""
    first = [index for index, one in enumerate(among) if one.options.model == among[0].options.model]
    if options.detector.precision in (None, Precision.AUTO):
        first = [index for index in first if among[index].engine.precision == Precision.F32]
    return among[min(first, key=lambda index: main.series[index].cpu_ms.p50)]


@dataclass(frozen=True)
class Found:
    """What a command has found. tables: in Markdown; card: draws the picture; result: everything, for JSON."""

    tables: str
    card: Callable[[], Card] = Card
    result: Any = None


@dataclass(frozen=True)
class Files:
    """Where to write what was found: everything, the tables, a picture to show. None: nowhere."""

    json: Path | None = None
    markdown: Path | None = None
    png: Path | None = None

    def check(self) -> None:
        """Raises FacecamError, before anything is measured, if one can't be written or two are the same."""
        paths = [path.absolute() for path in (self.json, self.markdown, self.png) if path is not None]
        for path in paths:
            if not path.parent.is_dir():
                raise FacecamError(f"There is no folder {path.parent} for {path.name}.")
            if path.is_dir():
                raise FacecamError(f"{path} is a folder; name a file in it.")
            if not os.access(path if path.exists() else path.parent, os.W_OK):
                raise FacecamError(f"{path} can't be written: permission denied.")
            if paths.count(path) > 1:
                raise FacecamError(f"{path} can't be two files at once; name one for each.")
        if self.png is not None and self.png.suffix.lower() != ".png":
            raise FacecamError(f"--png writes a PNG picture; name it {self.png.stem}.png.")

    def write(self, found: Found) -> None:
        """Writes those that were asked for. Raises FacecamError if one can't be written."""
        try:
            if self.json is not None:
                self.json.write_text(to_json(found.result), encoding="utf-8")
            if self.markdown is not None:
                self.markdown.write_text(found.tables, encoding="utf-8")
            if self.png is not None:
                found.card().save(self.png)
        except OSError as error:
            raise FacecamError(f"The result can't be written: {error}.") from error


def bench_command(options: BenchOptions, tell: Tell, show: Show | None = None) -> Found:
    """Runs the benchmark. Raises FacecamError."""
    result = run_benchmark(options, tell, show)
    return Found(markdown(result), partial(draw_card, result), result)


def accuracy_command(options: BenchOptions, pictures: Path, labels: Path, tell: Tell) -> Found:
    """Measures accuracy against time. Raises FacecamError.

    pictures: the folder that the names in `labels` start from.
    labels: a WIDER FACE text file.
    """
    labelled, among = read_labels(pictures, labels), options.candidates()
    with pinned(options.core()) as pinned_core:
        result = measure_accuracy(among, labelled, describe_machine(pinned_core, looks=_LOOKS), tell)
    return Found(accuracy_markdown(result), partial(draw_accuracy, result), result)


def compare_command(paths: Sequence[Path], files: Files) -> Found:
    """The comparison of two results' files, or a table of all results in one folder.

    Raises FacecamError if it is neither, if a named file can't be read, or for files that it has nothing for.
    """
    if files.json is not None:
        raise FacecamError("--compare measures nothing that --json could write; leave one of them out.")
    match paths:
        case [first, second]:
            a, b = load(first), load(second)
            card = partial(draw_comparison, a, b, (first.name, second.name))
            return Found(compare(a, b, (str(first), str(second))), card)
        case [folder] if folder.is_dir():
            if files.png is not None:
                raise FacecamError("--png shows two results, A.json B.json; leave it out for a folder.")
            return Found(table_of_all(folder))
        case _:
            raise FacecamError("--compare needs two results, A.json B.json, or one folder of results.")


def table_of_all(folder: Path) -> str:
    """The headlines of all results in a folder, the fastest first, in Markdown. Raises FacecamError if it has none."""
    results, others = {}, []
    for path in sorted(folder.glob("*.json")):
        try:
            results[path.name] = load(path)
        except FacecamError as error:
            others.append(str(error))
    if not results:
        raise FacecamError(f"There is no benchmark's result in {folder}; `facecam bench --json FILE` writes one.")
    return overview(results) + "".join(f"\n- {sentence}" for sentence in others) + "\n" * bool(others)
