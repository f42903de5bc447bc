"""Self-attention (Zhang et al. 2018, section 3), with its keys pooled: for this maps are coarser than queries."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.layers import Conv


def pool_keys(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, H/2, W/2), the largest of 2 x 2 cells: a map has a key for four queries."""
    return F.max_pool2d(x, 2)


class SelfAttention(nn.Module):
    """Self-attention over feature cells (SAGAN section 3), with keys and values max-pooled 2x2 as in the official code.

    (N, C, H, W) -> the same shape, and (N, H*W, H*W/4) attention rows, which are distributions over the keys. Queries
    and keys have C/8 channels, values C/2. The output is x + gamma * scale * o with gamma starting at 0.
    """

    def __init__(self, channels: int, norm: bool = True) -> None:
        super().__init__()
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        self.query = Conv(channels, narrow, 1, norm=norm, bias=False)
        self.key = Conv(channels, narrow, 1, norm=norm, bias=False)
        self.value = Conv(channels, half, 1, norm=norm, bias=False)
        self.output = Conv(half, channels, 1, norm=norm, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, scale: Tensor | float = 1.0) -> tuple[Tensor, Tensor]:
        height, width = x.shape[2:]
        query = self.query(x).flatten(2).transpose(1, 2)  # (N, Q, C/8)
        key = pool_keys(self.key(x)).flatten(2)  # (N, C/8, K)
        value = pool_keys(self.value(x)).flatten(2).transpose(1, 2)  # (N, K, C/2)
        # Softmax computes in float32 inside whatever its storage; under autocast its rows are stored as bfloat16.
        attention = torch.softmax(torch.bmm(query, key), dim=-1, dtype=query.dtype)
        read = torch.bmm(attention, value).transpose(1, 2).unflatten(2, (height, width))  # (N, C/2, H, W)
        return x + (self.gamma * scale).to(x.dtype) * self.output(read), attention


def gammas(module: nn.Module) -> list[nn.Parameter]:
    """The gamma of each attention layer in a network, in the order in which the layers come: scalars."""
    return [part.gamma for part in module.modules() if isinstance(part, SelfAttention)]
