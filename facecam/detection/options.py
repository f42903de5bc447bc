"""DetectorOptions: how faces are to be detected, in one value."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from facecam.errors import FacecamError
from facecam.faces.boxes import NMS_IOU
from facecam.runtimes.engine import MAX_THREADS, PRECISION_CHOICES, RUNTIME_CHOICES, Engine, Precision, Runtime
from facecam.runtimes.providers import CPU, NAMES

MIN_SIDE_PX = 32
"""The network's smallest input; a smaller frame is filled up to it."""


DEFAULT_THRESHOLD = 0.5
"""For model files that state none. The shipped ones state theirs, which `train.faceboxes.protocols.threshold` chooses
and `train.faceboxes.export --threshold` writes."""


SUCCESSORS = {"faceboxes-s16": "faceboxes-s8"}
"""Networks that used to come with the program, and what is opened in their place."""


def successor_words(model: str) -> str:
    """The sentence that says so."""
    return f"The network {model} is gone; {SUCCESSORS[model]} is used, which finds more faces in less time."


@dataclass(frozen=True)
class DetectorOptions:
    """How a detector is to work. Immutable: `dataclasses.replace` makes another one.

    model: a shipped model's name ("faceboxes"), or the path of an ONNX file; None: the default one. The name of one of
    SUCCESSORS becomes that of its successor.
    threshold: lowest score that is a face, in 0..1; None: the model's own.
    nms: overlap (IoU) above which the weaker of two boxes goes, in 0..1.
    size: (width, height) px that larger frames are scaled down to, turned for portrait frames; None: always native.
    runtime: what computes; AUTO: the fastest of those installed, by a short trial whose result this machine remembers.
    precision: of the arithmetic; AUTO: the fastest one, by the same trial; None: F32, or AUTO for live pictures.
    threads: that compute, the calling one included.
    provider: of ONNX Runtime, a name of `facecam.runtimes.providers`, for graphics cards.
    core: that `detect` pins the calling thread to while it runs; None: the caller sees to that.
    in_background: another thread makes ready what the trial tries, while frames go on: for live pictures.

    Runtime and precision may be given by their values ("openvino", "int8"). Raises FacecamError for what can't be.
    """

    model: str | Path | None = None
    threshold: float | None = None
    nms: float = NMS_IOU
    size: tuple[int, int] | None = (640, 480)
    runtime: Runtime = Runtime.AUTO
    precision: Precision | None = None
    threads: int = 1
    provider: str = CPU
    core: int | None = None
    in_background: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", SUCCESSORS.get(str(self.model), self.model))
        if self.threshold is not None:
            object.__setattr__(self, "threshold", fraction(self.threshold, "threshold"))
        object.__setattr__(self, "nms", fraction(self.nms, "NMS overlap"))
        object.__setattr__(self, "size", frame_size(self.size))
        object.__setattr__(self, "threads", _whole(self.threads, "number of threads"))
        object.__setattr__(self, "core", None if self.core is None else _whole(self.core, "core"))
        if self.runtime not in RUNTIME_CHOICES:
            raise FacecamError(f"There is no runtime {self.runtime}; there are {', '.join(RUNTIME_CHOICES)}.")
        if self.precision is not None and self.precision not in PRECISION_CHOICES:
            raise FacecamError(f"There is no precision {self.precision}; there are {', '.join(PRECISION_CHOICES)}.")
        if not 1 <= self.threads <= MAX_THREADS:
            raise FacecamError(f"The number of threads must lie between 1 and {MAX_THREADS}, not {self.threads}.")
        if self.provider not in NAMES:
            raise FacecamError(f"There is no provider {self.provider}; there are {', '.join(NAMES)}.")
        object.__setattr__(self, "runtime", Runtime(self.runtime))
        object.__setattr__(self, "precision", None if self.precision is None else Precision(self.precision))

    @property
    def engine(self) -> Engine:
        """The engine that is asked for; its runtime and its precision may be AUTO."""
        runtime = self.runtime
        if runtime == Runtime.AUTO and self.precision == Precision.BF16:
            runtime = Runtime.OPENVINO  # no other has it
        if runtime == Runtime.AUTO and self.provider != CPU:
            runtime = Runtime.ONNX_RUNTIME
        return Engine(runtime, self.precision or Precision.F32, self.threads, self.provider)

    def for_live(self) -> DetectorOptions:
        """The same for pictures that don't wait: the precision is the fastest one unless it is given."""
        return replace(self, precision=self.precision or Precision.AUTO, in_background=True)

    def on(self, engine: Engine) -> DetectorOptions:
        """The same on that engine."""
        return replace(self, **asdict(engine))


def fraction(value: float, name: str) -> float:
    """The value, if it lies in 0..1. Raises FacecamError that calls it by that name."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise FacecamError(f"The {name} must lie between 0 and 1, not {value!r}.")
    return number


def frame_size(value: Iterable[int] | None) -> tuple[int, int] | None:
    """(width, height) that larger frames are scaled down to, or None. Raises FacecamError for what is neither."""
    if value is None:
        return None
    try:
        width, height = map(operator.index, value)
    except (TypeError, ValueError):
        raise FacecamError(f"The detector's size is (width, height) in pixels, or None, not {value!r}.") from None
    if min(width, height) < MIN_SIDE_PX:
        raise FacecamError(f"The detector's size must be at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels.")
    return width, height


def _whole(value: int, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise FacecamError(f"The {name} must be a whole number, not {value!r}.") from None
