"""Doubles, written once: detections, a detector and sources of frames that do what a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from facecam.arrays import Image
from facecam.detection.detector import Timings
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.runtimes.engine import Engine, Runtime
from facecam.sources import Frame, Source
from facecam.system.opencv import cv2
from tests.facecam.waiting import PATIENCE_S


def found(*faces: tuple[float, ...]) -> Detections:
    """Detections of faces (x1, y1, x2, y2, score); a score that is left out is 0.9."""
    rows = np.array([(*face, 0.9)[:5] for face in faces], np.float32).reshape(-1, 5)
    return Detections(rows[:, :4], rows[:, 4])


if TYPE_CHECKING:
    from facecam.detection.detector import FaceDetector as _Detector  # what it stands for; nothing of it runs
else:
    _Detector = object


class FakeDetector(_Detector):
    """Answers what `answer` makes of an image, as far as it reaches the threshold.

    answer: the faces, or what finds them in an image; one at a fixed place with a score of 0.8 if None. took_ms: what a
    detection is said to take. gated: each detection waits for an `allow()`. error: what a detection raises.
    """

    name = "fake"
    runtime = Runtime.ONNX_RUNTIME
    engine = Engine()
    core: int | None = None
    nms = 0.3

    def __init__(
        self,
        answer: Detections | Callable[[Image], Detections] | None = None,
        *,
        took_ms: float = 5.0,
        gated: bool = False,
        error: Exception | None = None,
    ) -> None:
        self._answer = found((100, 100, 200, 220, 0.8)) if answer is None else answer
        self._gate = threading.Semaphore(0) if gated else None
        self._error = error
        self.threshold = 0.5
        self.size: tuple[int, int] | None = None
        self.timings = Timings(took_ms / 10, took_ms * 8 / 10, took_ms / 10)
        self.seen: list[int] = []
        """The first value of each image, which numbers those of a `FakeSource`."""
        self.entered = threading.Semaphore(0)
        """Released as a detection begins."""

    def allow(self, count: int = 1) -> None:
        """Lets so many detections of a gated detector through."""
        if self._gate is not None:
            self._gate.release(count)

    def false_share(self, threshold: float) -> float | None:
        return None

    def detect(self, frame: Image) -> Detections:
        self.seen.append(int(frame[0, 0, 0]))
        self.entered.release()
        if self._gate is not None:
            self._gate.acquire()
        if self._error is not None:
            raise self._error
        faces = self._answer if isinstance(self._answer, Detections) else self._answer(frame)
        return faces.only(faces.scores >= self.threshold)


class FakeSource:
    """Grey frames of 640 x 480, `count` of them (None: endless), at `fps` if it is live.

    image: what every frame shows; a grey with the frame's number in its first pixel if None, as a camera's picture is
    never the same twice. hang: `read` waits for it after the first frame, as a camera's driver may. problem: what
    `read` raises after the first frame.
    """

    def __init__(
        self,
        title: str = "Fake",
        *,
        live: bool = True,
        count: int | None = None,
        fps: float = 100.0,
        image: Image | None = None,
        hang: threading.Event | None = None,
        problem: FacecamError | None = None,
    ) -> None:
        self.title, self.live = title, live
        self.fps: float | None = fps
        self.frame_count = count
        self._period_s = 1 / fps
        self._image, self._hang, self._problem = image, hang, problem
        self._index = 0
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        if self._hang is not None and self._index:
            self._hang.wait(2 * PATIENCE_S)
        if self._problem is not None and self._index:
            raise self._problem
        if self._index == self.frame_count:
            return None
        if self.live:
            time.sleep(self._period_s)
        image = self._image
        if image is None:
            image = np.full((480, 640, 3), 90, np.uint8)
            image[0, 0] = self._index % 256
        frame = Frame(image, self._index, self._index * self._period_s, time.perf_counter())
        self._index += 1
        return frame

    def close(self) -> None:
        self.closed.set()


class Stripes(FakeSource):
    """Stripes of one pixel, detail that a hidden face must lose, and a corner that changes: not a camera that is
    frozen."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None:
            frame.image[:, ::2], frame.image[:, 1::2] = 255, 0
            frame.image[:8, :8] = frame.index % 256
        return frame


def finest(image: Image) -> int:
    """How much neighbouring pixels of a row differ at the most."""
    return int(cv2.absdiff(image[:, 1:], image[:, :-1]).max())


def read_all(source: Source) -> list[Frame]:
    """All frames of a source, which is closed then."""
    with closing(source):
        return list(iter(source.read, None))


@dataclass
class Sources:
    """Stands for `open_source`: `add("name", make)` lets the spec "name" open what `make` returns (or raises)."""

    makers: dict[str, Callable[[], Source]] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def add(self, spec: str, make: Callable[[], Source]) -> None:
        self.makers[spec] = make

    def __call__(self, spec: str) -> Source:
        self.opened.append(spec)
        return self.makers[spec]()
