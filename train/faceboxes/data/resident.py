"""Training pictures that lie on a GPU, and the rendering of a whole batch of plans there.

What `augment.render` does with OpenCV one picture at a time is done here in a handful of operations for all of them,
and without ever waiting for the GPU: whatever decides about the course is decided on tensors that have not been sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from train.faceboxes.data.augment import LEAST_ZOOM, Plan

LEVELS = 4
"""Each picture is there at 1, 1/2, 1/4 and 1/8 of its size, so that one bilinear sample a pixel does not alias."""

COPIED_AT_ONCE = 1 << 26
"""Pixels; a copy of all pictures in main memory would not fit many machines."""

# JPEG's standard steps at quality 50 (ITU-T T.81, annex K), for luma and chroma.
LUMA_STEPS = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA_STEPS = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, *[99] * 38,
)  # fmt: skip


class Packed(NamedTuple):
    """N plans as tensors, as they travel from a process that draws them to the device that renders them.

    picture, level: (N,) int64, which picture at which of its sizes. back: (N, 2, 3), input pixels -> picture pixels.
    colour: (N, 3, 4). fill: (N, 3). blur, noise: (N,), sigmas. jpeg: (N,), quality, 0 for none.
    """

    picture: Tensor
    level: Tensor
    back: Tensor
    colour: Tensor
    fill: Tensor
    blur: Tensor
    noise: Tensor
    jpeg: Tensor

    def to(self, device: torch.device) -> Packed:
        """The same on the device."""
        return Packed(*(values.to(device, non_blocking=True) for values in self))


def pack(plans: Sequence[Plan]) -> Packed:
    """Plans as tensors. A detour through a lower resolution becomes a blur of the same extent."""
    forth = np.array([[*plan.transform, [0, 0, 1]] for plan in plans], np.float64).reshape(-1, 3, 3)
    zoom = np.sqrt(np.abs(np.linalg.det(forth)))
    level = np.ceil(np.log2(LEAST_ZOOM / zoom) - 1e-6).clip(0, LEVELS - 1)  # as often as `render` halves
    blur = [math.hypot(plan.blur_px, 0.4 / plan.shrink if plan.shrink < 1 else 0.0) for plan in plans]

    def floats(values: Sequence[object] | npt.NDArray[Any], *shape: int) -> Tensor:
        return torch.from_numpy(np.array(values, np.float32).reshape(-1, *shape))

    return Packed(
        torch.tensor([plan.picture for plan in plans], dtype=torch.int64),
        torch.from_numpy(level.astype(np.int64)),
        floats(np.linalg.inv(forth)[:, :2], 2, 3),
        floats([plan.colour for plan in plans], 3, 4),
        floats([plan.fill for plan in plans], 3),
        floats(blur),
        floats([plan.noise for plan in plans]),
        floats([plan.jpeg for plan in plans]),
    )


@dataclass(frozen=True)
class ResidentPictures:
    """All pictures of a data set in one tensor, so that a batch of crops is a handful of gathers.

    pixels: (all H * W, 3) uint8 BGR, row by row, picture after picture, size after size. start, height, width:
    (LEVELS, P) int64. compiled: sample in one compiled pass (`torch.compile`).
    """

    pixels: Tensor
    start: Tensor
    height: Tensor
    width: Tensor
    compiled: bool = False

    @classmethod
    def of(
        cls,
        pixels: npt.NDArray[np.uint8],
        shapes: npt.NDArray[np.int64],
        device: torch.device,
        compiled: bool = False,
    ) -> ResidentPictures:
        """From pictures that lie one after the other. pixels: (sum of H * W, 3); shapes: (P, 2), height and width."""
        sizes = np.stack([np.maximum(1, shapes >> level) for level in range(LEVELS)])  # [LEVELS, P, 2]
        areas = sizes.prod(2)
        start = np.concatenate([[0], np.cumsum(areas)[:-1]]).reshape(areas.shape)
        out = torch.empty(int(areas.sum()), 3, dtype=torch.uint8, device=device)
        for begin in range(0, len(pixels), COPIED_AT_ONCE):
            end = min(begin + COPIED_AT_ONCE, len(pixels))
            out[begin:end] = torch.from_numpy(np.array(pixels[begin:end])).to(device)
        # From plain lists: looking into arrays would take longer than the shrinking.
        for begins, picture_sizes in zip(start.T.tolist(), sizes.swapaxes(0, 1).tolist(), strict=True):
            levels = [
                out[begin : begin + height * width].view(height, width, 3)
                for begin, (height, width) in zip(begins, picture_sizes, strict=True)
            ]
            for larger, smaller in pairwise(levels):
                half = F.interpolate(larger.permute(2, 0, 1)[None].float(), smaller.shape[:2], mode="area")
                smaller.copy_(half[0].permute(1, 2, 0).round_())
        starts, heights, widths = (torch.from_numpy(t.copy()).to(device) for t in (start, sizes[..., 0], sizes[..., 1]))
        return cls(out, starts, heights, widths, compiled)

    def sample(self, plans: Packed, size: int) -> Tensor:
        """(N, 3, size, size) float32, bilinear; plans on the device of the pictures."""
        sampler = _compiled() if self.compiled and len(plans.picture) > 1 else bilinear
        tables = (self.pixels, self.start, self.height, self.width)
        return sampler(*tables, plans.picture, plans.level, plans.back, plans.fill, size)


def bilinear(
    pixels: Tensor, starts: Tensor, heights: Tensor, widths: Tensor,
    picture: Tensor, level: Tensor, back: Tensor, fill: Tensor, size: int,
) -> Tensor:  # fmt: skip
    """`ResidentPictures.sample`, of tensors alone, as a compiler takes it."""
    start, height, width = (t[level, picture][:, None, None] for t in (starts, heights, widths))
    whole_height, whole_width = (t[0, picture][:, None, None] for t in (heights, widths))
    at = torch.arange(size, device=pixels.device) + 0.5
    # Written out, as a matrix product would be rounded to few digits on a GPU.
    (xx, xy, x1), (yx, yy, y1) = (back[:, row, :, None, None].unbind(1) for row in (0, 1))
    x = xx * at + xy * at[:, None] + x1  # [N, size, size]
    y = yx * at + yy * at[:, None] + y1
    x, y = x * (width / whole_width) - 0.5, y * (height / whole_height) - 0.5
    x0, y0 = x.floor(), y.floor()
    total = torch.zeros(len(x), size, size, 3, device=x.device)
    for j in (0, 1):
        for i in (0, 1):
            column, row = (x0 + i).long(), (y0 + j).long()
            weight = (1 - (x - column).abs()) * (1 - (y - row).abs())
            inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
            index = start + row.clamp(min=0).minimum(height - 1) * width + column.clamp(min=0).minimum(width - 1)
            value = torch.where(inside[..., None], pixels[index].float(), fill[:, None, None])
            total = total + weight[..., None] * value
    return total.movedim(-1, 1)


@cache
def _compiled() -> Callable[..., Tensor]:
    return torch.compile(bilinear, dynamic=True)


def render_batch(
    plans: Packed, pictures: ResidentPictures, size: int, generator: torch.Generator | None = None
) -> Tensor:
    """The training inputs of a batch of plans, on the device that holds the pictures: (N, 3, size, size) float32 B G R,
    0..255, not rounded. size: a multiple of 16. generator: of that device, for the noise."""
    device = pictures.pixels.device
    blurred, noisy, packed_as_jpeg = (
        values.nonzero()[:, 0].to(device, non_blocking=True) for values in (plans.blur, plans.noise, plans.jpeg)
    )
    plans = plans.to(device)
    out = pictures.sample(plans, size)
    out = torch.einsum("boi,bihw->bohw", plans.colour[..., :3], out) + plans.colour[..., 3].view(-1, 3, 1, 1)
    out = out.clamp_(0, 255)
    if len(blurred):
        out[blurred] = _blur(out[blurred], plans.blur[blurred])
    if len(noisy):
        # At half resolution, as in `render`.
        noise = torch.randn(len(noisy), 3, size // 2, size // 2, device=device, generator=generator)
        noise = F.interpolate(noise * plans.noise[noisy].view(-1, 1, 1, 1), size=(size, size), mode="bilinear")
        out[noisy] = (out[noisy] + noise).clamp_(0, 255)
    if len(packed_as_jpeg):
        out[packed_as_jpeg] = _jpeg(out[packed_as_jpeg], plans.jpeg[packed_as_jpeg])
    return out


def _blur(images: Tensor, sigma: Tensor) -> Tensor:
    """(N, 3, S, S) blurred, each image by its own Gaussian of sigma (N,) pixels: a product with a banded matrix from
    both sides, which a GPU does faster than as many different convolutions."""
    at = torch.arange(images.shape[-1], device=images.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * ((at - at[:, None]) / sigma[:, None, None]) ** 2)  # [N, S, S]
    kernel = (kernel / kernel.sum(2, keepdim=True))[:, None]
    return kernel @ images @ kernel.transpose(2, 3)


def _jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """(N, 3, S, S) B G R 0..255 through the lossy steps of JPEG at quality (N,) 1..100: chroma at half the resolution,
    and the cosine transform of 8x8 pixels rounded to multiples of the steps."""
    dct, luma_steps, chroma_steps = _jpeg_tables(images.device)
    blue, green, red = images.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = torch.stack([0.564 * (blue - luma), 0.713 * (red - luma)], 1)  # Cb and Cr without their offset
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)[:, None, None]

    def rounded(planes: Tensor, steps: Tensor) -> Tensor:
        step = (steps * scale).round().clamp(1, 255)[:, None, None, :, None, :]  # [N, 1, 1, 8, 1, 8]
        blocks = planes.unflatten(-1, (-1, 8)).unflatten(-3, (-1, 8))  # [N, C, rows, 8, columns, 8]
        waves = torch.einsum("uy,ncryax,vx->ncruav", dct, blocks, dct)
        waves = (waves / step).round() * step
        blocks = torch.einsum("uy,ncruav,vx->ncryax", dct, waves, dct)
        return blocks.flatten(-2).flatten(-3, -2)

    luma = rounded(luma[:, None] - 128, luma_steps)[:, 0] + 128
    chroma = rounded(F.avg_pool2d(chroma, 2), chroma_steps)
    cb, cr = F.interpolate(chroma, scale_factor=2, mode="bilinear").unbind(1)
    blue, red = luma + cb / 0.564, luma + cr / 0.713
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return torch.stack([blue, green, red], 1).clamp_(0, 255)


@cache
def _jpeg_tables(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """(8, 8) each: the cosine transform, and the steps of luma and chroma; kept, as sending them waits for the GPU."""
    at = torch.arange(8, dtype=torch.float32)
    dct = torch.cos(math.pi / 8 * (at + 0.5) * at[:, None]) / 2
    dct[0] /= math.sqrt(2)
    luma, chroma = (torch.tensor(steps, dtype=torch.float32).view(8, 8) for steps in (LUMA_STEPS, CHROMA_STEPS))
    return dct.to(device), luma.to(device), chroma.to(device)
