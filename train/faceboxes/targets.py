"""Which anchor learns which face (FaceBoxes, section 3.3, "Matching strategy"), for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FACE, IGNORE = 1, 2
"""Kinds of a labelled box: a face to find, or a region that counts neither way. 0 is padding."""


@dataclass(frozen=True)
class Targets:
    """label: (B, A) int64: 1 face, 0 background, -1 left out. boxes: (B, A, 4) float32 x1 y1 x2 y2, input pixels, the
    matched face of each anchor (meaningful where label is 1). overlap: (B, A) float32, its IoU with the anchor."""

    label: Tensor
    boxes: Tensor
    overlap: Tensor


def match(anchors: Tensor, boxes: Tensor, kind: Tensor, threshold: float = 0.35) -> Targets:
    """Matches anchors (A, 4) cx cy w h with the batch's boxes (B, M, 4) x1 y1 x2 y2 of `kind` (B, M).

    An anchor is positive when it overlaps a face by `threshold` or more, and the best anchor of each face is positive
    whatever its overlap. An anchor that lies mostly inside an ignore region, or overlaps one as much as half of what
    makes a positive, is left out unless it is positive.
    """
    corners = torch.cat([anchors[:, :2] - anchors[:, 2:] / 2, anchors[:, :2] + anchors[:, 2:] / 2], 1)
    overlap, inside = _overlaps(corners, boxes)  # [B, A, M]
    face = (kind == FACE)[:, None, :]
    with_faces = torch.where(face, overlap, -1.0)
    best, index = with_faces.max(2)  # [B, A]
    # The best anchor of every face: its overlap counts as 2, so that it wins over faces that overlap it more.
    batch, faces = (kind == FACE).nonzero(as_tuple=True)
    best_anchor = with_faces[batch, :, faces].argmax(1)  # [F]
    index[batch, best_anchor] = faces
    forced = torch.zeros_like(best)
    forced[batch, best_anchor] = 2.0
    positive = torch.maximum(best, forced) >= threshold
    ignore = (kind == IGNORE)[:, None, :]
    near = (ignore & ((inside >= 0.5) | (overlap >= threshold / 2))).any(2)
    label = positive.long().masked_fill(near & ~positive, -1)
    matched = boxes.gather(1, index[..., None].expand(-1, -1, 4))
    return Targets(label, matched, overlap.gather(2, index[..., None])[..., 0])


def _overlaps(corners: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """IoU of anchors (A, 4) with boxes (B, M, 4), and the share of the anchor's area inside the box; both (B, A, M)."""
    a, b = corners[None, :, None, :], boxes[:, None, :, :]
    size = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    overlap = size.clamp(min=0).prod(-1)
    area_a = (a[..., 2:] - a[..., :2]).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).prod(-1)
    return overlap / (area_a + area_b - overlap), overlap / area_a
