"""One input through the detector: its frames in order, what is told of each, and its copy. Runs in any process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecam.arrays import Image
from facecam.batch.copies import Copy, CopyPlace, Input, copy_of, file_id
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.detection.thorough import ThoroughDetector
from facecam.errors import FacecamError, SourceError, WriteError
from facecam.faces.boxes import Detections
from facecam.faces.drawing import draw_detections
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.saving.export import record
from facecam.sources import PICTURE_SUFFIXES, Frame, Source, open_picture, open_source, without_password

Record = dict[str, Any]


@dataclass(frozen=True)
class WorkOptions:
    """What is done with each input.

    detector: how faces are detected. thorough: at several sizes, tile by tile, whatever `detector.size` says.
    hide: how they are hidden in the copies; None: they are drawn in. sound: copies of videos keep theirs.
    seconds: each source is left after that time.
    """

    detector: DetectorOptions
    thorough: bool = False
    hide: PrivacyOptions | None = None
    sound: bool = True
    seconds: float | None = None


@dataclass(frozen=True)
class Task:
    """An input, and where its copy goes; None: there is to be none."""

    input: Input
    copy: CopyPlace | None = None


@dataclass
class Outcome:
    """What became of an input.

    source: its name, without a password. problem: why it could not be read, or not to its end. converted: half
    sentences about what its copy could not keep. copy: where that lies. detector_s: spent there.
    """

    source: str
    in_folder: bool
    problem: str | None = None
    converted: list[str] = field(default_factory=list)
    copy: Path | None = None
    frames: int = 0
    frames_with_faces: int = 0
    faces: int = 0
    detector_s: float = 0.0


Result = tuple[Outcome, list[tuple[Record, bool]]]
"""What became of a task, and what `Worker.do` told of each frame."""


class Worker:
    """Does one task after the other. Raises FacecamError if the detector can't be had."""

    def __init__(self, options: WorkOptions) -> None:
        detector = FaceDetector(options.detector)
        self._options = options
        self._detector = ThoroughDetector(detector) if options.thorough else detector
        self._hider = None if options.hide is None else FaceHider(options.hide, detector.threshold)
        self._kept: Frame | None = None  # so that the C library does not give its memory back for each picture
        if self._hider is not None:
            self._detector.threshold = self._hider.detector_threshold

    def do(
        self,
        task: Task,
        on_record: Callable[[Record, bool], None],
        on_opened: Callable[[str, int | None], None] = lambda title, count: None,
    ) -> Outcome:
        """on_record: gets `facecam.saving.export.record` of each frame, and whether it is a picture of its own.

        What is wrong with the input is in the outcome. Raises WriteError if its copy can't be written.
        """
        spec = task.input.spec
        outcome = Outcome(without_password(spec) if "://" in spec else spec, task.input.folder is not None)
        try:
            source = _opened(task.input)
        except SourceError as error:
            outcome.problem = str(error)
            return outcome
        on_opened(source.title, source.frame_count)
        copy = None if task.copy is None else self._copy(source, task.copy)
        whole = False
        try:
            self._frames(source, copy, outcome, on_record)
            whole = True
        except WriteError:
            raise
        except (FacecamError, MemoryError) as error:
            sentence = str(error) or "there is not enough memory for it"
            outcome.problem = sentence if outcome.source in sentence else f"{outcome.source}: {sentence}"
        finally:
            source.close()
            if copy is not None and not whole:
                copy.discard()
        if copy is not None and whole:
            outcome.copy, outcome.converted = copy.close()
        return outcome

    def result(self, task: Task) -> Result:
        """What became of the task, and what was told of each frame. Raises WriteError."""
        records: list[tuple[Record, bool]] = []
        return self.do(task, lambda record, is_picture: records.append((record, is_picture))), records

    def _copy(self, source: Source, place: CopyPlace) -> Copy:
        options = self._options
        return copy_of(source, place, options.hide is None, options.sound, options.seconds is None)

    def _frames(
        self, source: Source, copy: Copy | None, outcome: Outcome, on_record: Callable[[Record, bool], None]
    ) -> None:
        seconds = self._options.seconds
        end_s = None if seconds is None else time.perf_counter() + seconds
        hider = self._hider
        if hider is not None:
            hider.start()
        while (frame := source.read()) is not None:
            self._kept = frame
            if isinstance(self._detector, ThoroughDetector):
                found = self._detector.detect(frame.image, moving=frame.path is None)
            else:
                found = self._detector.detect(frame.image)
            faces = found if hider is None else hider.faces(found)
            if copy is not None:
                copy.add(frame, draw_detections(frame.image, found) if hider is None else hider.hide(frame, found))
            outcome.frames += 1
            outcome.faces += len(faces)
            outcome.frames_with_faces += len(faces) > 0
            outcome.detector_s += self._detector.timings.total_ms / 1000
            on_record(record(outcome.source, frame, faces), frame.path is not None)
            if end_s is not None and time.perf_counter() >= end_s:
                break


def _opened(part: Input) -> Source:
    path = Path(part.spec).expanduser()
    is_picture = path.suffix.lower() in PICTURE_SUFFIXES and file_id(path) is not None
    return open_picture(path) if is_picture else open_source(part.spec)


class FaceHider:
    """Hides the faces in copies of pictures and videos, also doubtful ones and those lost for a moment.

    threshold: lowest score of a face that is told of. To be given detections down to `detector_threshold`.
    """

    def __init__(self, options: PrivacyOptions, threshold: float) -> None:
        self._options, self._threshold = options, threshold
        self._tracker = Tracker()

    @property
    def detector_threshold(self) -> float:
        """What the detector's threshold must be."""
        return self._threshold * CANDIDATE_SHARE

    def start(self) -> None:
        """Another source begins."""
        self._tracker.reset()

    def faces(self, found: Detections) -> Detections:
        """Those of the detections that are told of."""
        return found.only(found.scores >= self._threshold)

    def hide(self, frame: Frame, found: Detections) -> Image:
        """The frame's picture with all hidden that may be a face. Frames of a video are to come in their order."""
        if frame.path is not None:  # pictures have nothing to do with each other
            self._tracker.reset()
        tracking = TrackingOptions(smoothing=0)
        places = self._tracker.update(found, frame.time_s, self._threshold, tracking, self._options.hold_s).private
        return hide_faces(frame.image, places, self._options)
