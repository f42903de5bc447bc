"""A benchmark's result: frozen records, and the JSON file that holds them.

Every field of a record is a key of the file; `msgspec.json.schema(BenchResult)` is the file's JSON Schema. What the
decoder lets through can be shown, compared and drawn: numbers are finite, and no median is zero.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from facecam.errors import FacecamError
from facecam.runtimes.engine import Engine, Precision
from facecam.runtimes.providers import CPU
from facecam.system.files import reading

SCHEMA: Literal[2] = 2
PERCENTS = (10, 50, 90, 95, 99)

Finite = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""Finite, as JSON requires, which Python's reader doesn't check."""
Milliseconds = Annotated[float, Meta(ge=0, le=1e12)]
Positive = Annotated[float, Meta(ge=1e-6, le=1e12)]
Times = tuple[Milliseconds, ...]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine as it was before the run: what a figure can't be understood without. None: the system doesn't tell.

    flags: of the processor, those that matter.
    cores: that this process may use.
    pinned_core: that the thread was pinned to; None where threads can't be pinned.
    core_siblings: other numbers of that core's hyper-threads; missing in early results.
    power: mains or battery.
    load_before_percent: of each core.
    busy_before: whether any core was busy.
    precisions: that can be had here; missing in early results.
    memory_mib: of the machine.
    versions: of what computes, None for what is not installed.
    """

    cpu: str
    flags: tuple[str, ...]
    cores: int
    pinned_core: int | None
    core_siblings: tuple[int, ...] = ()
    governor: str | None
    power: str | None
    load_before_percent: tuple[Finite, ...]
    busy_before: bool
    precisions: tuple[str, ...] = ()
    memory_mib: int
    system: str
    architecture: str
    python: str
    versions: dict[str, str | None]


@dataclass(frozen=True)
class Peak:
    """A core's peak.

    gflops: 10^9 floating-point operations a second; a multiply-add counts two.
    method: how it was measured.
    """

    gflops: Positive
    method: str


@dataclass(frozen=True)
class Labels:
    """What tells a series from the others; None where it doesn't apply.

    model: its name.
    family: facecam, ultralight, yunet or gallery.
    format: 1 for a plain export.
    what: of the gallery, what was made.
    width, height: of the frame in pixels.
    faces: in the frame.
    faces_found: of these.
    multiply_adds: of the network at that size.
    average_precision: of the network in that precision, as its file tells.
    own: whether it is a detector of ours that did not come with the program; missing in early results.
    """

    model: str | None = None
    model_sha256: str | None = None
    family: str | None = None
    format: int | None = None
    runtime: str | None = None
    precision: str = Precision.F32
    threads: int = 1
    provider: str = CPU
    what: str | None = None
    width: int | None = None
    height: int | None = None
    faces: int | None = None
    faces_found: int | None = None
    multiply_adds: Finite | None = None
    average_precision: Annotated[float, Meta(ge=0, le=1)] | None = None
    own: bool = False

    @property
    def model_words(self) -> str:
        """The model's name, with the start of its hash unless it comes with the program: all trainings of one topology
        have its name. The same network may come as a plain export and as the fast graph."""
        name = f"{self.model} {str(self.model_sha256)[:8]}" if self.own else str(self.model)
        return f"{name} (plain)" if self.format == 1 else name

    @property
    def engine_words(self) -> str:
        """What computes, with what is out of the ordinary about it: "openvino bf16", "onnxruntime 2 threads"."""
        return str(Engine(self.runtime, self.precision, self.threads, self.provider))  # type: ignore[arg-type]

    @property
    def size_words(self) -> str:
        """ "640x480"."""
        return f"{self.width}x{self.height}"

    @property
    def faces_words(self) -> str:
        """ "1 face", "20 faces"."""
        return "1 face" if self.faces == 1 else f"{self.faces} faces"

    @property
    def accuracy_words(self) -> str:
        """ "AP 0.852", or nothing."""
        return "" if self.average_precision is None else f"AP {self.average_precision:.3f}"

    @property
    def candidate(self) -> str:
        """Model and engine: "faceboxes openvino int8"."""
        words = [self.model_words] if self.model else []
        words += [self.engine_words] if self.runtime else []
        return " ".join(words) or "the benchmark"

    @property
    def words(self) -> str:
        """All of it: "faceboxes openvino int8 640x480 20 faces"."""
        words = [self.candidate]
        words += [self.size_words] if self.width else []
        words += [self.faces_words] if self.faces is not None else []
        return " ".join(words)

    @property
    def is_one_thread(self) -> bool:
        """Whether the calling thread does all of the computing, so that its CPU time is that of the detection."""
        return self.threads == 1 and self.provider == CPU

    @property
    def comparable(self) -> Labels:
        """Without what may differ between two results of the same network. Hashable."""
        return replace(self, own=False, family=None, faces_found=None, multiply_adds=None, average_precision=None)


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of the times of a series."""

    p10: Milliseconds
    p50: Positive
    p90: Milliseconds
    p95: Milliseconds
    p99: Milliseconds

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> Percentiles:
        """times_ms: at least one."""
        return cls(*rounded(np.percentile(times_ms, PERCENTS)))


