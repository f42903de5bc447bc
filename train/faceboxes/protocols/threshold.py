"""The default threshold, chosen on data: few false boxes on face-free photos, at the best recall that allows; and the
curve that makes a score the share of such boxes that are faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facecam.bench.voc import Curve
from facecam.errors import FacecamError
from train.faceboxes.protocols.canvas import FACELESS_EVENT, OnCanvas, face_curve_on, false_scores

STEP = 0.001


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold gives. recall and precision: 0..1, on the pictures with faces."""

    threshold: float
    false_per_100_photos: float
    recall: float
    recall_32px: float
    precision: float


@dataclass(frozen=True)
class Calibration:
    """chosen: the lowest threshold within the limit, so the best recall. points: the whole curve, 0.02 to 0.995.
    score_curve: of `fit_scores`."""

    chosen: OperatingPoint
    points: tuple[OperatingPoint, ...]
    limit_per_100_photos: float
    faceless_photos: int
    score_curve: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "threshold": self.chosen.threshold,
            "limit_false_per_100_photos": self.limit_per_100_photos,
            "faceless_photos": self.faceless_photos,
            "score_curve": list(self.score_curve),
            "chosen": vars(self.chosen),
            "curve": [vars(point) for point in self.points],
        }


def calibrate(results: Sequence[OnCanvas], limit_per_100_photos: float = 1.0) -> Calibration:
    """Choose the threshold from detections on pictures with faces and on face-free ones (event `FACELESS_EVENT`).

    Raises FacecamError when either kind is missing.
    """
    faceless = [item for item in results if item.event == FACELESS_EVENT]
    faces = [item for item in results if item.event != FACELESS_EVENT]
    if not faceless or not faces:
        raise FacecamError(
            f"calibration needs pictures with faces and face-free ones; name the event {FACELESS_EVENT} and another"
        )
    false = np.sort(np.concatenate([false_scores(item) for item in faceless]))[::-1]
    allowed = int(limit_per_100_photos * len(faceless) / 100)
    # The first score too many lies below the threshold, whether a detector takes scores over or from the threshold.
    threshold = STEP * (np.floor(float(false[allowed]) / STEP) + 1) if len(false) > allowed else STEP
    whole, large = face_curve_on(faces), face_curve_on(faces, 32)

    def point(at: float) -> OperatingPoint:
        rate = 100 * int(np.count_nonzero(false >= at)) / len(faceless)
        recall, precision = whole.at_score(at)
        return OperatingPoint(round(at, 3), rate, recall, large.at_score(at)[0], precision)

    points = tuple(point(at) for at in np.arange(4, 200) / 200)
    return Calibration(point(float(threshold)), points, limit_per_100_photos, len(faceless), fit_scores(whole))


def fit_scores(whole: Curve) -> tuple[float, float]:
    """Gain and offset of the logit, by which a score becomes the share of the boxes of such a score that are faces
    (Platt 1999): the likeliest ones for the boxes that were found."""
    scores = whole.scores.clip(1e-6, 1 - 1e-6)
    hits = np.diff(whole.false, prepend=0) == 0
    logits = np.log(scores / (1 - scores))
    terms, fit = np.stack([logits, np.ones_like(logits)]), np.array([1.0, 0.0])
    for _ in range(50):  # Newton's method; a little of the unit matrix keeps it from running away where all are faces
        expected = 1 / (1 + np.exp(-fit @ terms))
        slope = terms @ (hits - expected) - 1e-3 * (fit - [1, 0])
        fit = fit + np.linalg.solve((terms * expected * (1 - expected)) @ terms.T + 1e-3 * np.eye(2), slope)
    return float(fit[0]), float(fit[1])
