"""Soft labels: what a published detector thinks of the regions that the labels leave open.

The file is an `.npz` with `names` (`train/EVENT/PICTURE`), `offsets`, `boxes` and `probability`: picture i owns the
rows `offsets[i]:offsets[i + 1]`; boxes are x1 y1 x2 y2 in picture pixels, probability is how often such a box is a
face. A region that is neither face nor background by the labels becomes one that is a face with some probability, which
the classification learns as it is (Hinton et al. 2015); its box is not learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.bench.wider_labels import Labelled
from facecam.faces.boxes import pairwise_iou
from train.faceboxes.targets import FACE, IGNORE, SOFT
from train.training import TrainingError

SAME = 0.45
"""IoU from which on a region and a box of the teacher mean the same."""

LEAST_PROBABILITY = 0.1
"""A box of the teacher where the labels have nothing counts from this on; below it is background."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What one picture teaches. boxes: (N, 4) float32, x1 y1 x2 y2, picture pixels. kind: (N,) int64, `FACE`, `IGNORE`
    or `SOFT`. probability: (N,) float32, that the box is a face; 1 for faces, 0 for ignore regions."""

    boxes: Array
    kind: npt.NDArray[np.int64]
    probability: Array


def hard_truth(item: Labelled) -> Truth:
    """The labels as they are."""
    return Truth(item.boxes, np.where(item.ignore, IGNORE, FACE), (~item.ignore).astype(np.float32))


def truths(labels: Sequence[Labelled], teacher: Path | None) -> list[Truth]:
    """What each picture teaches, with a teacher's file or without. Raises TrainingError when the file is not of the
    form above."""
    if teacher is None:
        return [hard_truth(item) for item in labels]
    try:
        with np.load(teacher, allow_pickle=False) as file:
            offsets, boxes = file["offsets"], file["boxes"].astype(np.float32)
            probability = file["probability"].astype(np.float32)
            rows = {str(name): slice(*ends) for name, *ends in zip(file["names"], offsets, offsets[1:], strict=False)}
    except Exception as error:  # whatever NumPy makes of a wrong or damaged file
        raise TrainingError(f"{teacher} is not a file of a teacher's detections ({type(error).__name__}).") from error
    none = slice(0)
    mine = (rows.get(f"train/{item.name}", none) for item in labels)
    return [soft_truth(item, boxes[own], probability[own]) for item, own in zip(labels, mine, strict=True)]


def soft_truth(item: Labelled, boxes: Array, probability: Array) -> Truth:
    """The labels of a picture, and the teacher's opinion, boxes (D, 4), where they leave something open."""
    hard = hard_truth(item)
    if not len(boxes):
        return hard
    new = probability >= LEAST_PROBABILITY
    kind, soft = hard.kind.copy(), hard.probability.copy()
    if len(item.boxes):
        overlap = pairwise_iou(item.boxes, boxes)  # [N, D]
        best = overlap.argmax(1)
        open_region = item.ignore & (overlap.max(1) >= SAME)
        kind[open_region], soft[open_region] = SOFT, probability[best[open_region]]
        new &= overlap.max(0) < 0.3
    return Truth(
        np.concatenate([item.boxes, boxes[new]]),
        np.concatenate([kind, np.full(int(new.sum()), SOFT)]),
        np.concatenate([soft, probability[new]]),
    )
