"""Which anchor learns which face (FaceBoxes, section 3.3, "Matching strategy"), for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FACE, IGNORE, SOFT = 1, 2, 3
"""Kinds of a labelled box: a face to find, a region that counts neither way, or a region that is a face with some
probability. 0 is padding."""


@dataclass(frozen=True)
class Targets:
    """label: (B, A) int64: 1 face, 0 background, -1 left out, `SOFT`. boxes: (B, A, 4) float32 x1 y1 x2 y2, input
    pixels, the matched face of each anchor (meaningful where label is 1). overlap: (B, A) float32, its IoU with the
    anchor. probability: (B, A) float32, of a face, where the label is `SOFT`."""

    label: Tensor
    boxes: Tensor
    overlap: Tensor
    probability: Tensor


def match(
    anchors: Tensor, boxes: Tensor, kind: Tensor, probability: Tensor | None = None, threshold: float = 0.35
) -> Targets:
    """Matches anchors (A, 4) cx cy w h with the batch's boxes (B, M, 4) x1 y1 x2 y2 of `kind` (B, M).

    probability: (B, M), that a box of kind `SOFT` is a face; needed where there is one.

    An anchor is positive when it overlaps a face by `threshold` or more, and the best anchor of each face is positive
    whatever its overlap. An anchor that lies mostly inside an ignore region, or overlaps one as much as half of what
    makes a positive, is left out unless it is positive. So it is near a soft region, except where it overlaps that one
    as much as makes a positive: there it learns the region's probability.
    """
    corners = torch.cat([anchors[:, :2] - anchors[:, 2:] / 2, anchors[:, :2] + anchors[:, 2:] / 2], 1)
    label = torch.zeros(len(boxes), len(anchors), dtype=torch.int64, device=boxes.device)
    matched = torch.zeros(len(boxes), len(anchors), 4, device=boxes.device)
    best = torch.zeros(len(boxes), len(anchors), device=boxes.device)
    chance = torch.zeros_like(best)
    # Picture by picture: a mosaic of crowds would pad all the others to its number of boxes.
    for k in range(len(boxes)):
        regions = boxes[k][(kind[k] == IGNORE) | (kind[k] == SOFT)]
        if len(regions):
            overlap, inside = _overlaps(corners, regions)
            label[k].masked_fill_(((inside >= 0.5) | (overlap >= threshold / 2)).any(0), -1)
        soft = kind[k] == SOFT
        if bool(soft.any()):
            assert probability is not None
            overlap, _ = _overlaps(corners, boxes[k][soft])
            nearest, index = overlap.max(0)
            label[k].masked_fill_(nearest >= threshold, SOFT)
            chance[k] = probability[k][soft][index]
        faces = boxes[k][kind[k] == FACE]
        if len(faces):
            overlap, _ = _overlaps(corners, faces)  # [M, A]
            best[k], index = overlap.max(0)
            positive = best[k] >= threshold
            # The best anchor of every face learns it, whatever other face overlaps that anchor more.
            best_anchor = overlap.argmax(1)
            index[best_anchor] = torch.arange(len(faces), device=boxes.device)
            positive[best_anchor] = True
            label[k].masked_fill_(positive, 1)
            matched[k] = faces[index]
            best[k] = overlap.gather(0, index[None])[0]
    return Targets(label, matched, best, chance)


def _overlaps(corners: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """IoU of boxes (M, 4) with anchors (A, 4), and the share of the anchor's area inside the box; both (M, A)."""
    a, b = corners[None], boxes[:, None]
    width = torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])
    height = torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])
    overlap = width.clamp_(min=0) * height.clamp_(min=0)
    area_a = (corners[:, 2:] - corners[:, :2]).prod(1)
    area_b = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return overlap / (area_a + area_b[:, None] - overlap), overlap / area_a
