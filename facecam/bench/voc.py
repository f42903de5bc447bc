"""PASCAL VOC matching and average precision with ignore regions (Everingham et al. 2010, section 4.2).

Detections take their best face, highest score first. A detection whose best overlap, of at least the threshold, is an
ignore region is left out; one whose face is already taken is a false positive. The average precision is the area under
the precision envelope over all points (VOC 2010 and later; WIDER FACE does the same), not the older 11-point mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.faces.boxes import Detections, pairwise_iou

LOWEST_SCORE = 0.001
"""Curves are measured from it on: lower ones add nothing to them but time in the suppression. Where scores are shares
of faces, the boxes below 0.02 still add a point to an average precision."""

HIT, FALSE, LEFT_OUT = 1, 0, -1
"""What became of a detection."""

OVER_HALF = float(np.nextafter(np.float32(0.5), np.float32(1)))
"""Threshold for the protocols that ask for an IoU above 0.5 (VOC, FDDB) and not for at least 0.5 (WIDER FACE)."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Detections of one picture, or of a set, against the faces.

    scores: (N,) float32; those of one picture are in the order of its detections. outcomes: (N,) int8, HIT, FALSE or
    LEFT_OUT. faces: how many faces were to be found. matched: (N,) int64, for every HIT the row of its face in the
    picture's boxes, -1 for the others.
    """

    scores: Array
    outcomes: npt.NDArray[np.int8]
    matched: npt.NDArray[np.int64]
    faces: int


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision against recall over a set, one point per counted detection, best score first.

    scores, recall, precision: (N,) float64. false: (N,) int64, false positives up to there. faces: number of faces.
    average_precision: area under the precision envelope, 0..1; NaN without faces.
    """

    scores: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    false: npt.NDArray[np.int64]
    faces: int
    average_precision: float

    def recall_at_false(self, count: int) -> float:
        """Recall of the lowest threshold that gives at most `count` false positives over the set."""
        within = int(np.searchsorted(self.false, count, side="right"))
        return float(self.recall[within - 1]) if within else 0.0

    def at_score(self, threshold: float) -> tuple[float, float]:
        """Recall and precision of the detections with at least this score; (0, 1) when there are none."""
        within = int(np.searchsorted(-self.scores, -threshold, side="right"))
        return (float(self.recall[within - 1]), float(self.precision[within - 1])) if within else (0.0, 1.0)


def match(detections: Detections, boxes: Array, ignore: npt.NDArray[np.bool_], iou: float = 0.5) -> Matching:
    """Match the detections of one picture. boxes: (M, 4), x1 y1 x2 y2 in the detections' pixels; ignore: (M,)."""
    outcomes = np.full(len(detections), FALSE, np.int8)
    matched = np.full(len(detections), -1, np.int64)
    if len(detections) and len(boxes):
        overlaps = pairwise_iou(detections.boxes, boxes)  # (N, M)
        best = overlaps.argmax(axis=1)
        close = overlaps.max(axis=1) >= iou
        taken = np.zeros(len(boxes), bool)
        for row in np.argsort(-detections.scores, kind="stable"):
            face = best[row]
            if not close[row]:
                continue
            if ignore[face]:
                outcomes[row] = LEFT_OUT
            elif not taken[face]:
                taken[face] = True
                outcomes[row] = HIT
                matched[row] = face
    return Matching(detections.scores, outcomes, matched, int(np.count_nonzero(~ignore)))


def curve(matchings: Iterable[Matching]) -> Curve:
    """Precision and recall over the detections of all pictures together."""
    parts = list(matchings)
    faces = sum(part.faces for part in parts)
    scores = np.concatenate([np.zeros(0), *(part.scores for part in parts)])
    outcomes = np.concatenate([np.zeros(0, np.int8), *(part.outcomes for part in parts)])
    counted = outcomes != LEFT_OUT
    scores, outcomes = scores[counted], outcomes[counted]
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(outcomes[order] == HIT)
    false = np.cumsum(outcomes[order] == FALSE)
    precision = hits / np.maximum(hits + false, 1)
    recall = hits / faces if faces else np.zeros(len(hits))
    area = average_precision(recall, precision) if faces else float("nan")
    return Curve(scores[order], recall, precision, false, faces, area)


def average_precision(recall: npt.NDArray[np.float64], precision: npt.NDArray[np.float64]) -> float:
    """Area under the precision envelope. recall: (N,) ascending; precision: (N,), at the same thresholds."""
    ends = np.concatenate([[0.0], recall])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(ends) * envelope))
