"""Inception-v3 is the published network."""

from pathlib import Path

import pytest
import torch

from train.sagan.inception import InceptionV3, load_inception
from train.training import TrainingError, save_checkpoint


def test_inception_is_the_known_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = InceptionV3().eval()
    backbone = sum(p.numel() for name, p in network.named_parameters() if not name.startswith("fc."))
    assert backbone == 21_785_568  # of torchvision's inception_v3 without its classifier
    with torch.no_grad():
        features, logits = network(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1008)
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    again = load_inception(path)
    assert torch.equal(again.fc.weight, network.fc.weight)
    save_checkpoint(path, {"weight": torch.zeros(2)})
    with pytest.raises(TrainingError, match="pt_inception"):
        load_inception(path)
