"""Boxes: the detector's result, overlap, non-maximum suppression, and the SSD box coding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facecam.suppression import suppress

Array = npt.NDArray[np.float32]

VARIANCES = (0.1, 0.2)
"""Scale of the coded centre offsets and log sizes (SSD, and FaceBoxes section 3.3)."""


@dataclass(frozen=True)
class Detections:
    """Faces found in one frame, best first.

    boxes: (N, 4) float32, x1 y1 x2 y2, source-frame pixels; scores: (N,) float32 in 0..1. ids: (N,) intp where faces
    are tracked, from 1 up, 0 for one without a number; None otherwise.
    """

    boxes: Array
    scores: Array
    ids: npt.NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def only(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Detections:
        """Some of them: a mask (N,), or indices in the wanted order."""
        return Detections(self.boxes[keep], self.scores[keep], None if self.ids is None else self.ids[keep])

    @classmethod
    def none(cls) -> Detections:
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def pairwise_iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box in `a` (N, 4) with every box in `b` (M, 4), x1 y1 x2 y2: (N, M) float32."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    union = box_areas(a)[:, None] + box_areas(b)[None] - overlap
    return (overlap / np.maximum(union, 1e-9)).astype(np.float32)


def box_areas(boxes: Array) -> Array:
    """(N,) areas of (N, 4) boxes x1 y1 x2 y2; 0 for an inverted box."""
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)


def nms(boxes: Array, scores: Array, iou: float, limit: int = 750) -> npt.NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the kept boxes, best first, at most `limit` (750 in the paper).

    boxes: (N, 4) x1 y1 x2 y2; a box that overlaps a better one by more than `iou` is dropped.
    """
    return np.zeros(0, np.intp) if len(boxes) == 0 else suppress(boxes, scores, iou, limit)


def decode(offsets: Array, anchors: Array, variances: tuple[float, float] = VARIANCES) -> Array:
    """SSD offsets (N, 4) against anchors (N, 4) cx cy w h: (N, 4) boxes x1 y1 x2 y2 in the anchors' pixels."""
    centre = offsets[:, :2] * variances[0]
    centre *= anchors[:, 2:]
    centre += anchors[:, :2]
    half = np.exp(offsets[:, 2:] * variances[1])
    half *= anchors[:, 2:]
    half /= 2
    return np.concatenate([centre - half, centre + half], axis=1)


def encode(boxes: Array, anchors: Array, variances: tuple[float, float] = VARIANCES) -> Array:
    """Boxes (N, 4) x1 y1 x2 y2, of positive size, as SSD offsets (N, 4) against anchors (N, 4): inverse of `decode`."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate(
        [(centre - anchors[:, :2]) / (variances[0] * anchors[:, 2:]), np.log(size / anchors[:, 2:]) / variances[1]],
        axis=1,
    ).astype(np.float32)
