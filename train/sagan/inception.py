"""Inception-v3 as FID uses it (Szegedy et al. 2015), for the published weight file of 2015-12-05 converted to PyTorch.

The usual file is `pt_inception-2015-12-05-6726825d.pth`: 1,008 outputs, layers named as in torchvision. It is a
download of about 90 MB that the project does not carry; the path is given by the user.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.training import TrainingError, load_checkpoint

Size = tuple[int, int]
Branch = list[tuple[str, int, Size]]
"""Convolutions one after the other: name after `branch`, output channels, height and width of the kernel."""

ONE, THREE, FIVE = (1, 1), (3, 3), (5, 5)


class BasicConv2d(nn.Module):
    """Convolution, batch norm, ReLU. Keeps the size, unless it has a stride or is told to leave the border out."""

    def __init__(self, inputs: int, outputs: int, size: Size, stride: int = 1, border: bool = True) -> None:
        super().__init__()
        pad = (size[0] // 2, size[1] // 2) if border and stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, size, stride, pad, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side and a pooled one, put together in this order. Branches may begin with the same layers.

    pooled: channels of the 1x1 convolution after pooling; 0: the block halves the map, by the last layer of each branch
    and by max pooling alone. pool: "mean", which leaves the padding out as TensorFlow's does, or "max".
    """

    def __init__(self, inputs: int, branches: list[Branch], pooled: int, pool: str = "mean") -> None:
        super().__init__()
        self.branches = [[f"branch{name}" for name, _, _ in branch] for branch in branches]
        self.pool = pool
        for names, branch in zip(self.branches, branches, strict=True):
            channels = inputs
            for name, (_, outputs, size) in zip(names, branch, strict=True):
                if name not in self._modules:
                    stride = 2 if name == names[-1] and not pooled else 1
                    self.add_module(name, BasicConv2d(channels, outputs, size, stride))
                channels = outputs
        self.branch_pool = BasicConv2d(inputs, pooled, ONE) if pooled else None

    def forward(self, x: Tensor) -> Tensor:
        done: dict[str, Tensor] = {}
        for names in self.branches:
            part = x
            for name in names:
                if name not in done:
                    done[name] = self.get_submodule(name)(part)
                part = done[name]
        if self.branch_pool is None:
            pooled = F.max_pool2d(x, 3, 2)
        elif self.pool == "max":
            pooled = self.branch_pool(F.max_pool2d(x, 3, 1, 1))
        else:
            pooled = self.branch_pool(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        return torch.cat([*(done[names[-1]] for names in self.branches), pooled], 1)


def cells35(inputs: int, pooled: int) -> Block:
    """35x35 cells."""
    five: Branch = [("5x5_1", 48, ONE), ("5x5_2", 64, FIVE)]
    three: Branch = [("3x3dbl_1", 64, ONE), ("3x3dbl_2", 96, THREE), ("3x3dbl_3", 96, THREE)]
    return Block(inputs, [[("1x1", 64, ONE)], five, three], pooled)


def to_cells17(inputs: int) -> Block:
    """35x35 -> 17x17 cells."""
    double: Branch = [("3x3dbl_1", 64, ONE), ("3x3dbl_2", 96, THREE), ("3x3dbl_3", 96, THREE)]
    return Block(inputs, [[("3x3", 384, THREE)], double], 0)


def cells17(inputs: int, wide: int) -> Block:
    """17x17 cells."""
    row, column = (1, 7), (7, 1)
    seven: Branch = [("7x7_1", wide, ONE), ("7x7_2", wide, row), ("7x7_3", 192, column)]
    double: Branch = [("7x7dbl_1", wide, ONE), ("7x7dbl_2", wide, column), ("7x7dbl_3", wide, row)]
    double += [("7x7dbl_4", wide, column), ("7x7dbl_5", 192, row)]
    return Block(inputs, [[("1x1", 192, ONE)], seven, double], 192)


def to_cells8(inputs: int) -> Block:
    """17x17 -> 8x8 cells."""
    three: Branch = [("3x3_1", 192, ONE), ("3x3_2", 320, THREE)]
    seven: Branch = [("7x7x3_1", 192, ONE), ("7x7x3_2", 192, (1, 7)), ("7x7x3_3", 192, (7, 1)), ("7x7x3_4", 192, THREE)]
    return Block(inputs, [three, seven], 0)


def cells8(inputs: int, pool: str) -> Block:
    """8x8 cells."""
    row, column = (1, 3), (3, 1)
    three: Branch = [("3x3_1", 384, ONE)]
    double: Branch = [("3x3dbl_1", 448, ONE), ("3x3dbl_2", 384, THREE)]
    ends: list[Branch] = [
        [*three, ("3x3_2a", 384, row)], [*three, ("3x3_2b", 384, column)],
        [*double, ("3x3dbl_3a", 384, row)], [*double, ("3x3dbl_3b", 384, column)],
    ]  # fmt: skip
    return Block(inputs, [[("1x1", 320, ONE)], *ends], 192, pool)


class InceptionV3(nn.Module):
    """Pictures (N, 3, R, R) float32 in -1..1 -> pool features (N, 2048) and logits (N, 1008) without bias, float32.

    Pictures are enlarged to 299 px (bilinear) as in the reference code; the logits leave the bias out, as the published
    inception score does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, THREE, 2)
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, THREE, border=False)
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, THREE)
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, ONE)
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, THREE, border=False)
        self.Mixed_5b = cells35(192, 32)
        self.Mixed_5c = cells35(256, 64)
        self.Mixed_5d = cells35(288, 64)
        self.Mixed_6a = to_cells17(288)
        self.Mixed_6b = cells17(768, 128)
        self.Mixed_6c = cells17(768, 160)
        self.Mixed_6d = cells17(768, 160)
        self.Mixed_6e = cells17(768, 192)
        self.Mixed_7a = to_cells8(768)
        self.Mixed_7b = cells8(1280, "mean")
        self.Mixed_7c = cells8(2048, "max")  # the published graph has a max pool here
        self.fc = nn.Linear(2048, 1008)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = F.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(F.max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        features = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))
        return features, F.linear(features, self.fc.weight)


def load_inception(path: Path, device: torch.device | str = "cpu") -> InceptionV3:
    """The network with the weights of a file, in evaluation mode. Raises TrainingError for another kind of file."""
    network = InceptionV3()
    state = {k: v for k, v in load_checkpoint(path).items() if not k.startswith("AuxLogits.")}
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        raise TrainingError(
            f"{path} holds other weights than FID's Inception-v3: give pt_inception-2015-12-05-6726825d.pth."
        ) from error
    return network.to(device).eval().requires_grad_(False)
