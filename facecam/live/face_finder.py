"""FaceFinder: from a frame and the options of the moment to the faces in it. What the pipeline does with each frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facecam.arrays import Array
from facecam.detection.any_detector import AnyDetector
from facecam.faces.boxes import Detections
from facecam.faces.palette import Colours
from facecam.faces.tracking import CANDIDATE_SHARE, PRIVATE_SHARE, Tracker, TrackingOptions
from facecam.live.autosize import AutoSize
from facecam.live.options import LiveOptions, SecondDetector
from facecam.sources import Frame


@dataclass(frozen=True)
class SecondFaces:
    """What the second detector found in the same frame, and how long its last detection took.

    detected: as of FrameFaces.
    """

    shown: Detections
    took_ms: float
    detected: bool = True


@dataclass(frozen=True)
class FrameFaces:
    """shown: faces to show; private: (M, 4) float32, places to hide where privacy is on; detected: whether the
    detector ran on this frame, or the faces were carried on from an earlier one. second: of the detector that is
    compared with, if there is one."""

    shown: Detections
    private: Array
    detected: bool = True
    second: SecondFaces | None = None


class FaceFinder:
    """Runs the detector as the options want it, and follows what it finds. Used by one thread."""

    def __init__(self, detector: AnyDetector) -> None:
        self._detector = detector
        self._second: FaceFinder | None = None
        self._my_turn = False
        self._own_threshold = detector.threshold
        self._tracker = Tracker()
        self._colours = Colours()
        self._auto = AutoSize()
        self._shown = Detections.none()  # in the last frame that was searched
        self._followed: bool | None = None
        self._passed_over = 0

    def find(self, frame: Frame, options: LiveOptions | None, again: bool = False, still: bool = False) -> FrameFaces:
        """The faces of a frame. again: it is the last one once more, under other options; still: no other will come.
        options None: plain detection with the detector's own settings."""
        if options is None:
            shown = self._detector.detect(frame.image)
            return FrameFaces(shown, shown.boxes)
        if options.second is None:
            self._second = None
            return self._find(frame, options, again, still)
        return self._compared(options.second, frame, options, again, still)

    def _compared(
        self, second: SecondDetector, frame: Frame, options: LiveOptions, again: bool, still: bool
    ) -> FrameFaces:
        """What both find in a frame, under the same options but for the second detector's own."""
        if self._second is None or self._second._detector is not second.detector:
            self._second = FaceFinder(second.detector)
        self._my_turn = not self._my_turn
        found = self._find(frame, options, again, still, waits=second.in_turns and not self._my_turn)
        own = replace(options, threshold=second.threshold, size=second.size, hold_hz=None, second=None)
        other = self._second._find(frame, own, again, still, waits=second.in_turns and self._my_turn)
        private = np.concatenate([found.private, other.private])  # what either of them takes for a face
        result = SecondFaces(other.shown, second.detector.timings.total_ms, other.detected)
        return replace(found, private=private, second=result)

    def _find(self, frame: Frame, options: LiveOptions, again: bool, still: bool, waits: bool = False) -> FrameFaces:
        """waits: it is not this detector's turn."""
        self._passed_over += 1
        moving = frame.path is None and not still  # pictures of a folder have nothing to do with each other
        follows = moving and (options.tracking is not None or options.privacy is not None)
        # The first frame is always searched, also the first that must be followed: privacy can't wait.
        rests = waits or self._passed_over < options.every
        if moving and not again and rests and follows == self._followed:
            return self._carried_on(frame, options)
        self._passed_over, self._followed = 0, follows
        threshold = self._own_threshold if options.threshold is None else options.threshold
        found = self._detect(frame, options, threshold, follows)
        shown, private = found.only(found.scores >= threshold), found.boxes
        if follows:
            hold_s = _hold_s(options)
            if again:
                faces = self._tracker.again(found, threshold, hold_s)
            else:
                how = options.tracking or TrackingOptions()
                faces = self._tracker.update(found, frame.time_s, threshold, how, hold_s)
            private = faces.private
            if options.tracking is not None:
                shown = faces.shown
        else:
            self._tracker.reset()
        self._shown = shown
        return FrameFaces(self._coloured(_large_enough(shown, options)), private)

    def _detect(self, frame: Frame, options: LiveOptions, threshold: float, follows: bool) -> Detections:
        if follows:
            threshold *= CANDIDATE_SHARE
        elif options.privacy is not None:
            threshold *= PRIVATE_SHARE
        detector = self._detector
        detector.threshold, detector.nms = threshold, options.nms
        detector.size = options.size if options.hold_hz is None else self._auto.size
        found = detector.detect(frame.image)
        if options.hold_hz is not None:
            self._auto.took(detector.timings.total_ms, options.hold_hz)
        return found

    def _carried_on(self, frame: Frame, options: LiveOptions) -> FrameFaces:
        """Of a frame that is not searched: where the faces of the last one that was should be by now."""
        if options.tracking is None and options.privacy is None:
            return FrameFaces(_large_enough(self._shown, options), self._shown.boxes, detected=False)
        faces = self._tracker.between(frame.time_s, _hold_s(options))
        shown = self._shown if options.tracking is None else faces.shown
        return FrameFaces(self._coloured(_large_enough(shown, options)), faces.private, detected=False)

    def _coloured(self, shown: Detections) -> Detections:
        """Faces with a number get their colours here, once: the window, recordings and snapshots all show these."""
        return shown if shown.ids is None else replace(shown, colours=self._colours.of(shown.ids.tolist()))


def _hold_s(options: LiveOptions) -> float:
    return 0.0 if options.privacy is None else options.privacy.hold_s


def _large_enough(found: Detections, options: LiveOptions) -> Detections:
    if options.min_face_px <= 0:
        return found
    return found.only((found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0) >= options.min_face_px)
