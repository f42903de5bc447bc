"""The camera's fold and the list of cameras, through the real window on a fake camera."""

from __future__ import annotations

from typing import NoReturn

import pytest
from pytestqt.qtbot import QtBot

from facecam.errors import SourceError
from facecam.live.pipeline import Phase
from facecam.sources import Camera
from facecam.sources.camera_modes import CameraMode
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell import app
from tests.doubles import FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, Webcam, entries, live

MODES = [
    CameraMode(640, 480, 30.0, "MJPG"),
    CameraMode(640, 480, 30.0, "YUYV"),
    CameraMode(1280, 720, 10.0, "YUYV"),
    CameraMode(1280, 720, 30.0, "MJPG"),
]


@pytest.fixture(autouse=True)
def front_camera(monkeypatch: pytest.MonkeyPatch, sources: Sources) -> None:
    """Opens in any of its modes, and the window is told of them."""
    for suffix in ("", "@1280x720", "@1280x720@30", "@1280x720@30@MJPG", "@640x480@30@MJPG"):
        sources.add(f"camera:0{suffix}", lambda: Webcam("Front Camera"))
    monkeypatch.setattr(app, "camera_modes", lambda index: MODES if index == 0 else [])


def opened(qtbot: QtBot, sources: Sources, spec: str) -> None:
    qtbot.waitUntil(lambda: sources.opened[-1] == spec)


def test_what_the_camera_offers_can_be_chosen_and_is_remembered_for_it(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    first = make_window("camera:0")
    tab = live(first)
    camera = tab.camera
    qtbot.waitUntil(lambda: camera.frame_size.count() == 2)
    assert entries(camera.frame_size) == ["640 × 480", "1280 × 720"]
    assert camera.frame_size.currentText() == "640 × 480"
    assert entries(camera.rate) == ["Automatic", "30 per second"]
    assert entries(camera.pixels) == ["Automatic", "MJPG", "YUYV"]
    camera.frame_size.setCurrentIndex(1)
    opened(qtbot, sources, "camera:0@1280x720")
    assert entries(camera.rate) == ["Automatic", "10 per second", "30 per second"]
    camera.rate.setCurrentIndex(2)
    opened(qtbot, sources, "camera:0@1280x720@30")
    assert entries(camera.pixels) == ["Automatic", "MJPG"]
    camera.pixels.setCurrentIndex(1)
    opened(qtbot, sources, "camera:0@1280x720@30@MJPG")
    qtbot.waitUntil(lambda: tab.picture.view is not None)
    first.close()
    again = live(make_window("camera:0"))
    opened(qtbot, sources, "camera:0@1280x720@30@MJPG")
    qtbot.waitUntil(lambda: again.camera.pixels.currentText() == "MJPG")
    again.camera.frame_size.setCurrentIndex(0)  # which the camera has at 30 per second too
    opened(qtbot, sources, "camera:0@640x480@30@MJPG")


def test_a_choice_that_fails_can_be_changed_at_once(qtbot: QtBot, make_window: MakeWindow, sources: Sources) -> None:
    def fail() -> NoReturn:
        raise SourceError("The camera has no such size.")

    sources.add("camera:0@1280x720", fail)
    tab = live(make_window("camera:0"))
    qtbot.waitUntil(lambda: tab.camera.frame_size.count() == 2)
    tab.camera.frame_size.setCurrentIndex(1)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.FAILED)
    tab.camera.frame_size.setCurrentIndex(0)
    opened(qtbot, sources, "camera:0")
    qtbot.waitUntil(lambda: tab.session.phase is Phase.RUNNING)


def test_a_choice_is_remembered_while_something_else_plays_which_goes_on(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    tab = live(make_window("camera:0"))
    qtbot.waitUntil(lambda: tab.camera.frame_size.count() == 2)
    again: list[bool] = []
    tab.camera.changed.connect(lambda: again.append(True))
    tab.open("demo")
    qtbot.waitUntil(lambda: tab.session.state.title == "Demo")
    tab.camera.frame_size.setCurrentIndex(1)
    tab.stage.start_or_stop()
    tab.camera.frame_size.setCurrentIndex(0)
    tab.camera.frame_size.setCurrentIndex(1)
    assert again == []
    tab.open("camera:0")
    opened(qtbot, sources, "camera:0@1280x720")


def test_another_camera_is_not_asked_for_the_modes_of_the_first(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    sources.add("camera:2", lambda: FakeSource("Desk Camera"))
    tab = live(make_window("camera:0"))
    qtbot.waitUntil(lambda: tab.camera.frame_size.count() == 2)
    tab.camera.frame_size.setCurrentIndex(1)
    opened(qtbot, sources, "camera:0@1280x720")
    tab.open("camera:2")
    opened(qtbot, sources, "camera:2")


def test_the_automatic_source_takes_a_camera_that_is_plugged_in(
    qtbot: QtBot, make_window: MakeWindow, cameras: list[Camera], sources: Sources
) -> None:
    cameras.clear()
    tab = live(make_window("auto"))
    qtbot.waitUntil(lambda: "No camera found" in entries(tab.controls.source))
    qtbot.waitUntil(lambda: "Demo (no camera found)" in tab.status.text())
    sources.add("auto", lambda: FakeSource("Desk Camera"))
    cameras.append(Camera(0, "Desk Camera"))
    qtbot.waitUntil(lambda: "Desk Camera" in tab.status.text())


def test_the_demo_that_was_asked_for_stays(qtbot: QtBot, cameras: list[Camera], tab: LiveTab) -> None:
    qtbot.waitUntil(lambda: "Desk Camera" in entries(tab.controls.source) and tab.picture.view is not None)
    cameras.append(Camera(4, "Document Camera"))
    qtbot.waitUntil(lambda: "Document Camera" in entries(tab.controls.source))
    assert tab.session.spec == "demo"
    assert tab.session.state.title == "Demo"
