"""The detector's thread of a running pipeline: from the newest frame to the faces in it, on the core that is wanted."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from facecam.arrays import Array, Image
from facecam.detection.any_detector import AnyDetector
from facecam.detection.detector import FaceDetector
from facecam.detection.frame_plan import network_size
from facecam.detection.options import MIN_SIDE_PX
from facecam.detection.thorough import joined
from facecam.errors import FacecamError
from facecam.faces.boxes import SAME_FACE_IOU, Detections, faces_in_common, pairwise_iou
from facecam.faces.palette import Colours
from facecam.faces.tracking import CANDIDATE_SHARE, PRIVATE_SHARE, Tracker, TrackingOptions
from facecam.live.autosize import AutoSize
from facecam.live.options import LiveOptions, SecondDetector
from facecam.live.state import PipelineState
from facecam.live.view import SecondFaces, View
from facecam.sources import Frame
from facecam.system.cpu import choose_core, pinned

_CHANGE_POLL_S = 0.1
_LONGEST_GAP_S = 0.5
"""After a longer one, as after a reconnection, faces are not carried on: the frame is searched."""
_BORDER_SHARE = 32
"""Where faces are hidden, the frame gets a border of its longer side over this, so that half a face is found, too. Of
50 faces of the demo, cut by 30 to 70 % at each side, `faceboxes-s8` misses 0 with the border and 10 without."""
_LARGE_PX = 230
"""In the network's pixels. Of faces over 350 it finds only parts, which are larger than this: so a frame with a box of
that size is also searched at half the size, which takes half as long again (docs/adr/0081)."""
_logger = logging.getLogger(__name__)


class DetectionLoop:
    """Takes frames from the state's mailbox until it is over.

    core: to compute on where the options don't name one, None: a good one. state: says what is wanted, and is told what
    was found.
    """

    def __init__(self, detector: FaceDetector, core: int | None, state: PipelineState) -> None:
        self._detector, self._own_core, self._state = detector, core, state
        self._finder = FaceFinder(detector)
        self._frame: Frame | None = None  # the last one that the detector ran on ...
        self._settings: object = None  # ... and what under

    def run(self) -> None:
        """What the thread does."""
        try:
            while not self._state.over.is_set():
                wanted = self._wanted_core()
                with pinned(choose_core() if wanted is None else wanted) as core:
                    self._state.on_pinned(core)
                    self._detect_on(wanted)
        except FacecamError as error:
            self._state.on_failed(error.alone())
        except Exception as error:
            _logger.exception("the detector failed")
            self._state.on_failed(FacecamError(f"The detector failed unexpectedly: {error}"))

    def _wanted_core(self) -> int | None:
        options = self._state.options
        return self._own_core if options is None or options.core is None else options.core

    def _detect_on(self, wanted: int | None) -> None:
        """Until the run is stopped, or another core is wanted."""
        state = self._state
        while not state.over.is_set() and self._wanted_core() == wanted:
            new = state.mailbox.take(_CHANGE_POLL_S)
            if new is None and state.mailbox.drained:
                state.on_drained()
                # A picture stays in the window: it follows the threshold, although no more frames come.
                if state.over.wait(_CHANGE_POLL_S):
                    return
            options, frame = state.options, new or self._frame
            settings = (self._detector.threshold, self._detector.nms) if options is None else options
            if frame is None or (new is None and settings == self._settings):
                continue
            self._frame, self._settings = frame, settings
            again = new is None
            view = self._finder.find(frame, options, again, state.still)
            state.on_detected(view, self._detector.timings.total_ms, again)


class FaceFinder:
    """Runs the detector as the options want it, and follows what it finds. Used by one thread."""

    def __init__(self, detector: AnyDetector) -> None:
        self._detector = detector
        self._second: FaceFinder | None = None
        self._my_turn = False
        self._tracker = Tracker()
        self._colours = Colours()
        self._auto = AutoSize()
        self._shown = Detections.none()  # in the last frame that was searched
        self._followed: bool | None = None
        self._passed_over = 0
        self._last: Frame | None = None

    def find(self, frame: Frame, options: LiveOptions | None, again: bool = False, still: bool = False) -> View:
        """The faces of a frame. again: it is the last one once more, under other options; still: no other will come.
        options None: plain detection with the detector's own settings."""
        if options is None:
            shown = self._detector.detect(frame.image)
            return View(frame, shown, frame, shown.boxes)
        if options.second is None:
            self._second = None
            return self._find(frame, options, again, still)
        return self._compared(options.second, frame, options, again, still)

    def _compared(self, second: SecondDetector, frame: Frame, options: LiveOptions, again: bool, still: bool) -> View:
        """What both find in a frame, under the same options but for the second detector's own."""
        if self._second is None or self._second._detector is not second.detector:
            self._second = FaceFinder(second.detector)
        self._my_turn = not self._my_turn
        found = self._find(frame, options, again, still, waits=second.in_turns and not self._my_turn)
        own = replace(
            options, threshold=second.threshold, size=second.size, hold_hz=None, second=None, unhidden=frozenset()
        )
        other = self._second._find(frame, own, again, still, waits=second.in_turns and self._my_turn)
        private = np.concatenate([found.private, other.private])  # what either of them takes for a face
        common = faces_in_common(found.detections, other.detections)
        shown = _named_alike(found.detections, other.detections, common)
        result = SecondFaces(shown, second.detector.timings.total_ms, other.detected, tuple(common))
        return replace(found, private=private, second=result)

    def _find(self, frame: Frame, options: LiveOptions, again: bool, still: bool, waits: bool = False) -> View:
        """waits: it is not this detector's turn."""
        self._passed_over += 1
        moving = frame.path is None and not still  # pictures of a folder have nothing to do with each other
        follows = moving and (options.tracking is not None or options.privacy is not None)
        # Privacy can't wait: of a face that moves, or comes, too much is in view until the next search.
        rests = waits or (self._passed_over < options.every and options.privacy is None)
        rests = rests and not self._jumps(frame)
        self._last = frame
        if moving and not again and rests and follows == self._followed:
            return self._carried_on(frame, options)
        self._passed_over, self._followed = 0, follows
        threshold = self._detector.threshold if options.threshold is None else options.threshold
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
                private = _but(private, shown, options.unhidden)
        else:
            self._tracker.reset()
        self._shown = shown
        return self._view(frame, shown, private, options)

    def _jumps(self, frame: Frame) -> bool:
        """Whether the frame does not follow the one before, in its source or as time goes."""
        last = self._last
        steps_s = () if last is None else (frame.time_s - last.time_s, frame.captured_s - last.captured_s)
        return any(not 0 <= step_s <= _LONGEST_GAP_S for step_s in steps_s)

    def _detect(self, frame: Frame, options: LiveOptions, threshold: float, follows: bool) -> Detections:
        if follows:
            threshold *= CANDIDATE_SHARE
        elif options.privacy is not None:
            threshold *= PRIVATE_SHARE
        detector, own = self._detector, self._detector.threshold
        detector.threshold, detector.nms = threshold, options.nms
        detector.size = options.size if options.hold_hz is None else self._auto.size
        try:
            if isinstance(detector, FaceDetector):
                past_px = 0 if options.privacy is None else max(frame.image.shape[:2]) // _BORDER_SHARE
                detector.border_px = (past_px, past_px, past_px, past_px)
                found = _with_large(detector, frame.image, past_px)
            else:
                found = detector.detect(frame.image)
        finally:
            detector.threshold = own  # for the next source, where the options name none
        if options.hold_hz is not None:
            self._auto.took(detector.timings.total_ms, options.hold_hz)
        return found

    def _carried_on(self, frame: Frame, options: LiveOptions) -> View:
        """The view of a frame that is not searched: the faces of the last searched one, where they should be by now."""
        shown, private = self._shown, self._shown.boxes
        if options.tracking is not None or options.privacy is not None:
            faces = self._tracker.between(frame.time_s, _hold_s(options))
            shown = shown if options.tracking is None else faces.shown
            private = _but(faces.private, shown, options.unhidden)
        return self._view(frame, shown, private, options, detected=False)

    def _view(
        self, frame: Frame, shown: Detections, private: Array, options: LiveOptions, detected: bool = True
    ) -> View:
        """Faces with a number get their colours here, once: the window, recordings and snapshots all show these."""
        shown = _in_sight(shown, frame, options.min_face_px)
        if shown.ids is not None:
            shown = replace(shown, colours=self._colours.of(shown.ids.tolist()))
        return View(frame, shown, frame, private, options.privacy, detected)


