"""The screen as a source: what a part is called, and on an X server of our own, what is seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from facecam.errors import SourceError
from facecam.sources import ScreenPart, open_source
from facecam.sources.screen import ScreenSource
from tests.processes import start_x_server


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("screen", ScreenPart()),
        ("screen:2", ScreenPart(2)),
        ("screen:1:640x480+100+50", ScreenPart(1, (100, 50, 640, 480))),
        ("screen:", None),
        ("screen:1:640x480", None),
        ("screens", None),
        ("screen.mp4", None),
    ],
)
def test_parts_have_names(spec: str, part: ScreenPart | None) -> None:
    assert ScreenPart.parse(spec) == part
    if part is not None:
        assert ScreenPart.parse(part.spec) == part


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server of its own with a screen of 800 x 600."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the screen is another one there")
    server, name = start_x_server("800x600")
    monkeypatch.setenv("DISPLAY", name)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    yield name
    server.terminate()
    server.wait(10)


def test_the_screen_and_a_part_of_it(display: str) -> None:
    with closing(open_source("screen")) as source:
        assert isinstance(source, ScreenSource)
        assert (source.live, source.title) == (True, "Screen")
        frames = [source.read() for _ in range(4)]
    for number, frame in enumerate(frames):
        assert frame is not None
        assert frame.image.shape == (600, 800, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert frame.index == number
    assert frames[3] is not None
    assert frames[3].time_s >= 3 / 31  # not faster than a camera
    with closing(open_source("screen:1:320x240+600+100")) as source:
        frame = source.read()
        assert frame is not None
        assert frame.image.shape == (240, 200, 3)  # as far as it lies on the screen


def test_what_is_not_there(display: str) -> None:
    with pytest.raises(SourceError, match="There is no screen 4, only one"):
        open_source("screen:4")
    with pytest.raises(SourceError, match="does not lie on screen 1"):
        open_source("screen:1:64x48+800+0")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is one")
def test_without_a_screen_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", "")
    with pytest.raises(SourceError, match="The screen can't be looked at"):
        open_source("screen")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(SourceError, match="X11 session"):
        open_source("screen")
