"""LiveOptions: everything that can be set about the detection while it runs, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from facecam.detection.any_detector import AnyDetector
from facecam.detection.options import DetectorOptions
from facecam.faces.privacy import PrivacyOptions
from facecam.faces.tracking import TrackingOptions

NATIVE = None
"""The detector's size that scales nothing down."""
Size = tuple[int, int]


@dataclass(frozen=True)
class SecondDetector:
    """A detector to compare with, which sees the same frames.

    detector: another one than the first.
    threshold: lowest score that is a face; None: its own.
    size: as of LiveOptions.
    in_turns: of the frames of a moving picture, each is searched by one of the two only, which costs half as much.
    """

    detector: AnyDetector
    threshold: float | None = None
    size: Size | None = DetectorOptions.size
    in_turns: bool = False


@dataclass(frozen=True)
class LiveOptions:
    """Immutable: to change something, make a new one with `dataclasses.replace` and hand it to the pipeline.

    threshold: lowest score that is a face; None: the model's own. nms: overlap (IoU) above which the weaker of two
    boxes goes. size: (width, height) that larger frames are scaled down to, NATIVE: none. hold_hz: the size is chosen
    automatically, so that the core can do that many detections a second; None: `size` holds. min_face_px: smallest
    longer side of a face that is shown, source-frame pixels. every: only one frame in so many is searched, unless
    faces are hidden. core: the core that detects; None: a good one. tracking, privacy: None: off. second: a detector to
    compare with, which sees the same frames after the first one; None: there is none. unhidden: numbers of faces that
    privacy leaves in view, as long as their boxes touch no others.
    """

    threshold: float | None = None
    nms: float = DetectorOptions.nms
    size: Size | None = DetectorOptions.size
    hold_hz: float | None = None
    min_face_px: int = 0
    every: int = 1
    core: int | None = None
    tracking: TrackingOptions | None = None
    privacy: PrivacyOptions | None = None
    second: SecondDetector | None = None
    unhidden: frozenset[int] = frozenset()
