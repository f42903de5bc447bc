"""Boxes: the detector's result, overlap, non-maximum suppression, and the SSD box coding."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.runtimes.onnx_runtime import open_session
from facecam.system.resources import asset

VARIANCES = (0.1, 0.2)
"""Scale of the coded centre offsets and log sizes (SSD, and FaceBoxes section 3.3)."""

NMS_IOU = 0.4
"""Overlap from which on the weaker of two boxes goes, unless the user says otherwise."""

FEW = 40
"""So many candidates or fewer are decoded and suppressed one by one. Right after a network has run, no code of numpy
and of the operator is in the processor's caches."""

MANY, MANY_PAIRS = 512, 16384
"""So many boxes or fewer, and so many pairs of them that may overlap, are compared by numpy; for more, ONNX Runtime's
operator is quicker, whose code takes longer to come back (docs/adr/0004)."""

SAME_FACE_IOU = 0.5
"""Overlap from which on the boxes of two detectors are about the same face."""


_FLOAT32_MAX = float(np.finfo(np.float32).max)
_PLACES = np.arange(1, MANY + 1)
_RIGHT_OF_ALL = 1e30


@dataclass(frozen=True, eq=False)
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


def pairwise_iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box in `a` (N, 4) with every box in `b` (M, 4), x1 y1 x2 y2: (N, M) float32."""
    # Edge by edge: numpy is several times slower on a last axis of two.
    left, top, right, bottom = a.T[:, :, None]
    x1, y1, x2, y2 = b.T
    width = np.minimum(right, x2)
    width -= np.maximum(left, x1)
    height = np.minimum(bottom, y2)
    height -= np.maximum(top, y1)
    np.maximum(width, 0, out=width)
    np.maximum(height, 0, out=height)
    overlap = np.multiply(width, height, out=width)
    union = box_areas(a)[:, None] + box_areas(b) - overlap
    return np.asarray(overlap / np.maximum(union, 1e-9), np.float32)


def box_areas(boxes: Array) -> Array:
    """(N,) areas of (N, 4) boxes x1 y1 x2 y2; 0 for an inverted box."""
    x1, y1, x2, y2 = boxes.T
    return np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)


def faces_in_common(a: Detections, b: Detections) -> list[tuple[int, int]]:
    """The faces that both have found, as indices into either: boxes that overlap by half, each in one pair."""
    iou = pairwise_iou(a.boxes, b.boxes)
    pairs: list[tuple[int, int]] = []
    while iou.size and iou.max() >= SAME_FACE_IOU:
        row, column = np.unravel_index(int(iou.argmax()), iou.shape)
        iou[row, :] = iou[:, column] = 0
        pairs.append((int(row), int(column)))
    return pairs


class Candidates(NamedTuple):
    """What of a network's output may be faces.

    offsets: (N, 4), see `decode`. scores: (N,), probabilities, or with `logits` logits. anchors: (N, 4) cx cy w h.
    variances: of the offsets.
    """

    offsets: Array
    scores: Array
    logits: bool
    anchors: Array
    variances: tuple[float, float] = VARIANCES


def select(candidates: Candidates, limit: Array, iou: float) -> Detections:
    """The faces among the candidates, clipped to the frame. What is no number, or outside, is left out.

    limit: (4,), the frame's width, height, width and height; iou: see `nms`.
    """
    return (_select_few if len(candidates.scores) <= FEW else _select_many)(candidates, limit, iou)


def _select_few(candidates: Candidates, limit: Array, iou: float) -> Detections:
    """In plain numbers, with scores rounded as `_select_many` rounds them: which of two is better must not change."""
    near, far = candidates.variances
    plain = array("f", candidates.scores.tolist())
    if candidates.logits:
        plain = array("f", [1 / total for total in array("f", [1 + math.exp(min(-score, 100.0)) for score in plain])])
    found = []
    for (right, down, wider, higher), score, (x, y, width, height) in zip(
        candidates.offsets.tolist(), plain, candidates.anchors.tolist(), strict=True
    ):
        x, y = x + right * near * width, y + down * near * height
        try:
            half_width, half_height = math.exp(wider * far) * width / 2, math.exp(higher * far) * height / 2
        except OverflowError:
            continue
        if abs(x) + abs(y) + half_width + half_height < _FLOAT32_MAX:
            found.append((score, x - half_width, y - half_height, x + half_width, y + half_height))
    found.sort(key=lambda box: box[0], reverse=True)  # stable: of equal scores the first is better
    kept: list[tuple[float, float, float, float, float]] = []
    for box in found:
        _, x1, y1, x2, y2 = box
        area = (x2 - x1) * (y2 - y1)
        for _, left, top, right, bottom in kept:
            if x1 < right and left < x2 and y1 < bottom and top < y2:
                overlap = (min(x2, right) - max(x1, left)) * (min(y2, bottom) - max(y1, top))
                if overlap > iou * (area + (right - left) * (bottom - top) - overlap):
                    break
        else:
            kept.append(box)
    across, down = float(limit[0]), float(limit[1])
    rows = [(s, max(x1, 0.0), max(y1, 0.0), min(x2, across), min(y2, down)) for s, x1, y1, x2, y2 in kept]
    result = np.array([row for row in rows if row[3] > row[1] and row[4] > row[2]], np.float32).reshape(-1, 5)
    return Detections(result[:, 1:].copy(), result[:, 0].copy())


def _select_many(candidates: Candidates, limit: Array, iou: float) -> Detections:
    """By arrays whose rows are edges, and by few functions of numpy, which all have to come back into the caches."""
    scores = candidates.scores
    with np.errstate(over="ignore", invalid="ignore"):  # a bad model may give anything; such boxes go below
        if candidates.logits:
            scores = np.float32(1) / (np.float32(1) + np.exp(-scores))
        boxes = decode(candidates.offsets, candidates.anchors, candidates.variances)
        if not math.isfinite(np.add.reduce(boxes, None)):
            whole = np.isfinite(boxes).all(axis=1)
            boxes, scores = boxes[whole], scores[whole]
        keep = nms(boxes, scores, iou)
    edges, scores = boxes.T.take(keep, 1), scores.take(keep)
    np.maximum(edges, 0, out=edges)
    np.minimum(edges, limit[:, None], out=edges)
    inside = edges[2:] > edges[:2]
    if not np.logical_and.reduce(inside, None):
        whole = inside.all(axis=0)
        edges, scores = edges[:, whole], scores[whole]
    return Detections(edges.T.copy(), scores)


def nms(boxes: Array, scores: Array, iou: float, limit: int = 750) -> npt.NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes that stay, best first; of equal scores the first is better.

    boxes: (N, 4) x1 y1 x2 y2.
    scores: (N,).
    iou: in 0..1; of two boxes that overlap by more, the better one stays.
    limit: so many stay at the most (750 in the paper).
    """
    if len(boxes) <= MANY:
        order = (-scores).argsort(kind="stable")
        pairs = _overlapping(np.asarray(boxes, np.float32).T.take(order, 1), iou)
        if pairs is not None:
            return (order[_undefeated(len(order), *pairs)] if len(pairs[0]) else order)[:limit]
    inputs = {
        "boxes": np.asarray(boxes, np.float32)[None],
        "scores": np.asarray(scores, np.float32)[None, None],
        "most": np.array([limit], np.int64),
        "iou": np.array([iou], np.float32),
    }
    return np.asarray(_nms_session().run(["kept"], inputs)[0][:, 2], np.intp)


