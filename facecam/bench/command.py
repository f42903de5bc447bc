"""What `facecam bench` does: alternating runs on one pinned core, the report, and its files."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facecam.bench.card import save_card
from facecam.bench.compare import compare
from facecam.bench.contenders import Contender, contenders, engines, through_ncnn, with_threads
from facecam.bench.frames import frame_with_faces
from facecam.bench.gallery import measure_gallery
from facecam.bench.long import LongRun, measure_long
from facecam.bench.machine import describe_machine
from facecam.bench.measure import Run, Subject, measure
from facecam.bench.opencv_dnn import OPENCV
from facecam.bench.peak import measure_peak
from facecam.bench.quiet import quiet_core
from facecam.bench.report import report
from facecam.bench.staged import staged_subject
from facecam.bench.stored import load
from facecam.bench.tables import markdown
from facecam.detection.model import PAPER_MODEL
from facecam.errors import FacecamError
from facecam.runtimes.engine import AUTO, F32, Engine
from facecam.runtimes.providers import CPU
from facecam.system.cpu import pinned, unpinned
from facecam.system.resources import shipped_models

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
FACES = (0, 1, 20, 200)
MAIN_FACES = 20
VGA = (640, 480)
_LOOKS = 4


@dataclass(frozen=True)
class Wish:
    """What to measure.

    model: a name or a file, None for all networks that come with the program, the default one first; also: more models,
    other people's included. runtime, precision: one, or "auto" for all that there are here; threads: above 1 for a
    comparison with one; provider: of ONNX Runtime, compared with the processor. opencv: OpenCV's own network module as
    well. ncnn: the first model as converted for ncnn, its .param file. core: to pin to, None for a fast and free
    one. seconds: of each run. minutes: of the long mode, 0 for none. gallery: whether to measure the generator too.
    """

    model: str | Path | None = None
    also: tuple[str | Path, ...] = ()
    runtime: str = AUTO
    precision: str = AUTO
    threads: int = 1
    provider: str = CPU
    opencv: bool = False
    ncnn: Path | None = None
    core: int | None = None
    seconds: float = 5.0
    threshold: float | None = None
    minutes: float = 0.0
    gallery: bool = True

    def models(self) -> list[str | Path]:
        """The models in order, the main one first."""
        if self.model is not None:
            return [self.model, *self.also]
        names = [PAPER_MODEL, *(name for name in shipped_models() if name != PAPER_MODEL)]
        return [*names, *self.also]


Tell = Callable[[str], None]


class _Programme:
    """The runs, one after the other, each told with its number."""

    def __init__(self, wish: Wish, tell: Tell) -> None:
        self.wish, self._tell = wish, tell
        among = engines(wish.runtime, wish.precision, wish.provider)
        self.field: list[Contender] = []
        for model in wish.models():
            self.field += contenders(model, among, wish.threshold)
            if wish.opencv and self.field[-1].ours:
                self.field += contenders(model, [Engine(OPENCV)], wish.threshold)
        if wish.ncnn is not None:
            self.field.append(through_ncnn(wish.models()[0], wish.ncnn, wish.threshold))
        self.runs: list[Run] = []
        ours = self.field[0].ours
        self._total = 2 + 3 * ours + (wish.threads > 1) + wish.gallery + (wish.minutes > 0)
        self._done = 0

    def say(self, title: str) -> None:
        self._done += 1
        self._tell(f"[{self._done}/{self._total}] {title}")

    def take(self, title: str, subjects: Sequence[Subject], one_core: bool = True) -> Run:
        self.say(title)
        self.runs.append(measure(title, subjects, self.wish.seconds, one_core))
        return self.runs[-1]

    def main(self) -> Contender:
        """The run that the verdicts are on. Gives the first model's fastest engine among the exact ones."""
        vga = frame_with_faces(MAIN_FACES, *VGA)
        one_core = self.wish.provider == CPU
        run = self.take("640x480, 20 faces", [one.open(vga, MAIN_FACES) for one in self.field], one_core)
        first = [i for i, one in enumerate(self.field) if one.model == self.field[0].model and one.any_size]
        if self.wish.precision == AUTO:
            first = [index for index in first if self.field[index].engine.precision == F32]
        return self.field[min(first, key=lambda index: float(np.median(run.series[index].cpu_ms)))]

    def faces(self, best: Contender) -> None:
        threshold = self.wish.threshold
        pasted = [best.open(frame_with_faces(count, *VGA), count) for count in FACES]
        self.take("Does the number of faces matter? Faces pasted into the frame", pasted)
        empty = frame_with_faces(0, *VGA)
        staged = [staged_subject(best.detector(threshold), empty, count) for count in FACES]
        self.take("Does the number of faces matter? Faces put into the network's output", staged)

    def sizes(self, best: Contender) -> None:
        # A detector of its own for each size: the number of sizes that one keeps prepared is limited.
        self.take("Sizes", [best.open(frame_with_faces(MAIN_FACES, *size), MAIN_FACES) for size in SIZES])

    def threads(self, best: Contender) -> None:
        vga = frame_with_faces(MAIN_FACES, *VGA)
        with unpinned():
            both = [best.open(vga, MAIN_FACES)]
            both.append(with_threads(best, self.wish.threads, self.wish.threshold).open(vga, MAIN_FACES))
            self.take(f"{self.wish.threads} threads, not pinned", both, one_core=False)

    def gallery(self, core: int | None) -> None:
        self.say("Gallery: one sample of the generator")
        run = measure_gallery(core, self.wish.seconds, self.wish.runtime)
        if run is not None:
            self.runs.append(run)

    def long(self, best: Contender) -> LongRun:
        self.say(f"The same for {self.wish.minutes:g} minute{'s' * (self.wish.minutes != 1)}")
        return measure_long(best.open(frame_with_faces(MAIN_FACES, *VGA), MAIN_FACES), self.wish.minutes, self._tell)


