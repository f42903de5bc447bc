"""Fixtures of the tests of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.streams import MjpegServer


@pytest.fixture
def serve() -> Iterator[Callable[..., MjpegServer]]:
    """Starts a camera in a mode: `serve("stall")`."""
    servers: list[MjpegServer] = []

    def start(mode: str = "send") -> MjpegServer:
        servers.append(MjpegServer(mode))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
