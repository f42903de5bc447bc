"""FaceDetector: a BGR frame in, faces out, on the calling thread and no other (unless it is given more).

from facecam import FaceDetector
detections = FaceDetector().detect(frame)  # (H, W, 3) uint8 BGR
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.detection.engine_choice import EngineChoice
from facecam.detection.frame_plan import FramePlan
from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions, fraction, frame_size
from facecam.errors import FacecamError
from facecam.faces.boxes import Candidates, Detections, select
from facecam.runtimes.engine import Engine, Network, Runtime, RuntimeFailure, runtimes_for
from facecam.runtimes.onnx_runtime import check_provider
from facecam.system.cpu import pinned
from facecam.system.opencv import cv2

NO_BORDER = (0, 0, 0, 0)
_MAX_SIDE_PX = 65535
_KEEP_PLANS = 4
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timings:
    """Milliseconds of one detection: preprocessing, network, decoding and NMS."""

    pre_ms: float
    network_ms: float
    post_ms: float

    @property
    def total_ms(self) -> float:
        return self.pre_ms + self.network_ms + self.post_ms

    def __add__(self, other: Timings) -> Timings:
        return Timings(self.pre_ms + other.pre_ms, self.network_ms + other.network_ms, self.post_ms + other.post_ms)


class FaceDetector:
    """Finds faces in frames of any size, in the calling thread.

    options: how; the name or file of a model alone stands for `DetectorOptions(model)`.

    `threshold`, `nms`, `size` and `core` may be set from any thread at any time. `detect` may be called from several
    threads; the calls take turns. Pickled, for another process, it is opened anew there, by its options and these.
    Raises ModelError if the model can't be used, RuntimeFailure if the runtime is missing, FacecamError if the provider
    is.
    """

    def __init__(self, options: DetectorOptions | str | Path | None = None) -> None:
        self.options = options = options if isinstance(options, DetectorOptions) else DetectorOptions(options)
        check_provider(options.provider)
        wanted = options.engine
        runtimes = runtimes_for(wanted.runtime)
        self._model = load_model(options.model)
        self.name = self._model.name
        _logger.info("the detector %s is loaded from %s", self.name, self._model.path)
        self.model_hash = self._model.sha256
        self.threshold = self._model.threshold if options.threshold is None else options.threshold
        self.nms, self.core, self.size = options.nms, options.core, options.size
        self.border_px = NO_BORDER
        self.timings = Timings(0.0, 0.0, 0.0)
        self._plans: OrderedDict[tuple[int, int, tuple[int, int] | None], FramePlan] = OrderedDict()
        self._lock = threading.Lock()
        self._choice = EngineChoice(self._model, wanted, runtimes, options.in_background)
        self._engine = self._choice.first
        if self._engine != Engine():
            self._model.prepare(self._engine)  # so that what is missing is reported now

    def __reduce__(self) -> tuple[Any, ...]:
        options = replace(self.options, threshold=self.threshold, nms=self.nms, size=self.size, core=self.core)
        return type(self), (options,), {"border_px": self.border_px}

    @property
    def runtime(self) -> Runtime:
        """The runtime that computed the last frame, or will compute the first."""
        return self._engine.runtime

    @property
    def engine(self) -> Engine:
        """All of what computed the last frame, or will compute the first."""
        return self._engine

    @property
    def metadata(self) -> dict[str, Any]:
        """What the model file says about itself: data, licence, metrics and so on."""
        return self._model.metadata

    @property
    def metrics(self) -> Any:
        """What was measured of the network in the precision that computes, as its file says; None where it doesn't."""
        return self._model.file_of(self._engine).metadata.get("metrics")

    def false_share(self, threshold: float) -> float | None:
        """The share of the boxes from a threshold on that are no faces, 0..1, as measured on photos; None where the
        file doesn't say."""
        points = self._model.false_share
        if not points:
            return None
        return float(np.interp(threshold, [at for at, _ in points], [share for _, share in points]))

    @property
    def threshold(self) -> float:
        """Lowest score that is a face, in 0..1."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._threshold = fraction(value, "threshold")

    @property
    def nms(self) -> float:
        """Overlap (IoU) of two boxes above which the weaker one goes, in 0..1."""
        return self._nms

    @nms.setter
    def nms(self, value: float) -> None:
        self._nms = fraction(value, "NMS overlap")

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) px that larger frames are scaled down to; None: they are taken as they are."""
        return self._size

    @size.setter
    def size(self, value: tuple[int, int] | None) -> None:
        self._size = frame_size(value)

    def detect(self, frame: npt.NDArray[np.uint8]) -> Detections:
        """Faces in a frame, (H, W, 3) uint8 BGR; boxes in the frame's own pixels, clipped to it, best first.

        With `border_px` (top, bottom, left, right), the frame is mirrored that far beyond its edges, so that a face
        that these cut is one for the network too, and boxes reach as far. Raises FacecamError if the array is of
        another kind. `timings` then tells how long this call took.
        """
        _check_frame(frame)
        border_px = self.border_px
        if any(border_px):
            frame = np.asarray(cv2.copyMakeBorder(frame, *border_px, cv2.BORDER_REFLECT), np.uint8)
        with self._lock, nullcontext() if self.core is None else pinned(self.core):
            plan = self._plan(*frame.shape[:2])
            start_s = time.perf_counter()
            plan.network.fill(plan.scaled(frame))
            filled_s = time.perf_counter()
            self._run(plan, frame)
            run_s = time.perf_counter()
            detections = self._select(plan)
            end_s = time.perf_counter()
            self.timings = Timings((filled_s - start_s) * 1e3, (run_s - filled_s) * 1e3, (end_s - run_s) * 1e3)
        top, _, left, _ = border_px
        if top or left:
            detections = replace(detections, boxes=detections.boxes - np.array([left, top] * 2, np.float32))
        return detections

    def use(self, engine: Engine, runtime: Network) -> None:
        """Computes in a runtime from elsewhere from now on: for comparisons. engine: what it is called."""
        with self._lock:
            self._model.add(engine, runtime)
            self._choice.fix(engine)
            self._engine = engine
            self._plans.clear()

    def prepared(self, height: int, width: int) -> FramePlan:
        """The kept buffers and the bound network for frames of that size: for measuring parts of a detection."""
        with self._lock:
            return self._plan(height, width)

    def _plan(self, height: int, width: int) -> FramePlan:
        """The kept buffers for frames of this size; those of a few sizes are kept, for folders of mixed pictures."""
        key = (height, width, self.size)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = FramePlan(self._model, height, width, self.size, self._choice.first)
            if len(self._plans) > _KEEP_PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        self._choice.before_frame(plan)
        self._engine = plan.network.engine
        return plan

    def _run(self, plan: FramePlan, frame: npt.NDArray[np.uint8]) -> None:
        try:
            plan.network.infer()
        except RuntimeFailure as error:
            self._choice.fall_back(plan, error)
            self._engine = plan.network.engine
            plan.network.fill(plan.scaled(frame))
            plan.network.infer()

    def _select(self, plan: FramePlan) -> Detections:
        network = plan.network
        candidates = Candidates(network.offsets, network.scores, network.logits, plan.anchors, self._model.variances)
        threshold = _logit(self._threshold) if network.logits else self._threshold
        return select(candidates, threshold, self._nms, *plan.frame_size)


