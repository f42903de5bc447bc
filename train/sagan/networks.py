"""Generator and discriminator of SAGAN (Zhang et al. 2018), in the layout that StudioGAN uses for small pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.layers import ConditionalBatchNorm, Conv, Linear
from train.sagan.self_attention import SelfAttention
from train.training import TrainingError


@dataclass(frozen=True)
class NetworkConfig:
    """What the two networks look like.

    resolution: side of the picture in pixels, a power of two from 16 up.
    width: channels at the full resolution; they double with each halving of it up to 16 times as many.
    widths_g, widths_d: channels at 4, 8, 16, ... resolution px instead, where given.
    attention_g, attention_d: sides of the feature maps (px) that get a self-attention layer.
    """

    resolution: int = 64
    classes: int = 1
    z_dim: int = 128
    width: int = 64
    widths_g: tuple[int, ...] = ()
    widths_d: tuple[int, ...] = ()
    attention_g: tuple[int, ...] = (32,)
    attention_d: tuple[int, ...] = (32,)
    norm_g: bool = True
    norm_d: bool = True

    def __post_init__(self) -> None:
        steps = self.resolution.bit_length() - 1
        if self.resolution != 2**steps or steps < 4:
            raise TrainingError(f"The resolution must be a power of two from 16 up, not {self.resolution}.")
        paper = tuple(self.width * min(2 ** (steps - i), 16) for i in range(2, steps + 1))
        for name in ("widths_g", "widths_d"):
            widths = tuple(getattr(self, name)) or paper
            if len(widths) != steps - 1 or min(widths) < 1:
                places = f"the channels at 4, 8, ... {self.resolution} px"
                raise TrainingError(f"{name} needs {steps - 1} numbers from 1 up: {places}.")
            object.__setattr__(self, name, widths)
        for name in ("attention_g", "attention_d"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def sides(self) -> tuple[int, ...]:
        """4, 8, ... resolution: sides of the feature maps in pixels."""
        return tuple(2**i for i in range(2, self.resolution.bit_length()))

    def to_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


class GeneratorBlock(nn.Module):
    """(N, inputs, s, s) -> (N, outputs, 2s, 2s): two convolutions after conditional batch norm, and a 1x1 shortcut."""

    def __init__(self, inputs: int, outputs: int, classes: int, norm: bool) -> None:
        super().__init__()
        self.norm1 = ConditionalBatchNorm(inputs, classes)
        self.conv1 = Conv(inputs, outputs, 3, "up", norm, bias=False)  # a batch norm follows, so no bias
        self.norm2 = ConditionalBatchNorm(outputs, classes)
        self.conv2 = Conv(outputs, outputs, 3, "none", norm)
        self.shortcut = Conv(inputs, outputs, 1, "up", norm, bias=False)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        h = self.conv1(self.norm1(x, label))
        return self.conv2(self.norm2(h, label)) + self.shortcut(x)


class Generator(nn.Module):
    """z (N, z_dim) float32 and label (N,) int64 -> pictures (N, 3, R, R) float32 in -1..1, and attention maps.

    Blocks and attention layers are named by the side of the map that they put out, so that a network of half the
    resolution is a part of this one.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths_g
        self.first = Linear(config.z_dim, 4 * 4 * widths[0], config.norm_g)
        self.blocks = nn.ModuleDict()
        self.attention = nn.ModuleDict()
        for side, inputs, outputs in zip(config.sides[1:], widths, widths[1:], strict=False):
            self.blocks[str(side)] = GeneratorBlock(inputs, outputs, config.classes, config.norm_g)
            if side in config.attention_g:
                self.attention[str(side)] = SelfAttention(outputs, config.norm_g)
        self.last_norm = ConditionalBatchNorm(widths[-1], 1)
        self.last = Conv(widths[-1], 3, 3, "none", config.norm_g)

    def forward(self, z: Tensor, label: Tensor, scale: Tensor | float = 1.0) -> tuple[Tensor, list[Tensor]]:
        """scale: what every gamma is multiplied by (0 switches attention off). Maps: (N, Q, K) each, smallest first."""
        maps = []
        x = self.first(z).unflatten(1, (-1, 4, 4))
        x = x.contiguous(memory_format=torch.channels_last)
        for side, block in self.blocks.items():
            x = block(x, label)
            if side in self.attention:
                x, attention = self.attention[side](x, scale)
                maps.append(attention)
        x = self.last_norm(x, torch.zeros_like(label))
        return torch.tanh(self.last(x).float()), maps


class DiscriminatorBlock(nn.Module):
    """(N, inputs, s, s) -> (N, outputs, s/2, s/2), or the same size for the last block.

    The first block sees pixels: no ReLU before its first convolution (SNGAN's "optimized" block).
    """

    def __init__(self, inputs: int, outputs: int, norm: bool, down: bool = True, pixels: bool = False) -> None:
        super().__init__()
        self.pixels = pixels
        resize = "down" if down else "none"
        self.conv1 = Conv(inputs, outputs, 3, "none", norm)
        self.conv2 = Conv(outputs, outputs, 3, resize, norm)
        self.shortcut = Conv(inputs, outputs, 1, resize, norm, bias=False) if down or inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(x if self.pixels else F.relu(x))
        h = self.conv2(F.relu(h))
        return h + (x if self.shortcut is None else self.shortcut(x))


class Discriminator(nn.Module):
    """Pictures (N, 3, R, R) in -1..1 and label (N,) int64 -> scores (N,) float32, and attention maps.

    The score is psi(h) + <class embedding, h> (projection, Miyato and Koyama 2018), h the features summed over cells.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths_d[::-1]  # now from the full resolution down
        self.blocks = nn.ModuleDict()
        self.attention = nn.ModuleDict()
        inputs = 3
        for side, outputs in zip(config.sides[:0:-1], widths, strict=False):
            pixels = side == config.resolution
            self.blocks[str(side)] = DiscriminatorBlock(inputs, outputs, config.norm_d, pixels=pixels)
            if side // 2 in config.attention_d:
                self.attention[str(side)] = SelfAttention(outputs, config.norm_d)
            inputs = outputs
        self.blocks["4"] = DiscriminatorBlock(inputs, widths[-1], config.norm_d, down=False)
        self.score = Linear(widths[-1], 1, config.norm_d)
        self.embedding = Linear(config.classes, widths[-1], config.norm_d, bias=False) if config.classes > 1 else None

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = image.contiguous(memory_format=torch.channels_last)
        maps = []
        for side, block in self.blocks.items():
            x = block(x)
            if side in self.attention:
                x, attention = self.attention[side](x)
                maps.append(attention)
        with torch.autocast(x.device.type, enabled=False):
            features = F.relu(x.float()).sum((2, 3))  # (N, C)
            score = self.score(features).squeeze(1)
            if self.embedding is not None:
                projection = F.embedding(label, self.embedding.kernel().t())  # (N, C)
                score = score + (projection * features).sum(1)
        return score, maps
