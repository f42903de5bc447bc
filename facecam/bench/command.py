"""What `facecam bench` does: alternating runs on one pinned core, the report, and its files."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from facecam.arrays import Image
from facecam.bench.accuracy import AccuracyResult, accuracy_markdown, measure_accuracy, read_labels
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
from facecam.system.cpu import cpu_name, pinned, unpinned
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


class _Suite:
    """The runs, one after the other, each told with its number."""

    def __init__(self, options: BenchOptions, tell: Tell, show: Show | None) -> None:
        self.options, self._tell, self._show = options, tell, show
        self.candidates = options.candidates()
        self.runs: list[Run] = []
        ours = self.candidates[0].ours
        self._total = 2 + 3 * ours + (options.detector.threads > 1) + options.gallery + (options.minutes > 0)
        self._done = 0

    def say(self, title: str) -> None:
        self._done += 1
        self._tell(f"[{self._done}/{self._total}] {title}")

    def take(self, title: str, benchmarks: Sequence[Benchmark], watch: Watch | None = None) -> Run:
        self.say(title)
        self.runs.append(measure(title, benchmarks, self.options.seconds, watch))
        return self.runs[-1]

    def opened(self, frame: Image) -> list[Benchmark]:
        """All candidates on a frame; those that are ready are shown while the others are opened."""
        found: list[Benchmark] = []
        figures: list[tuple[Labels, float]] = []
        for candidate in self.candidates:
            found.append(candidate.open(frame, MAIN_FACES))
            if self._show is not None:
                figures.append((found[-1].labels, quick_look_ms(found[-1])))
                self._show(Interim(0.0, tuple(figures)))
        return found

    def main(self) -> Candidate:
        """The run that the verdicts are on. Gives the first model's fastest engine among the exact ones."""
        benchmarks, show = self.opened(frame_with_faces(MAIN_FACES, *VGA)), self._show

        def watch(share: float, times_ms: list[float]) -> None:
            if show is not None:
                show(Interim(share, tuple(zip((one.labels for one in benchmarks), times_ms, strict=True))))

        run = self.take("640x480, 20 faces", benchmarks, watch if show else None)
        watch(1.0, [series.total_ms.p50 for series in run.series])
        first = [i for i, one in enumerate(self.candidates) if one.options.model == self.candidates[0].options.model]
        if self.options.detector.precision in (None, Precision.AUTO):
            first = [index for index in first if self.candidates[index].engine.precision == Precision.F32]
        return self.candidates[min(first, key=lambda index: run.series[index].cpu_ms.p50)]

    def faces(self, best: Candidate) -> None:
        pasted = [best.open(frame_with_faces(count, *VGA), count) for count in FACES]
        self.take("Does the number of faces matter? Faces pasted into the frame", pasted)
        empty = frame_with_faces(0, *VGA)
        injected = [injected_faces_benchmark(best.detector(), empty, count) for count in FACES]
        self.take("Does the number of faces matter? Faces put into the network's output", injected)

    def sizes(self, best: Candidate) -> None:
        # A detector of its own for each size: the number of sizes that one keeps prepared is limited.
        self.take("Sizes", [best.open(frame_with_faces(MAIN_FACES, *size), MAIN_FACES) for size in SIZES])

    def threads(self, best: Candidate) -> None:
        vga = frame_with_faces(MAIN_FACES, *VGA)
        with unpinned():
            both = [best.open(vga, MAIN_FACES)]
            both.append(with_threads(best, self.options.detector.threads).open(vga, MAIN_FACES))
            self.take(f"{self.options.detector.threads} threads, not pinned", both)

    def long(self, best: Candidate) -> LongRun:
        self.say(f"The same for {self.options.minutes:g} minute{'s' * (self.options.minutes != 1)}")
        return measure_long(best.open(frame_with_faces(MAIN_FACES, *VGA), MAIN_FACES), self.options.minutes, self._tell)


def run_benchmark(options: BenchOptions, tell: Tell = lambda sentence: None, show: Show | None = None) -> BenchResult:
    """Measures and returns what was found.

    tell: is told what is being done, as "[2/7] Sizes"; show: what is known while the main run goes on.
    Raises FacecamError, PausedError among them.
    """
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    suite = _Suite(options, tell, show)
    long: LongRun | None = None
    with pinned(options.core()) if options.detector.provider == CPU else nullcontext(None) as pinned_core:
        suite.say("Looking at the machine")
        machine = describe_machine(pinned_core, looks=_LOOKS)
        peak = measure_peak()
        best = suite.main()
        if best.ours:
            suite.faces(best)
            suite.sizes(best)
        if options.detector.threads > 1:
            suite.threads(best)
        if options.gallery:
            suite.take(TITLE, gallery_benchmarks(options.detector.runtime))
        if options.minutes > 0:
            long = suite.long(best)
    return report(machine, peak, suite.runs, started, long)


@dataclass(frozen=True)
class Files:
    """Where to write what was measured: everything, the tables, a picture to show. None: nowhere."""

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

    def write(self, tables: str, card: Callable[[], Card] = Card, result: Any = None) -> None:
        """Writes those that were asked for. Raises FacecamError if one can't be written.

        tables: in Markdown.
        card: draws the picture.
        result: everything, for JSON.
        """
        try:
            if self.json is not None:
                self.json.write_text(to_json(result), encoding="utf-8")
            if self.markdown is not None:
                self.markdown.write_text(tables, encoding="utf-8")
            if self.png is not None:
                card().save(self.png)
        except OSError as error:
            raise FacecamError(f"The result can't be written: {error}.") from error


def bench_command(
    options: BenchOptions, files: Files, say: Callable[[str], None], tell: Tell, show: Show | None = None
) -> None:
    """Runs the benchmark, says it in Markdown and writes the files that were asked for."""
    files.check()
    result = run_benchmark(options, tell, show)
    say(tables := markdown(result))
    files.write(tables, partial(draw_card, result), result)


def accuracy_command(
    options: BenchOptions, pictures: Path, labels: Path, files: Files, say: Callable[[str], None], tell: Tell
) -> None:
    """Measures accuracy against time on these pictures, says it in Markdown and writes the files that were asked for.

    pictures: the folder that the names in `labels` start from.
    labels: a WIDER FACE text file.
    """
    files.check()
    labelled, among = read_labels(pictures, labels), options.candidates()
    with pinned(options.core()) as pinned_core:
        found, faces = measure_accuracy(among, labelled, tell)
    result = AccuracyResult(cpu_name(), pinned_core, len(labelled), faces, tuple(found))
    say(tables := accuracy_markdown(result))
    files.write(tables, partial(draw_accuracy, result), result)


def compare_command(paths: Sequence[Path], files: Files, say: Callable[[str], None]) -> None:
    """Says the comparison of two results' files, or a table of all results in one folder, in Markdown, and writes the
    files that were asked for.

    Raises FacecamError if it is neither, if a named file can't be read, or for a file that can't be written.
    """
    if files.json is not None:
        raise FacecamError("--compare measures nothing that --json could write; leave one of them out.")
    files.check()
    match paths:
        case [first, second]:
            a, b = load(first), load(second)
            say(tables := compare(a, b, (str(first), str(second))))
            files.write(tables, partial(draw_comparison, a, b, (first.name, second.name)))
        case [folder] if folder.is_dir():
            if files.png is not None:
                raise FacecamError("--png shows two results, A.json B.json; leave it out for a folder.")
            say(tables := table_of_all(folder))
            files.write(tables)
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
