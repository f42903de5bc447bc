"""The project's own measure: every picture letterboxed into one canvas, as a webcam frame would be.

The picture is scaled to fit the canvas (640x480 by default), put at its top left, and the rest is black. VOC average
precision at IoU 0.5; regions marked as ignore, and faces that are too small, are ignore regions. A face's size is the
longer side of its box on the canvas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.bench.voc import FALSE, LEFT_OUT, Curve, Matching, curve, match
from facecam.bench.wider_labels import Labelled
from facecam.detection.letterbox import letterbox
from facecam.faces.boxes import Detections, box_areas
from train.faceboxes.protocols.pictures import Detect, pictures

Change = Callable[[Image, Array], tuple[Image, Array]]
"""Picture and boxes (M, 4) px -> a changed picture of the same size, and the boxes in it or beyond its borders."""

STILL_THERE = 0.7
"""Share of a box that a changed picture must show, or the face is ignored."""

VGA = (640, 480)
"""The canvas, width and height."""

SIZE_BUCKETS = {"<16": (0.0, 16.0), "16-32": (16.0, 32.0), "32-64": (32.0, 64.0), ">64": (64.0, float("inf"))}
"""Face sizes in canvas pixels, from (included) and to (excluded)."""

SMALLEST = (0, 16, 32)
"""Average precision is told of all faces, and of those from so many canvas pixels up."""

FACELESS_EVENT = "3--none"
"""Pictures without a face, for counting false boxes."""


@dataclass(frozen=True, eq=False)
class OnCanvas:
    """One picture after detection. boxes: (M, 4) float32, labels in canvas pixels; ignore: (M,) bool."""

    detections: Detections
    boxes: Array
    ignore: npt.NDArray[np.bool_]
    event: str
    source: str


@dataclass(frozen=True, eq=False)
class CanvasReport:
    """What `score` measured.

    ap: by smallest face in px (`SMALLEST`), over the pictures that may hold faces. ap_by_size, ap_by_source: see
    `SIZE_BUCKETS` and `Labelled.source`. recall_at_50_false: over all faces. false_boxes: over a score of 0.5 in the
    face-free pictures. curve: over all faces. The average precisions are 0..1, NaN where there is no face.
    """

    ap: dict[int, float]
    ap_by_size: dict[str, float]
    ap_by_source: dict[str, float]
    recall_at_50_false: float
    false_boxes: int
    pictures: int
    faceless_pictures: int
    faces: dict[str, int]
    curve: Curve

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the curve."""
        return {
            "ap": {f">={size}" if size else "all": value for size, value in self.ap.items()},
            "recall_at_50_false": self.recall_at_50_false,
            "false_boxes_over_0.5_without_faces": self.false_boxes,
            "ap_by_size": self.ap_by_size,
            "ap_by_source": self.ap_by_source,
            "pictures": self.pictures,
            "faceless_pictures": self.faceless_pictures,
            "faces": self.faces,
        }


def run_canvas(
    detect: Detect,
    labelled: Sequence[Labelled],
    size: tuple[int, int] = VGA,
    change: Change | None = None,
    progress: bool = False,
) -> list[OnCanvas]:
    """The detections of every picture on its canvas. change: gives a changed picture and its boxes to use instead."""
    results = []
    for item, image in zip(labelled, pictures((item.path for item in labelled), progress), strict=True):
        boxes, ignore = item.boxes, item.ignore
        if change is not None:
            image, whole = change(image, boxes)
            boxes = whole.clip(0, (*image.shape[1::-1], *image.shape[1::-1]))
            ignore = ignore | (box_areas(boxes) < STILL_THERE * box_areas(whole))
        canvas, scale = letterbox(image, size)
        on_canvas = (boxes * scale).astype(np.float32)
        results.append(OnCanvas(detect(canvas), on_canvas, ignore, item.event, item.source))
    return results


def score(results: Sequence[OnCanvas]) -> CanvasReport:
    """The report on detections that `run_canvas` collected; face-free pictures are those of `FACELESS_EVENT`."""
    faceless = [item for item in results if item.event == FACELESS_EVENT]
    faces = [item for item in results if item.event != FACELESS_EVENT]
    whole = face_curve_on(faces)
    sources = sorted({item.source for item in faces})
    by_size = {name: curve(_match_bucket(item, *bucket) for item in faces) for name, bucket in SIZE_BUCKETS.items()}
    return CanvasReport(
        ap={size: face_curve_on(faces, size).average_precision for size in SMALLEST},
        ap_by_size={name: part.average_precision for name, part in by_size.items()},
        ap_by_source={
            source: face_curve_on([item for item in faces if item.source == source]).average_precision
            for source in sources
        },
        recall_at_50_false=whole.recall_at_false(50),
        false_boxes=sum(len(false_scores(item, 0.5)) for item in faceless),
        pictures=len(faces),
        faceless_pictures=len(faceless),
        faces={"all": whole.faces} | {name: part.faces for name, part in by_size.items()},
        curve=whole,
    )


def face_curve_on(results: Sequence[OnCanvas], smallest: float = 0.0) -> Curve:
    """Precision against recall over the pictures; faces below `smallest` px become ignore regions."""
    return curve(_match(item, smallest) for item in results)


def false_scores(item: OnCanvas, threshold: float = 0.0) -> Array:
    """(N,) scores, over `threshold`, of the boxes that are neither on a face nor on an ignore region."""
    matching = _match(item)
    return matching.scores[(matching.outcomes == FALSE) & (matching.scores > threshold)]


def _match(item: OnCanvas, smallest: float = 0.0) -> Matching:
    return match(item.detections, item.boxes, item.ignore | (_longer_sides(item.boxes) < smallest))


def _match_bucket(item: OnCanvas, low: float, high: float) -> Matching:
    """As `_match`, for faces of one size alone: false boxes of another size don't count either (as COCO does)."""
    sides = _longer_sides(item.boxes)
    matching = match(item.detections, item.boxes, item.ignore | (sides < low) | (sides >= high))
    found = _longer_sides(item.detections.boxes)
    outcomes = matching.outcomes.copy()
    outcomes[(outcomes == FALSE) & ((found < low) | (found >= high))] = LEFT_OUT
    return Matching(matching.scores, outcomes, matching.matched, matching.faces)


def _longer_sides(boxes: Array) -> Array:
    return (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
