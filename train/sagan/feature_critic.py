"""An optional helper beside the paper's discriminator: small critics on the feature maps of our own frozen classifier.

After Projected GANs (Sauer et al. 2021), which use an ImageNet network: features that already know edges, texture and
classes tell G early what is missing, where a discriminator that starts from nothing needs many pictures. A run that
used it says so in its model card, and is measured with another classifier than the one used here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.features import FeatureNet
from train.sagan.layers import Conv, Linear


class Head(nn.Module):
    """A feature map (N, C, s, s) and label (N,) -> scores (N,) float32: two convolutions, then a projection score."""

    def __init__(self, channels: int, width: int, classes: int, down: bool) -> None:
        super().__init__()
        self.conv1 = Conv(channels, width, 1)
        self.conv2 = Conv(width, width, 3, "down" if down else "none")
        self.score = Linear(width, 1)
        self.embedding = Linear(classes, width, bias=False) if classes > 1 else None

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        x = self.conv2(F.relu(self.conv1(x)))
        with torch.autocast(x.device.type, enabled=False):
            features = F.relu(x.float()).sum((2, 3)) / x.shape[2]  # by the side: between a mean and a sum over cells
            score = self.score(features).squeeze(1)
            if self.embedding is not None:
                score = score + (F.embedding(label, self.embedding.kernel().t()) * features).sum(1)
        return score


class FeatureCritic(nn.Module):
    """Pictures (N, 3, R, R) in -1..1 and label (N,) int64 -> one score per feature map (N, maps) float32.

    The classifier is frozen and not among the parameters or the state of this module.
    """

    def __init__(self, teacher: FeatureNet, classes: int, width: int = 64) -> None:
        super().__init__()
        self._teacher = [teacher.eval().requires_grad_(False)]  # in a list, so that it is no submodule
        last = len(teacher.widths) - 1
        self.heads = nn.ModuleList(Head(c, width, classes, down=i < last) for i, c in enumerate(teacher.widths))

    def forward(self, images: Tensor, label: Tensor) -> Tensor:
        maps = self._teacher[0].maps(images)
        return torch.stack([head(x, label) for head, x in zip(self.heads, maps, strict=True)], dim=1)
