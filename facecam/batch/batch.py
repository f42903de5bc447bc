"""Detection over files and streams, flat out, and copies in which the faces are marked or hidden: what `facecam detect`
does, without the command line around it."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec

from facecam.batch.copies import copy_places
from facecam.batch.inputs import Gathered, file_id
from facecam.batch.journal import NAME, Journal
from facecam.batch.pieces import KnownFaces, Piece, cut
from facecam.batch.regions import are_there
from facecam.batch.work import OnRecord, Outcome, Record, Task, Worker, WorkOptions
from facecam.errors import FacecamError
from facecam.saving.export import STANDARD_OUTPUT, CsvTable, JsonLines, as_written
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES, without_password
from facecam.system.files import named_path

_CUT_OF_THOROUGH = 4
"""So many of the last inputs are cut into pieces where they are searched thoroughly, else the last one."""


class BatchListener(Protocol):
    """What is told of a batch while it works."""

    def on_opened(self, title: str, frame_count: int | None, remaining: int) -> None:
        """A source is open; it claims so many frames, and so many sources come after it."""

    def on_done(self, result: Record, is_picture: bool) -> None:
        """One frame is done; `result` as of `facecam.saving.export.record`."""

    def on_problem(self, sentence: str) -> None:
        """Something couldn't be read, or has to be done again."""


class Pool(Protocol):
    """Several that work at once."""

    def results(self, parts: Iterable[Task | Piece], tell: Callable[[str], None]) -> Iterator[Any]:
        """`Worker.result` of each, in their order; None of a piece that got lost, after a sentence. Raises
        FacecamError."""


