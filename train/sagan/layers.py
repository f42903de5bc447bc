"""Layers of SAGAN but its attention: spectral normalisation, the resizing convolutions, conditional batch norm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SpectralNorm(nn.Module):
    """A weight divided by its largest singular value (Miyato et al. 2018), estimated by power iteration.

    The iteration is one step of `refresh_spectral_norms` for each optimizer step, however many times the weight is used
    in between; the estimate itself is differentiated through, as in the paper.

    weight: (out, ...) float32; all axes but the first count as one. u: (out,), v: (rest,) the singular vectors.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor, enabled: bool = True) -> None:
        super().__init__()
        nn.init.orthogonal_(weight)
        self.weight = nn.Parameter(weight)
        self.enabled = enabled
        rows = weight.shape[0]
        self.register_buffer("u", F.normalize(torch.randn(rows), dim=0))
        self.register_buffer("v", torch.zeros(weight.numel() // rows))
        self.refresh()  # exact for the orthogonal start

    def matrix(self) -> Tensor:
        """The weight as (out, rest). Input channels go last, as they lie in memory: anything else copies the weight."""
        return self.weight.movedim(1, -1).flatten(1)

    @torch.no_grad()
    def refresh(self) -> None:
        """One step of power iteration."""
        matrix = self.matrix()
        self.v.copy_(F.normalize(self.u @ matrix, dim=0, eps=1e-12))
        self.u.copy_(F.normalize(matrix @ self.v, dim=0, eps=1e-12))

    def sigma(self) -> Tensor:
        """The spectral norm of the weight as estimated now, a scalar."""
        with torch.autocast(self.weight.device.type, enabled=False):  # bfloat16 would be too coarse
            return torch.dot(
                self.u.clone(), self.matrix() @ self.v.clone()
            )  # copies: a refresh may come before backward

    def forward(self) -> Tensor:
        """The normalised weight, in the weight's shape."""
        return self.weight / self.sigma() if self.enabled else self.weight


def refresh_spectral_norms(module: nn.Module, steps: int = 1) -> None:
    """Steps of power iteration for every normalised weight; call it once before each optimizer step."""
    for part in module.modules():
        if isinstance(part, SpectralNorm) and part.enabled:
            for _ in range(steps):
                part.refresh()


class Linear(nn.Module):
    """(N, inputs) -> (N, outputs), spectrally normalised."""

    def __init__(self, inputs: int, outputs: int, norm: bool = True, bias: bool = True) -> None:
        super().__init__()
        self.kernel = SpectralNorm(torch.empty(outputs, inputs), norm)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.kernel(), self.bias)


class Conv(nn.Module):
    """A spectrally normalised 1x1 or 3x3 convolution, with a factor 2 of nearest upsampling before or averaging after.

    Upsampling and convolution (or convolution and averaging) run as one 4x4 convolution of stride 2 whose kernel is the
    3x3 kernel summed over the 2x2 pixels that share a value. It is the same function with 4/9 of the multiplications
    and without the large intermediate picture.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int = 3, resize: str = "none", norm: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        assert resize in ("none", "up", "down")
        self.kernel = SpectralNorm(torch.empty(outputs, inputs, size, size), norm)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.resize = resize

    def forward(self, x: Tensor) -> Tensor:
        weight = self.kernel()
        size = weight.shape[-1]
        if self.resize == "none":
            return F.conv2d(x, weight, self.bias, padding=size // 2)
        if size == 1:  # a 1x1 convolution commutes with both: do it where there are fewer pixels
            if self.resize == "up":
                return F.interpolate(F.conv2d(x, weight, self.bias), scale_factor=2.0, mode="nearest")
            return F.conv2d(F.avg_pool2d(x, 2), weight, self.bias)
        wide = F.pad(weight, (1, 1, 1, 1))
        summed = wide[..., 1:, 1:] + wide[..., 1:, :-1] + wide[..., :-1, 1:] + wide[..., :-1, :-1]  # (out, in, 4, 4)
        if self.resize == "up":
            return F.conv_transpose2d(x, summed.flip(2, 3).transpose(0, 1), self.bias, stride=2, padding=1)
        return F.conv2d(x, summed * 0.25, self.bias, stride=2, padding=1)


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose gain and bias are looked up by class (Dumoulin et al. 2017), followed by ReLU.

    x: (N, C, H, W), label: (N,) int64. With one class it is plain batch norm.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Parameter(torch.ones(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        gain = F.embedding(label, self.gain)[:, :, None, None]
        bias = F.embedding(label, self.bias)[:, :, None, None]
        x = self.norm(x)
        return F.relu(torch.addcmul(bias.to(x.dtype), x, gain.to(x.dtype)))
