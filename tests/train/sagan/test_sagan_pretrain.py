"""The generator can start as a decoder, and a run goes on from there."""

import re
from pathlib import Path

import pytest
import torch

from train.sagan import pretrain, train
from train.sagan.export import describe_training
from train.training import load_checkpoint

SMALL = ["--resolution", "32", "--width", "4", "--attention-g", "16", "--attention-d", "16", "--device", "cpu"]


def test_reconstruction_improves_and_a_run_starts_from_it(
    tiny: list[str], pictures: Path, features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", str(pictures), "--features", str(features), "--out", str(tmp_path / "start.pt")]
    options = ["--cache", str(tmp_path), "--kimg", "0.36", "--batch", "12", "--log-steps", "3", "--lr", "0.004"]
    pretrain.main([*common, *options, *SMALL])
    printed = capsys.readouterr().out
    found = [float(value) for value in re.findall(r" features ([\d.]+)", printed)]
    assert len(found) == 10
    assert found[-1] < 0.7 * found[0]
    assert (tmp_path / "start.png").is_file()

    start = load_checkpoint(tmp_path / "start.pt")
    options = ["--warm-start", str(tmp_path / "start.pt"), "--runs", str(tmp_path / "runs"), "--kimg", "0"]
    folder = train.main(["--data", str(pictures), *tiny, *options])
    state = load_checkpoint(folder / "latest.pt")
    assert state["images"] == 0
    for name, value in start["ema"]["module"].items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):  # set anew for the grid
            assert torch.equal(state["ema"]["module"][name], value)
    assert "360 pictures as the decoder of a variational autoencoder" in describe_training(state)