class Summary(msgspec.Struct, tag=True):
    """What became of a batch.

    without_faces: inputs in which none was found. failed: why inputs that were named could not be read; skipped: why
    those found in folders could not, by input. damaged: what could not be read of the others, by input; is_whole: of
    none of those that were named. converted: what copies could not keep, by input. others: files of the folders that
    are neither pictures nor videos, by suffix. copies: so many were made; renamed: those that are not called as their
    originals. resumed: inputs that an earlier run had done. detector_s: spent there. error: why it ended early;
    stopped: somebody wanted it to.
    """

    files: int = 0
    frames: int = 0
    frames_with_faces: int = 0
    faces: int = 0
    without_faces: list[str] = []
    failed: list[str] = []
    skipped: dict[str, str] = {}
    damaged: dict[str, list[str]] = {}
    is_whole: bool = True
    converted: dict[str, list[str]] = {}
    others: dict[str, int] = {}
    copies: int = 0
    renamed: list[str] = []
    resumed: int = 0
    detector_s: float = 0.0
    error: str | None = None
    stopped: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether everything was read, and every copy kept what its original has."""
        return not (self.failed or self.skipped or self.damaged or self.converted)

    @property
    def told(self) -> dict[str, list[str]]:
        """Names for people, under headings."""
        return {
            "No face found in": self.without_faces,
            "Read in part": [f"{name} ({'; '.join(what)})" for name, what in self.damaged.items()],
            "Not kept in the copies": [f"{name} ({'; '.join(what)})" for name, what in self.converted.items()],
            "Copies under another name": self.renamed,
            "Neither pictures nor videos": [
                f"{count} {kind or 'without a suffix'}" for kind, count in self.others.items()
            ],
        }

    def add(self, outcome: Outcome) -> None:
        """Counts an input in."""
        self.frames += outcome.frames
        self.frames_with_faces += outcome.frames_with_faces
        self.faces += outcome.faces
        self.detector_s += outcome.detector_s
        if outcome.problem is not None:
            if outcome.in_folder:
                self.skipped[outcome.source] = outcome.problem
            else:
                self.failed.append(outcome.problem)
            return
        self.files += 1
        self.copies += outcome.copy is not None
        self._add_told(outcome)

    def add_resumed(self, outcome: Outcome) -> None:
        """Counts an input in that an earlier run has done: what was told of it may have been overheard."""
        self.resumed += 1
        self._add_told(outcome)

    def _add_told(self, outcome: Outcome) -> None:
        if not outcome.faces:
            self.without_faces.append(outcome.source)
        if outcome.damage:
            self.damaged[outcome.source] = outcome.damage
            self.is_whole &= outcome.in_folder
        if outcome.converted:
            self.converted[outcome.source] = outcome.converted
        if outcome.copy is not None and outcome.copy.name != Path(outcome.source).name:
            self.renamed.append(f"{outcome.source} ({outcome.copy.name})")


class Batch:
    """Runs sources through a detector one after the other and writes the results as they come.

    specs: arguments as `Gathered` takes them. options: what is done with each. worker: does it in this process.
    listener: is told what happens. json_path, csv_path: result files, replaced if they exist, or one of them
    STANDARD_OUTPUT. out_dir: folder for copies. regions: file of the regions of the one source that there is then, as
    of `Task`. resume: what an earlier run has done under the same options is left out. pool: several processes instead
    of this one; the caller closes it.

    An input is never overwritten: a result file that is an input is refused, and a copy gets another name. Of other
    files copies replace those of earlier runs. Raises FacecamError if an output can't be written.
    """

    def __init__(
        self,
        specs: Sequence[str],
        options: WorkOptions,
        worker: Worker,
        listener: BatchListener,
        *,
        json_path: Path | None = None,
        csv_path: Path | None = None,
        out_dir: Path | None = None,
        regions: Path | None = None,
        resume: bool = False,
        pool: Pool | None = None,
    ) -> None:
        self._options, self._worker, self._listener = options, worker, listener
        self._pool, self._resume = pool, resume
        if out_dir is not None and os.path.exists(out_dir) and not os.path.isdir(out_dir):
            raise FacecamError(f"{out_dir} is a file; name a folder for the copies.")
        gathered = Gathered(specs, out_dir)
        places = [None] * len(gathered.inputs) if out_dir is None else copy_places(out_dir, gathered.inputs)
        if regions is not None and len(gathered.inputs) != 1:
            raise FacecamError(f"Regions are of one file, and there are {len(gathered.inputs)}.")
        self.tasks = [Task(part, place, regions) for part, place in zip(gathered.inputs, places, strict=True)]
        self._problems = gathered.problems
        self.summary = Summary(others=gathered.others)
        self._results: list[tuple[type[JsonLines] | type[CsvTable], Path | None]]
        self._results = [(JsonLines, json_path), (CsvTable, csv_path)]
        files = [path for path in (json_path, csv_path) if path is not None and path != STANDARD_OUTPUT]
        written = [os.path.realpath(path) for path in (*files, regions) if path is not None]
        if len(set(written)) < len(written):
            raise FacecamError("JSON, CSV and regions need a file each; name another one.")
        if json_path == csv_path == STANDARD_OUTPUT:
            raise FacecamError("Either JSON or CSV can go to standard output; name a file for the other.")
        named = [*(part.spec for part in gathered.inputs), *map(str, gathered.lists)]
        originals = set(map(file_id, named)) - {None}
        for path in files:
            if file_id(path) in originals:
                raise FacecamError(f"{path} is an input and would be overwritten; choose another name for the results.")
            if path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES:  # as of `--json *.jpg`, which names the first
                raise FacecamError(f"{path} is named like a picture or a video; name a file for the results first.")
        lasting = [path for path in files if os.path.isfile(path) or not os.path.exists(path)]  # no pipe
        beside = out_dir or (lasting[0].parent if lasting else None)
        self._journal = None if beside is None else Journal(beside / NAME, options, files)
        if resume:
            if self._journal is None or STANDARD_OUTPUT in (json_path, csv_path):
                raise FacecamError("--resume goes on with results in files; name them with --out, --json or --csv.")
            done = [self._journal.outcome(task) for task in self.tasks]
            for outcome in filter(None, done):
                self.summary.add_resumed(outcome)
            self.tasks = [task for task, outcome in zip(self.tasks, done, strict=True) if outcome is None]

    def run(self) -> Summary:
        """Everything; an input that fails is told and counted, the others go on."""
        for sentence in self._problems:
            self._listener.on_problem(sentence)
            self.summary.failed.append(sentence)
        specs = [task.input.spec for task in self.tasks]
        left = {as_written(name) for spec in specs for name in (without_password(spec), str(named_path(spec)))}
        with ExitStack() as stack:
            keep = (lambda source: source not in left) if self._resume else None
            writers = [
                stack.enter_context(closing(kind(path, keep))) for kind, path in self._results if path is not None
            ]
            finished, journal = False, self._journal
            if journal is not None:
                journal.begin(anew=not self._resume)
                stack.callback(lambda: journal.close(finished))

            def on_record(result: Record, is_picture: bool) -> None:
                for writer in writers:
                    writer.write(result)
                self._listener.on_done(result, is_picture)

            for task, outcome in self._outcomes(on_record):
                self.summary.add(outcome)
                told = self._told(outcome)
                for writer in writers:
                    if told and isinstance(writer, JsonLines):
                        writer.write({"source": outcome.source, **told})
                if journal is not None and outcome.problem is None:
                    journal.add(task, outcome)
            self._tell_of_failed_folders()
            finished = not self._resume
        return self.summary

    def _tell_of_failed_folders(self) -> None:
        """A folder of which nothing could be read has failed, as a file does that is named."""
        tried = Counter(task.input.folder for task in self.tasks if task.input.folder is not None)
        failed = Counter(task.input.folder for task in self.tasks if task.input.spec in self.summary.skipped)
        for folder, count in tried.items():
            if count == failed[folder] and not self.summary.resumed:
                sentence = f"None of the {count} pictures and videos in the folder {folder} can be read."
                self._listener.on_problem(sentence)
                self.summary.failed.append(sentence)

    def _told(self, outcome: Outcome) -> Record:
        told: Record = {}
        if outcome.problem is not None:
            self._listener.on_problem(f"Skipped: {outcome.problem}" if outcome.in_folder else outcome.problem)
            told["skipped" if outcome.in_folder else "failed"] = outcome.problem
        if outcome.damage:
            told["damaged"] = outcome.damage
        if outcome.converted:
            told["converted"] = outcome.converted
        return told

    def _outcomes(self, on_record: OnRecord) -> Iterator[tuple[Task, Outcome]]:
        cuts = [self._cut(task, len(self.tasks) - index) for index, task in enumerate(self.tasks)]
        pool = None if cuts == [[]] else self._pool
        parts: list[Task | Piece] = []
        for task, pieces in zip(self.tasks, cuts, strict=True):
            parts += pieces or [task]
        results: Iterator[Any] = iter(()) if pool is None else pool.results(parts, self._listener.on_problem)
        for number, (task, pieces) in enumerate(zip(self.tasks, cuts, strict=True), 1):
            on_opened = partial(self._listener.on_opened, remaining=len(self.tasks) - number)
            if pool is None:
                yield task, self._worker.do(task, on_record, on_opened)
            elif pieces:
                found = islice(results, len(pieces))
                yield task, self._worker.do(task, on_record, on_opened, KnownFaces(pieces, found))
                deque(found, 0)  # of a file that ended early
            else:
                outcome, records = next(results)
                on_opened(Path(outcome.source).name, len(records))
                for result, is_picture in records:
                    on_record(result, is_picture)
                yield task, outcome

    def _cut(self, task: Task, left: int) -> list[Piece]:
        """Its pieces, where several can work at it and would have little else to do. left: it and the tasks after it.

        Each piece's frames are decoded twice, and copies are written here, one after the other: that is little beside a
        thorough search, and much beside a quick one.
        """
        known = task.regions is not None and are_there(task.regions)
        if self._pool is None or known or self._options.seconds is not None:
            return []
        return cut(task.input) if left <= (_CUT_OF_THOROUGH if self._options.thorough else 1) else []
