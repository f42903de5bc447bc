"""Fixtures of the program's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import loopback
from tests.loopback import Loopback
from tests.streams import MjpegServer


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
