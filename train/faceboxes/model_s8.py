"""The second network: FaceBoxes' stem, then depth instead of width, and a prediction at stride 8.

The 7x7 convolution with C.ReLU brings the picture down to stride 4 at once, as in the paper. What follows are
separable convolutions, most of them at strides 8 to 32; the maps at strides 32 and 16 are added to the finer one below
them (Lin et al. 2017), so that small faces are judged with what is around them.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from facecam.detection.anchors import FACEBOXES_S8, AnchorSpec
from train.faceboxes.model import ConvBN, CRelu, Depthwise, Detector


class Separable(ConvBN):
    """A depthwise 3x3 and a 1x1 convolution, nothing between them (Chollet 2017); batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 1)
        self.depthwise = Depthwise(inputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.depthwise(x))


class FaceBoxesS8(Detector):
    """Predicts at strides 8, 16 and 32, faces from about 10 px up."""

    name = "faceboxes-s8"
    about = "FaceBoxes' stem and ideas (Zhang et al. 2017), then depth, with predictions at strides 8, 16 and 32"
    anchors: AnchorSpec = FACEBOXES_S8
    stem = 16
    stages = ((64, 2), (96, 3), (128, 5))
    """Channels and number of the separable convolutions at strides 8, 16 and 32, the first of which leads there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = CRelu(3, self.stem, 7, 4)
        inputs = 2 * self.stem
        self.backbone = nn.ModuleList()
        for outputs, layers in self.stages:
            first, more = Separable(inputs, outputs, 2), (Separable(outputs, outputs) for _ in range(1, layers))
            self.backbone.append(nn.Sequential(first, *more))
            inputs = outputs
        channels = [outputs for outputs, _ in self.stages]
        self.top_down = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(channels))
        self.merge = nn.ModuleList(Separable(fine, fine) for fine in channels[:-1])
        self.add_heads(channels, 1)

    def sources(self, x: Tensor) -> list[Tensor]:
        x = self.conv1(x)
        maps = []
        for stage in self.backbone:
            x = stage(x)
            maps.append(x)
        for level in (1, 0):
            above = self.top_down[level](maps[level + 1])
            enlarged = F.interpolate(above, size=maps[level].shape[-2:], mode="nearest")
            maps[level] = self.merge[level](F.relu(maps[level] + enlarged, inplace=True))
        return maps
