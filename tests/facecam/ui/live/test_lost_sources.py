"""What the window says of a stream that is lost, and that it comes back by itself: on a real server of our own."""

from __future__ import annotations

import re

import pytest
from pytestqt.qtbot import QtBot

from facecam.live import capture
from facecam.live.pipeline import Phase
from facecam.sources import open_source
from facecam.ui.live.tab import LiveTab
from tests.doubles import Sources
from tests.facecam.ui.driving import MakeWindow, live, press
from tests.facecam.waiting import waits_at_most
from tests.streams import MjpegServer


@pytest.fixture
def tab(qtbot: QtBot, server: MjpegServer, sources: Sources, make_window: MakeWindow) -> LiveTab:
    """The live tab on that server, with pictures."""
    sources.add(server.url, lambda: open_source(server.url))
    tab = live(make_window(server.url))
    qtbot.waitUntil(lambda: tab.session.stats().captured > 10)
    return tab


def says(qtbot: QtBot, tab: LiveTab, title: str) -> None:
    def said() -> bool:
        message = tab.panel.message
        return tab.panel.isVisible() and message is not None and re.search(title, message.title) is not None

    qtbot.waitUntil(said)


@pytest.mark.parametrize(("mode", "words"), [("stall", "sends no pictures"), ("freeze", "is frozen")])
def test_it_is_said_within_two_seconds_and_comes_back(
    qtbot: QtBot, tab: LiveTab, server: MjpegServer, mode: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (1.5,))
    server.mode = mode
    says(qtbot, tab, r"Reconnecting in \d s")
    assert tab.panel.message is not None
    assert words in tab.panel.message.text
    assert words in tab.status.text()
    assert tab.status.text().count(server.url) == 1
    assert tab.picture.placement is not None  # the last picture stays, dimmed
    assert tab.controls.start_button.text() == "Stop"
    server.mode = "send"
    qtbot.waitUntil(lambda: not tab.panel.isVisible())
    qtbot.waitUntil(lambda: "reconnected once" in tab.status.text())


def test_a_picture_that_never_changes_is_shown_and_told_beside_the_name(
    qtbot: QtBot, tab: LiveTab, server: MjpegServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (0.1,))
    monkeypatch.setattr(capture, "FROZEN_AFTER_S", 0.5)
    server.mode = "freeze"
    qtbot.waitUntil(lambda: "does not change" in tab.status.text())
    assert tab.status.text().count(server.url) == 1
    assert not tab.panel.isVisible()


def test_try_now_and_stop(qtbot: QtBot, tab: LiveTab, server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (60.0,))
    server.mode = "drop"
    says(qtbot, tab, r"Reconnecting in \d\d s")
    server.mode = "send"
    press(qtbot, tab.panel, "Try now")
    qtbot.waitUntil(lambda: not tab.panel.isVisible())
    server.mode = "drop"
    says(qtbot, tab, r"Reconnecting in \d\d s")
    press(qtbot, tab.panel, "Stop")
    says(qtbot, tab, "Ready")


@pytest.mark.parametrize("mode", ["stall", "drop", "silent"])
def test_closing_meanwhile_takes_two_seconds_at_most(
    qtbot: QtBot, tab: LiveTab, server: MjpegServer, mode: str
) -> None:
    server.mode = mode
    qtbot.waitUntil(lambda: tab.session.phase is Phase.RECONNECTING)
    with waits_at_most(2.5):
        tab.window().close()
