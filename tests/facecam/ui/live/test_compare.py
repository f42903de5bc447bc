"""Comparing two detectors, through the real window."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facecam.detection.model import DEFAULT_MODEL, PAPER_MODEL
from facecam.errors import FacecamError, ModelError
from facecam.qtkit.settings import Settings
from facecam.system.resources import shipped_models
from facecam.ui.live import compare_section
from facecam.ui.live.compare_section import load_second
from facecam.ui.live.tab import LiveTab
from tests.doubles import FakeDetector, FakeSource, Sources, found
from tests.facecam.ui.driving import MakeWindow, entries, live, press_key, shows


@pytest.fixture
def cells(sources: Sources, make_frame: Callable[..., np.ndarray]) -> str:
    sources.add("cells", lambda: FakeSource(fps=50, image=make_frame((3, 3), (12, 4))))
    return "cells"


@pytest.fixture
def with_tiny(settings: Settings, tiny_model: Path) -> None:
    settings.put("live/compare-model", str(tiny_model))


@pytest.mark.usefixtures("with_tiny")
def test_c_shows_the_second_detector_with_figures_of_its_own(qtbot: QtBot, make_window: MakeWindow, cells: str) -> None:
    tab = live(make_window(cells))
    shows(qtbot, tab, "1 face")
    second = tab.compare.picture
    assert not second.isVisible()
    assert tab.picture.overlay.caption.text == ""
    press_key(tab, Qt.Key.Key_C)
    assert second.isVisible()
    qtbot.waitUntil(lambda: "2 faces" in second.overlay.caption.text)
    ours = re.compile(r"A fake · [\d.]+ ms · 1 face")
    qtbot.waitUntil(lambda: ours.match(tab.picture.overlay.caption.text) is not None)
    theirs = re.compile(r"B tiny · [\d.]+ ms · 2 faces · 0 in both")
    qtbot.waitUntil(lambda: theirs.match(second.overlay.caption.text) is not None)
    assert len(second._detections) == 2
    tab.controls.mirror.setChecked(True)
    assert second.placement is not None
    assert second.placement.mirror
    tab.compare.in_turns.click()

    def in_turns() -> bool:
        view = tab.session.latest()
        return view is not None and not view.detected

    qtbot.waitUntil(in_turns)
    assert len(second._detections) == 2
    tab.compare.threshold.set(0.6)  # reaches the second one only
    qtbot.waitUntil(lambda: tab.session.options.second.threshold == 0.6)
    assert tab.session.options.threshold == 0.5
    press_key(tab, Qt.Key.Key_C)
    assert not second.isVisible()
    qtbot.waitUntil(lambda: tab.picture.overlay.caption.text == "")
    assert tab.session.options.second is None


@pytest.mark.usefixtures("with_tiny")
def test_a_face_that_both_find_looks_alike_and_one_that_only_one_finds_is_marked(
    qtbot: QtBot, make_window: MakeWindow, cells: str
) -> None:
    both, only_ours = (96, 96, 128, 128, 0.95), (400, 300, 460, 380, 0.99)
    detector = FakeDetector(found(only_ours, both))
    tab = live(make_window(cells, make_detector=lambda: detector))
    tab.compare.on.setChecked(True)
    second = tab.compare.picture
    qtbot.waitUntil(lambda: "1 in both" in second.overlay.caption.text)
    assert "1 only here" in second.overlay.caption.text
    assert "1 only here" in tab.picture.overlay.caption.text
    view = tab.picture.view
    assert view is not None
    assert view.second is not None
    ((ours, theirs),) = view.second.common
    shown = view.second.shown
    assert shown.ids is not None
    assert view.detections.ids is not None
    assert shown.ids[theirs] == view.detections.ids[ours] > 0
    assert shown.colours[theirs] == view.detections.colours[ours]
    assert view.lone == ((1 - ours,), (1 - theirs,))
    assert shown.ids[1 - theirs] == 0
    assert (tab.picture._lone, second._lone) == ([1 - ours], [1 - theirs])


@pytest.mark.usefixtures("with_tiny")
def test_comparing_is_remembered_and_a_stopped_camera_leaves_no_second_picture(
    qtbot: QtBot, make_window: MakeWindow, cells: str
) -> None:
    first = make_window(cells)
    live(first).compare.on.setChecked(True)
    live(first).compare.input_size.setCurrentIndex(2)
    first.close()
    window = make_window(cells)
    tab = live(window)
    assert tab.compare.on.isChecked()
    assert tab.compare.input_size.currentText() == "320 × 240"
    qtbot.waitUntil(lambda: "B tiny" in tab.compare.picture.overlay.caption.text)
    window.activateWindow()
    tab.picture.setFocus()
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.compare.picture.placement is None and tab.picture.placement is None)
    tab.stage.refresh()
    assert tab.picture.overlay.caption.text == tab.compare.picture.overlay.caption.text == ""
    assert tab.panel.isVisible()
    qtbot.waitUntil(lambda: tab.panel.width() == tab.stage.width())  # "Ready" is in the middle
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.compare.picture.isVisible() and not tab.panel.isVisible())


@pytest.mark.usefixtures("with_tiny")
def test_a_detector_that_nobody_compares_with_any_more_is_let_go_and_loaded_again(
    qtbot: QtBot, make_window: MakeWindow, cells: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_section, "KEPT_MS", 300)
    window = make_window(cells)
    tab = live(window)
    second = tab.compare.picture
    tab.compare.on.setChecked(True)
    qtbot.waitUntil(lambda: "2 faces" in second.overlay.caption.text)
    loaded = weakref.ref(tab.compare._detector)
    tab.compare.on.setChecked(False)
    tab.compare.on.setChecked(True)  # at once: nothing to wait for
    qtbot.wait(500)
    assert tab.compare._detector is loaded()
    assert loaded() is not None
    tab.compare.on.setChecked(False)
    qtbot.waitUntil(lambda: loaded() is None)
    tab.compare.on.setChecked(True)
    qtbot.waitUntil(lambda: "2 faces" in second.overlay.caption.text)


@pytest.mark.usefixtures("with_tiny")
def test_privacy_holds_for_both_pictures(qtbot: QtBot, make_window: MakeWindow, cells: str) -> None:
    tab = live(make_window(cells))
    tab.compare.on.setChecked(True)
    tab.privacy.on.setChecked(True)

    def edge() -> int:
        frame = tab.compare.picture._frame
        return 255 if frame is None else int(np.abs(np.diff(frame[100:128, 90:130, 0].astype(int), axis=1)).max())

    qtbot.waitUntil(lambda: edge() < 80)  # the face that only the second detector has found
    assert tab.picture._frame is tab.compare.picture._frame


def test_a_file_that_is_no_detector_is_told_beside_the_choice(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"no model at all")
    named = [wrong, tiny_model]

    def names(parent: QWidget, title: str, then: Callable[[Path], None], *how: object) -> None:
        then(named.pop(0))

    monkeypatch.setattr(compare_section, "ask_path", names)
    tab = live(make_window())
    tab.compare.on.setChecked(True)
    for _ in range(2):
        box = tab.compare.model
        box.setCurrentIndex(box.count() - 1)
        box.activated.emit(box.count() - 1)
        if named:
            qtbot.waitUntil(lambda: "wrong.onnx" in tab.compare.note.text())
            assert "can’t be loaded" in tab.compare.picture.overlay.caption.text  # in the empty picture too
            assert tab.session.options.second is None
    qtbot.waitUntil(lambda: tab.session.options.second is not None)
    assert tab.compare.note.text() == ""
    assert tab.compare.model.currentText() == tiny_model.name


@pytest.mark.skipif(len(shipped_models()) < 2, reason="only one model comes with the program")
def test_the_models_that_come_with_the_program_can_be_chosen(qtbot: QtBot, tab: LiveTab) -> None:
    box = tab.compare.model
    assert entries(box) == [*shipped_models(), "A model file…"]
    tab.compare.on.setChecked(True)
    qtbot.waitUntil(lambda: f"B {box.currentText()}" in tab.compare.picture.overlay.caption.text)
    assert tab.compare.threshold.value == pytest.approx(tab.session.options.second.detector.metadata["threshold"])


@pytest.mark.usefixtures("with_tiny")
def test_two_pictures_stand_where_they_are_largest(qtbot: QtBot, make_window: MakeWindow, cells: str) -> None:
    window = make_window(cells)
    tab = live(window)
    tab.compare.on.setChecked(True)
    first, second = tab.picture, tab.compare.picture
    for size, beside in (((1600, 700), True), ((800, 1000), False)):
        window.resize(*size)
        qtbot.waitUntil(lambda beside=beside: (second.y() == first.y()) == beside and second.width() > 100)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModelError("m.onnx is no detector."), "m.onnx is no detector."),
        (ZeroDivisionError("by zero"), "m.onnx can't be"),
    ],
)
def test_what_goes_wrong_while_it_is_loaded_is_a_sentence(error: Exception, sentence: str) -> None:
    def load(model: str) -> NoReturn:
        raise error

    with pytest.raises(FacecamError, match=sentence):
        load_second(load, "m.onnx")


def test_at_first_the_two_detectors_are_not_the_same(make_window: MakeWindow) -> None:
    section = live(make_window()).compare
    assert section.model.currentText() == PAPER_MODEL != DEFAULT_MODEL
