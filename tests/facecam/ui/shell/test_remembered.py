"""What the window comes back with: its tab, and its source by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facecam.sources import Camera
from facecam.ui.live.chooser import AUTO, recall, remembered_name
from tests.doubles import FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, bring_to_front, live

FRONT, DESK = Camera(0, "Front Camera"), Camera(2, "Desk Camera")


def test_the_tab_comes_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    bring_to_front(qtbot, first, 1)
    first.close()
    second = make_window()
    qtbot.waitUntil(lambda: 1 in second.made and second.made[1].isVisible(), timeout=20_000)
    assert live(second).session.spec == "demo"  # which runs all the same


def test_a_camera_comes_back_by_its_name_and_a_named_source_goes_before(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, cameras: list[Camera]
) -> None:
    for index in (0, 1, 2):
        sources.add(f"camera:{index}", lambda: FakeSource("Desk Camera"))
    first = make_window("auto")
    tab = live(first)
    qtbot.waitUntil(lambda: tab.controls.source.findText("Desk Camera") >= 0, timeout=5000)
    tab.open("camera:2")
    first.close()
    cameras[:] = [FRONT, Camera(1, "Desk Camera")]  # in another socket
    second = make_window("auto")
    assert live(second).session.spec == "camera:1"
    second.close()
    third = make_window("demo")
    assert live(third).session.spec == "demo"
    third.close()
    cameras[:] = [FRONT]
    assert live(make_window("auto")).session.spec == AUTO


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("camera:2", "camera:2"),
        ("demo", "demo"),
        ("rtsp://host/live", "rtsp://host/live"),
        ("/no/such.mp4", AUTO),
        ("rtsp://me:secret@host/live", AUTO),
    ],
)
def test_sources_come_back_if_they_are_there(spec: str, kept: str) -> None:
    assert recall(remembered_name(spec, [FRONT, DESK]), lambda: [FRONT, DESK]) == kept


def test_a_file_comes_back(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    assert recall(remembered_name(str(clip), []), list) == str(clip)
