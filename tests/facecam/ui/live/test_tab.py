"""The Live tab, through the real window on fake sources."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facecam.detection.detector import FaceDetector
from facecam.errors import ModelError, SourceError
from facecam.live.pipeline import Phase
from facecam.qtkit.settings import Settings
from facecam.sources import Camera, Frame
from facecam.ui.live import prompts
from facecam.ui.live.chooser import Ask
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import FakeDetector, FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, Webcam, action, choose, entries, live, press, press_key, shows
from tests.facecam.waiting import PATIENCE_S, waits_at_most


def waits_for_picture(qtbot: QtBot, tab: LiveTab) -> None:
    qtbot.waitUntil(lambda: tab.picture.placement is not None and tab.picture.overlay.figures.text != "")


def waits_for_message(qtbot: QtBot, tab: LiveTab, title: str) -> None:
    qtbot.waitUntil(
        lambda: tab.panel.message is not None and title in tab.panel.message.title and tab.panel.isVisible()
    )


def test_starts_by_itself_and_tells_figures_and_state(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window("auto"))
    waits_for_picture(qtbot, tab)
    qtbot.waitUntil(
        lambda: "–" not in tab.picture.overlay.figures.text and "1 face" in tab.picture.overlay.figures.text
    )
    for part in ("capture", "det/s", "possible", "ms p50", "1 face"):
        assert part in tab.picture.overlay.figures.text
    assert "Demo (no camera found) · 640 × 480 · fake" in tab.status.text()
    flow = re.compile(r"\d+ shown/s · \d+ ms p95 · \d+ dropped")
    qtbot.waitUntil(lambda: flow.search(tab.status.text()) is not None)
    qtbot.waitUntil(lambda: tab.session.stats().display_hz > 5)
    assert not tab.panel.isVisible()


def test_a_portrait_picture_keeps_faces_rate_and_latency_in_sight(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    class Portrait(FakeSource):
        def read(self) -> Frame | None:
            frame = super().read()
            return None if frame is None else replace(frame, image=np.ascontiguousarray(frame.image[:, :160]))

    sources.add("portrait", Portrait)
    window = make_window("portrait")
    window.resize(640, 480)
    tab = live(window)
    waits_for_picture(qtbot, tab)

    def told() -> bool:
        shown = tab.picture.overlay.figures.shown_text
        return all(part in shown for part in ("1 face", "det/s", "ms p50")) and "–" not in shown

    qtbot.waitUntil(told)
    assert tab.picture.placement is not None
    assert tab.picture.placement.width_px < 160


def test_space_stops_and_starts_and_a_stopped_camera_leaves_no_picture(qtbot: QtBot, tab: LiveTab) -> None:
    waits_for_picture(qtbot, tab)
    press_key(tab, Qt.Key.Key_Space)
    waits_for_message(qtbot, tab, "Ready")
    assert tab.picture.placement is None
    assert tab.controls.start_button.text() == "Start"
    assert tab.status.text() == "Stopped. Space starts."
    press_key(tab, Qt.Key.Key_Space)
    waits_for_picture(qtbot, tab)
    assert tab.controls.start_button.text() == "Stop"


def test_space_presses_the_control_that_the_keyboard_has_reached(
    qtbot: QtBot, window: MainWindow, tab: LiveTab
) -> None:
    waits_for_picture(qtbot, tab)
    window.activateWindow()
    tab.controls.mirror.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(tab.controls.mirror, Qt.Key.Key_Space)
    assert tab.controls.mirror.isChecked()
    assert tab.session.phase is Phase.RUNNING


def test_a_click_does_not_take_the_keyboard_away(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    waits_for_picture(qtbot, tab)
    window.activateWindow()
    tab.picture.setFocus()
    QTest.mouseClick(tab.controls.scores, Qt.MouseButton.LeftButton, pos=QPoint(10, tab.controls.scores.height() // 2))
    assert not tab.controls.scores.isChecked()
    assert window.focusWidget() is tab.picture


def test_keys_for_mirror_and_full_screen(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    waits_for_picture(qtbot, tab)
    press_key(tab, Qt.Key.Key_M)
    assert tab.controls.mirror.isChecked()
    assert tab.picture.placement is not None
    assert tab.picture.placement.mirror
    press_key(tab, Qt.Key.Key_F)
    assert window.isFullScreen()
    assert not tab.controls.isVisible()
    assert not tab.status.isVisible()
    press_key(tab, Qt.Key.Key_M)  # keys go on working without the controls
    assert not tab.controls.mirror.isChecked()
    press_key(tab, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert tab.controls.isVisible()
    assert tab.status.isVisible()


def test_double_click_is_full_screen(window: MainWindow, tab: LiveTab) -> None:
    QTest.mouseDClick(tab.picture, Qt.MouseButton.LeftButton)
    assert window.isFullScreen()
    QTest.mouseDClick(tab.picture, Qt.MouseButton.LeftButton)
    assert not window.isFullScreen()


def test_threshold_works_at_once_and_is_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    tab = live(first)
    shows(qtbot, tab, "1 face")
    assert tab.controls.threshold.value_label.text() == "0.50"
    tab.controls.threshold.set(0.9)
    assert tab.controls.threshold.value_label.text() == "0.90"
    shows(qtbot, tab, "no faces")
    first.close()
    again = live(make_window())
    assert again.controls.threshold.value_label.text() == "0.90"
    qtbot.waitUntil(lambda: "no faces" in again.picture.overlay.figures.text)


def test_a_threshold_on_the_command_line_wins(qtbot: QtBot, make_window: MakeWindow, settings: Settings) -> None:
    settings.put("live/threshold", 0.9)
    tab = live(make_window(threshold=0.25))
    assert tab.controls.threshold.value_label.text() == "0.25"
    shows(qtbot, tab, "1 face")


def test_the_models_own_threshold_is_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    def strict() -> object:
        detector = FakeDetector()
        detector.threshold = 0.35
        return detector

    tab = live(make_window(make_detector=strict))
    waits_for_picture(qtbot, tab)
    assert tab.controls.threshold.value_label.text() == "0.35"


def test_the_slider_says_how_many_boxes_are_no_faces_where_the_model_knows(
    qtbot: QtBot, make_window: MakeWindow, make_model: Callable[..., Path]
) -> None:
    knowing = make_model(threshold=0.5, false_share=[[0.2, 0.25], [0.6, 0.05]])
    tab = live(make_window(make_detector=lambda: FaceDetector(knowing)))
    qtbot.waitUntil(lambda: tab.controls.threshold.value_label.text() == "0.50 · 10 % false")
    tab.controls.threshold.set(0.2)
    assert tab.controls.threshold.value_label.text() == "0.20 · 25 % false"


def test_cameras_are_mirrors_and_clips_are_not(qtbot: QtBot, make_window: MakeWindow, sources: Sources) -> None:
    sources.add("camera:0", lambda: Webcam("Front Camera"))
    tab = live(make_window("camera:0"))
    qtbot.waitUntil(lambda: tab.controls.mirror.isChecked())
    tab.open("demo")
    qtbot.waitUntil(lambda: not tab.controls.mirror.isChecked())
    tab.open("camera:0")
    qtbot.waitUntil(lambda: tab.controls.mirror.isChecked())
    mirror = action(tab.window(), "Mirror")
    assert mirror.isChecked()
    mirror.trigger()  # who does not want that is asked once only
    for spec, title in (("demo", "Demo"), ("camera:0", "Front Camera")):
        tab.open(spec)
        qtbot.waitUntil(lambda title=title: tab.session.state.title == title and title in tab.status.text())
    assert not tab.controls.mirror.isChecked()


def test_a_source_that_fails_is_told_in_the_window_which_lives_on(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    def fails() -> FakeSource:
        raise SourceError("There is no camera 7; choose another one.")

    sources.add("camera:7", fails)
    tab = live(make_window())
    waits_for_picture(qtbot, tab)
    tab.open("camera:7")
    waits_for_message(qtbot, tab, "Can’t show Camera 7")
    assert tab.picture.placement is None  # nothing is left of what ran before
    assert tab.panel.message is not None
    assert tab.panel.message.text == "There is no camera 7; choose another one."
    assert tab.controls.start_button.text() == "Start"
    press(qtbot, tab.panel, "Play the demo")
    waits_for_picture(qtbot, tab)
    assert tab.controls.source.currentText() == "Demo"
    assert not tab.panel.isVisible()


def test_a_file_that_fails_is_told_and_can_be_tried_again(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    problem = SourceError("The disk is gone.")
    sources.add("x.mp4", lambda: FakeSource("x.mp4", live=False, problem=problem))
    tab = live(make_window("x.mp4"))
    waits_for_message(qtbot, tab, "x.mp4 has stopped")
    sources.add("x.mp4", lambda: FakeSource("x.mp4", live=False, count=1))
    press(qtbot, tab.panel, "Try again")
    waits_for_picture(qtbot, tab)


def test_a_wrong_model_is_told(qtbot: QtBot, make_window: MakeWindow) -> None:
    def detector() -> object:
        raise ModelError("yolo.onnx is not a face detector of ours.")

    tab = live(make_window(make_detector=detector))
    waits_for_message(qtbot, tab, "No detector")
    assert tab.panel.message is not None
    assert tab.panel.message.text == "yolo.onnx is not a face detector of ours."
    assert [action.label for action in tab.panel.message.actions] == ["Try again"]  # no source would be shown


def test_a_slow_source_says_that_it_is_opening_and_space_leaves_it(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    gate = threading.Event()

    def slow() -> FakeSource:
        gate.wait(PATIENCE_S)
        return FakeSource("Slow")

    sources.add("rtsp://cam.local/live?pw=secret", slow)
    tab = live(make_window("rtsp://cam.local/live?pw=secret"))
    waits_for_message(qtbot, tab, "Opening cam.local/live…")
    press_key(tab, Qt.Key.Key_Space)
    assert tab.controls.start_button.text() == "Start" or tab.session.phase is Phase.IDLE
    gate.set()
    waits_for_message(qtbot, tab, "Ready")


def test_a_clip_that_has_ended_can_be_played_again(qtbot: QtBot, make_window: MakeWindow, sources: Sources) -> None:
    tab = live(make_window("clip.mp4"))
    waits_for_message(qtbot, tab, "clip.mp4 has ended")
    qtbot.waitUntil(lambda: tab.picture.placement is not None)  # the last picture stays, dimmed
    qtbot.waitUntil(lambda: "ended after 00:00" in tab.status.text())
    press(qtbot, tab.panel, "Play again")
    qtbot.waitUntil(lambda: sources.opened == ["clip.mp4", "clip.mp4"])
    waits_for_message(qtbot, tab, "clip.mp4 has ended")


def test_a_single_picture_stays_and_follows_the_threshold(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window("photo.jpg"))
    qtbot.waitUntil(lambda: tab.picture.overlay.figures.text == "1 face · 5.0 ms")
    assert not tab.panel.isVisible()
    assert tab.controls.start_button.text() == "Start"
    tab.controls.threshold.set(0.95)
    qtbot.waitUntil(lambda: tab.picture.overlay.figures.text.startswith("no faces"))


def test_the_list_names_the_cameras_and_follows_them(
    qtbot: QtBot, make_window: MakeWindow, cameras: list[Camera], sources: Sources
) -> None:
    sources.add("camera:2", lambda: FakeSource("Desk Camera"))
    tab = live(make_window())
    box = tab.controls.source
    opening = ["Screen", "Open file…", "Open folder…", "Open address…", "Part of the screen…"]
    qtbot.waitUntil(lambda: "Desk Camera" in entries(box))
    assert entries(box) == ["Automatic", "Demo", "Front Camera", "Desk Camera", *opening]
    assert box.currentText() == "Demo"
    choose(box, "Desk Camera")
    qtbot.waitUntil(lambda: "Desk Camera" in tab.status.text())
    cameras.clear()
    box.opened.emit()
    qtbot.waitUntil(lambda: "No camera found" in entries(box))
    assert box.currentText() == "Camera 2"  # what runs does not change because a list has


def test_asking_for_a_file(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tab: LiveTab) -> None:
    waits_for_picture(qtbot, tab)
    asked: list[Ask] = []

    def cancels(parent: QWidget, kind: Ask, folder: str, then: Callable[[str], None]) -> None:
        asked.append(kind)

    monkeypatch.setattr(prompts, "ask_source", cancels)
    choose(tab.controls.source, "Open folder…")
    assert asked == [Ask.FOLDER]
    assert tab.controls.source.currentText() == "Demo"

    def names_one(parent: QWidget, kind: Ask, folder: str, then: Callable[[str], None]) -> None:
        then("clip.mp4")

    monkeypatch.setattr(prompts, "ask_source", names_one)
    press_key(tab, Qt.Key.Key_O)
    waits_for_message(qtbot, tab, "clip.mp4 has ended")


def test_everything_fits(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("clip.mp4")
    tab = live(window)
    waits_for_message(qtbot, tab, "has ended")
    qtbot.waitUntil(lambda: tab.picture.placement is not None)
    for width, height in ((1280, 800), (800, 600)):
        window.resize(width, height)
        qtbot.waitUntil(lambda width=width: tab.picture.width() >= width - 256)
        assert (window.width(), window.height()) == (width, height)
        assert tab.picture.height() >= height - 80  # menus and tabs above, the line of words below
        for widget in (*tab.controls.findChildren(QWidget), *tab.panel.findChildren(QWidget)):
            if widget.isVisible():
                corner = widget.mapTo(window, widget.rect().bottomRight())
                assert window.rect().contains(corner), widget
                assert widget.width() >= widget.minimumSizeHint().width(), widget


def test_closing_takes_two_seconds_at_most_while_a_camera_hangs(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources
) -> None:
    never = threading.Event()
    sources.add("cam", lambda: FakeSource("Cam", hang=never))
    window = make_window("cam")
    waits_for_picture(qtbot, live(window))
    with waits_at_most(2.5):
        window.close()
    never.set()
