"""Which frames of a file to look at before its copy is published: where a face may be in view, or none was hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from facecam.batch.regions import Box, Region, Regions
from facecam.faces.boxes import pairwise_iou

NEAR_BORDER = 0.5
"""A face that comes or goes within that share of its size from the border has walked in or out."""
_SAME_FOR_S = 1.0
_SAME_PLACE = 0.3


class Reason(Enum):
    """Why a frame is doubtful, the most urgent first."""

    OPEN = "may be a face, and is not hidden"
    ENDS = "is hidden no longer, in mid-picture"
    APPEARS = "is hidden from the next frame on, in mid-picture"
    WEAK = "is hidden, and may be no face"


@dataclass(frozen=True)
class Doubt:
    """frame: to look at. reason: why. region: index of what it is about. score: that region's best."""

    frame: int
    reason: Reason
    region: int
    score: float


def doubts(regions: Regions) -> list[Doubt]:
    """What is to be looked at, most urgent first: candidates by their score, then faces that come and go in
    mid-picture in their order, then what is hidden below the threshold. What was decided by hand is in no doubt."""
    order = list(Reason)
    found = list(_all(regions))
    by_time = (Reason.ENDS, Reason.APPEARS)
    found.sort(key=lambda doubt: (order.index(doubt.reason), doubt.frame if doubt.reason in by_time else -doubt.score))
    kept: list[Doubt] = []
    told: dict[tuple[Reason, int], list[Doubt]] = {}  # by reason and time
    for doubt in found:
        slot = int(regions.times_s[doubt.frame] / _SAME_FOR_S)
        near = [other for at in (slot - 1, slot, slot + 1) for other in told.get((doubt.reason, at), ())]
        if not any(_alike(regions, doubt, other) for other in near):
            kept.append(doubt)
            told.setdefault((doubt.reason, slot), []).append(doubt)
    return kept


def _all(regions: Regions) -> Iterator[Doubt]:
    last = len(regions.times_s) - 1
    for index, region in enumerate(regions.regions):
        if region.by_hand or region.decided:
            continue
        score = region.score
        if not region.hidden:
            yield Doubt(region.best_frame, Reason.OPEN, index, score)
        elif score < regions.threshold:
            yield Doubt(region.best_frame, Reason.WEAK, index, score)
        elif last > 0:
            if region.first > 0 and not _at_border(regions, region, region.first):
                yield Doubt(region.first - 1, Reason.APPEARS, index, score)
            if region.last < last and not _at_border(regions, region, region.last):
                yield Doubt(region.last + 1, Reason.ENDS, index, score)


def _at_border(regions: Regions, region: Region, frame: int) -> bool:
    x1, y1, x2, y2 = region.box(frame) or region.boxes[0]
    across, down = NEAR_BORDER * (x2 - x1), NEAR_BORDER * (y2 - y1)
    return x1 < across or y1 < down or x2 > regions.width - across or y2 > regions.height - down


def _alike(regions: Regions, one: Doubt, other: Doubt) -> bool:
    """Whether both are about the same place at about the same time."""
    if abs(regions.times_s[one.frame] - regions.times_s[other.frame]) > _SAME_FOR_S:
        return False
    boxes = np.array([_box(regions, one), _box(regions, other)], np.float32)
    return bool(pairwise_iou(boxes[:1], boxes[1:])[0, 0] > _SAME_PLACE)


def _box(regions: Regions, doubt: Doubt) -> Box:
    region = regions.regions[doubt.region]
    return region.box(min(max(doubt.frame, region.first), region.last)) or region.boxes[0]
