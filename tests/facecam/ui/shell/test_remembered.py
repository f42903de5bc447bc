"""What the window comes back with: its tab, and its source by name."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from facecam.live.pipeline import Phase
from facecam.qtkit.folds import Fold
from facecam.qtkit.settings import Settings
from facecam.sources import Camera
from facecam.ui.live.chooser import AUTO, located, recall, remembered_name
from facecam.ui.shell import app
from facecam.ui.shell.main_window import DEFAULT_SIZE, largest_size
from tests.doubles import FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, action, bring_to_front, fold, live, press

FRONT, DESK = Camera(0, "Front Camera"), Camera(2, "Desk Camera")


def test_the_tab_comes_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    bring_to_front(qtbot, first, 1)
    first.close()
    second = make_window()
    qtbot.waitUntil(lambda: 1 in second.made and second.made[1].isVisible())
    assert live(second).session.spec == "demo"  # which runs all the same


def test_a_camera_comes_back_by_its_name_and_a_named_source_goes_before(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, cameras: list[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in (0, 1, 2):
        sources.add(f"camera:{index}", lambda: FakeSource("Desk Camera"))
    first = make_window("auto")
    tab = live(first)
    qtbot.waitUntil(lambda: tab.controls.source.findText("Desk Camera") >= 0)
    tab.open("camera:2")
    first.close()
    cameras[:] = [FRONT, Camera(1, "Desk Camera")]  # in another socket
    asked_in: list[str] = []

    def listed() -> list[Camera]:
        asked_in.append(threading.current_thread().name)
        return list(cameras)

    monkeypatch.setattr(app, "list_cameras", listed)
    second = make_window("auto")
    source = live(second).controls.source
    assert source.currentText() == "Desk Camera"
    qtbot.waitUntil(lambda: source.spec == "camera:1" and live(second).session.phase is Phase.RUNNING)
    assert sources.opened[-1] == "camera:1"
    assert source.currentText() == "Desk Camera"
    assert live(second).session.state.title == "Desk Camera"
    assert threading.main_thread().name not in asked_in  # the window does not wait for drivers
    second.close()
    third = make_window("demo")
    assert live(third).session.spec == "demo"
    third.close()
    cameras[:] = [FRONT]
    fourth = live(make_window("auto"))
    qtbot.waitUntil(lambda: fourth.stage.spec == AUTO and fourth.session.phase is Phase.RUNNING)
    assert sources.opened[-1] == AUTO


def test_the_window_comes_back_onto_a_screen_that_there_is(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    for place in [*(screen.topLeft() + QPoint(40, 60) for screen in screens), QPoint(9000, 7000)]:
        first = make_window()
        first.resize(700, 500)
        first.setScreen(QGuiApplication.screenAt(place) or first.screen())  # as a window system does by itself
        first.move(place)
        qtbot.waitUntil(lambda: first.pos() == place)  # noqa: B023
        first.close()
        second = make_window()
        assert second.size() == first.size()
        there = [screen for screen in screens if screen.contains(place)]
        if there:
            assert second.pos() == place
        assert any(screen.contains(second.geometry()) for screen in there or screens)
        second.close()


def test_forgetting_leaves_nothing_of_what_was_chosen(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings, cameras: list[Camera]
) -> None:
    first = make_window("demo")
    tab = live(first)
    tab.open("clip.mp4")
    tab.privacy.on.setChecked(True)
    fold(tab, "privacy").set_open(True)
    first.resize(700, 500)
    bring_to_front(qtbot, first, 1)
    action(first, "Forget all settings…").trigger()
    (question,) = first.findChildren(QMessageBox)
    press(qtbot, question, "Forget")
    tab.open("demo")  # what is done after it is not remembered either
    first.close()
    settings.forgotten = False  # as at the next start
    second = make_window(AUTO)
    again = live(second)
    assert second.size() == QSize(*DEFAULT_SIZE).boundedTo(largest_size(second.screen().availableSize()))
    assert again.isVisible()
    assert (again.stage.spec, again.privacy.on.isChecked()) == (AUTO, False)
    assert not any(one.is_open for one in again.controls.findChildren(Fold))
    assert "F1" in second.hints.text.text()  # as the first time


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("demo", "demo"),
        ("rtsp://host/live", "rtsp://host/live"),
        ("/no/such.mp4", AUTO),
        ("rtsp://me:secret@host/live", AUTO),
    ],
)
def test_sources_come_back_if_they_are_there(spec: str, kept: str) -> None:
    assert recall(remembered_name(spec, [FRONT, DESK])) == kept


@pytest.mark.parametrize(
    ("spec", "connected", "there"),
    [("camera:2", [Camera(4, "Desk Camera"), FRONT], "camera:4"), ("camera:2", [FRONT], AUTO), ("demo", [], "demo")],
)
def test_a_camera_is_located_by_its_name(spec: str, connected: list[Camera], there: str) -> None:
    assert located(recall(remembered_name(spec, [FRONT, DESK])), lambda: connected) == there


def test_a_file_comes_back(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    assert recall(remembered_name(str(clip), [])) == str(clip)
