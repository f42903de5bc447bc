"""Detection of a folder's pictures in several processes of one thread each, with results in the folder's order."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facecam.arrays import Array
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError, SourceError
from facecam.faces.boxes import Detections
from facecam.sources.base import Frame
from facecam.sources.folder import FolderSource
from facecam.sources.photo import read_picture

_AHEAD = 4
"""Pictures per process that are under way: enough to keep all busy, few enough for memory."""


@dataclass(frozen=True)
class _Done:
    """A process's answer. problem: why the picture can't be read; image: only where it was asked for."""

    problem: str | None = None
    height: int = 0
    width: int = 0
    boxes: Array | None = None
    scores: Array | None = None
    detector_s: float = 0.0
    image: Any = None


class DetectorPool:
    """`jobs` processes that each read pictures and find faces in them. with_images: send the pictures back as well.

    The processes start with the first folder. To be closed, also after an error or Ctrl+C.
    """

    def __init__(self, jobs: int, options: DetectorOptions, with_images: bool = False) -> None:
        self._jobs, self._options, self._with_images = jobs, options, with_images
        self._executor: ProcessPoolExecutor | None = None

    def detect_folder(self, source: FolderSource) -> Iterator[tuple[Frame, Detections, float]]:
        """What is left of the folder, in order: frame, faces, and seconds of the detector. A frame's image is a black
        one of the right shape unless images were asked for. Pictures that can't be read are told in `source.skipped`.

        Raises SourceError if none can be read, FacecamError if a process dies.
        """
        paths = source.take_paths()
        waiting = iter(paths)
        under_way: deque[tuple[Path, Future[_Done]]] = deque()
        index = 0
        try:
            while True:
                while len(under_way) < _AHEAD * self._jobs and (path := next(waiting, None)) is not None:
                    under_way.append((path, self._pool().submit(_detect, path, self._with_images)))
                if not under_way:
                    break
                path, future = under_way.popleft()
                done = future.result()
                if done.problem is not None or done.boxes is None or done.scores is None:
                    source.skipped.append(done.problem or f"{path} can't be read.")
                    continue
                image = done.image
                if image is None:
                    image = np.broadcast_to(np.uint8(0), (done.height, done.width, 3))  # takes no memory
                yield source.frame(image, index, path), Detections(done.boxes, done.scores), done.detector_s
                index += 1
        except BrokenProcessPool as error:
            raise FacecamError("A detector process has ended unexpectedly; try again with fewer --jobs.") from error
        finally:
            for _, future in under_way:
                future.cancel()
        if index == 0 and paths:
            raise source.none_readable()

    def close(self) -> None:
        """Ends the processes; each finishes the picture that it is at."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # Not forked: OpenCV and the runtimes may hold locks and threads that a fork would break.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._jobs, context, _start, (self._options,))
        return self._executor


# In the processes

_detector: FaceDetector | None = None


def _start(options: DetectorOptions) -> None:
    global _detector
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole group; the parent decides
    # One thread each, so one core each; which one is left to the system, which knows what else is running.
    _detector = FaceDetector(options)


def _detect(path: Path, with_image: bool) -> _Done:
    assert _detector is not None
    try:
        image = read_picture(path)
    except SourceError as error:
        return _Done(problem=str(error))
    start_s = time.perf_counter()
    found = _detector.detect(image)
    took_s = time.perf_counter() - start_s
    height, width = image.shape[:2]
    return _Done(None, height, width, found.boxes, found.scores, took_s, image if with_image else None)
