"""Fixtures: a quick benchmark."""

from __future__ import annotations

import pytest

from facecam.bench import command, measure
from facecam.cli import main


@pytest.fixture(autouse=True)
def busy_machine(request, monkeypatch):
    """A test machine may be as busy as it likes, but where standing still is what is tested."""
    if "paused" not in request.node.name:
        monkeypatch.setattr(measure, "PAUSE_S", 60.0)


@pytest.fixture(scope="session")
def result(tiny_model, tmp_path_factory):
    """A quick benchmark of the tiny model, through the command line."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "SIZES", ((64, 64), (96, 64)))
        patch.setattr(measure, "PAUSE_S", 60.0)  # a test machine may be as busy as it likes
        arguments = ["bench", "--model", str(tiny_model), "--seconds", "0.05", "--json", str(folder / "a.json")]
        arguments += ["--no-gallery", "--threads", "2", "--opencv", "--minutes", "0.01", "--png", str(folder / "a.png")]
        assert main([*arguments, "--markdown", str(folder / "a.md")]) == 0
    return folder / "a.json"
