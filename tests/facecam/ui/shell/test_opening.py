"""Ways to open a source from the window: drop it anywhere, or draw a part of the screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facecam.sources import open_source
from facecam.ui.live import screen_picker
from facecam.ui.live.chooser import Ask
from facecam.ui.live.screen_picker import ScreenPicker
from facecam.ui.live.tab import LiveTab
from tests.clips import write_clip
from tests.doubles import FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, drop, live, urls


def text(words: str) -> QMimeData:
    data = QMimeData()
    data.setText(words)
    return data


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_a_folder_and_an_address_can_be_dropped_on_the_picture_and_beside_it(
    qtbot: QtBot, sources: Sources, tmp_path: Path, beside: bool, tab: LiveTab
) -> None:
    target = tab if beside else tab.picture
    address = "rtsp://camera.local/live"
    for data, spec in (
        (urls(tmp_path / "a b.mkv"), str(tmp_path / "a b.mkv")),
        (urls(tmp_path), str(tmp_path)),
        (urls(QUrl("http://camera.local/video")), "http://camera.local/video"),
        (text(f" {address}\n"), address),
    ):
        sources.add(spec, lambda spec=spec: FakeSource(spec))
        assert drop(target, data)
        qtbot.waitUntil(lambda spec=spec: tab.session.state.title == spec)
    assert not drop(target, text("just words"))


def pick(qtbot: QtBot, tab: LiveTab) -> ScreenPicker:
    def pickers() -> list[ScreenPicker]:
        return [each for each in QApplication.topLevelWidgets() if isinstance(each, ScreenPicker) and each.isVisible()]

    tab.ask(Ask.SCREEN)
    qtbot.waitUntil(lambda: len(pickers()) == 1)
    return pickers()[0]


def test_no_menu_of_ours_is_in_the_way_when_a_part_of_the_screen_is_drawn(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    grabbed_beside: list[object] = []
    grab = ScreenPicker.__init__

    def watched(self: ScreenPicker, *arguments: object) -> None:
        grabbed_beside.append(QApplication.activePopupWidget())
        grab(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ScreenPicker, "__init__", watched)
    tab = live(make_window())
    tab.controls.source.showPopup()
    assert QApplication.activePopupWidget() is not None
    pick(qtbot, tab).close()
    assert grabbed_beside == [None]


@pytest.mark.parametrize(
    ("corners", "zoom", "spec"),
    [
        ([], 1, "screen:1:201x101+100+60"),
        ([-800, 0], 1, "screen:2:201x101+100+60"),
        ([0, 800], 2, "screen:1:402x202+200+120"),
    ],
)
def test_a_part_of_the_screen_is_drawn_with_the_mouse(
    qtbot: QtBot,
    make_window: MakeWindow,
    sources: Sources,
    monkeypatch: pytest.MonkeyPatch,
    corners: list[int],
    zoom: int,
    spec: str,
) -> None:
    """corners: left edges of the monitors, as the system has them; zoom: its pixels per one of Qt."""
    width = zoom * QApplication.primaryScreen().geometry().width()
    known = [{"left": left, "top": 0, "width": width, "height": 600} for left in corners]
    monkeypatch.setattr(screen_picker, "monitors", lambda: known)
    sources.add(spec, lambda: FakeSource("Part of the screen, 201 × 101"))
    tab = live(make_window())
    picker = pick(qtbot, tab)
    QTest.mousePress(picker, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    QTest.mouseMove(picker, QPoint(250, 120))
    QTest.mouseMove(picker, QPoint(300, 160))
    QTest.mouseRelease(picker, Qt.MouseButton.LeftButton, pos=QPoint(300, 160))
    qtbot.waitUntil(lambda: tab.session.spec == spec)
    qtbot.waitUntil(lambda: "Part of the screen" in tab.status.text())
    assert tab.controls.source.currentText() == "Part of the screen"


def test_a_click_draws_nothing_esc_leaves_and_enter_takes_the_whole_screen(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    sources.add("screen:1", lambda: FakeSource("Screen"))
    tab = live(make_window())
    picker = pick(qtbot, tab)
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert picker.isVisible()
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    assert tab.session.spec == "demo"
    QTest.keyClick(pick(qtbot, tab), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.session.spec == "screen:1")


def test_a_video_that_is_cut_off_in_the_middle_plays_as_far_as_it_goes(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    path = write_clip(tmp_path / "cut.mkv", noise, 25)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    sources.add(str(path), lambda: open_source(str(path)))
    tab = live(make_window(str(path)))
    qtbot.waitUntil(lambda: "ended after 00:0" in tab.status.text())
    assert tab.picture.placement is not None
    assert 10 < tab.session.stats().captured < 50