@dataclass(frozen=True)
class Series:
    """One candidate on one frame.

    warm_up_ms: wall times before.
    total_ms: wall time of a detection.
    cpu_ms: CPU time of the thread.
    pre_ms, network_ms, post_ms: parts of the wall time; None where unknown.
    spread: (p90 - p10) / p50 of the wall times.
    slowing: median CPU time, last fifth over first fifth.
    floor_ms: 2 multiply-adds / peak.
    times_floor: cpu_ms.p50 / floor_ms.
    network_of_peak: floor_ms over the median of network_ms.
    series_ms: wall time of each detection, in order.
    """

    labels: Labels
    detections: int
    warm_up_ms: Times
    total_ms: Percentiles
    cpu_ms: Percentiles
    pre_ms: Percentiles | None
    network_ms: Percentiles | None
    post_ms: Percentiles | None
    spread: Finite
    slowing: Finite
    floor_ms: Finite | None
    times_floor: Finite | None
    network_of_peak: Finite | None
    series_ms: Annotated[Times, Meta(min_length=1)]

    @classmethod
    def of(
        cls,
        labels: Labels,
        warm_up_ms: Sequence[float],
        total_ms: Sequence[float],
        cpu_ms: Sequence[float],
        parts_ms: Sequence[tuple[float, float, float]] = (),
    ) -> Series:
        """The record of the times of each detection, in order, not compared with a peak yet. parts_ms: before the
        network, in it and after it; empty where unknown."""
        total = Percentiles.of(total_ms)
        first_ms, last_ms = outer_fifths(cpu_ms)
        pre, network, post = map(Percentiles.of, zip(*parts_ms, strict=True)) if parts_ms else (None,) * 3
        return cls(
            labels,
            len(total_ms),
            rounded(warm_up_ms),
            *(total, Percentiles.of(cpu_ms), pre, network, post),
            spread=round((total.p90 - total.p10) / total.p50, 4),
            slowing=round(last_ms / max(1e-9, first_ms), 4),
            floor_ms=None,
            times_floor=None,
            network_of_peak=None,
            series_ms=rounded(total_ms),
        )

    @property
    def fps(self) -> float:
        """Detections a second, by the median."""
        return 1000 / self.total_ms.p50


