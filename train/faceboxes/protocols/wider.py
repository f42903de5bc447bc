"""WIDER FACE (Yang et al. 2016): the official evaluation on the validation set.

Scores are min-max normalised over the whole set, sides count both end pixels (x2 - x1 + 1), faces outside the subset
are ignore regions, precision and recall are taken at 1000 evenly spaced thresholds, and the average precision is the
area under the envelope. Pictures without any labelled face are left out, as the official code does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat

from facecam.arrays import Array
from facecam.bench.voc import FALSE, HIT, Curve, average_precision, match
from facecam.bench.wider_labels import LabelError, Labelled
from facecam.faces.boxes import Detections

SUBSETS = ("easy", "medium", "hard")
THRESHOLDS = 1000
HEIGHTS = (10, 30, 50)
"""Least face heights, px, of the subsets where the official lists are not at hand; no stand-in for those."""


@dataclass(frozen=True, eq=False)
class WiderPicture:
    """The faces of one picture. boxes: (M, 4) float32, x1 y1 x2 y2 px; counted: per subset, (M,) bool."""

    path: Path
    boxes: Array
    counted: dict[str, npt.NDArray[np.bool_]]


def by_height(labelled: Sequence[Labelled]) -> list[WiderPicture]:
    """Pictures of the text ground truth, with the subsets `all` and `height >= 10, 30, 50 px`."""
    items = []
    for item in labelled:
        heights = item.boxes[:, 3] - item.boxes[:, 1]
        counted = {"all": ~item.ignore}
        counted |= {f"height >= {least} px": ~item.ignore & (heights >= least) for least in HEIGHTS}
        items.append(WiderPicture(item.path, item.boxes, counted))
    return items


def read_subsets(folder: Path, images: Path) -> list[WiderPicture]:
    """Pictures and subsets of the official lists `wider_{face,easy,medium,hard}_val.mat` in `folder`.

    Raises LabelError when a list is missing or doesn't have the official layout.
    """
    whole = _load(folder / "wider_face_val.mat")
    chosen = {name: _load(folder / f"wider_{name}_val.mat") for name in SUBSETS}
    items = []
    try:
        for event_row, event_cell in enumerate(whole["event_list"]):
            event = str(event_cell[0].item())
            for row, file_cell in enumerate(whole["file_list"][event_row][0]):
                name = str(file_cell[0].item())
                boxes = np.array(whole["face_bbx_list"][event_row][0][row][0], np.float32).reshape(-1, 4)
                boxes[:, 2:] += boxes[:, :2]
                counted = {}
                for subset, lists in chosen.items():
                    mask = np.zeros(len(boxes), bool)
                    # MATLAB counts from 1.
                    mask[np.asarray(lists["gt_list"][event_row][0][row][0], np.int64).reshape(-1) - 1] = True
                    counted[subset] = mask
                items.append(WiderPicture(images / event / f"{name}.jpg", boxes, counted))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise LabelError(
            f"the lists in {folder} don't have the official layout ({error!r}); fetch them again"
        ) from None
    return items


def wider_curves(detections: Sequence[Detections], items: Sequence[WiderPicture]) -> dict[str, Curve]:
    """Per subset, the official curve at 1000 thresholds. `detections` of every picture, in its pixels."""
    detections = normalised(detections)
    return {
        subset: _curve(detections, [item.boxes for item in items], [item.counted[subset] for item in items])
        for subset in (items[0].counted if items else ())
    }


def normalised(detections: Sequence[Detections]) -> list[Detections]:
    """The same detections with scores stretched to 0..1 over the whole set."""
    scores = np.concatenate([np.zeros(0, np.float32), *(found.scores for found in detections)])
    if not len(scores) or scores.max() == scores.min():
        return list(detections)
    low, span = scores.min(), scores.max() - scores.min()
    return [Detections(found.boxes, (found.scores - low) / span) for found in detections]


def _curve(detections: Sequence[Detections], boxes: Sequence[Array], counted: Sequence[npt.NDArray[np.bool_]]) -> Curve:
    faces = sum(int(np.count_nonzero(mask)) for mask in counted)
    matchings = [
        match(Detections(_with_end_pixels(found.boxes), found.scores), _with_end_pixels(truth), ~mask)
        for found, truth, mask in zip(detections, boxes, counted, strict=True)
        if len(truth)
    ]
    scores = np.concatenate([np.zeros(0), *(part.scores for part in matchings)])
    outcomes = np.concatenate([np.zeros(0, np.int8), *(part.outcomes for part in matchings)])
    thresholds = 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS
    hits = _at_least(scores[outcomes == HIT], thresholds)
    false = _at_least(scores[outcomes == FALSE], thresholds)
    precision = hits / np.maximum(hits + false, 1)
    recall = hits / faces if faces else np.zeros(THRESHOLDS)
    area = average_precision(recall, precision) if faces else float("nan")
    return Curve(thresholds, recall, precision, false, faces, area)


def _at_least(scores: npt.NDArray[np.float64], thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(T,) how many scores reach each threshold."""
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")


def _with_end_pixels(boxes: Array) -> Array:
    return boxes + np.array([0, 0, 1, 1], np.float32)


def _load(path: Path) -> dict[str, Any]:
    try:
        return dict(loadmat(str(path)))
    except (OSError, ValueError, NotImplementedError) as error:
        raise LabelError(f"can't read {path} ({error}); give the folder with the official .mat lists") from None
