"""The default threshold, chosen by rule: the lowest at which face-free photos and webcam clips show few enough boxes
that are no faces. And the curve that makes a score the share of such boxes that are faces."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facecam.bench.voc import Curve
from facecam.errors import FacecamError
from train.faceboxes.protocols.canvas import OnCanvas, face_curve_on, false_scores
from train.faceboxes.protocols.webcam import Clip, measure_clips

FALSE_PER_100_PHOTOS = 1.0
"""Boxes in face-free photos that the rule allows."""
ELSEWHERE_PER_FRAME = 0.01
"""Boxes beside the face in the frames of the clips that the rule allows."""
LARGE_PX = 24
STEPS = 100
"""Thresholds from 0 to 1 that are looked at: those of the window's slider."""


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold gives. recall and precision: 0..1, on the pictures with faces."""

    threshold: float
    false_per_100_photos: float
    recall: float
    recall_24px: float
    precision: float


class Thresholds:
    """What each threshold gives.

    faces: curve over all faces of the pictures that have some; scores: of the boxes in the face-free ones, best first.
    """

    def __init__(self, with_faces: Sequence[OnCanvas], faceless: Sequence[OnCanvas], clips: Sequence[Clip]) -> None:
        """Raises FacecamError when one of the three is missing."""
        if not with_faces or not faceless or not clips:
            raise FacecamError(
                "A threshold is chosen on pictures with faces, face-free ones and clips: give all three."
            )
        self.faces, self._large = face_curve_on(with_faces), face_curve_on(with_faces, LARGE_PX)
        self.scores = np.sort(np.concatenate([false_scores(item) for item in faceless]))[::-1]
        self._photos, self._clips = len(faceless), clips

    def at(self, threshold: float) -> OperatingPoint:
        """The figures of one threshold."""
        recall, precision = self.faces.at_score(threshold)
        rate = 100 * int(np.count_nonzero(self.scores >= threshold)) / self._photos
        return OperatingPoint(threshold, rate, recall, self._large.at_score(threshold)[0], precision)

    def chosen(self) -> OperatingPoint:
        """The lowest threshold that the rule allows, so the best recall."""

        def allowed(step: int) -> bool:
            threshold = step / STEPS
            few = self.at(threshold).false_per_100_photos <= FALSE_PER_100_PHOTOS
            return few and measure_clips(self._clips, threshold).other <= ELSEWHERE_PER_FRAME

        return self.at(bisect_left(range(STEPS), True, key=allowed) / STEPS)


def fit_scores(faces: Curve) -> tuple[float, float]:
    """Gain and offset of the logit, by which a score becomes the share of the boxes of such a score that are faces
    (Platt 1999): the likeliest ones for the boxes that were found."""
    scores = faces.scores.clip(1e-6, 1 - 1e-6)
    hits = np.diff(faces.false, prepend=0) == 0
    logits = np.log(scores / (1 - scores))
    terms, fit = np.stack([logits, np.ones_like(logits)]), np.array([1.0, 0.0])
    for _ in range(50):  # Newton's method; a little of the unit matrix keeps it from running away where all are faces
        expected = 1 / (1 + np.exp(-fit @ terms))
        slope = terms @ (hits - expected) - 1e-3 * (fit - [1, 0])
        fit = fit + np.linalg.solve((terms * expected * (1 - expected)) @ terms.T + 1e-3 * np.eye(2), slope)
    return float(fit[0]), float(fit[1])


def share_of_faces(faces: Curve, score: float) -> float:
    """Of the boxes whose score is about this one, how many are faces, 0..1; NaN where there are none."""
    near = np.abs(faces.scores - score) <= 0.05
    return float((np.diff(faces.false, prepend=0) == 0)[near].mean()) if near.any() else float("nan")
