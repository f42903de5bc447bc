"""What tests of sources share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from facecam.errors import SourceError
from facecam.sources import open_source
from tests.streams import MjpegServer


def refused(spec: object, words: str) -> None:
    """Whatever opens it is told these words (a pattern), in one sentence."""
    with pytest.raises(SourceError, match=words) as caught:
        open_source(str(spec)).read()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


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
