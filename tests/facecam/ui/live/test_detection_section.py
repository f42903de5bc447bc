"""The fold Detection, through the real window on fake sources and on the networks that ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facecam.detection.detector import FaceDetector
from facecam.detection.model import DEFAULT_MODEL
from facecam.qtkit.settings import Settings
from facecam.runtimes.engine import Engine, Precision, Runtime
from facecam.sources import open_source
from facecam.sources.demo import demo_frame
from facecam.system.cpu import available_cores
from facecam.system.opencv import cv2
from facecam.system.resources import shipped_models
from facecam.ui.live.tab import LiveTab
from tests.doubles import FakeDetector, Sources
from tests.facecam.ui.driving import MakeWindow, choose, fold, live, press_key, shows


def test_detection_options_reach_the_detector_and_are_remembered(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    first = make_window()
    tab, box = live(first), live(first).detection
    shows(qtbot, tab, "1 face")
    detector = tab.session.detector
    assert detector is not None
    choose(box.input_size, "320 × 240")
    box.nms.set(0.5)
    qtbot.waitUntil(lambda: detector.size == (320, 240) and detector.nms == 0.5)
    box.min_face.setValue(200)  # the fake face has 120
    shows(qtbot, tab, "no faces")
    box.min_face.setValue(100)
    shows(qtbot, tab, "1 face")
    box.every.setValue(4)
    assert box.preset.currentText() == "Custom"
    first.close()
    again = live(make_window()).detection
    assert again.input_size.currentText() == "320 × 240"
    assert (again.nms.value, again.min_face.value(), again.every.value()) == (0.5, 100, 4)


def test_one_picture_in_four_is_searched_and_all_are_shown(qtbot: QtBot, tab: LiveTab) -> None:
    tab.detection.every.setValue(4)

    def is_a_quarter() -> bool:
        stats = tab.session.stats()
        return stats.capture_hz > 10 and 0.15 < stats.detect_hz / stats.capture_hz < 0.35

    qtbot.waitUntil(is_a_quarter)
    shows(qtbot, tab, "1 face")


def test_where_privacy_is_on_each_picture_is_searched(qtbot: QtBot, tab: LiveTab) -> None:
    choose(tab.detection.preset, "Saving power")
    searched: list[bool] = []
    tab.stage.view_shown.connect(lambda view: searched.append(view.detected))
    qtbot.waitUntil(lambda: False in searched)
    press_key(tab, Qt.Key.Key_P)
    qtbot.waitUntil(
        lambda: tab.picture.view is not None and tab.picture.view.privacy is not None and tab.picture.view.detected
    )
    searched.clear()
    qtbot.waitUntil(lambda: len(searched) > 10)
    assert all(searched)


def test_the_automatic_size_is_told(qtbot: QtBot, tab: LiveTab) -> None:
    choose(tab.detection.input_size, "Automatic")
    qtbot.waitUntil(lambda: "fake at 640 × 480" in tab.status.text())
    tab.detection.hold.setValue(240)  # the fake detector says that it takes 5 ms
    qtbot.waitUntil(lambda: "fake at 320 × 240" in tab.status.text())


def test_presets_and_reset(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window(threshold=0.9)
    tab, box = live(window), live(window).detection
    fold(tab, "detection").set_open(True)
    shows(qtbot, tab, "no faces")
    choose(box.preset, "Saving power")
    assert (box.input_size.currentText(), box.every.value()) == ("320 × 240", 3)
    choose(box.preset, "Steady 30/s")
    assert (box.input_size.currentText(), box.hold.value(), box.every.value()) == ("Automatic", 30, 1)
    assert box.hold_row.isVisible()
    box.nms.set(0.6)
    assert box.preset.currentText() == "Custom"
    QTest.mouseClick(box.reset, Qt.MouseButton.LeftButton)
    assert box.preset.currentText() == "Balanced"
    assert not box.hold_row.isVisible()
    assert tab.controls.threshold.value_label.text() == "0.50"
    shows(qtbot, tab, "1 face")


@pytest.mark.skipif(len(available_cores()) < 2, reason="there is only one core")
def test_the_core_can_be_chosen_while_it_runs(qtbot: QtBot, tab: LiveTab) -> None:
    shows(qtbot, tab, "1 face")
    for core in available_cores()[:2]:
        choose(tab.detection.core, f"Core {core}")
        qtbot.waitUntil(lambda core=core: tab.session.pipeline.state.core == core)
        qtbot.waitUntil(lambda core=core: f"on core {core}" in tab.status.text())


def test_the_status_line_tells_a_precision_out_of_the_ordinary(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeDetector, "runtime", Runtime.OPENVINO)
    monkeypatch.setattr(FakeDetector, "engine", Engine(Runtime.OPENVINO, Precision.BF16))
    tab = live(make_window())
    qtbot.waitUntil(lambda: "in OpenVINO bf16" in tab.status.text())


def test_the_fastest_precision_is_taken_unless_the_exact_one_is_chosen(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    def of(detector: object) -> str:
        return detector.options.engine.precision if isinstance(detector, FaceDetector) else ""

    def precision(tab: LiveTab) -> str:
        return of(tab.session.detector)

    first = make_window(make_detector=None)
    tab = live(first)
    fold(tab, "detection").set_open(True)
    qtbot.waitUntil(lambda: precision(tab) == Precision.AUTO)
    assert tab.detection.precision_row.isVisible()
    assert tab.detection.precision.currentText() == "Fastest"
    tab.compare.on.setChecked(True)
    qtbot.waitUntil(lambda: of(tab.compare._detector) == Precision.AUTO)
    choose(tab.detection.precision, "Exact")
    qtbot.waitUntil(lambda: precision(tab) == Precision.F32)
    qtbot.waitUntil(lambda: of(tab.compare._detector) == Precision.F32)  # the one to compare with goes along
    tab.compare.on.setChecked(False)
    first.close()
    again = live(make_window(make_detector=None))
    assert again.detection.precision.currentText() == "Exact"
    qtbot.waitUntil(lambda: precision(again) == Precision.F32)
    QTest.mouseClick(again.detection.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: precision(again) == Precision.AUTO)
    assert settings.text("live/precision", "") == Precision.AUTO


def test_a_precision_of_the_command_line_goes_before_and_is_not_remembered(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    settings.put("live/precision", Precision.AUTO)
    window = make_window(precision=Precision.F32)
    assert live(window).detection.precision.currentText() == "Exact"
    assert settings.text("live/precision", "") == Precision.AUTO


def test_damaged_settings_read_as_the_defaults(qtbot: QtBot, make_window: MakeWindow, settings: Settings) -> None:
    damaged: dict[str, float | str] = {"precision": "f7", "size": "7x7", "every": "many", "nms": 40, "core": 9999}
    for key, value in (damaged | {"privacy-how": "x"}).items():
        settings.put(f"live/{key}", value)
    tab = live(make_window())
    assert tab.detection.preset.currentText() == "Balanced"
    assert tab.detection.core.currentText() == "Automatic"
    shows(qtbot, tab, "1 face")


@pytest.mark.skipif(len(shipped_models()) < 2, reason="only one network is shipped")
def test_network_chosen_in_the_window_detects_and_is_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    other = next(name for name in shipped_models() if name != DEFAULT_MODEL)
    first = make_window(make_detector=None)
    tab = live(first)
    qtbot.waitUntil(lambda: DEFAULT_MODEL in tab.status.text())
    choose(tab.detection.network, other)
    qtbot.waitUntil(lambda: f"{other} in " in tab.status.text())
    assert tab.controls.threshold.value == pytest.approx(FaceDetector(other).threshold, abs=0.01)
    tab.controls.threshold.set(0.33)  # one's own goes along
    choose(tab.detection.network, DEFAULT_MODEL)
    qtbot.waitUntil(lambda: f"{DEFAULT_MODEL} in " in tab.status.text())
    assert tab.controls.threshold.value == 0.33
    QTest.mouseClick(tab.detection.reset, Qt.MouseButton.LeftButton)
    choose(tab.detection.network, other)
    QTest.mouseClick(tab.detection.reset, Qt.MouseButton.LeftButton)  # while that one loads
    qtbot.waitUntil(lambda: f"{DEFAULT_MODEL} in " in tab.status.text())
    assert tab.controls.threshold.value == pytest.approx(FaceDetector(DEFAULT_MODEL).threshold, abs=0.01)
    choose(tab.detection.network, other)
    first.close()
    again = live(make_window(make_detector=None))
    assert again.detection.network.currentData() == other
    qtbot.waitUntil(lambda: f"{other} in " in again.status.text())
    QTest.mouseClick(again.detection.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"{DEFAULT_MODEL} in " in again.status.text())


@pytest.mark.skipif(len(shipped_models()) < 2, reason="only one network is shipped")
def test_copies_are_made_by_the_network_that_is_chosen_in_the_window(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, tmp_path: Path
) -> None:
    path = tmp_path / "faces.png"
    cv2.imwrite(str(path), demo_frame(80))
    sources.add(str(path), lambda: open_source(str(path)))
    other = next(name for name in shipped_models() if name != DEFAULT_MODEL)
    tab = live(make_window(str(path), make_detector=None))
    choose(tab.detection.network, other)
    qtbot.waitUntil(lambda: f"{other} in " in tab.status.text())
    tab.exporting.button.click()
    dialog = tab.exporting.dialog
    assert dialog is not None
    dialog.options.json.setChecked(True)
    dialog.options.export_button.click()
    qtbot.waitUntil(dialog.summary.isVisible)
    (line,) = (dialog.out / "faces.jsonl").read_text().splitlines()
    best, usual = (FaceDetector(name).detect(demo_frame(80)).scores[0] for name in (other, DEFAULT_MODEL))
    assert json.loads(line)["faces"][0]["score"] == pytest.approx(float(best), abs=float(abs(best - usual)) / 4)


def test_settings_that_name_a_network_that_is_gone_open_its_successor_and_say_so(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    settings.put("live/network", "faceboxes-s16")
    window = make_window()
    assert live(window).detection.network.currentText() == "faceboxes-s8"
    assert "faceboxes-s16 is gone; faceboxes-s8 is used" in window.hints.text.text()
    QTest.mouseClick(window.hints.button, Qt.MouseButton.LeftButton)
    assert not make_window().hints.isVisible(), "it is said until it is read"