@dataclass(frozen=True, kw_only=True)
class Run:
    """One alternating run.

    cpu_over_wall: CPU time of the process over wall time.
    own_cpu_over_wall: CPU time of the measuring thread over wall time.
    busy_threads: threads that computed.
    load_percent: of each core of the machine meanwhile, of all programs together; empty where unknown.
    problems: why its wall times can't be trusted, as sentences.
    """

    title: str
    wall_s: Finite
    cpu_over_wall: Finite
    own_cpu_over_wall: Finite
    busy_threads: int
    load_percent: tuple[Finite, ...] = ()
    problems: tuple[str, ...]
    series: Annotated[tuple[Series, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class Stretch:
    """A part of a long run.

    time_s: its end, from the start.
    p50_ms, p99_ms: wall times of a detection.
    cpu_ms: median CPU time.
    memory_mib: resident.
    celsius, mhz: of the processor, and of the measured core; None where the system doesn't tell.
    """

    time_s: Finite
    detections: int
    p50_ms: Milliseconds
    p99_ms: Milliseconds
    cpu_ms: Milliseconds
    memory_mib: Finite
    celsius: Finite | None
    mhz: Finite | None


@dataclass(frozen=True)
class LongRun:
    """The same detection for minutes.

    words: what it showed.
    drift: median CPU time of the last fifth over that of the first; above 1 where the machine slows down.
    memory_growth_mib: from the first fifth to the last.
    problems: what disturbed it.
    points: its stretches in order.
    """

    labels: Labels
    words: str
    drift: Finite
    memory_growth_mib: Finite
    problems: tuple[str, ...]
    points: Annotated[tuple[Stretch, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class BenchResult:
    """All that `facecam bench` has measured.

    started: ISO 8601, UTC.
    runs: the first is the main one.
    problems: of the main run; while there is any, there is no verdict.
    verdicts: on each series of the main run.
    long: where asked for.
    """

    schema: Literal[2]
    started: str
    machine: Machine
    peak: Peak | None
    runs: Annotated[tuple[Run, ...], Meta(min_length=1)]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]
    verdicts: tuple[str, ...]
    long: LongRun | None

    @property
    def when(self) -> str:
        """When it was measured, for people."""
        return f"{self.started.replace('T', ' ')[:16]} UTC"


@dataclass(frozen=True)
class Interim:
    """What is known while the main run goes on: no verdict, and part of no result.

    share: of its time that is over; 0 while candidates are made ready.
    figures: labels and median wall time so far, in milliseconds, of each candidate that has one.
    """

    share: float
    figures: tuple[tuple[Labels, Positive], ...]


def outer_fifths(values: Sequence[float]) -> tuple[float, float]:
    """The medians of the first fifth and of the last."""
    fifth = max(1, len(values) // 5)
    return float(np.median(values[:fifth])), float(np.median(values[-fifth:]))


def rounded(values: Any) -> tuple[float, ...]:
    """Rounded to the precision that a file keeps."""
    return tuple(round(float(value), 4) for value in values)


# The file


def to_json(result: Any) -> str:
    """The content of the file of a result, or of another record."""
    return json.dumps(msgspec.to_builtins(result), indent=1) + "\n"


def to_line(interim: Interim) -> str:
    """One line that `from_line` reads, for another process."""
    return msgspec.json.encode(interim).decode()


def from_line(line: bytes) -> Interim | None:
    """What is known so far, from a line of another process; None if it tells something else."""
    try:
        return msgspec.json.decode(line, type=Interim)
    except msgspec.MsgspecError:
        return None


def load(path: Path) -> BenchResult:
    """A result from its file. Raises FacecamError if it isn't one, or of another schema, or damaged."""
    try:
        with reading(path, FacecamError):
            content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FacecamError(f"{path} is not a benchmark's result (no JSON).") from error
    if not isinstance(content, dict) or "schema" not in content or not isinstance(content.get("runs"), list):
        raise FacecamError(f"{path} is not a benchmark's result; `facecam bench --json FILE` writes one.")
    if content["schema"] != SCHEMA:
        raise FacecamError(f"{path} {_another_schema(content['schema'])}.")
    try:
        return msgspec.convert(content, BenchResult)
    except UnicodeError as error:  # half a character, which JSON can escape
        raise FacecamError(f"{path} is a damaged result: not all of its text is text; measure again.") from error
    except msgspec.ValidationError as error:
        raise FacecamError(f"{path} is a damaged result: {_place_first(str(error))}; measure again.") from error


def _place_first(message: str) -> str:
    """ "Expected `float`, got `str` - at `$.runs[0].wall_s`" as "runs[0].wall_s is wrong (expected `float`, ...)"."""
    what, _, place = message.partition(" - at `$")
    place = place.strip("`.")
    missing = what.removeprefix("Object missing required field ")
    if missing != what:
        return f"{place}{'.' * bool(place)}{missing.strip('`')} is missing"
    return f"{place or 'the whole'} is wrong ({what[:1].lower()}{what[1:]})"


def _another_schema(schema: Any) -> str:
    if isinstance(schema, int) and schema > SCHEMA:
        return f"comes from a newer facecam (schema {schema}, this one reads {SCHEMA}); update this one"
    return f"comes from an older facecam (schema {schema}, this one reads {SCHEMA}); measure again"
