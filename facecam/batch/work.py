"""One input through the detector: its frames in order, what is told of each, and its copy. Runs in any process."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from facecam.arrays import Array, Image
from facecam.batch.copies import CopyPlace, copy_of
from facecam.batch.inputs import Input, open_input
from facecam.batch.pieces import Found, Piece, Sighting, frame_key
from facecam.batch.regions import RegionFinder, Regions, are_there, load_regions, regions_path, save_regions
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.detection.thorough import ThoroughDetector, joined
from facecam.errors import CopyError, FacecamError, WriteError, printable
from facecam.faces.boxes import Detections
from facecam.faces.drawing import changed_pixels, draw_detections
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.saving.export import record
from facecam.sources import Frame, without_password
from facecam.sources.base import MayBeDamaged
from facecam.system.files import named_path
from facecam.system.opencv import cv2

_logger = logging.getLogger(__name__)
VIEWS_OF_TRANSPARENT = 5
"""So many pictures are searched of one that is transparent."""
_DARK, _BRIGHT = 16, 239
_FLAT = 24
"""Of 255: a picture whose brightness, but for a twentieth at both ends, has no larger range seems to show nothing."""
_FAINT = 12
"""Levels of brightness at both ends in which faces of photos are not seen, but show when somebody lifts shadows."""
_SAMPLED = 40
"""So many pixels of its shorter side tell that."""
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
    """An input, and where its copy goes; None: there is to be none.

    regions: file with what is hidden in it: taken from there instead of the detector, or written if it isn't there.
    They are kept beside the copy, too.
    """

    input: Input
    copy: CopyPlace | None = None
    regions: Path | None = None


@dataclass
class Outcome:
    """What became of an input.

    source: its name, without a password. problem: why it could not be read. damage, converted: half sentences about
    what of it could not be read, and what its copy could not keep. copy: where that lies. detector_s: spent there.
    """

    source: str
    in_folder: bool
    problem: str | None = None
    damage: list[str] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)
    copy: Path | None = None
    frames: int = 0
    frames_with_faces: int = 0
    faces: int = 0
    detector_s: float = 0.0


OnRecord = Callable[[Record, bool], None]
"""Gets `facecam.saving.export.record` of each frame, and whether it is a picture of its own."""
OnOpened = Callable[[str, int | None], None]
"""Gets a source's title and how many frames it claims."""
Known = Callable[[Frame], Sighting | None]
"""The faces of a frame, where somebody has looked for them before."""
Result = tuple[Outcome, list[tuple[Record, bool]]]
"""What became of a task, and what `Worker.do` told of each frame."""


