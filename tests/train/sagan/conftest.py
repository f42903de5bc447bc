"""A made data set in class folders, and a tiny trained run over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.system.opencv import cv2

COLOURS = {"blue": (220, 60, 30), "green": (40, 200, 60), "red": (40, 40, 210)}  # BGR


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 20 pictures, 48 x 40 pixels: noise of the class's colour with a bright bar."""
    root = tmp_path_factory.mktemp("classes")
    random = np.random.default_rng(3)
    for name, colour in COLOURS.items():
        (root / name).mkdir()
        for index in range(20):
            image = np.clip(random.normal(colour, 25, (40, 48, 3)), 0, 255).astype(np.uint8)
            row = int(random.integers(4, 30))
            image[row : row + 6] = 240
            (root / name / f"{index:02d}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return root


TINY = [
    "--resolution", "16", "--width", "4", "--attention-g", "8", "--attention-d", "8", "--batch", "8",
    "--bf16", "false", "--device", "cpu", "--log-kimg", "0.04", "--grid-kimg", "100", "--save-kimg", "0.1",
]  # fmt: skip
"""Options of a run that takes seconds."""


@pytest.fixture(scope="session")
def features(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of the made set."""
    from train.sagan.features import main

    folder = tmp_path_factory.mktemp("features")
    path = folder / "features.pt"
    options = ["--resolution", "16", "--widths", "8", "16", "--epochs", "12", "--batch", "9", "--lr", "0.01"]
    main(["--data", str(pictures), "--out", str(path), "--cache", str(folder), "--device", "cpu", *options])
    return path


@pytest.fixture(scope="session")
def run(pictures: Path, features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 30 steps of 8 pictures with FID every 80."""
    from train.sagan.train import main

    runs = tmp_path_factory.mktemp("runs")
    fid = ["--features", str(features), "--fid-kimg", "0.08", "--fid-samples", "32"]
    return main(["--data", str(pictures), "--runs", str(runs), "--kimg", "0.24", *fid, *TINY])
