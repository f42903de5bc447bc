"""The generator as the decoder of a variational autoencoder: to start it, and to hold it while D is still weak."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.features import FeatureNet


class Encoder(nn.Module):
    """Pictures (N, 3, R, R) in -1..1 and label (N,) -> mean and log variance (N, z_dim) float32 of their latents."""

    def __init__(self, resolution: int, classes: int, z_dim: int, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.trunk = FeatureNet(1, widths)
        cells = (resolution // 2 ** len(widths)) ** 2
        self.out = nn.Linear(widths[-1] * cells, 2 * z_dim)
        self.label = nn.Embedding(classes, 2 * z_dim)

    def forward(self, images: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        out = self.out(self.trunk.maps(images)[-1].flatten(1)).float() + self.label(label)
        mean, log_variance = out.chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 4)


def feature_difference(teacher: FeatureNet, a: Tensor, b: Tensor) -> Tensor:
    """Mean over the maps of the squared distance between channel-normalised features of two batches of pictures."""
    with torch.no_grad():
        wanted = teacher.maps(a)
    pairs = zip(teacher.maps(b), wanted, strict=True)
    return torch.stack([(F.normalize(x) - F.normalize(y)).square().sum(1).mean().float() for x, y in pairs]).mean()


class Autoencoder(nn.Module):
    """Encodes pictures, lets the generator draw them again, and says how far off it is.

    The loss is the mean absolute difference of pixels (in -1..1), plus the difference in the features of a frozen
    classifier, plus the KL divergence of the latents from the prior (Kingma and Welling 2014). The weight of the last
    follows `nats`, the information that a latent may carry of its picture, so that the prior stays a good source.
    """

    beta: Tensor

    def __init__(self, teacher: FeatureNet, resolution: int, classes: int, z_dim: int, nats: float) -> None:
        super().__init__()
        self._teacher = [teacher.eval().requires_grad_(False)]  # in a list, so that it is no submodule
        self.nats = nats
        self.encoder = Encoder(resolution, classes, z_dim)
        self.register_buffer("beta", torch.tensor(1e-3))

    def forward(
        self,
        generator: Callable[[Tensor, Tensor], tuple[Tensor, list[Tensor]]],
        images: Tensor,
        label: Tensor,
        random: torch.Generator,
    ) -> dict[str, Tensor]:
        """images: (N, 3, R, R) in -1..1, label: (N,). Scalars: loss, and its parts pixels, features and nats."""
        mean, log_variance = self.encoder(images, label)
        noise = torch.randn(mean.shape, generator=random).to(mean.device)
        made, _ = generator(mean + noise * (0.5 * log_variance).exp(), label)
        pixels = (made - images).abs().mean()
        features = feature_difference(self._teacher[0], images, made)
        nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        loss = pixels + features + self.beta.clone() * nats
        with torch.no_grad():
            self.beta.mul_(math.exp(0.02 * max(-1.0, min(1.0, nats.item() / self.nats - 1))))
        return {"loss": loss, "pixels": pixels, "features": features, "nats": nats}
