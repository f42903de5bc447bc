"""AFW (Zhu and Ramanan 2012) and PASCAL face (Yan et al. 2014), by the protocol of Mathias et al. 2014.

VOC average precision at an IoU above 0.5, sides counting both end pixels, with ignore flags. Data sets differ in what
they call a face, so before the average precision come five rounds of calibration: all boxes are shifted and scaled by
the mean offset of the true positives. Faces under 30 px are ignored, and detections of at most 21 px are dropped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from facecam.arrays import Array
from facecam.bench.voc import HIT, OVER_HALF, Curve, Matching, curve, match
from facecam.bench.wider_labels import LabelError, Labelled
from facecam.faces.boxes import Detections

SMALLEST_FACE_PX = 30
"""Faces that are narrower or lower are ignored."""
LARGEST_DROPPED_PX = 21
"""Detections whose sides are no longer are dropped: 30 px on the diagonal."""
ROUNDS = 5


@dataclass(frozen=True)
class Adjustment:
    """What calibration does to a box: its centre moves by x and y of its own width and height, which are scaled."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def apply(self, boxes: Array) -> Array:
        """boxes: (N, 4) x1 y1 x2 y2."""
        size = boxes[:, 2:] - boxes[:, :2]
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + size * np.array([self.x, self.y], np.float32)
        half = size * np.array([self.width, self.height], np.float32) / 2
        return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def face_curve(
    detections: Sequence[Detections], items: Sequence[Labelled], rounds: int = 0
) -> tuple[Curve, list[Adjustment]]:
    """Precision against recall after `rounds` of calibration (0: none), and what each round did. detections: of every
    picture, in its pixels."""
    sides = ((one.boxes[:, 2:] - one.boxes[:, :2]).max(axis=1, initial=0) for one in detections)
    found = [one.only(longest > LARGEST_DROPPED_PX) for one, longest in zip(detections, sides, strict=True)]
    adjustments = []
    for _ in range(rounds):
        adjustment = _mean_offset(found, items, _matchings(found, items))
        found = [Detections(adjustment.apply(detected.boxes), detected.scores) for detected in found]
        adjustments.append(adjustment)
    return curve(_matchings(found, items)), adjustments


def read_labels(file: Path, images: Path) -> list[Labelled]:
    """Labels of AFW or PASCAL face. Raises LabelError when the file isn't one of these formats.

    `labels.json`: {picture: {"boxes": [[x1, y1, x2, y2]...], "ignore": [...]}}. `.mat` of the toolbox of Mathias et
    al.: struct array `Annotations` with `imgname` and `objects` (x1 y1 x2 y2 _ ignore). `anno.mat` of AFW's authors:
    cell array `anno` with name and corner pairs.
    """
    file, images = Path(file), Path(images)
    try:
        if file.suffix.lower() == ".json":
            values = json.loads(file.read_text(encoding="utf-8"))
            faces = {name: (item["boxes"], item.get("ignore", [])) for name, item in values.items()}
            return [
                _picture(images / name, [*((*box, 0) for box in boxes), *((*box, 1) for box in ignored)])
                for name, (boxes, ignored) in faces.items()
            ]
        return _read_mat(file, images)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, NotImplementedError) as error:
        raise LabelError(
            f"can't read the labels {file} ({error!r}); give labels.json or one of the official .mat files"
        ) from None


def _matchings(found: Sequence[Detections], items: Sequence[Labelled]) -> list[Matching]:
    matchings = []
    for detected, item in zip(found, items, strict=True):
        small = (item.boxes[:, 2:] - item.boxes[:, :2] < SMALLEST_FACE_PX).any(axis=1)
        end = np.array([0, 0, 1, 1], np.float32)
        boxes = Detections(detected.boxes + end, detected.scores)
        matchings.append(match(boxes, item.boxes + end, item.ignore | small, OVER_HALF))
    return matchings


def _mean_offset(found: Sequence[Detections], items: Sequence[Labelled], matchings: Sequence[Matching]) -> Adjustment:
    """The mean, over the true positives, of the shift and scale that would lay the detection on its face."""
    offsets = []
    for detected, item, matching in zip(found, items, matchings, strict=True):
        hits = matching.outcomes == HIT
        boxes, faces = detected.boxes[hits], item.boxes[matching.matched[hits]]
        size, face_size = boxes[:, 2:] - boxes[:, :2], faces[:, 2:] - faces[:, :2]
        centre, face_centre = (boxes[:, :2] + boxes[:, 2:]) / 2, (faces[:, :2] + faces[:, 2:]) / 2
        offsets.append(np.concatenate([(face_centre - centre) / size, face_size / size], axis=1))
    values = np.concatenate([np.zeros((0, 4)), *offsets])
    return Adjustment(*(float(value) for value in values.mean(axis=0))) if len(values) else Adjustment()


def _read_mat(file: Path, images: Path) -> list[Labelled]:
    values = loadmat(str(file))
    if "Annotations" in values:
        return [_read_struct(row, images) for row in values["Annotations"].reshape(-1)]
    items = []
    for row in values["anno"]:
        corners = [np.asarray(cell, np.float64).reshape(-1)[:4] for cell in np.asarray(row[1]).reshape(-1)]
        items.append(_picture(images / str(np.asarray(row[0]).item()), [(*box, 0) for box in corners]))
    return items


def _read_struct(row: Any, images: Path) -> Labelled:
    name = str(np.asarray(row["imgname"]).item())
    objects = np.asarray(row["objects"])
    # One row of numbers per face, either as a matrix or as a cell of rows of differing length.
    faces = objects.reshape(-1) if objects.dtype == object else objects
    rows = [np.asarray(face, np.float64).reshape(-1) for face in faces]
    return _picture(images / name, [(*face[:4], face[5] if len(face) > 5 else 0) for face in rows])


def _picture(path: Path, rows: Sequence[Sequence[float]]) -> Labelled:
    values = np.array(rows, np.float64).reshape(-1, 5)
    if not path.suffix:
        path = path.with_name(f"{path.name}.jpg")
    return Labelled(path, path.name, "", values[:, :4].astype(np.float32), values[:, 4] != 0)
