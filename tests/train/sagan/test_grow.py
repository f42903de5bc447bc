"""A run at half the resolution becomes the start of one at the full resolution."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.train.sagan.conftest import TINY
from train.sagan import grow, train
from train.sagan.export import describe_training
from train.sagan.networks import Generator, NetworkConfig
from train.training import load_checkpoint

EXTRA = ["--width-g", "8", "--width-d", "8", "--batch", "8", "--device", "cpu", "--lr", "0.01"]


def generator(state: dict[str, Any]) -> Generator:
    """The averaged generator of a checkpoint, with the batch statistics of what it is given."""
    network = Generator(NetworkConfig(**state["network"]))
    network.load_state_dict(state["ema"]["module"])
    return network.train()


def test_the_larger_networks_know_what_the_smaller_ones_knew(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train.main(["--data", str(pictures), *TINY, "--runs", str(tmp_path / "runs"), "--kimg", "0.2"])
    small = load_checkpoint(run / "latest.pt")
    out = tmp_path / "start.pt"
    files = ["--data", str(pictures), "--checkpoint", str(run / "latest.pt"), "--out", str(out)]
    grow.main([*files, "--cache", str(tmp_path), "--steps", "40", *EXTRA])
    large = load_checkpoint(out)
    assert large["network"]["resolution"] == 32
    kept = {"ema": ("blocks.16.conv2", "blocks.8.conv1"), "discriminator": ("blocks.8.conv1", "blocks.4.conv2")}
    for part, blocks in kept.items():
        old, new = small[part].get("module", small[part]), large[part].get("module", large[part])
        for name in blocks:
            assert torch.equal(old[f"{name}.kernel.weight"], new[f"{name}.kernel.weight"])

    z, label = torch.randn(16, 128, generator=torch.Generator().manual_seed(5)), torch.arange(16) % 3
    with torch.no_grad():
        wanted, made = generator(small)(z, label)[0], generator(large)(z, label)[0]
    assert made.shape[2:] == (32, 32)
    far = (F.avg_pool2d(made, 2) - wanted).abs().mean()
    assert far < 0.5 * (F.avg_pool2d(made, 2) - wanted.roll(3, 0)).abs().mean()  # its own picture, no other latent's

    lines = [line for line in capsys.readouterr().out.splitlines() if "features" in line]
    assert float(lines[-1].split()[-1]) < 0.5 * float(lines[0].split()[-1])
    widths = ["--resolution", "32", "--widths-g", *map(str, large["network"]["widths_g"])]
    widths += ["--widths-d", *map(str, large["network"]["widths_d"])]
    options = ["--warm-start", str(out), "--runs", str(tmp_path / "runs"), "--kimg", "0.016"]
    state = load_checkpoint(train.main(["--data", str(pictures), *TINY, *widths, *options]) / "latest.pt")
    assert "200 pictures at 16 px" in describe_training(state)


def test_other_classes_are_refused(pictures: Path, tmp_path: Path) -> None:
    run = train.main(["--data", str(pictures), *TINY, "--runs", str(tmp_path / "runs"), "--kimg", "0.016"])
    (tmp_path / "other" / "violet").mkdir(parents=True)
    (tmp_path / "other" / "violet" / "0.png").write_bytes(next((pictures / "red").iterdir()).read_bytes())
    files = ["--data", str(tmp_path / "other"), "--checkpoint", str(run / "latest.pt"), "--out", str(tmp_path / "s.pt")]
    with pytest.raises(grow.TrainingError, match="give the same --data"):
        grow.main([*files, "--cache", str(tmp_path), *EXTRA])
