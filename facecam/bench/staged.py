"""Faces put into the network's output: the whole detection with exactly as many faces as asked for.

A frame with 200 faces holds faces so small that a network finds few of them. To see what 200 found faces cost, the
network runs as ever, and then its scores are replaced by ones that pass at 200 places, each with its neighbours, as a
real face has.
"""

from __future__ import annotations

import numpy as np

from facecam.arrays import Array
from facecam.bench.measure import Subject, detector_subject
from facecam.detection.detector import FaceDetector
from facecam.detection.frame_plan import Plan
from facecam.faces.boxes import decode, nms, pairwise_iou

_MAX_NEIGHBOURS = 6


def staged_subject(detector: FaceDetector, frame: np.ndarray, faces: int) -> Subject:
    """As `detector_subject`, with `faces` faces found in whatever frame; the detector is not to be used otherwise.

    The copying of the scores, some microseconds, is counted as the network's time.
    """
    detector.detect(frame)
    plan = detector.prepared(*frame.shape[:2])
    network = plan.network
    scores = _scores(plan, faces, network.logits, detector.nms)
    compute = network.infer

    def infer() -> None:
        compute()
        network.scores[:] = scores
        network.offsets[:] = 0

    network.infer = infer  # type: ignore[method-assign]
    return detector_subject(detector, frame, faces)


def _scores(plan: Plan, faces: int, logits: bool, nms_iou: float) -> Array:
    """(A,) scores that pass at `faces` places that don't overlap, or as many as the anchors allow, and at neighbours of
    theirs that overlap them by more than `nms_iou`, and so go again."""
    low, high = (-20.0, 6.0) if logits else (0.0, 0.99)
    scores = np.full(len(plan.anchors), low, np.float32)
    boxes = decode(np.zeros_like(plan.anchors), plan.anchors)
    smallest = np.flatnonzero(plan.anchors[:, 2] == plan.anchors[:, 2].min())  # there is room for most of them
    chosen = smallest[nms(boxes[smallest], np.ones(len(smallest), np.float32), 0.02)][:faces]
    overlap = pairwise_iou(boxes[chosen], boxes)
    for place, row in zip(chosen, overlap, strict=True):
        near = np.argsort(row)[::-1][1 : 1 + _MAX_NEIGHBOURS]
        near = near[row[near] > nms_iou]
        scores[near] = np.maximum(scores[near], high - 1 if logits else high - 0.1)
        scores[place] = high
    return scores
