"""Boxes: the detector's result, overlap, non-maximum suppression, and the SSD box coding."""

from __future__ import annotations

import math
from array import array
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

FEW = 64
"""So many candidates or fewer are decoded and suppressed one by one. Right after a network has run, no code of numpy
and of the operator is in the processor's caches: for one box they take 0.3 ms there, and Python 0.03 (0.2 for 40)."""

SAME_FACE_IOU = 0.5
"""Overlap from which on the boxes of two detectors are about the same face."""


_FLOAT32_MAX = float(np.finfo(np.float32).max)


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


@dataclass(frozen=True, eq=False)
class Candidates:
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
            across = min(x2, right) - max(x1, left)
            down = min(y2, bottom) - max(y1, top)
            if across > 0 and down > 0:
                overlap = across * down
                if overlap > iou * (area + (right - left) * (bottom - top) - overlap):
                    break
        else:
            kept.append(box)
    across, down = float(limit[0]), float(limit[1])
    rows = [(s, max(x1, 0.0), max(y1, 0.0), min(x2, across), min(y2, down)) for s, x1, y1, x2, y2 in kept]
    result = np.array([row for row in rows if row[3] > row[1] and row[4] > row[2]], np.float32).reshape(-1, 5)
    return Detections(result[:, 1:].copy(), result[:, 0].copy())


def _select_many(candidates: Candidates, limit: Array, iou: float) -> Detections:
    scores = candidates.scores
    with np.errstate(over="ignore", invalid="ignore"):  # a bad model may give anything; such boxes go below
        if candidates.logits:
            scores = np.float32(1) / (np.float32(1) + np.exp(-scores))
        boxes = decode(candidates.offsets, candidates.anchors, candidates.variances)
        usable = np.isfinite(boxes)
    if not usable.all():
        whole = usable.all(axis=1)
        boxes, scores = boxes[whole], scores[whole]
    keep = nms(boxes, scores, iou)
    boxes, scores = boxes[keep], scores[keep]
    np.clip(boxes, 0, limit, out=boxes)
    inside = boxes[:, 2:] > boxes[:, :2]
    if not inside.all():
        whole = inside.all(axis=1)
        boxes, scores = boxes[whole], scores[whole]
    return Detections(boxes, scores)


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


def decode(offsets: Array, anchors: Array, variances: tuple[float, float] = VARIANCES) -> Array:
    """SSD offsets (N, 4) against anchors (N, 4) cx cy w h: (N, 4) boxes x1 y1 x2 y2 in the anchors' pixels."""
    centre = offsets[:, :2] * variances[0]
    centre *= anchors[:, 2:]
    centre += anchors[:, :2]
    half = np.exp(offsets[:, 2:] * variances[1])
    half *= anchors[:, 2:]
    half /= 2
    return np.concatenate([centre - half, centre + half], axis=1)