class Worker:
    """Does one task after the other. Raises FacecamError if the detector can't be had.

    base_detector: the one that looks at pictures, whole or tile by tile. is_over: asked before each frame; as soon as
    it says so, the task at hand is given up without a trace, as by Ctrl+C.
    """

    def __init__(self, options: WorkOptions, is_over: Callable[[], bool] = lambda: False) -> None:
        detector = self.base_detector = FaceDetector(options.detector)
        self._options, self._is_over, self._threshold = options, is_over, detector.threshold
        self._detector = ThoroughDetector(detector) if options.thorough else detector
        if options.hide is not None:
            self._detector.threshold = self._threshold * CANDIDATE_SHARE
        self._kept: Frame | None = None  # so that the C library does not give its memory back for each picture

    def do(
        self,
        task: Task,
        on_record: OnRecord,
        on_opened: OnOpened = lambda title, count: None,
        known: Known = lambda frame: None,
    ) -> Outcome:
        """What became of it; what is wrong with the input is in there. Raises WriteError if its copy can't be
        written."""
        spec = task.input.spec
        outcome = Outcome(without_password(spec), task.input.folder is not None)
        try:
            regions = self._regions(task)
            if task.regions is None or regions is not None:
                self._once(task, outcome, regions, on_record, on_opened, known)
            else:
                finder = RegionFinder(self._threshold)
                self._once(replace(task, copy=None), outcome, finder, on_record, on_opened, known)
                regions = finder.regions(named_path(spec), self.base_detector.name)
                save_regions(regions, task.regions)
                if task.copy is not None:  # only now it is known where a face was gone for a moment
                    copied = replace(outcome, frames=0)
                    self._once(task, copied, regions, lambda record, is_picture: None, on_opened, known)
                    outcome.copy, outcome.converted = copied.copy, copied.converted
            if regions is not None and outcome.copy is not None:
                save_regions(regions, regions_path(outcome.copy))
        except (WriteError, BrokenPipeError):
            raise
        except (FacecamError, MemoryError) as error:
            outcome.in_folder &= not isinstance(error, CopyError)  # it is not the file that is at fault
            sentence = str(error) or "there is not enough memory for it."
            outcome.problem = sentence if printable(outcome.source) in sentence else f"{outcome.source}: {sentence}"
        except Exception as error:
            _logger.exception("unexpected error with %s", outcome.source)
            outcome.problem = f"{outcome.source}: an error inside the program ({type(error).__name__}: {error})."
        return outcome

    def result(self, part: Task | Piece) -> Result | Found:
        """What became of a task, and what was told of each frame; or what was found in a piece. Raises WriteError, and
        SourceError for a piece."""
        if isinstance(part, Piece):
            return {frame_key(frame): self._look(frame) for frame in self._frames(part.frames())}
        records: list[tuple[Record, bool]] = []
        return self.do(part, lambda record, is_picture: records.append((record, is_picture))), records

    def _regions(self, task: Task) -> Regions | None:
        """Those that were found or drawn before. Raises FacecamError."""
        if task.regions is None:
            return None
        path = named_path(task.input.spec)
        if self._options.hide is None or not os.path.isfile(path):
            raise FacecamError("Regions are for faces that are hidden in a picture or a video file.")
        return load_regions(task.regions, path) if are_there(task.regions) else None

    def _once(
        self,
        task: Task,
        outcome: Outcome,
        regions: Regions | RegionFinder | None,
        on_record: OnRecord,
        on_opened: OnOpened,
        known: Known,
    ) -> None:
        """Once through the input. regions: hide what these say, or are to be found."""
        options = self._options
        hider = None if options.hide is None else FaceHider(options.hide, self._threshold)
        with ExitStack() as stack:
            source = stack.enter_context(closing(open_input(task.input)))
            on_opened(source.title, source.frame_count)
            copy = None
            if task.copy is not None:
                copy = copy_of(source, task.copy, hider is None, options.sound, options.seconds is None)
                stack.callback(copy.discard)
            end_s = None if options.seconds is None else time.perf_counter() + options.seconds
            for frame in self._frames(iter(source.read, None)):
                self._kept = frame
                if isinstance(regions, Regions):
                    found = faces = regions.hidden_on(frame.image, outcome.frames)
                    places = found.boxes
                else:
                    found, took_s = known(frame) or self._look(frame)
                    outcome.detector_s += took_s
                    faces, places = (found, found.boxes) if hider is None else hider.faces(frame, found)
                if isinstance(regions, RegionFinder):
                    regions.add(frame, found, places)
                if copy is not None and hider is not None:
                    copy.add(frame, *hider.hide(frame, places))
                elif copy is not None:
                    drawn = draw_detections(frame.image, found)
                    copy.add(frame, drawn, changed_pixels(frame.image, drawn))
                outcome.frames += 1
                outcome.faces += len(faces)
                outcome.frames_with_faces += len(faces) > 0
                on_record(record(outcome.source, frame, faces), frame.path is not None)
                if end_s is not None and time.perf_counter() >= end_s:
                    break
            if isinstance(source, MayBeDamaged):
                outcome.damage = source.damage
            if copy is not None:
                outcome.copy, outcome.converted = copy.close()

    def _frames(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Those of another source, until it is over."""
        if isinstance(self._detector, ThoroughDetector):
            self._detector.start()
        for frame in frames:
            if self._is_over():
                raise KeyboardInterrupt
            yield frame

    def _look(self, frame: Frame) -> Sighting:
        found, took_ms = [], 0.0
        time_s = frame.time_s if frame.path is None and frame.alpha is None else None
        for number, view in enumerate(_views(frame)):
            if isinstance(self._detector, ThoroughDetector):
                found.append(self._detector.detect(view, time_s, number))
            else:
                found.append(self._detector.detect(view))
            took_ms += self._detector.timings.total_ms
        return found[0] if len(found) == 1 else joined(found, self.base_detector.nms), took_ms / 1000


def _views(frame: Frame) -> Iterator[Image]:
    """What can be seen in a frame: its colours; also with more contrast where it is all but black, white or grey, and a
    photo in its shadows and its white parts; from afar where it is of black and white dots (printed, faxed), which the
    network misses; and of transparent ones what shows on black and on white, and what the transparency alone shows,
    bright or dark."""
    yield frame.image
    step = min(frame.image.shape[:2]) // _SAMPLED | 1  # odd: dots repeat after 2, 4 or 8
    some = np.sort(frame.image[::step, ::step, 1], axis=None)
    dark, bright = _nearly_all(some)
    faint = []
    if bright - dark < _FLAT:
        faint = [some[(some >= bright - _FLAT) & (some <= dark + _FLAT)]]
    elif frame.path is not None:
        for end in (some[some < _FAINT], some[some > 255 - _FAINT]):
            if end.size > some.size // 10:
                least, most = _nearly_all(end)
                if most - least > 1:
                    faint.append(end)
    for each in faint:
        least, most = int(each[0]), int(each[-1])
        if least < most:  # what stands out of that is seen without it
            contrast = np.zeros(256, np.uint8)
            contrast[least : most + 1] = np.linspace(0, 255, most + 1 - least)
            yield np.asarray(cv2.LUT(frame.image, contrast), np.uint8)
    if dark < _DARK and bright > _BRIGHT:
        black, white = (some < _DARK).mean(), (some > _BRIGHT).mean()
        if black + white > 0.9 and min(black, white) > 0.05:
            yield np.asarray(cv2.GaussianBlur(frame.image, (0, 0), 1.5), np.uint8)
    if frame.alpha is not None:
        alpha = np.asarray(cv2.merge([frame.alpha] * 3), np.uint8)
        on_black = np.asarray(cv2.multiply(frame.image, alpha, scale=1 / 255), np.uint8)
        yield on_black
        yield on_black + (255 - alpha)
        yield alpha
        yield 255 - alpha


def _nearly_all(values: Image) -> tuple[int, int]:
    """Between which of the sorted values nine tenths of them lie."""
    return int(values[values.size // 20]), int(values[-1 - values.size // 20])


class FaceHider:
    """Hides the faces in the copy of a source, also doubtful ones and those lost for a moment.

    threshold: lowest score of a face that is told of. To be given detections down to `CANDIDATE_SHARE` of it.
    """

    def __init__(self, options: PrivacyOptions, threshold: float) -> None:
        self._options, self._threshold = options, threshold
        self._tracker = Tracker()

    def faces(self, frame: Frame, found: Detections) -> tuple[Detections, Array]:
        """Those that are told of; and (M, 4) x1 y1 x2 y2, all that may be a face. Frames of a video come in their
        order."""
        if frame.path is not None:  # pictures have nothing to do with each other
            self._tracker.reset()
        tracking = TrackingOptions(smoothing=0)
        tracked = self._tracker.update(found, frame.time_s, self._threshold, tracking, self._options.hold_s)
        return found.only(found.scores >= self._threshold), tracked.private

    def hide(self, frame: Frame, places: Array) -> tuple[Image, Image]:
        """The frame's picture with those places hidden, with alpha where it has that: a face may be in it alone; and
        where they are, as of `hide_faces`."""
        image = frame.image if frame.alpha is None else np.dstack([frame.image, frame.alpha])
        where = np.zeros(image.shape[:2], np.uint8)
        return hide_faces(image, places, self._options, where), where
