"""FaceHider: copies of pictures and videos in which the faces are hidden, also doubtful ones and those lost for a
moment. What `facecam detect --hide` writes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.sources import Frame


class FaceHider:
    """threshold: lowest score of a face that is told of. To be given detections down to `detector_threshold`."""

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

    def hide(self, frame: Frame, found: Detections) -> npt.NDArray[np.uint8]:
        """The frame's picture with all hidden that may be a face. Frames of a video are to come in their order."""
        return hide_faces(frame.image, self._places(frame, found), self._options)

    def _places(self, frame: Frame, found: Detections) -> Array:
        if frame.path is not None:  # pictures have nothing to do with each other
            self._tracker.reset()
        tracking = TrackingOptions(smoothing=0)
        return self._tracker.update(found, frame.time_s, self._threshold, tracking, self._options.hold_s).private
