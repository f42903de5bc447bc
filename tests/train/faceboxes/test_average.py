"""Two exported networks average into a checkpoint that exports again."""

from pathlib import Path

import pytest
import torch

from tests.train.faceboxes.made_nets import PROVENANCE, noise
from train.faceboxes import average, export
from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.model_s8 import FaceBoxesS8
from train.faceboxes.reuse import network_of_onnx


def exported(path: Path, kind: type[Detector], seed: int) -> Path:
    """A random network's file."""
    torch.manual_seed(seed)
    export.export_fast(kind().eval(), path, PROVENANCE)
    return path


@torch.no_grad()
def test_average_exports_and_lies_between_the_two(tmp_path: Path) -> None:
    first, second = (exported(tmp_path / f"{seed}.onnx", FaceBoxes, seed) for seed in (1, 2))
    found, checkpoint = {}, tmp_path / "mean.pt"
    for share in (0.0, 1.0, 0.5):
        words = [str(first), str(second), "--share", str(share), "--out", str(checkpoint)]
        assert average.main(words) == 0
        found[share] = export.load_trained(checkpoint)[0](noise(1))[1]
    for share, file in ((0.0, first), (1.0, second)):
        torch.testing.assert_close(found[share], network_of_onnx(file)(noise(1))[1])
        assert (found[0.5] - found[share]).abs().max() > 1e-3
    assert export.main([str(checkpoint), "--out", str(tmp_path), "--recipe", "averaged"]) == 0


def test_wrong_input_is_told_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact, other = exported(tmp_path / "a.onnx", FaceBoxes, 1), exported(tmp_path / "b.onnx", FaceBoxesS8, 1)
    out = ["--out", str(tmp_path / "c.pt")]
    assert average.main([str(exact), str(other), *out]) == 2
    assert "different networks" in capsys.readouterr().err
    assert average.main([str(exact), str(exact), "--share", "2", *out]) == 2
    assert "between 0 and 1" in capsys.readouterr().err
    assert average.main([str(exact), str(exact), *out]) == 0
    assert export.main([str(tmp_path / "c.pt"), "--out", str(tmp_path)]) == 2  # nothing says how it was trained
    assert "--recipe" in capsys.readouterr().err
