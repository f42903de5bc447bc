"""Networks that are not trained, but whose parts all show when they are computed wrongly."""

from __future__ import annotations

import torch

from train.faceboxes.model import Detector


def with_statistics(kind: type[Detector], inputs: torch.Tensor) -> Detector:
    """A network in evaluation mode with batch-norm statistics unlike the initial ones: those of `inputs` (N, 3, H, W),
    and gains and biases drawn at random. Always the same one."""
    torch.manual_seed(5)
    net = kind()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
            module.momentum = None
    with torch.no_grad():
        net.train()(inputs)
    return net.eval()
