"""FaceDetector: a BGR frame in, faces out, on the calling thread and no other (unless it is given more).

from facecam.detection.detector import FaceDetector
detections = FaceDetector().detect(frame)  # (H, W, 3) uint8 BGR
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.detection.engine_choice import EngineChoice
from facecam.detection.frame_plan import MIN_SIDE_PX, Plan
from facecam.detection.model import load_model
from facecam.errors import FacecamError
from facecam.faces.boxes import NMS_IOU, VOTES_FROM, VOTING_IOU, Detections, decode, nms, vote
from facecam.runtimes.engine import (
    AUTO,
    BF16,
    CHOICES,
    F32,
    MAX_THREADS,
    ONNX_RUNTIME,
    OPENVINO,
    PRECISION_CHOICES,
    Engine,
    Runtime,
    RuntimeFailure,
    runtimes_for,
)
from facecam.runtimes.providers import CPU, check_provider
from facecam.system.cpu import pinned

_MAX_SIDE_PX = 16384
_KEEP_PLANS = 4
_MAX_CANDIDATES = 2000
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


class FaceDetector:
    """Finds faces in frames of any size, in the calling thread.

    model: a shipped model's name ("faceboxes"), or the path of an ONNX file of ours. threshold: lowest score that is a
    face (None: the model's own). nms: overlap (IoU) above which the weaker of two boxes goes. core: the core that
    `detect` pins the calling thread to while it runs (None: the caller sees to that, with `facecam.system.cpu.pinned`).
    size: (width, height) that larger frames are scaled down to (turned for portrait frames); None: always native.
    runtime: "onnxruntime", "openvino" (an extra to install), or "auto": the faster of those installed, found by a trial
    in the calling thread of less than a second once a size of frame has come up often, and remembered on this machine.
    precision: "f32", "bf16" (OpenVINO, on processors that compute in it: scores differ in the third digit), "int8"
    (on processors that add up products of bytes, if there is a NAME-int8-RUNTIME.onnx beside the model: they differ in
    the second), or "auto": the fastest one, by the same trial. threads: that compute, the calling one included.
    provider: of ONNX Runtime, a name of `facecam.runtimes.providers`, for graphics cards. in_background: frames go on
    while another thread makes the engines ready that are to be tried, which takes up to a second: for live pictures.

    `threshold` and `nms` may be set from any thread at any time. `detect` may be called from several threads; the calls
    take turns. Raises ModelError if the model can't be used.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        threshold: float | None = None,
        nms: float = NMS_IOU,
        core: int | None = None,
        size: tuple[int, int] | None = (640, 480),
        runtime: str = AUTO,
        precision: str = F32,
        threads: int = 1,
        provider: str = CPU,
        in_background: bool = False,
    ) -> None:
        if size is not None and min(size) < MIN_SIDE_PX:
            raise FacecamError(f"The detector's size must be at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels.")
        if runtime not in CHOICES:
            raise FacecamError(f"There is no runtime {runtime}; there are {', '.join(CHOICES)}.")
        if precision not in PRECISION_CHOICES:
            raise FacecamError(f"There is no precision {precision}; there are {', '.join(PRECISION_CHOICES)}.")
        if not 1 <= threads <= MAX_THREADS:
            raise FacecamError(f"The number of threads must lie between 1 and {MAX_THREADS}, not {threads}.")
        check_provider(provider)
        if runtime == AUTO and precision == BF16:
            runtime = OPENVINO  # no other has it
        if runtime == AUTO and provider != CPU:
            runtime = ONNX_RUNTIME
        runtimes = runtimes_for(runtime)
        self._model = load_model(model)
        self.name = self._model.name
        _logger.info("the detector %s is loaded from %s", self.name, self._model.path)
        self.model_hash = self._model.sha256
        self.threshold = self._model.threshold if threshold is None else threshold
        self.nms = nms
        self.core = core
        self.size = size
        self.timings = Timings(0.0, 0.0, 0.0)
        self._plans: OrderedDict[tuple[int, int, tuple[int, int] | None], Plan] = OrderedDict()
        self._lock = threading.Lock()
        self._choice = EngineChoice(self._model, Engine(runtime, precision, threads, provider), runtimes, in_background)
        self._engine = self._choice.first
        if self._engine != Engine():
            self._model.prepare(self._engine)  # so that what is missing is told now

    @property
    def runtime(self) -> str:
        """The runtime that computed the last frame ("onnxruntime" or "openvino"), or will compute the first."""
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
    def threshold(self) -> float:
        """Lowest score that is a face, in 0..1."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._threshold = _fraction(value, "threshold")

    @property
    def nms(self) -> float:
        """Overlap (IoU) of two boxes above which the weaker one goes, in 0..1."""
        return self._nms

    @nms.setter
    def nms(self, value: float) -> None:
        self._nms = _fraction(value, "NMS overlap")

    def detect(self, frame: npt.NDArray[np.uint8]) -> Detections:
        """Faces in a frame, (H, W, 3) uint8 BGR; boxes in the frame's own pixels, clipped to it, best first.

        Raises FacecamError if the array is of another kind. `timings` then tells how long this call took.
        """
        _check_frame(frame)
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
        return detections

    def use(self, engine: Engine, runtime: Runtime) -> None:
        """Computes in a runtime from elsewhere from now on: for comparisons. engine: what it is called."""
        with self._lock:
            self._model.add(engine, runtime)
            self._choice.settle(engine)
            self._engine = engine
            self._plans.clear()

    def prepared(self, height: int, width: int) -> Plan:
        """The kept buffers and the bound network for frames of that size: for measuring parts of a detection."""
        with self._lock:
            return self._plan(height, width)

    def _plan(self, height: int, width: int) -> Plan:
        """The kept buffers for frames of this size; those of a few sizes are kept, for folders of mixed pictures."""
        key = (height, width, self.size)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = Plan(self._model, height, width, self.size, self._choice.first)
            if len(self._plans) > _KEEP_PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        self._choice.look(plan)
        self._engine = plan.network.engine
        return plan

    def _run(self, plan: Plan, frame: npt.NDArray[np.uint8]) -> None:
        try:
            plan.network.infer()
        except RuntimeFailure as error:
            self._choice.give_up(plan, error)
            self._engine = plan.network.engine
            plan.network.fill(plan.scaled(frame))
            plan.network.infer()

    def _select(self, plan: Plan) -> Detections:
        """Decodes only what passes the threshold or may vote, and of that the best 2000: at threshold 0 everything
        passes."""
        network = plan.network
        limit, voting = (
            _logit(score) if network.logits else score for score in (self._threshold, min(self._threshold, VOTES_FROM))
        )
        (passed,) = (network.scores >= voting).nonzero()
        if len(passed) > _MAX_CANDIDATES:
            best = np.argpartition(network.scores[passed], -_MAX_CANDIDATES)[-_MAX_CANDIDATES:]
            passed = passed[np.sort(best)]
        faces = network.scores[passed] >= limit
        if not faces.any():
            return Detections.none()
        offsets, scores = network.take(passed)
        with np.errstate(over="ignore", invalid="ignore"):  # a bad model may give anything; such boxes go below
            if network.logits:
                scores = np.float32(1) / (np.float32(1) + np.exp(-scores))
            boxes = decode(offsets, plan.anchors.take(passed, 0), self._model.variances)
            boxes *= plan.scale_xy
        usable = np.isfinite(boxes)
        if not usable.all():
            whole = usable.all(axis=1)
            boxes, scores, faces = boxes[whole], scores[whole], faces[whole]
        (found,) = faces.nonzero()
        keep = found[nms(boxes[found], scores[found], self._nms)]
        # Boxes that the user wants apart must not vote for each other.
        boxes, scores = vote(boxes, scores, keep, max(VOTING_IOU, self._nms)), scores[keep]
        np.clip(boxes, 0, plan.limit, out=boxes)
        inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        if not inside.all():
            boxes, scores = boxes[inside], scores[inside]
        return Detections(np.asarray(boxes, np.float32), np.asarray(scores, np.float32))


def _logit(probability: float) -> float:
    """The logit whose sigmoid, in float32, is at least that probability; of 1, the lowest one that rounds to 1."""
    if probability <= 0:
        return -math.inf
    return 16.64 if probability >= 1 else math.log(probability / (1 - probability))


def _fraction(value: float, name: str) -> float:
    value = float(value)
    if not 0.0 <= value <= 1.0:
        raise FacecamError(f"The {name} must lie between 0 and 1, not {value:g}.")
    return value


def _check_frame(frame: object) -> None:
    if not isinstance(frame, np.ndarray):
        raise FacecamError(f"A frame is a numpy array of shape (height, width, 3), not {type(frame).__name__}.")
    if frame.dtype != np.uint8:
        raise FacecamError(f"A frame holds uint8 values from 0 to 255, not {frame.dtype}.")
    if frame.ndim != 3 or frame.shape[2] != 3:
        kind = {2: "a grey picture", 3: "not BGR"}.get(frame.ndim, "not a picture")
        if frame.ndim == 3 and frame.shape[2] == 4:
            kind = "a picture with transparency"
        hint = {"a grey picture": "GRAY2BGR", "a picture with transparency": "BGRA2BGR"}.get(kind)
        convert = f"; convert it with cv2.cvtColor(frame, cv2.COLOR_{hint})" if hint else ""
        raise FacecamError(f"A frame has the shape (height, width, 3), but {frame.shape} is {kind}{convert}.")
    height, width = frame.shape[:2]
    if not (0 < height <= _MAX_SIDE_PX and 0 < width <= _MAX_SIDE_PX):
        raise FacecamError(f"A frame has 1 to {_MAX_SIDE_PX} pixels a side, not {width} x {height}.")
