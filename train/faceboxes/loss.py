"""The multibox loss: classification over hard-mined anchors and box regression over positive ones.

FaceBoxes, section 3.3: softmax loss, hard negatives. The box loss is DIoU (Zheng et al. 2020), which optimises what is
measured, the overlap, instead of four numbers apart as smooth L1 does.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from facecam.faces.boxes import VARIANCES
from train.faceboxes.targets import SOFT, Targets

NEGATIVES = 7
"""Hard negatives for each positive anchor."""
LEAST_NEGATIVES = 16
"""Those of a picture that has hardly a face or none."""
BOX_WEIGHT = 2.0


@dataclass(frozen=True)
class Losses:
    """Scalars: the weighted total, and its two parts. All are sums over anchors divided by that of the positives'
    weights."""

    total: Tensor
    classes: Tensor
    boxes: Tensor


def multibox_loss(
    offsets: Tensor, logits: Tensor, targets: Targets, anchors: Tensor,
    quality: bool = False, most: float = float("inf"),
) -> Losses:  # fmt: skip
    """offsets: (B, A, 4); logits: (B, A, 2) background, face; anchors: (A, 4) cx cy w h in input pixels.

    quality: the score of an anchor that has a face learns the overlap of its box with it instead of 1 (Li et al. 2020,
    generalized focal loss), so that of two boxes of one face the better one wins. most: a face counts as so many
    anchors at most, as a large one has a hundred and a small one has one.
    """
    logits = logits.float()
    positive = targets.label == 1
    weight = torch.where(positive, (most / targets.rivals.clamp(min=1)).clamp(max=1), 1.0)
    count = _sum_where(positive, weight).clamp(min=1)
    # Two-class softmax: the loss depends on the difference of the logits alone.
    margin = logits[..., 1] - logits[..., 0]
    loss = torch.where(positive, F.softplus(-margin), F.softplus(margin))  # [B, A]
    with torch.no_grad():
        candidates = torch.where(targets.label == 0, loss, -1.0)
        wanted = (positive.sum(1) * NEGATIVES).clamp(min=LEAST_NEGATIVES)  # [B]
        wanted = wanted.minimum((targets.label == 0).sum(1))
        ordered = candidates.topk(max(1, int(wanted.max())), 1).values
        last = ordered.gather(1, (wanted - 1).clamp(min=0)[:, None])
        hard = (candidates >= last) & (targets.label == 0) & (wanted > 0)[:, None]
    classes = _sum_where(positive | hard, weight * loss) / count
    # Cross entropy with a probability instead of a class. No part of the mining: an uncertain region is always hard.
    unsure = F.binary_cross_entropy_with_logits(margin, targets.probability, reduction="none")
    classes = classes + _sum_where(targets.label == SOFT, unsure) / count
    picture, anchor = positive.nonzero(as_tuple=True)
    found, truth = offsets[picture, anchor].float(), targets.boxes[picture, anchor]
    weight = weight[picture, anchor]
    decoded = decode(found, anchors[anchor])
    boxes = (weight * (1 - diou(decoded, truth))).sum() / count
    if quality:
        overlap = _iou(decoded.detach(), truth)
        # The cross entropy is linear in what is to be learnt.
        classes = classes + (weight * (1 - overlap) * margin[picture, anchor]).sum() / count
    return Losses(classes + BOX_WEIGHT * boxes, classes, boxes)


def _sum_where(mask: Tensor, values: Tensor) -> Tensor:
    return torch.where(mask, values, 0.0).sum()


def decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """`facecam.faces.boxes.decode` for tensors: (..., A, 4) offsets and (A, 4) anchors -> (..., A, 4) x1 y1 x2 y2."""
    centre = anchors[:, :2] + offsets[..., :2] * VARIANCES[0] * anchors[:, 2:]
    half = anchors[:, 2:] * (offsets[..., 2:] * VARIANCES[1]).clamp(max=6).exp() / 2
    return torch.cat([centre - half, centre + half], -1)


def diou(a: Tensor, b: Tensor) -> Tensor:
    """(...) distance-IoU of boxes (..., 4): IoU less the squared distance of the centres over the squared diagonal of
    the smallest box around both."""
    iou = _iou(a, b)
    around = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    distance = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2).square().sum(-1)
    return iou - distance / around.square().sum(-1).clamp(min=1e-6)


def _iou(a: Tensor, b: Tensor) -> Tensor:
    """(...) overlap of boxes (..., 4) x1 y1 x2 y2."""
    overlap = _area((torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0))
    areas = _area(a[..., 2:] - a[..., :2]) + _area(b[..., 2:] - b[..., :2])
    return overlap / (areas - overlap).clamp(min=1e-6)


def _area(sides: Tensor) -> Tensor:
    return sides[..., 0] * sides[..., 1]  # `prod`, whose gradient is a scan, takes a GPU a quarter of a step
