"""Networks that are not trained, but whose parts all show when they are computed wrongly."""

from __future__ import annotations

import torch

from train.faceboxes.export import Provenance
from train.faceboxes.model import Detector

PROVENANCE = Provenance("made data", "none", "abc", "3 steps", 0.4, {"AP": {"all": 0.5}})


def noise(count: int, seed: int = 0) -> torch.Tensor:
    """(count, 3, 96, 128) float32, smooth, in the range of pictures."""
    coarse = torch.randn(count, 3, 12, 16, generator=torch.Generator().manual_seed(seed)) * 60
    return torch.nn.functional.interpolate(coarse, size=(96, 128), mode="bilinear")


def with_statistics(kind: type[Detector], inputs: torch.Tensor | None = None) -> Detector:
    """A network in evaluation mode with batch-norm statistics unlike the initial ones: those of `inputs` (N, 3, H, W),
    or of noise, and gains and biases drawn at random. Always the same one."""
    torch.manual_seed(5)
    net = kind()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
            module.momentum = None
    with torch.no_grad():
        net.train()(noise(32) if inputs is None else inputs)
    return net.eval()
