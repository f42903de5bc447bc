"""From runs to a result: its records, its verdicts in words, and its headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from facecam.bench.machine import busy_beside, shared
from facecam.bench.measure import warnings
from facecam.bench.result import SCHEMA, BenchResult, Interim, Labels, LongRun, Machine, Peak, Run, Series
from facecam.detection.model import DEFAULT_MODEL, PAPER_MODEL
from facecam.detection.options import SUCCESSORS
from facecam.runtimes.engine import RUNTIMES, Precision
from facecam.runtimes.providers import CPU

PAPER_FPS, JOURNAL_FPS = 20.0, 28.0
"""FaceBoxes at VGA on one core of a Xeon E5-2660v3: the conference paper (2017) and the journal version (2019)."""
PAPER_GPU_FPS, JOURNAL_GPU_FPS = 125.0, 254.0
"""The same on a graphics card."""
PAPERS = "The paper's network, float32"
"""What a candidate that is both is called."""
_TELL_INT8 = {Precision.INT8, "avx512_vnni", "avx_vnni"}
"""What tells that int8 can be had: a machine's precisions, or in early results the processor's flags."""


def report(
    machine: Machine, peak: Peak | None, runs: Sequence[Run], started: str, long: LongRun | None = None
) -> BenchResult:
    """The result of all runs. The first one is the main one: the verdicts are on its series."""
    judged = tuple(_judged(run, peak, machine) for run in runs)
    main = judged[0]
    return BenchResult(
        schema=SCHEMA,
        started=started,
        machine=machine,
        peak=None if peak is None else replace(peak, gflops=round(peak.gflops, 2)),
        runs=judged,
        warnings=(
            *machine_warnings(machine, _labels(main), main.load_percent),
            *(sentence for run in runs for sentence in warnings(run)),
        ),
        problems=main.problems,
        verdicts=tuple(verdict(main, series, machine) for series in main.series),
        long=long,
    )


def _judged(run: Run, peak: Peak | None, machine: Machine) -> Run:
    """The same with what the machine's state says against it, and compared with what its core could do."""
    problems = (*sharing(machine, _labels(run), run.load_percent), *run.problems)
    return replace(run, problems=problems, series=tuple(_beside(series, peak) for series in run.series))


def _labels(run: Run) -> list[Labels]:
    return [series.labels for series in run.series]


def sharing(machine: Machine, labels: Sequence[Labels], loads: Sequence[float]) -> list[str]:
    """Why the core was not alone, as sentences, where one core is what was measured. loads: of the cores meanwhile."""
    return list(shared(machine, loads)) if all(one.is_one_thread for one in labels) else []


def _beside(series: Series, peak: Peak | None) -> Series:
    """The same compared with what the core could do."""
    adds = series.labels.multiply_adds
    if peak is None or not adds:
        return series
    floor_ms = 2 * adds / peak.gflops / 1e6
    exact = series.network_ms if series.labels.precision == Precision.F32 else None  # as the peak is
    return replace(
        series,
        floor_ms=round(floor_ms, 4),
        times_floor=round(series.cpu_ms.p50 / floor_ms, 4),
        network_of_peak=None if exact is None else round(floor_ms / exact.p50, 4),
    )


def machine_warnings(machine: Machine, labels: Sequence[Labels], loads: Sequence[float]) -> list[str]:
    """What should be known of the machine besides. labels: of what was measured; loads: of the cores meanwhile."""
    found = []
    beside = busy_beside(machine, loads)
    if beside is not None:
        found.append(f"Other cores were busy ({beside}), which may have slowed down the measured one.")
    if machine.power == "battery":
        found.append("The machine runs on battery, which may slow it down.")
    if machine.pinned_core is None and all(one.provider == CPU for one in labels):
        found.append("The thread is not pinned to a core: this system can't.")
    return found


# In words


def verdict(run: Run, series: Series, machine: Machine) -> str:
    """What the run shows about this series, in words; nothing, when it has problems, which are told beside it.

    That other cores were busy is part of the words, so that nobody quotes one without the other.
    """
    labels = series.labels
    name = labels.candidate
    if run.problems:
        return f"{name}: no verdict."
    fps = series.fps
    on_card = labels.provider != CPU
    if on_card:
        text = f"{name}: {fps:.0f} FPS"
    elif machine.pinned_core is None:
        text = f"{name}: {fps:.0f} FPS with one thread, not pinned, on {machine.cpu}"
    else:
        text = f"{name}: {fps:.0f} FPS on one core of {machine.cpu}"
    if (labels.width, labels.height) == (640, 480):
        where = "on a graphics card (2017)" if on_card else "(2017, E5-2660v3)"
        text += f", {_beside_the_papers(fps, on_card, where)}"
    beside = busy_beside(machine, run.load_percent)
    return text + ("." if beside is None else f"; other cores were busy ({beside}).")


def _beside_the_papers(fps: float, on_card: bool, where: str) -> str:
    paper, journal = (PAPER_GPU_FPS, JOURNAL_GPU_FPS) if on_card else (PAPER_FPS, JOURNAL_FPS)
    return (
        f"{fps / paper:.1f} times the paper's {paper:.0f} FPS {where}"
        f" and {fps / journal:.1f} times the {journal:.0f} FPS of its journal version"
    )


