"""An exported file goes back into the network that it came from, and training can go on from there."""

from pathlib import Path

import pytest
import torch
from torch import nn

from train.faceboxes import export
from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.networks import MODELS
from train.faceboxes.reuse import network_of_onnx
from train.training import TrainingError, settle_batch_norms

PROVENANCE = export.Provenance("made data", "none", "abc", "3 steps", 0.4, {})


def pictures(count: int, seed: int) -> torch.Tensor:
    """(count, 3, 96, 128) float32 of smooth noise in the range of pictures."""
    coarse = torch.randn(count, 3, 12, 16, generator=torch.Generator().manual_seed(seed)) * 60
    return torch.nn.functional.interpolate(coarse, size=(96, 128), mode="bilinear")


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_file_computes_the_same_as_a_network_again_before_and_after_settling(
    kind: type[Detector], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    net = kind()
    with torch.no_grad():
        for seed in range(8):
            net.train()(pictures(4, seed))
    path = tmp_path / "net.onnx"
    export.export_fast(net.eval(), path, PROVENANCE)
    again = network_of_onnx(path)
    norms = [(each, each.weight, each.bias) for each in again.modules() if isinstance(each, nn.BatchNorm2d)]
    x = pictures(2, 99)
    with torch.no_grad():
        offsets, logits = net(x)
        for _ in range(2):
            found, found_logits = again(x)
            torch.testing.assert_close(found, offsets, atol=1e-4, rtol=1e-4)
            margin, found_margin = (t[..., 1] - t[..., 0] for t in (logits, found_logits))
            torch.testing.assert_close(found_margin, margin, atol=1e-4, rtol=1e-4)
            settle_batch_norms(again, norms, lambda: [again(pictures(8, seed)) for seed in range(4)])
        # In training mode it normalises by the batch, and must still come close to what it learnt.
        trained, _ = again.train()(pictures(8, 0))
        wanted, _ = net(pictures(8, 0))
        assert (trained - wanted).abs().mean() < 0.2 * wanted.std()


def test_other_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "noise.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(TrainingError, match=r"noise\.onnx"):
        network_of_onnx(path)
    plain = tmp_path / "plain.onnx"
    export.export(FaceBoxes().eval(), plain, PROVENANCE)
    with pytest.raises(TrainingError, match="without --plain"):
        network_of_onnx(plain)
