"""Fixtures of the tests of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from facecam.cli import main

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def detect(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `facecam detect ... --model tiny`; gives (exit status, stdout, lines of stderr)."""

    def run(*arguments: object) -> tuple[int, str, list[str]]:
        status = main(["detect", *map(str, arguments), "--model", str(tiny_model)])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return run
