"""Which anchor learns which face (FaceBoxes, section 3.3, "Matching strategy"), for a whole batch at once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

FACE, IGNORE, SOFT = 1, 2, 3
"""Kinds of a labelled box: a face to find, a region that counts neither way, or a region that is a face with some
probability. 0 is padding."""

POSITIVE_IOU = 0.35
"""Overlap with a face that makes an anchor positive."""


class Targets(NamedTuple):
    """label: (B, A) int64: 1 face, 0 background, -1 left out, `SOFT`. boxes: (B, A, 4) float32 x1 y1 x2 y2, input
    pixels, the matched face of each anchor (meaningful where label is 1). probability: (B, A) float32, of a face, where
    the label is `SOFT`. rivals: (B, A) float32, where the label is 1, how many anchors have the same face."""

    label: Tensor
    boxes: Tensor
    probability: Tensor
    rivals: Tensor


def match(anchors: Tensor, boxes: Tensor, kind: Tensor, probability: Tensor | None = None) -> Targets:
    """Matches anchors (A, 4) cx cy w h with the batch's boxes (B, M, 4) x1 y1 x2 y2 of `kind` (B, M).

    probability: (B, M), that a box of kind `SOFT` is a face; needed where there is one.

    An anchor is positive when it overlaps a face by `POSITIVE_IOU` or more, and the best anchor of each face whatever
    its overlap; where it is the best of several faces, it learns the last of them. An anchor that lies mostly inside an
    ignore region, or overlaps one as much as half of what makes a positive, is left out unless it is positive. So it is
    near a soft region, except where it overlaps that one as much as makes a positive: there it learns the region's
    probability.
    """
    if probability is None:
        probability = torch.zeros_like(boxes[..., 0])
    if boxes.device.type != "cpu":
        return match_padded(anchors, boxes, kind, probability)
    # Picture by picture: a mosaic of crowds would pad all the others to its number of boxes. A GPU would rather pad
    # than wait for a look at each.
    rows = (kind != 0).sum(1).clamp(min=1).tolist()
    parts = [
        match_padded(anchors, *(values[k : k + 1, :n] for values in (boxes, kind, probability)))
        for k, n in enumerate(rows)
    ]
    return Targets(*(torch.cat(values) for values in zip(*parts, strict=True)))


def match_padded(anchors: Tensor, boxes: Tensor, kind: Tensor, probability: Tensor) -> Targets:
    """`match`, all pictures at once and without a look at any value."""
    corners = torch.cat([anchors[:, :2] - anchors[:, 2:] / 2, anchors[:, :2] + anchors[:, 2:] / 2], 1)
    overlap, inside = _overlaps(corners, boxes)  # [B, M, A]
    face, soft, ignore = (kind == value for value in (FACE, SOFT, IGNORE))  # [B, M]
    near = ((inside >= 0.5) | (overlap >= POSITIVE_IOU / 2)) & (soft | ignore)[..., None]
    nearest, row = overlap.masked_fill(~soft[..., None], -1).max(1)  # [B, A]
    label = torch.where(nearest >= POSITIVE_IOU, SOFT, torch.where(near.any(1), -1, 0))
    chance = probability.gather(1, row)

    overlap = overlap.masked_fill_(~face[..., None], -1)
    best, row = overlap.max(1)
    # A face's best anchor learns it, whatever other face overlaps that anchor more; of several faces with one best
    # anchor, the last. What is no face goes to a column behind the last anchor.
    best_anchor = overlap.argmax(2).masked_fill_(~face, len(corners))
    rows = torch.arange(boxes.shape[1], device=boxes.device).expand_as(best_anchor)
    forced = torch.full((len(boxes), len(corners) + 1), -1, device=boxes.device)
    forced = forced.scatter_reduce_(1, best_anchor, rows, "amax")[:, :-1]
    row = torch.where(forced >= 0, forced, row)
    label = torch.where((best >= POSITIVE_IOU) | (forced >= 0), 1, label)
    count = torch.zeros_like(probability).scatter_add_(1, row, (label == 1).to(probability.dtype))
    return Targets(label, boxes.gather(1, row[..., None].expand(-1, -1, 4)), chance, count.gather(1, row))


def _overlaps(corners: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """IoU of boxes (B, M, 4) with anchors (A, 4), and the share of the anchor's area inside the box; both (B, M, A)."""
    a, b = corners.T.contiguous(), boxes[..., None, :]
    width = torch.minimum(a[2], b[..., 2]).sub_(torch.maximum(a[0], b[..., 0])).clamp_(min=0)
    height = torch.minimum(a[3], b[..., 3]).sub_(torch.maximum(a[1], b[..., 1])).clamp_(min=0)
    overlap = width.mul_(height)
    area_a = (corners[:, 2:] - corners[:, :2]).prod(1)
    area_b = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
    return overlap / (area_a + area_b[..., None] - overlap), overlap / area_a
