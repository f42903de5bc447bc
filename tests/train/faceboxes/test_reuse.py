"""An exported file goes back into the network that it came from, and training can go on from there."""

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch

from tests.train.faceboxes.made_nets import PROVENANCE, noise, with_statistics
from train.faceboxes import average, export
from train.faceboxes.graphs.fast import DetectorGraph, folded
from train.faceboxes.model import ConvBN, Detector, FaceBoxes
from train.faceboxes.model_s8 import FaceBoxesS8, Separable
from train.faceboxes.networks import MODELS
from train.faceboxes.reuse import FILTER_RMS, network_of_onnx, settle
from train.training import TrainingError


def mean_with_itself(path: Path) -> Detector:
    """The network of a checkpoint of a file's mean with itself."""
    assert average.main([str(path), str(path), "--out", str(path.with_suffix(".pt"))]) == 0
    return export.load_trained(path.with_suffix(".pt"))[0]


@pytest.mark.parametrize("read", [network_of_onnx, mean_with_itself])
@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_file_computes_the_same_as_a_network_again_before_and_after_settling(
    kind: type[Detector], read: Callable[[Path], Detector], tmp_path: Path
) -> None:
    net, path = with_statistics(kind), tmp_path / "net.onnx"
    export.export_fast(net, path, PROVENANCE)
    again = read(path)
    x = noise(2, 99)
    with torch.no_grad():
        offsets, logits = net(x)
        for _ in range(2):
            found, found_logits = again(x)
            torch.testing.assert_close(found, offsets, atol=1e-4, rtol=1e-4)
            margin, found_margin = (t[..., 1] - t[..., 0] for t in (logits, found_logits))
            torch.testing.assert_close(found_margin, margin, atol=1e-4, rtol=1e-4)
            settle(again, lambda: [again(noise(16, seed)) for seed in range(2)])
        # In training mode it normalises by the batch, and must still come close to what it learnt.
        trained, _ = again.train()(noise(32))
        wanted, _ = net(noise(32))
        assert (trained - wanted).abs().mean() < 0.2 * wanted.std()
        # What folding did to the size of the filters would make steps of another size.
        for block in (module for module in again.modules() if isinstance(module, ConvBN)):
            rms = block.conv.weight.square().mean((1, 2, 3)).sqrt()
            torch.testing.assert_close(rms, torch.full_like(rms, FILTER_RMS))


def test_a_network_that_was_trained_stays_as_it_is() -> None:
    net = FaceBoxes()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    settle(net, lambda: pytest.fail("there is nothing to look at"))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_other_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "noise.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(TrainingError, match=r"noise\.onnx"):
        network_of_onnx(path)
    plain = tmp_path / "plain.onnx"
    export.export(FaceBoxes().eval(), plain, PROVENANCE)
    with pytest.raises(TrainingError, match="without --plain"):
        network_of_onnx(plain)


def test_a_file_whose_first_depthwise_convolution_is_in_one_is_read_too(tmp_path: Path) -> None:
    class InOne(DetectorGraph):
        def separable_stem(self, conv1: ConvBN, block: Separable) -> str:
            y = self.conv(self._image(), *folded(conv1), conv1.conv.stride[0])
            return self.separable(self.op("Relu", self.concat(y, self.op("Neg", y))), block)

    net = FaceBoxesS8().eval()
    export.export_fast(net, tmp_path / "now.onnx", PROVENANCE)
    before = InOne(net.name).detector(net)
    before.metadata_props.extend(onnx.load(str(tmp_path / "now.onnx")).metadata_props)
    onnx.save(before, str(tmp_path / "before.onnx"))
    now, then = (network_of_onnx(tmp_path / f"{name}.onnx").state_dict() for name in ("now", "before"))
    assert all(torch.equal(now[name], then[name]) for name in now)
