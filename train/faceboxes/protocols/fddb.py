"""FDDB (Jain and Learned-Miller 2010): ellipses, optimal one-to-one matching, discrete and continuous ROC.

As in the official program: both regions are drawn as pixels, the overlap is their IoU, and for every score threshold
the detections above it are matched to the annotations so that the sum of the overlaps is largest. Discrete: a match
counts 1 if its overlap is above 0.5; continuous: it counts its overlap. False positives are, for both curves, the
detections without a discrete match.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from facecam.arrays import Array
from facecam.bench.wider_labels import LabelError
from facecam.faces.boxes import Detections
from facecam.system.opencv import cv2

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EllipsePicture:
    """path: the picture. ellipses: (M, 5) float64, major and minor radius px, angle in radians, centre x y px."""

    path: Path
    ellipses: Float


@dataclass(frozen=True, eq=False)
class Overlaps:
    """One picture. scores: (N,) of the detections; iou: (N, M) float64 with the annotations."""

    scores: Array
    iou: Float


@dataclass(frozen=True, eq=False)
class Roc:
    """One point per threshold, highest first.

    scores: (T,); false: (T,) int64, false positives over the set; discrete, continuous: (T,), true positive rates.
    """

    scores: Float
    false: npt.NDArray[np.int64]
    discrete: Float
    continuous: Float
    faces: int

    def at_false(self, count: int) -> tuple[float, float]:
        """The best discrete and continuous true positive rates with at most `count` false positives."""
        # A better matching with one more detection can lower the count, so the points needn't be in its order.
        within = self.false <= count
        return float(self.discrete[within].max(initial=0)), float(self.continuous[within].max(initial=0))


def read_folds(folds: Path, images: Path) -> list[EllipsePicture]:
    """Annotations of all `*ellipseList.txt` files in `folds`; pictures are `images / name.jpg`.

    Raises LabelError, with file and line, when one is damaged or there is none.
    """
    files = sorted(Path(folds).glob("*ellipseList.txt"))
    if not files:
        raise LabelError(f"{folds} holds no *ellipseList.txt; give the FDDB-folds folder")
    return [item for file in files for item in _read_fold(file, Path(images))]


def overlaps(detections: Detections, ellipses: Float, width: int, height: int) -> Overlaps:
    """Overlap of every detection with every ellipse, in the pixels of a picture of `width` x `height`."""
    iou = np.zeros((len(detections), len(ellipses)))
    # A filled rectangle covers both its corner pixels; what is outside of the picture isn't drawn.
    low = np.rint(detections.boxes[:, :2]).astype(np.int64)
    high = np.rint(detections.boxes[:, 2:]).astype(np.int64) + 1
    low, high = (np.clip(corner, 0, (width, height)) for corner in (low, high))
    areas = np.prod(high - low, axis=1)
    for column, ellipse in enumerate(ellipses):
        sums = cv2.integral(draw_ellipse(ellipse, width, height)).astype(np.int64)  # [H + 1, W + 1]
        inside = (
            sums[high[:, 1], high[:, 0]]
            - sums[low[:, 1], high[:, 0]]
            - sums[high[:, 1], low[:, 0]]
            + sums[low[:, 1], low[:, 0]]
        )
        iou[:, column] = inside / np.maximum(areas + sums[-1, -1] - inside, 1)
    return Overlaps(detections.scores, iou)


def draw_ellipse(ellipse: Float, width: int, height: int) -> npt.NDArray[np.uint8]:
    """(H, W) uint8, 1 inside the ellipse: centre and radii in whole pixels, as the official program draws it."""
    major, minor, angle, x, y = (float(value) for value in ellipse)
    mask = np.zeros((height, width), np.uint8)
    centre, radii = (round(x), round(y)), (int(major), int(minor))
    cv2.ellipse(mask, centre, radii, math.degrees(angle), 0, 360, (1,), cv2.FILLED)
    return mask


def roc(pictures: Sequence[Overlaps]) -> Roc:
    """The curves over all pictures."""
    faces = sum(picture.iou.shape[1] for picture in pictures)
    steps = [_steps(picture) for picture in pictures]
    scores = np.concatenate([np.zeros(0), *(step[0] for step in steps)])
    gains = np.concatenate([np.zeros((0, 3)), *(step[1] for step in steps)])
    order = np.argsort(-scores, kind="stable")
    scores, totals = scores[order], np.cumsum(gains[order], axis=0)
    # Equal scores pass a threshold together.
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) if len(scores) else np.zeros(0, np.int64)
    detections, discrete, continuous = totals[last].T
    false = np.rint(detections - discrete).astype(np.int64)
    return Roc(scores[last], false, discrete / max(faces, 1), continuous / max(faces, 1), faces)


def _steps(picture: Overlaps) -> tuple[Float, Float]:
    """Scores (T,), highest first, and what each adds: (T, 3) detections, discrete matches, continuous matches."""
    scores = np.unique(picture.scores.astype(np.float64))[::-1]
    totals = np.zeros((len(scores), 3))
    touching = picture.iou.any(axis=1)
    matched, chosen = (0.0, 0.0), -1
    for row, threshold in enumerate(scores):
        valid = picture.scores >= threshold
        candidates = np.flatnonzero(valid & touching)
        if len(candidates) != chosen:  # otherwise nothing that overlaps a face came in
            chosen = len(candidates)
            matched = _match(picture.iou[candidates])
        totals[row] = np.count_nonzero(valid), *matched
    return scores, np.diff(totals, axis=0, prepend=0)


def _match(iou: Float) -> tuple[float, float]:
    """The discrete and the continuous count of the best one-to-one matching. iou: (N, M)."""
    if not iou.size:
        return 0.0, 0.0
    rows, columns = linear_sum_assignment(iou, maximize=True)
    values = iou[rows, columns]
    return float(np.count_nonzero(values > 0.5)), float(values.sum())


def _read_fold(file: Path, images: Path) -> list[EllipsePicture]:
    lines = file.read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    items, at = [], 0
    while at < len(lines):
        name = lines[at].strip()
        count = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if not count.isdigit():
            _damaged(file, at + 1, "a number of faces is expected here")
        at += 2
        rows = []
        for line in range(at, at + int(count)):
            try:
                rows.append([float(word) for word in lines[line].split()][:5])
            except (IndexError, ValueError):
                rows.append([])
            if len(rows[-1]) != 5:
                _damaged(file, line, "a face is two radii, an angle, a centre and a 1")
        at += int(count)
        items.append(EllipsePicture(images / f"{name}.jpg", np.array(rows, np.float64).reshape(-1, 5)))
    return items


def _damaged(file: Path, line: int, what: str) -> NoReturn:
    raise LabelError(f"{file} is damaged at line {line + 1}: {what}; fetch it again")
