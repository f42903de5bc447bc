"""Boxes: the detector's result, overlap, non-maximum suppression, and the SSD box coding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.runtimes.onnx_runtime import open_session
from facecam.system.resources import asset

VARIANCES = (0.1, 0.2)
"""Scale of the coded centre offsets and log sizes (SSD, and FaceBoxes section 3.3)."""

NMS_IOU = 0.4
"""Overlap from which on the weaker of two boxes goes, unless the user says otherwise."""

SAME_FACE_IOU = 0.5
"""Overlap from which on the boxes of two detectors are about the same face."""

VOTES_FROM = 0.02
"""Boxes of a lower score than the threshold don't count, but from this score on they vote: the more do, the less the
mean trembles. Accuracy is measured from it on, so that boxes lie where they did there."""

VOTING_IOU = 0.5
"""Overlap with a kept box from which on a box takes part in where that one lies."""


@dataclass(frozen=True)
class Detections:
    """Faces found in one frame, best first.

    boxes: (N, 4) float32, x1 y1 x2 y2, source-frame pixels.
    scores: (N,) float32 in 0..1.
    ids: (N,) intp where faces are tracked, from 1 up, 0 for one without a number; None otherwise.
    colours: of their boxes, indices of BOX_COLOURS, wherever they are drawn; empty where all have the first.
    """

    boxes: Array
    scores: Array
    ids: npt.NDArray[np.intp] | None = None
    colours: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)

    def only(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Detections:
        """Some of them: a mask (N,), or indices in the wanted order."""
        colours = np.array(self.colours, np.intp)[keep].tolist() if self.colours else ()
        ids = None if self.ids is None else self.ids[keep]
        return Detections(self.boxes[keep], self.scores[keep], ids, tuple(colours))

    @classmethod
    def none(cls) -> Detections:
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


FEW_PAIRS = 16384
"""So many are compared all with all, in fewer steps than it takes to find those that are near."""


def pairwise_iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box in `a` (N, 4) with every box in `b` (M, 4), x1 y1 x2 y2: (N, M) float32."""
    overlap = _overlaps(a, b)
    union = box_areas(a)[:, None] + box_areas(b) - overlap
    return np.asarray(overlap / np.maximum(union, 1e-9), np.float32)


def _overlaps(a: Array, b: Array) -> Array:
    """(N, M) areas that every box in `a` (N, 4) has in common with every box in `b` (M, 4), x1 y1 x2 y2."""
    # Edge by edge: numpy is several times slower on a last axis of two.
    left, top, right, bottom = a.T[:, :, None]
    x1, y1, x2, y2 = b.T
    width = np.minimum(right, x2)
    width -= np.maximum(left, x1)
    height = np.minimum(bottom, y2)
    height -= np.maximum(top, y1)
    np.maximum(width, 0, out=width)
    np.maximum(height, 0, out=height)
    width *= height
    return width


def box_areas(boxes: Array) -> Array:
    """(N,) areas of (N, 4) boxes x1 y1 x2 y2; 0 for an inverted box."""
    x1, y1, x2, y2 = boxes.T
    return np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)


def faces_in_common(a: Detections, b: Detections) -> int:
    """How many faces both have found: pairs of boxes that overlap by half, each counted once."""
    iou = pairwise_iou(a.boxes, b.boxes)
    count = 0
    while iou.size and iou.max() >= SAME_FACE_IOU:
        row, column = np.unravel_index(int(iou.argmax()), iou.shape)
        iou[row, :] = iou[:, column] = 0
        count += 1
    return count


def nms(boxes: Array, scores: Array, iou: float, limit: int = 750) -> npt.NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes that stay, best first; of equal scores the first is better.

    boxes: (N, 4) x1 y1 x2 y2.
    scores: (N,).
    iou: in 0..1; of two boxes that overlap by more, the better one stays.
    limit: so many stay at the most (750 in the paper).
    """
    if len(boxes) == 0:
        return np.zeros(0, np.intp)
    inputs = {
        "boxes": np.asarray(boxes, np.float32)[None],
        "scores": np.asarray(scores, np.float32)[None, None],
        "most": np.array([limit], np.int64),
        "iou": np.array([iou], np.float32),
    }
    return np.asarray(_nms_session().run(["kept"], inputs)[0][:, 2], np.intp)


@lru_cache(maxsize=1)
def _nms_session() -> Any:
    """The operator of ONNX Runtime, compiled code that reads numpy arrays as they are (docs/adr/0004)."""
    return open_session(asset("graphs/nms.onnx").read_bytes())


def vote(boxes: Array, scores: Array, kept: npt.NDArray[np.intp], iou: float = VOTING_IOU) -> Array:
    """Box voting (Gidaris and Komodakis 2015): each kept box becomes the mean of the boxes around it.

    Densified anchors give several boxes of about the same face. Suppression keeps the one with the best score, which
    need not be the one that fits best; the mean of all, weighted by their scores, fits better and trembles less.
    boxes: (N, 4) x1 y1 x2 y2; scores: (N,); kept: (K,) indices; a box votes where it overlaps a kept one by `iou` or
    more. Returns (K, 4).
    """
    mine = boxes[kept]
    if len(kept) * len(boxes) <= FEW_PAIRS:
        # overlap / (a + b - overlap) >= iou, without the division; a box without area votes for none
        areas = np.maximum(box_areas(boxes), 1e-9)
        votes = _overlaps(mine, boxes) * (1 + iou) >= iou * (areas[kept, None] + areas)
        weights = votes * scores.astype(np.float64)
        return _means(weights.sum(1), weights @ boxes, mine)
    # Boxes of such an overlap have centres no further apart than this share of a side: only those that come into
    # question along x, and of them along y, are compared, a few per kept box instead of all.
    order = np.argsort(boxes[:, 0] + boxes[:, 2])
    others, voices = boxes[order], scores[order]
    middles, middle = others[:, :2] + others[:, 2:], mine[:, :2] + mine[:, 2:]
    side = mine[:, 2:] - mine[:, :2]
    reach = side * (1 / iou - 1) + 1e-3 * (side + 1)
    first = np.searchsorted(middles[:, 0], middle[:, 0] - reach[:, 0])
    counts = np.searchsorted(middles[:, 0], middle[:, 0] + reach[:, 0], "right") - first
    which = np.repeat(np.arange(len(kept)), counts)  # [P] pairs: which kept box
    other = np.arange(len(which)) + np.repeat(first - np.cumsum(counts) + counts, counts)  # [P] and which other one
    near = np.abs(middle[which, 1] - middles[other, 1]) <= reach[which, 1]
    which, other = which[near], other[near]
    a, b = mine[which], others[other]
    size = np.minimum(a[:, 2:], b[:, 2:])
    size -= np.maximum(a[:, :2], b[:, :2])
    overlap = size.clip(0).prod(1)
    # overlap / (a + b - overlap) >= iou, without the division
    votes = overlap * (1 + iou) >= iou * (box_areas(mine)[which] + box_areas(others)[other])
    which, b, weights = which[votes], b[votes], voices[other[votes]].astype(np.float64)
    total = np.bincount(which, weights, len(kept))
    sums = np.stack([np.bincount(which, weights * edge, len(kept)) for edge in b.T], axis=1)
    return _means(total, sums, mine)


def _means(total: npt.NDArray[Any], sums: npt.NDArray[Any], otherwise: Array) -> Array:
    """sums (K, 4) over total (K,), or `otherwise`: a box without area overlaps nothing, not even itself."""
    return np.where(total[:, None] > 0, sums / np.maximum(total, 1e-12)[:, None], otherwise).astype(np.float32)


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
