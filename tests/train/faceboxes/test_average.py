"""Two exported networks average into a checkpoint that exports again."""

from pathlib import Path

import numpy as np
import pytest
import torch

from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from train.faceboxes import average, export
from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.model_s8 import FaceBoxesS8

PROVENANCE = export.Provenance("made data", "none", "abc", "3 steps", 0.0, {})


def exported(path: Path, kind: type[Detector], seed: int) -> Path:
    """A random network's file."""
    torch.manual_seed(seed)
    export.export_fast(kind().eval(), path, PROVENANCE)
    return path


def test_average_exports_and_lies_between_the_two(tmp_path: Path) -> None:
    first, second = (exported(tmp_path / f"{seed}.onnx", FaceBoxes, seed) for seed in (1, 2))
    frame = np.random.default_rng(0).integers(0, 256, (128, 160, 3), np.uint8)
    found = {}
    for share in (0.0, 0.5, 1.0):
        checkpoint = tmp_path / f"{share}.pt"
        words = [str(first), str(second), "--share", str(share), "--out", str(checkpoint)]
        assert average.main(words) == 0
        out = tmp_path / str(share)
        assert export.main([str(checkpoint), "--out", str(out), "--recipe", "averaged", "--threshold", "0"]) == 0
        found[share] = FaceDetector(DetectorOptions(out / "faceboxes.onnx", size=None)).detect(frame).scores
    for share, file in ((0.0, first), (1.0, second)):
        np.testing.assert_allclose(
            found[share], FaceDetector(DetectorOptions(file, size=None)).detect(frame).scores, atol=1e-5
        )
    assert all(len(found[0.5]) != len(found[s]) or np.abs(found[0.5] - found[s]).max() > 1e-4 for s in (0.0, 1.0))


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
