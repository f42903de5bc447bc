"""The exported file computes what PyTorch computes, says what it is, and public checkpoints turn into one."""

import json
from pathlib import Path

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from facecam.detection.anchors import FACEBOXES_S8, AnchorSpec, anchor_grid
from tests.train.faceboxes.made_nets import PROVENANCE, noise, with_statistics
from train.faceboxes import convert, export
from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.model_s8 import FaceBoxesS8
from train.training import TrainingError, save_checkpoint


@pytest.mark.parametrize("kind", [FaceBoxes, FaceBoxesS8])
def test_exported_file_equals_pytorch_at_any_size(kind: type[Detector], tmp_path: Path) -> None:
    net = with_statistics(kind)
    path = tmp_path / "net.onnx"
    assert export.export(net, path, PROVENANCE) <= 1e-4
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).normal(0, 60, (1, 3, 211, 130)).astype(np.float32)
    offsets, scores = session.run(["loc", "conf"], {"image": image})
    with torch.no_grad():
        expected, logits = net(torch.from_numpy(image))
    np.testing.assert_allclose(offsets, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(scores, logits.softmax(-1).numpy(), atol=1e-4)
    assert offsets.shape[1] == len(anchor_grid(net.anchors, 211, 130))


def test_file_says_what_it_is(tmp_path: Path) -> None:
    export.export(FaceBoxesS8(), tmp_path / "net.onnx", PROVENANCE)
    (prop,) = (p for p in onnx.load(str(tmp_path / "net.onnx")).metadata_props if p.key == "facecam")
    said = json.loads(prop.value)
    assert said["name"] == "faceboxes-s8"
    assert msgspec.convert(said["anchors"], AnchorSpec) == FACEBOXES_S8
    assert said["data"] == "made data"
    assert said["threshold"] == 0.4
    assert said["metrics"] == {"AP": {"all": 0.5}}


def test_file_that_differs_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs"):
        export.export(FaceBoxes(), tmp_path / "net.onnx", PROVENANCE)
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_no_numbers_is_not_kept(tmp_path: Path) -> None:
    net = FaceBoxesS8()
    with torch.no_grad():
        net.get_parameter("conf.0.bias").fill_(torch.nan)
    with pytest.raises(TrainingError, match="differs from PyTorch by nan"):
        export.export_fast(net, tmp_path / "net.onnx", PROVENANCE)
    assert list(tmp_path.iterdir()) == []


def test_command_writes_file_and_card(tmp_path: Path) -> None:
    net = FaceBoxes()
    state = {
        "model": "faceboxes", "step": 3, "images": 96, "ema": {"module": net.state_dict()},
        "options": json.dumps({"optimizer": "sgd", "lr": 0.1, "seed": 4}),
        "ap": json.dumps({"2--web": {"ap": {"all": 0.25}}}),
    }  # fmt: skip
    save_checkpoint(tmp_path / "best.pt", state)
    assert export.main([str(tmp_path / "best.pt"), "--out", str(tmp_path), "--data", "pictures", "--licence", "L"]) == 0
    card = (tmp_path / "faceboxes.md").read_text()
    for fact in ("pictures", "seed 4", "| AP, 2--web: all | 0.250 |", "1.01 million"):
        assert fact in card


@pytest.mark.parametrize("wrapped", [False, True])
def test_public_checkpoint_converts(wrapped: bool, tmp_path: Path) -> None:
    net = with_statistics(FaceBoxes)
    weights = {
        ("module." if wrapped else "") + name: value
        for name, value in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    torch.save({"state_dict": weights} if wrapped else weights, tmp_path / "public.pth")
    out = tmp_path / "public.onnx"
    assert convert.main([str(tmp_path / "public.pth"), "--out", str(out)]) == 0
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(2).normal(0, 60, (1, 3, 128, 160)).astype(np.float32)
    with torch.no_grad():
        expected, _ = net(torch.from_numpy(image))
    np.testing.assert_allclose(session.run(["loc"], {"image": image})[0], expected.numpy(), atol=1e-4)


def test_wrong_checkpoints_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"conv1.conv.weight": torch.zeros(3, 3)}, tmp_path / "wrong.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    for name in ("wrong.pth", "text.pth", "missing.pth"):
        assert convert.main([str(tmp_path / name), "--out", str(tmp_path / "o.onnx")]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "o.onnx").exists()


def test_score_curve_moves_the_logits_of_faces_and_nothing_else() -> None:
    net, image = with_statistics(FaceBoxesS8), noise(1)
    with torch.no_grad():
        offsets, logits = net(image)
        export.with_score_curve(net, 0.5, 1.5)
        moved_offsets, moved = net(image)
    margin, moved_margin = (values[..., 1] - values[..., 0] for values in (logits, moved))
    torch.testing.assert_close(moved_margin, 0.5 * margin + 1.5)
    torch.testing.assert_close(moved_offsets, offsets)
