"""Which frames of a file to look at before its copy is published: where a face may be in view, or none was hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from facecam.batch.regions import Box, Region, Regions
from facecam.faces.boxes import pairwise_iou

NEAR_BORDER = 0.5
"""A face that comes or goes within that share of its size from the border has walked in or out."""
_SAME_FOR_S = 1.0
_AT_ONCE_S = 0.1
_SAME_PLACE = 0.3


class Reason(Enum):
    """Why a frame is doubtful, the most urgent first."""

    OPEN = "may be a face, and is not hidden"
    ENDS = "is hidden no longer, in mid-picture"
    APPEARS = "is hidden from the next frame on, in mid-picture"
    WEAK = "is hidden, and may be no face"


_CHANGES = (Reason.ENDS, Reason.APPEARS)


@dataclass(frozen=True)
class Doubt:
    """frame: to look at. reason: why. region: index of what it is about. score: that region's best. also: further
    regions that are seen there in the same doubt."""

    frame: int
    reason: Reason
    region: int
    score: float
    also: tuple[int, ...] = ()


def doubts(regions: Regions) -> list[Doubt]:
    """What is to be looked at, most urgent first: candidates by their score, then faces that come and go in
    mid-picture in their order, then what is hidden below the threshold. What was decided by hand is in no doubt, and
    all faces that come and go at once, as where the scene is cut, are in a single one."""
    order = list(Reason)
    found = list(_all(regions))
    found.sort(key=lambda doubt: (order.index(doubt.reason), doubt.frame if doubt.reason in _CHANGES else -doubt.score))
    told: dict[tuple[bool, int], list[list[Doubt]]] = {}  # by kind and time
    kept: list[list[Doubt]] = []
    for doubt in found:
        kind, slot = doubt.reason in _CHANGES, int(_time_s(regions, doubt) / _SAME_FOR_S)
        near = [others for at in (slot - 1, slot, slot + 1) for others in told.get((kind, at), ())]
        same = next((others for others in near if _alike(regions, doubt, others[0])), None)
        if same is not None:
            same.append(doubt)
        else:
            kept.append([doubt])
            told.setdefault((kind, slot), []).append(kept[-1])
    return [replace(first, also=tuple(other.region for other in others)) for first, *others in kept]


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
    """Whether both are about the same place at about the same time, or faces that came or went in the same moment."""
    apart_s = abs(_time_s(regions, one) - _time_s(regions, other))
    if one.reason in _CHANGES and apart_s <= _AT_ONCE_S:
        return True
    if one.reason is not other.reason or apart_s > _SAME_FOR_S:
        return False
    boxes = np.array([_box(regions, one), _box(regions, other)], np.float32)
    return bool(pairwise_iou(boxes[:1], boxes[1:])[0, 0] > _SAME_PLACE)


def _time_s(regions: Regions, doubt: Doubt) -> float:
    """When what is in doubt happened: a face that has gone stays hidden for a moment, with a score of 0."""
    region = regions.regions[doubt.region]
    if doubt.reason is Reason.APPEARS:
        return regions.times_s[region.first]
    if doubt.reason is Reason.ENDS:
        seen = next(frame for frame in range(region.last, region.first - 1, -1) if region.score_in(frame) > 0)
        return regions.times_s[seen + 1]
    return regions.times_s[doubt.frame]


def _box(regions: Regions, doubt: Doubt) -> Box:
    region = regions.regions[doubt.region]
    return region.box(min(max(doubt.frame, region.first), region.last)) or region.boxes[0]
