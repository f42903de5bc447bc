"""View: what the pipeline hands out to be shown, saved and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.live.face_finder import SecondFaces
from facecam.sources import Frame


@dataclass(frozen=True, eq=False)
class View:
    """What to show. detections belong to `detected_frame`: draw them on that one.

    frame: the newest captured frame, of which there may be no detections yet, and in which no face is hidden. private:
    (M, 4) float32, source-frame pixels, the places of `detected_frame` that `privacy` hides (None: it hides nothing).
    detected: whether the detector ran on `detected_frame`, or its faces were carried on from an earlier one. A new
    result is a new View object. second: what the detector that is compared with has found in `detected_frame`.
    """

    frame: Frame
    detections: Detections
    detected_frame: Frame
    private: Array = field(default_factory=lambda: Detections.none().boxes)
    privacy: PrivacyOptions | None = None
    detected: bool = True
    second: SecondFaces | None = None

    @cached_property
    def image(self) -> npt.NDArray[np.uint8]:
        """The picture of `detected_frame` as it may be shown and saved: with its faces hidden where privacy is on.

        (H, W, 3) uint8 BGR, not to be written to; made when it is first asked for, in the thread that asks.
        """
        image = self.detected_frame.image
        return image if self.privacy is None else hide_faces(image, self.private, self.privacy)
