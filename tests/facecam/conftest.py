"""Fixtures of the program's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facecam.cli import main
from tests import loopback
from tests.loopback import Loopback
from tests.streams import MjpegServer

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def detect(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `facecam detect ... --model tiny`; gives (exit status, stdout, lines of stderr)."""

    def run(*arguments: object) -> tuple[int, str, list[str]]:
        status = main(["detect", *map(str, arguments), "--model", str(tiny_model)])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return run


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    """A camera on this machine that misbehaves on demand."""
    server = MjpegServer()
    yield server
    server.close()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A virtual camera's device, in memory."""
    return loopback.install(monkeypatch)
