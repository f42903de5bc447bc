"""The speed comparison runs and times the same work twice."""

import pytest

from train.sagan.bench import main


def test_both_steps_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--resolution", "16", "--width", "4", "--attention-g", "8", "--attention-d", "8"]
    assert main([*options, "--batch", "4", "--rounds", "2", "--classes", "2"]) > 0
    printed = capsys.readouterr().out
    assert "this trainer" in printed
    assert "straightforward" in printed