def run_benchmark(wish: Wish, tell: Tell = lambda sentence: None) -> dict[str, Any]:
    """Measures and returns the report as plain JSON values.

    tell: is told what is being done, as "[2/7] Sizes". Raises FacecamError, PausedError among them.
    """
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    programme = _Programme(wish, tell)
    on_processor = wish.provider == CPU
    core = quiet_core() if wish.core is None else wish.core
    long: LongRun | None = None
    with pinned(core) if on_processor else nullcontext(None) as pinned_core:
        programme.say("Looking at the machine")
        machine = describe_machine(pinned_core, looks=_LOOKS)
        peak = measure_peak()
        best = programme.main()
        if best.ours:
            programme.faces(best)
            programme.sizes(best)
        if wish.threads > 1:
            programme.threads(best)
        if wish.gallery:
            programme.gallery(pinned_core)
        if wish.minutes > 0:
            long = programme.long(best)
    return report(machine, peak, programme.runs, started, long)


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

    def write(self, result: dict[str, Any]) -> None:
        """Raises FacecamError if one can't be written."""
        try:
            if self.json is not None:
                self.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            if self.markdown is not None:
                self.markdown.write_text(markdown(result), encoding="utf-8")
            if self.png is not None:
                save_card(result, self.png)
        except OSError as error:
            raise FacecamError(f"The result can't be written: {error}.") from error


def bench_command(wish: Wish, files: Files, say: Callable[[str], None], tell: Tell) -> None:
    """Runs the benchmark, says it in Markdown and writes the files that were asked for."""
    files.check()
    result = run_benchmark(wish, tell)
    say(markdown(result))
    files.write(result)


def compare_command(first: Path, second: Path) -> str:
    """The comparison of two results' files, in Markdown."""
    return compare(load(first), load(second), (str(first), str(second)))