def _logit(probability: float) -> float:
    """The logit whose sigmoid, in float32, is at least that probability; of 1, the lowest one that rounds to 1."""
    if probability <= 0:
        return -math.inf
    return 16.64 if probability >= 1 else math.log(probability / (1 - probability))


def _check_frame(frame: object) -> None:
    if not isinstance(frame, np.ndarray):
        raise FacecamError(f"A frame is a numpy array of shape (height, width, 3), not {type(frame).__name__}.")
    if frame.dtype != np.uint8:
        raise FacecamError(f"A frame holds uint8 values from 0 to 255, not {frame.dtype}.")
    if frame.ndim != 3 or frame.shape[2] != 3:
        conversions = {(): "GRAY2BGR", (1,): "GRAY2BGR", (4,): "BGRA2BGR"}
        conversion = conversions.get(frame.shape[2:]) if frame.ndim > 1 else None
        hint = f"; convert it with cv2.cvtColor(frame, cv2.COLOR_{conversion})" if conversion else ""
        raise FacecamError(f"A frame has the shape (height, width, 3), not {frame.shape}{hint}.")
    height, width = frame.shape[:2]
    if not (0 < height <= _MAX_SIDE_PX and 0 < width <= _MAX_SIDE_PX):
        raise FacecamError(f"A frame has 1 to {_MAX_SIDE_PX} pixels a side, not {width} x {height}.")
