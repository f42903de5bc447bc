"""Zoom, pan, and what can be done with a face, through the real window."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facecam.faces.boxes import Detections
from facecam.ui.live.picture import PictureView
from facecam.ui.live.tab import LiveTab
from tests.doubles import FakeDetector, found
from tests.facecam.ui.driving import MakeWindow, live, press_key, shows


@pytest.fixture
def detector() -> FakeDetector:
    return FakeDetector()


@pytest.fixture
def tab(qtbot: QtBot, make_window: MakeWindow, detector: FakeDetector) -> LiveTab:
    """With a face that has a number."""
    tab = live(make_window(make_detector=lambda: detector))
    shows(qtbot, tab, "1 face")
    qtbot.waitUntil(lambda: len(tab.picture._boxes) == 1)
    return tab


def middle(picture: PictureView) -> QPointF:
    x1, y1, x2, y2 = picture._boxes[0].tolist()
    return QPointF((x1 + x2) / 2, (y1 + y2) / 2)


def turn(picture: PictureView, at: QPointF, notches: int) -> None:
    nothing, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(
        picture, QWheelEvent(at, at, QPoint(), QPoint(0, 120 * notches), nothing, keys, phase, False)
    )


@pytest.mark.parametrize("mirror", [False, True])
def test_the_wheel_enlarges_what_is_under_the_mouse_and_the_mouse_drags_it(tab: LiveTab, mirror: bool) -> None:
    picture = tab.picture
    tab.controls.mirror.setChecked(mirror)
    before, at = picture._boxes[0].copy(), middle(picture)
    turn(picture, at, 4)
    assert picture.zoom.factor == pytest.approx(1.25**4)
    assert (middle(picture) - at).manhattanLength() < 12  # to a pixel of the frame, and within its edges
    grown = (picture._boxes[0][2] - picture._boxes[0][0]) / (before[2] - before[0])
    assert grown == pytest.approx(picture.zoom.factor, rel=0.05)
    assert tab.compare.picture.zoom.factor == picture.zoom.factor
    before_drag = middle(picture)
    start = QPoint(400, 300)
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(picture, start + QPoint(-20 * step, -20 * step))
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=start + QPoint(-80, -80))
    moved = middle(picture) - before_drag
    assert moved.x() == pytest.approx(-80, abs=25)
    assert moved.y() == pytest.approx(-80, abs=25)
    press_key(tab, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert picture.zoom.factor == 1
    assert picture._boxes[0] == pytest.approx(before, abs=1)


def test_a_click_chooses_a_face_whose_figures_follow_it_and_another_none(
    qtbot: QtBot, tab: LiveTab, detector: FakeDetector
) -> None:
    picture = tab.picture
    tab.controls.scores.setChecked(False)
    at = middle(picture).toPoint()
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)
    assert picture._selected == picture.number_at(QPointF(at)) > 0
    told = picture.overlay.chosen
    assert told.text == "#1 0.80 · 100 × 120 pixels"
    picture._cursor = None
    assert picture._under_cursor() == 0  # its label stays when the mouse leaves
    detector._answer = found((100, 100, 180, 200, 0.7))  # it has moved, and is smaller
    qtbot.waitUntil(lambda: re.fullmatch(r"#1 0\.[67]\d · 8\d × 10\d pixels", told.text) is not None)
    detector._answer = Detections.none()
    qtbot.waitUntil(lambda: told.text == "#1 not in sight")
    detector._answer = found((100, 100, 200, 220, 0.8))
    shows(qtbot, tab, "1 face")
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert picture._under_cursor() is None
    assert told.text == ""


def test_two_pictures_show_the_same_part_whichever_is_moved(qtbot: QtBot, tab: LiveTab) -> None:
    first, second = tab.picture, tab.compare.picture
    press_key(tab, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: second.isVisible() and second._frame is not None)

    def together() -> bool:
        return first._part == second._part

    turn(second, middle(first), 4)
    assert first.zoom.factor == pytest.approx(1.25**4)
    assert together()
    before, start = first.zoom.centre, QPoint(100, 100)
    QTest.mousePress(second, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(second, start + QPoint(-20 * step, -20 * step))
    QTest.mouseRelease(second, Qt.MouseButton.LeftButton, pos=start + QPoint(-80, -80))
    assert first.zoom.centre != before
    assert together()
    first.follow_face(1)
    zoom = first.zoom.factor
    assert zoom >= 2.5
    assert "Don’t follow any more" in [action.text() for action in second.menu_at(QPointF(2, 2)).actions()]
    turn(second, middle(first), 1)
    assert "Don’t follow any more" not in [action.text() for action in first.menu_at(QPointF(2, 2)).actions()]
    assert first.zoom.factor > zoom
    assert together()


def test_two_clicks_that_fill_the_screen_choose_no_face(qtbot: QtBot, tab: LiveTab) -> None:
    picture = tab.picture
    for chosen in (0, 1):
        at = middle(picture).toPoint()
        assert picture._selected == chosen
        QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)
        with qtbot.waitSignal(picture.double_clicked):
            QTest.mouseDClick(picture, Qt.MouseButton.LeftButton, pos=at)
        assert picture._selected == chosen
        qtbot.waitUntil(lambda chosen=chosen: tab.controls.isVisible() == bool(chosen))
        qtbot.wait(QApplication.doubleClickInterval())
        if not chosen:
            QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=middle(picture).toPoint())
            qtbot.wait(QApplication.doubleClickInterval())
            qtbot.waitUntil(lambda: picture._selected == 1)


def test_the_menu_of_a_face_follows_and_copies_it(qtbot: QtBot, tab: LiveTab) -> None:
    picture = tab.picture
    assert picture.menu_at(QPointF(2, 2)).actions() == []
    actions = {action.text(): action for action in picture.menu_at(middle(picture)).actions()}
    assert list(actions) == ["Follow face 1", "Copy this face"]
    actions["Copy this face"].trigger()
    copied = QApplication.clipboard().image()
    assert isinstance(copied, QImage)
    assert (copied.width(), copied.height()) == (100, 120)
    actions["Follow face 1"].trigger()
    assert picture.zoom.factor == 2.5
    qtbot.waitUntil(lambda: "Whole picture" in [a.text() for a in picture.menu_at(QPointF(2, 2)).actions()])
    press_key(tab, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert picture.zoom.factor == 2


def test_a_face_can_be_left_in_view_and_is_hidden_again_with_another_source(qtbot: QtBot, tab: LiveTab) -> None:
    def said() -> list[str]:
        return [action.text() for action in tab.picture.menu_at(middle(tab.picture)).actions()]

    def hidden() -> int:
        view = tab.session.latest()
        return -1 if view is None else len(view.private)

    assert "Never hide face 1" not in said()
    tab.privacy.on.setChecked(True)
    qtbot.waitUntil(lambda: tab.picture.view is not None and tab.picture.view.privacy is not None and hidden() == 1)
    assert "Never hide face 1" in said()
    menu = tab.picture.menu_at(middle(tab.picture))
    next(action for action in menu.actions() if action.text() == "Never hide face 1").trigger()
    qtbot.waitUntil(lambda: hidden() == 0)
    assert "Hide face 1 again" in said()
    tab.open("auto")
    assert tab.session.options.unhidden == frozenset()
    qtbot.waitUntil(lambda: hidden() == 1)