def _overlapping(edges: Array, iou: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
    """Which boxes (4, N) overlap by more than `iou`: indices of the lower and of the higher one of each such pair. None
    where so many lie side by side that the operator is quicker (`MANY_PAIRS`).

    Sorted by its left edge, each box is compared with as many after it as begin before some box ends, all in one array.
    """
    count = edges.shape[1]
    by_left = edges[0].argsort(kind="stable")
    edges = edges.take(by_left, 1)
    after = edges[0].searchsorted(edges[2])
    after -= _PLACES[:count]
    most = int(np.maximum.reduce(after, initial=0))
    if most * count > MANY_PAIRS:
        return None
    padded = np.empty((5, count + most), np.float32)  # the edges, and a share of the area
    padded[:, count:] = _RIGHT_OF_ALL
    padded[:4, :count] = edges
    here = padded[:, :count]
    sides = np.maximum(edges[2:] - edges[:2], 0)
    np.multiply(sides[0], sides[1], out=here[4])
    here[4] *= iou / (1 + iou)  # overlap > iou * (sum - overlap) where overlap > iou / (1 + iou) * sum
    row, column = padded.strides
    there = np.ndarray((5, most, count), np.float32, padded, column, (row, column, column))  # the next one, two, ...
    overlap = np.minimum(there[2], here[2])
    overlap -= there[0]
    np.maximum(overlap, 0, out=overlap)
    height = np.minimum(there[3], here[3])
    height -= np.maximum(there[1], here[1])
    overlap *= height
    (which,) = (overlap > there[4] + here[4]).reshape(-1).nonzero()
    if len(which) == 0:
        return which, which
    steps, first = np.divmod(which, count)
    one, other = by_left.take(first), by_left.take(first + steps + 1)
    return np.minimum(one, other), np.maximum(one, other)


def _undefeated(count: int, better: npt.NDArray[np.intp], worse: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which of so many boxes stay: of each pair the worse one goes, unless the better one has gone before."""
    stays = np.ones(count, np.bool_)
    while len(better):
        best = stays.copy()
        best[worse] = False
        stays[worse[best[better]]] = False
        undecided = stays[better] & stays[worse]
        better, worse = better[undecided], worse[undecided]
    return stays


@lru_cache(maxsize=1)
def _nms_session() -> Any:
    """The operator of ONNX Runtime, compiled code that reads numpy arrays as they are (docs/adr/0004)."""
    return open_session(asset("graphs/nms.onnx").read_bytes())


def decode(offsets: Array, anchors: Array, variances: tuple[float, float] = VARIANCES) -> Array:
    """SSD offsets (N, 4) against anchors (N, 4) cx cy w h: (N, 4) boxes x1 y1 x2 y2 in the anchors' pixels, each edge
    contiguous."""
    coded, anchors = offsets.T.copy(), anchors.T.copy()
    centre, half, sides = coded[:2], coded[2:], anchors[2:]
    centre *= variances[0]
    centre *= sides
    centre += anchors[:2]
    half *= variances[1]
    np.exp(half, out=half)
    half *= sides
    half *= 0.5
    edges = np.empty_like(coded)
    np.subtract(centre, half, out=edges[:2])
    np.add(centre, half, out=edges[2:])
    return edges.T
