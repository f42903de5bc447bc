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


class Mixing(nn.Module):
    """Fixed random convolutions that mix channels, and scales from the smallest map up (the paper's sections 3.2, 3.3).

    They keep G from serving single features and make every map speak of all the coarser ones too.
    """

    def __init__(self, widths: tuple[int, ...], width: int) -> None:
        super().__init__()
        for index, channels in enumerate(widths):  # buffers, so that nothing trains them
            self.register_buffer(f"channels{index}", torch.randn(width, channels, 1, 1) * channels**-0.5)
            self.register_buffer(f"scales{index}", torch.randn(width, width, 3, 3) * (9 * width) ** -0.5)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps (N, C_i, s_i, s_i), largest first -> (N, width, s_i, s_i) in the same order."""
        mixed: list[Tensor] = []
        for index in reversed(range(len(maps))):
            x = maps[index]
            x = x / x.detach().float().square().mean().sqrt().clamp(min=1e-4).to(x.dtype)
            h = F.conv2d(x, getattr(self, f"channels{index}"))
            if mixed:
                h = (h + F.interpolate(mixed[-1], scale_factor=2.0, mode="nearest")) * 0.5**0.5
            mixed.append(F.conv2d(h, getattr(self, f"scales{index}"), padding=1))
        return mixed[::-1]


class Head(nn.Module):
    """A feature map (N, C, s, s) and label (N,) -> scores (N, 16) float32, one for each cell of a 4x4 map."""

    def __init__(self, channels: int, width: int, classes: int, halvings: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [Conv(channels if i == 0 else width, width, 3, "down" if i < halvings else "none")
             for i in range(max(1, halvings))]
        )  # fmt: skip
        self.score = Conv(width, 1, 1)
        self.embedding = Linear(classes, width, bias=False) if classes > 1 else None

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        if x.shape[-1] < 4:
            x = F.interpolate(x, size=4, mode="nearest")
        with torch.autocast(x.device.type, enabled=False):
            features = x.float().flatten(2)  # (N, C, 16)
            score = torch.einsum("c,ncs->ns", self.score.kernel().flatten(), features)
            if self.embedding is not None:
                projection = F.embedding(label, self.embedding.kernel().t())  # (N, C)
                score = score + torch.einsum("nc,ncs->ns", projection, features)
            if self.score.bias is not None:
                score = score + self.score.bias
        return score


class FeatureCritic(nn.Module):
    """Pictures (N, 3, R, R) in -1..1 and label (N,) int64 -> scores (N, maps * 16) float32, 16 places for each map.

    The classifier is frozen and not among the parameters or the state of this module.
    """

    def __init__(self, teacher: FeatureNet, resolution: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self._teacher = [teacher.eval().requires_grad_(False)]  # in a list, so that it is no submodule
        self.mixing = Mixing(teacher.widths, width)
        sides = [resolution // 2 ** (i + 1) for i in range(len(teacher.widths))]
        self.heads = nn.ModuleList(Head(width, width, classes, max(0, (s // 4).bit_length() - 1)) for s in sides)

    def forward(self, images: Tensor, label: Tensor) -> Tensor:
        mixed = self.mixing(self._teacher[0].maps(images))
        return torch.cat([head(x, label) for head, x in zip(self.heads, mixed, strict=True)], dim=1)
