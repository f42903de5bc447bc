"""Boxes: the detector's result, overlap, non-maximum suppression, and the SSD box coding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.runtimes.onnx_runtime import open_session
from facecam.system.resources import asset

try:
    from facecam.faces.selection import select as compiled_select
except ImportError:  # there was no compiler when facecam was installed
    compiled_select = None  # type: ignore[assignment]

VARIANCES = (0.1, 0.2)
"""Scale of the coded centre offsets and log sizes (SSD, and FaceBoxes section 3.3)."""

NMS_IOU = 0.5
"""Overlap from which on the weaker of two boxes is dropped, unless the user says otherwise."""

VOTER_SCORE = 0.8
"""Box voting (Gidaris and Komodakis 2015, section 4): a kept box becomes the mean, weighted by score, of itself and of
those dropped that have so much of its score at least and overlap it by more than (1 + NMS_IOU) / 2, as they can no
other kept one."""

MOST_CANDIDATES = 2000
"""How many of the best that pass the threshold are decoded: at threshold 0 everything passes."""

MOST_FACES = 750
"""How many boxes are kept (the paper's number)."""

SAME_FACE_IOU = 0.5
"""Overlap from which on the boxes of two detectors are about the same face."""


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
    """What of a network's output may be faces: all of it, an anchor a row.

    offsets: (N, 4), see `decode`. scores: (N,), probabilities, or with `logits` logits. anchors: (N, 4) cx cy w h.
    variances: of the offsets.
    """

    offsets: Array
    scores: Array
    logits: bool
    anchors: Array
    variances: tuple[float, float] = VARIANCES


def select(candidates: Candidates, threshold: float, iou: float, width: float, height: float) -> Detections:
    """The faces among the candidates, as suppression and voting leave them, clipped to the frame. What is no number, or
    outside, is left out.

    threshold: the lowest of the scores that is a face; iou: see `nms`; width, height: the frame's.
    """
    if compiled_select is None:
        return _select_arrays(candidates, threshold, iou, width, height)
    found = np.empty((MOST_FACES, 5), np.float32)
    count = compiled_select(
        *candidates[:4], *candidates.variances, threshold, MOST_CANDIDATES, iou, VOTER_SCORE, width, height, found
    )
    return Detections(found[:count, :4].copy(), found[:count, 4].copy()) if count else Detections.none()


def _select_arrays(candidates: Candidates, threshold: float, iou: float, width: float, height: float) -> Detections:
    """The same where it was not compiled; boxes differ by rounding."""
    (passed,) = (candidates.scores >= threshold).nonzero()
    if len(passed) == 0:
        return Detections.none()
    if len(passed) > MOST_CANDIDATES:
        best = np.argpartition(candidates.scores[passed], -MOST_CANDIDATES)[-MOST_CANDIDATES:]
        passed = passed[np.sort(best)]
    scores = candidates.scores[passed]
    with np.errstate(over="ignore", invalid="ignore"):  # a bad model may give anything; such boxes go below
        if candidates.logits:
            scores = np.float32(1) / (np.float32(1) + np.exp(-scores))
        boxes = decode(candidates.offsets[passed], candidates.anchors[passed], candidates.variances)
    whole = np.isfinite(boxes).all(axis=1)
    boxes, scores = boxes[whole], scores[whole]
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    keep = nms(boxes, scores, iou)
    voters = pairwise_iou(boxes[keep], boxes) > (1 + iou) / 2
    voters &= (scores >= VOTER_SCORE * scores[keep, None]) & (np.arange(len(scores)) > keep[:, None])
    voters[range(len(keep)), keep] = True
    votes = voters * np.maximum(scores, np.finfo(np.float32).tiny, dtype=np.float64)
    boxes = np.clip(votes @ boxes / votes.sum(axis=1, keepdims=True), 0, [width, height] * 2).astype(np.float32)
    scores = scores[keep]
    inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return Detections(boxes[inside], scores[inside])


def nms(boxes: Array, scores: Array, iou: float) -> npt.NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes that stay (MOST_FACES at most), best first.

    boxes: (N, 4) x1 y1 x2 y2.
    scores: (N,); of equal ones the first is better.
    iou: in 0..1; of two boxes that overlap by more, the better one stays.
    """
    inputs = {
        "boxes": np.asarray(boxes, np.float32)[None],
        "scores": np.asarray(scores, np.float32)[None, None],
        "most": np.array([MOST_FACES], np.int64),
        "iou": np.array([iou], np.float32),
    }
    return np.asarray(_nms_session().run(["kept"], inputs)[0][:, 2], np.intp)


@lru_cache(maxsize=1)
def _nms_session() -> Any:
    """The operator of ONNX Runtime, compiled code that reads numpy arrays as they are (docs/adr/0004)."""
    return open_session(asset("graphs/nms.onnx").read_bytes())


def decode(offsets: Array, anchors: Array, variances: tuple[float, float] = VARIANCES) -> Array:
    """SSD offsets (N, 4) against anchors (N, 4) cx cy w h: (N, 4) boxes x1 y1 x2 y2 in the anchors' pixels."""
    near, far = variances
    centres = anchors[:, :2] + offsets[:, :2] * near * anchors[:, 2:]
    halves = np.exp(offsets[:, 2:] * far) * anchors[:, 2:] * 0.5
    return np.concatenate([centres - halves, centres + halves], axis=1, dtype=np.float32)