def _with_large(detector: FaceDetector, image: Image, past_px: int) -> Detections:
    """The faces that a detector finds, also those that are too large for it. past_px: width of its border."""
    found = detector.detect(image)
    height, width = image.shape[0] + 2 * past_px, image.shape[1] + 2 * past_px
    high, wide = network_size(height, width, detector.size)
    if (found.boxes[:, 2:] - found.boxes[:, :2]).max(initial=0) * wide / width < _LARGE_PX:
        return found
    first, usual = detector.timings, detector.size
    detector.size = (max(wide // 2, MIN_SIDE_PX), max(high // 2, MIN_SIDE_PX))
    small = detector.detect(image)
    detector.timings, detector.size = first + detector.timings, usual
    return joined([found, small], detector.nms)


def _named_alike(first: Detections, second: Detections, common: list[tuple[int, int]]) -> Detections:
    """The second's faces with the numbers and colours that the first gave them. Faces that only the second has found
    get no number: two trackers would give the same number to different faces."""
    if first.ids is None:
        return second
    ids, colours = np.zeros(len(second), np.intp), [0] * len(second)
    for ours, theirs in common:
        ids[theirs], colours[theirs] = first.ids[ours], first.colours[ours]
    return replace(second, ids=ids, colours=tuple(colours))


def _hold_s(options: LiveOptions) -> float:
    return 0.0 if options.privacy is None else options.privacy.hold_s


def _but(private: Array, shown: Detections, unhidden: frozenset[int]) -> Array:
    """The places to hide, without those of the faces with these numbers; but a place that touches another face is
    hidden all the same."""
    if not unhidden or shown.ids is None or len(private) == 0 or len(shown) == 0:
        return private
    iou = pairwise_iou(private, shown.boxes)
    in_view = np.isin(shown.ids, list(unhidden))
    own = iou[:, in_view].max(axis=1, initial=0) >= SAME_FACE_IOU
    other = iou[:, ~in_view].max(axis=1, initial=0) > 0
    return private[~own | other]


def _in_sight(found: Detections, frame: Frame, least_px: int) -> Detections:
    """The faces, clipped to the frame, whose longer side is no less than that."""
    height, width = frame.image.shape[:2]
    boxes = found.boxes.clip(0, np.array([width, height] * 2, np.float32))
    sides = boxes[:, 2:] - boxes[:, :2]
    keep, found = (sides > 0).all(axis=1) & (sides >= least_px).any(axis=1), replace(found, boxes=boxes)
    return found if keep.all() else found.only(keep)
