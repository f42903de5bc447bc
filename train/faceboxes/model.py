"""FaceBoxes (Zhang et al. 2017, section 3) in PyTorch, and what it has in common with other networks.

Parameter names follow the public FaceBoxes checkpoints, so that one loads into `FaceBoxes` as it is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facecam.detection.anchors import FACEBOXES, AnchorSpec

MEAN_BGR = (104.0, 117.0, 123.0)


class ConvBN(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Depthwise(nn.Conv2d):
    """A 3x3 convolution of each channel by itself, without bias."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(channels, channels, 3, stride, 1, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        step = self.stride[0]
        if step == 1 or not self.training:
            return super().forward(x)
        # PyTorch's gradients of a strided depthwise convolution take a CPU several times as long as those of all
        # positions, of which this takes some.
        y = F.conv2d(x, self.weight, None, 1, self.padding, groups=self.groups)
        return y[:, :, ::step, ::step].contiguous(memory_format=torch.channels_last)


class CRelu(ConvBN):
    """Convolution, batch norm, then ReLU of the result and of its negative: twice the channels for one convolution
    (section 3.1, "C.ReLU")."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return F.relu(torch.cat([x, -x], 1))


class Inception(nn.Module):
    """Four parallel branches of 32 channels with receptive fields from 1 to 5 cells (figure 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(128, 32, 1)
        self.branch1x1_2 = ConvBN(128, 32, 1)
        self.branch3x3_reduce = ConvBN(128, 24, 1)
        self.branch3x3 = ConvBN(24, 32, 3)
        self.branch3x3_reduce_2 = ConvBN(128, 24, 1)
        self.branch3x3_2 = ConvBN(24, 32, 3)
        self.branch3x3_3 = ConvBN(32, 32, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(
            [
                self.branch1x1(x),
                self.branch1x1_2(F.avg_pool2d(x, 3, 1, 1)),
                self.branch3x3(self.branch3x3_reduce(x)),
                self.branch3x3_3(self.branch3x3_2(self.branch3x3_reduce_2(x))),
            ],
            1,
        )


class Detector(nn.Module):
    """What the networks have in common: maps of features, and two convolutions on each that predict.

    Input: (N, 3, H, W) float, BGR minus `MEAN_BGR`. Output: offsets (N, A, 4) and class logits (N, A, 2), background
    then face, in the order of `facecam.detection.anchors.anchor_grid(self.anchors, H, W)`.
    """

    name: str
    about: str
    """What the network is, for its card."""
    anchors: AnchorSpec
    conv1: CRelu
    loc: nn.ModuleList
    conf: nn.ModuleList

    def sources(self, x: Tensor) -> list[Tensor]:
        """The feature maps that predict, finest first, one per level of `anchors`."""
        raise NotImplementedError

    def add_heads(self, channels: list[int], kernel: int = 3) -> None:
        """channels: of each feature map, finest first."""
        outputs = [(c, level.per_cell) for c, level in zip(channels, self.anchors, strict=True)]
        self.loc, self.conf = (
            nn.ModuleList(nn.Conv2d(c, n * values, kernel, padding=kernel // 2) for c, n in outputs)
            for values in (4, 2)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        sources = self.sources(x)
        # [N, C, h, w] -> [N, h, w, per_cell * k] -> [N, anchors of the level, k]
        loc = [head(s).permute(0, 2, 3, 1).flatten(1) for head, s in zip(self.loc, sources, strict=True)]
        conf = [head(s).permute(0, 2, 3, 1).flatten(1) for head, s in zip(self.conf, sources, strict=True)]
        offsets, logits = torch.cat(loc, 1), torch.cat(conf, 1)
        return offsets.unflatten(1, (-1, 4)), logits.unflatten(1, (-1, 2))


class FaceBoxes(Detector):
    """The exact topology: about 1 million parameters, 275 million multiply-adds at 640x480."""

    name = "faceboxes"
    about = "FaceBoxes (Zhang et al. 2017), the paper's topology"
    anchors: AnchorSpec = FACEBOXES

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = CRelu(3, 24, 7, 4)
        self.conv2 = CRelu(48, 64, 5, 2)
        self.pool: nn.Module = nn.MaxPool2d(3, 2, 1)
        self.inception1 = Inception()
        self.inception2 = Inception()
        self.inception3 = Inception()
        self.conv3_1 = ConvBN(128, 128, 1)
        self.conv3_2 = ConvBN(128, 256, 3, 2)
        self.conv4_1 = ConvBN(256, 128, 1)
        self.conv4_2 = ConvBN(128, 256, 3, 2)
        self.add_heads([128, 256, 256])

    def sources(self, x: Tensor) -> list[Tensor]:
        """The paper's three maps, at strides 32, 64 and 128."""
        stride16 = self.conv2(self.pool(self.conv1(x)))
        stride32 = self.inception3(self.inception2(self.inception1(self.pool(stride16))))
        stride64 = self.conv3_2(self.conv3_1(stride32))
        stride128 = self.conv4_2(self.conv4_1(stride64))
        return [stride32, stride64, stride128]
