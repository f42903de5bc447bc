"""View: what a running pipeline shows of a frame, and what one or two detectors have found in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from facecam.arrays import Array, Image
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions, hide_all, hide_faces
from facecam.sources import Frame


@dataclass(frozen=True)
class SecondFaces:
    """What the second detector found in the same frame, and how long its last detection took.

    shown: a face that the first has found too has its number and colour. common: those faces, as indices into what the
    first has found and into `shown`. detected: as of View.
    """

    shown: Detections
    took_ms: float
    detected: bool = True
    common: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class View:
    """What to show. detections belong to `detected_frame`: draw them on that one.

    frame: the newest captured frame, of which there may be no detections yet, and in which no face is hidden. private:
    (M, 4) float32, source-frame pixels, the places of `detected_frame` that `privacy` hides (None: it hides nothing).
    detected: whether the detector ran on `detected_frame`, or its faces were carried on from an earlier one. A new
    result is a new View object. second: what the detector that is compared with has found in `detected_frame`. unsure:
    there may be more faces than are known, so that `privacy` hides all of the picture.
    """

    frame: Frame
    detections: Detections
    detected_frame: Frame
    private: Array = field(default_factory=lambda: Detections.none().boxes)
    privacy: PrivacyOptions | None = None
    detected: bool = True
    second: SecondFaces | None = None
    unsure: bool = False

    @cached_property
    def image(self) -> Image:
        """The picture of `detected_frame` as it may be shown and saved: with its faces hidden where privacy is on.

        (H, W, 3) uint8 BGR, not to be written to; made when it is first asked for, in the thread that asks.
        """
        image = self.detected_frame.image
        if self.privacy is not None and self.unsure:
            return hide_all(image, self.privacy)
        return image if self.privacy is None else hide_faces(image, self.private, self.privacy)

    @cached_property
    def lone(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """When two detectors are compared: indices of the faces that only the first has found, and of those that only
        the second has; otherwise empty."""
        if self.second is None:
            return (), ()
        first, second = ({pair[side] for pair in self.second.common} for side in (0, 1))
        return (
            tuple(index for index in range(len(self.detections)) if index not in first),
            tuple(index for index in range(len(self.second.shown)) if index not in second),
        )