@dataclass(frozen=True)
class Headline:
    """What a result comes to.

    figures: of the paper's network, and of what Live runs here; none without a verdict.
    place: on what.
    against: the first figure beside the papers' figures, or why there is none.
    caution: what else to know, such as other cores that were busy, a line each; empty where there is nothing.
    """

    figures: tuple[Bar, ...]
    place: str
    against: str
    caution: str = ""

    @property
    def trusted(self) -> bool:
        """Whether there is a verdict."""
        return bool(self.figures)

    @property
    def figure(self) -> str:
        """The first figure, or that there is none."""
        return self.figures[0].figure if self.figures else "No verdict"


def headline(result: BenchResult) -> Headline:
    """What a result comes to. Without trust in its wall times there is no figure, only the reason."""
    series, machine = main_series(result), result.machine
    place = f"on {'one core of ' * (machine.pinned_core is not None)}{machine.cpu}"
    place += ", in float32 only" * (machine.precisions == (Precision.F32,))
    if result.problems:
        return Headline((), place, result.problems[0], "\n".join([*result.problems[1:], *result.warnings]))
    against = _beside_the_papers(series.fps, series.labels.provider != CPU, "(2017)")
    return Headline(figures(bars(result)), place, against, "\n".join(result.warnings))


def main_series(result: BenchResult) -> Series:
    """The series that stands for the result: the first model in its fastest engine among the exact ones."""
    return next(one for one, bar in zip(result.runs[0].series, bars(result), strict=True) if bar.role is Role.EXACT)


class Role(Enum):
    """What a candidate of the main run stands for."""

    EXACT = "the first model in its fastest engine among the exact ones"
    LIVE = "what the Live tab would choose: the default model in its fastest engine, whatever the precision"


@dataclass(frozen=True)
class Bar:
    """A candidate of the main run as a picture shows it.

    fps: by the median wall time.
    before_fps: of the same in another result, to compare with.
    """

    labels: Labels
    fps: float
    role: Role | None = None
    before_fps: float | None = None

    @property
    def name(self) -> str:
        """Network and engine: "faceboxes-s8 · openvino int8"."""
        return f"{self.labels.model_words} · {self.labels.engine_words}"

    @property
    def words(self) -> str:
        """Accuracy, network and engine: "AP 0.854 · faceboxes-s8 · openvino int8"."""
        return " · ".join(filter(None, (self.labels.accuracy_words, self.name)))

    @property
    def title(self) -> str:
        """What its large figure is of."""
        if self.role is Role.LIVE:
            return "What Live runs here"
        return self.network

    @property
    def network(self) -> str:
        """The network and its precision: "faceboxes-s8, int8", or PAPERS."""
        model = "The paper's network" if self.labels.model_words == PAPER_MODEL else self.labels.model_words
        return f"{model}, {'float32' if self.labels.precision == Precision.F32 else self.labels.precision}"

    @property
    def figure(self) -> str:
        """ "130 FPS"."""
        return f"{self.fps:.0f} FPS"

    @property
    def speed(self) -> str:
        """Frames a second, and those before where there are such: "199", "100 → 199"."""
        return f"{self.fps:.0f}" if self.before_fps is None else f"{self.before_fps:.0f} → {self.fps:.0f}"

    @property
    def most_fps(self) -> float:
        """The higher of the two."""
        return max(self.fps, self.before_fps or 0.0)


def bars(measured: BenchResult | Interim) -> list[Bar]:
    """The main run as a picture, in the order in which it is measured."""
    if isinstance(measured, Interim):
        timed = [(labels, time_ms, time_ms) for labels, time_ms in measured.figures]
    else:
        timed = [(one.labels, one.cpu_ms.p50, one.total_ms.p50) for one in measured.runs[0].series]
    roles = _roles([(labels, cpu_ms) for labels, cpu_ms, _ in timed])
    if not isinstance(measured, Interim) and _left_int8_out(measured):
        roles = {index: role for index, role in roles.items() if role is not Role.LIVE}
    return [Bar(labels, 1000 / wall_ms, roles.get(index)) for index, (labels, _, wall_ms) in enumerate(timed)]


def _roles(timed: Sequence[tuple[Labels, float]]) -> dict[int, Role]:
    """The role of a candidate by its place in the run. timed: the candidates with their CPU times."""
    by_time = sorted(range(len(timed)), key=lambda index: timed[index][1])
    of_first = [index for index in by_time if timed[index][0].model_sha256 == timed[0][0].model_sha256]
    exact = [index for index in of_first if timed[index][0].precision == Precision.F32]
    live = [index for index in by_time if _may_be_live(timed[index][0])]
    return {index: Role.LIVE for index in live[:1]} | {index: Role.EXACT for index in (exact or of_first)[:1]}


def _left_int8_out(result: BenchResult) -> bool:
    """Whether int8, which Live would choose on such a processor, was not to be measured (`--precision f32`)."""
    in_int8 = any(one.labels.precision == Precision.INT8 for one in result.runs[0].series)
    return not in_int8 and not _TELL_INT8.isdisjoint((*result.machine.precisions, *result.machine.flags))


def _may_be_live(labels: Labels) -> bool:
    model = labels.model or ""
    is_default = SUCCESSORS.get(model, model) == DEFAULT_MODEL and not labels.own
    return is_default and labels.runtime in RUNTIMES and labels.is_one_thread


def figures(shown: Sequence[Bar]) -> tuple[Bar, ...]:
    """Those of a main run that are shown as large figures."""
    return tuple(bar for role in Role for bar in shown if bar.role is role)
