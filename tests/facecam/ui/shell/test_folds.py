"""The folds of the control column: opening, scrolling, the keyboard, and the menu that goes with them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot

from facecam.qtkit.folds import Fold
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import MakeWindow, fold, live, shows, unfold


def test_folds_are_closed_until_they_are_opened_and_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    tab = live(first)
    folds = tab.controls.findChildren(Fold)
    assert len(folds) >= 3
    assert not any(one.is_open or one.section.isVisible() for one in folds)
    QTest.mouseClick(fold(tab, "tracking").button, Qt.MouseButton.LeftButton)
    assert tab.tracking.isVisible()
    fold(tab, "privacy").button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(fold(tab, "privacy").button, Qt.Key.Key_Space)
    assert tab.privacy.isVisible()
    first.close()
    again = live(make_window())
    assert [one.section.key for one in again.controls.findChildren(Fold) if one.is_open] == ["tracking", "privacy"]


def test_what_opens_below_the_end_of_a_low_window_is_scrolled_to(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(800, 600)
    tab = live(window)
    column = tab.controls.column
    for key in ("detection", "compare"):
        button = fold(tab, key).button
        column.ensureWidgetVisible(button)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    seen = column.viewport()

    def is_seen() -> bool:
        last = tab.compare.mapTo(seen, tab.compare.rect().bottomLeft()).y()
        return 0 < last <= seen.height()

    qtbot.waitUntil(is_seen)


def test_of_what_is_higher_than_the_column_the_heading_is_seen(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(800, 480)
    tab = live(window)
    column, opened = tab.controls.column, fold(tab, "detection")
    column.ensureWidgetVisible(opened.button)
    QTest.mouseClick(opened.button, Qt.MouseButton.LeftButton)
    seen = column.viewport()
    bar = column.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 200 and opened.height() > seen.height())
    qtbot.wait(50)
    top = opened.button.mapTo(seen, opened.button.rect().topLeft()).y()
    assert 0 <= top < seen.height() - opened.button.height()


def test_what_opens_has_its_room_before_it_is_painted(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1280, 700)
    tab = live(window)
    qtbot.waitUntil(tab.controls.column.isVisible)
    for section in (tab.detection, tab.privacy):  # no event is looked after in between
        fold(tab, section.key).set_open(True)
        assert section.height() >= section.minimumSizeHint().height() > 50


def test_the_controls_keep_their_place_when_the_scroll_bar_comes(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1280, 900)
    tab = live(window)
    bar, button = tab.controls.column.verticalScrollBar(), tab.controls.start_button
    qtbot.waitUntil(lambda: not bar.isVisible())

    def across() -> tuple[int, int]:
        return button.mapTo(tab.controls, QPoint(0, 0)).x(), button.width()

    wide = across()
    for section in tab.sections:
        fold(tab, section.key).set_open(True)
    qtbot.waitUntil(bar.isVisible)
    qtbot.wait(50)  # the layouts are done
    assert across() == wide
    for section in tab.sections:
        fold(tab, section.key).set_open(False)
    qtbot.waitUntil(lambda: not bar.isVisible())
    qtbot.wait(50)
    assert across() == wide


def test_with_all_folds_open_everything_can_be_reached_by_scrolling(qtbot: QtBot, tab: LiveTab) -> None:
    unfold(tab)
    shows(qtbot, tab, "face")
    column = tab.controls.column
    for height in (600, 900):
        tab.window().resize(1000, height)
        qtbot.waitUntil(lambda height=height: height / 2 < tab.height() < height)
        for widget in (*column.widget().findChildren(QAbstractButton), *column.widget().findChildren(QSlider)):
            if widget.isVisible():
                column.ensureWidgetVisible(widget)
                corner = widget.mapTo(column, widget.rect().bottomRight())
                assert column.rect().contains(corner), widget
                assert widget.width() >= widget.minimumSizeHint().width(), widget


def test_the_wheel_over_a_field_scrolls_the_column_and_changes_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    tab = live(make_window())
    fold(tab, "detection").set_open(True)
    before = tab.detection.min_face.value()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(tab.detection.min_face, event)
    assert tab.detection.min_face.value() == before


def test_the_tab_key_goes_from_top_to_bottom(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    unfold(tab)
    shows(qtbot, tab, "1 face")
    window.activateWindow()
    scrolled = tab.controls.column.widget()
    assert scrolled is not None
    tab.controls.source.setFocus()
    heights: list[int] = []
    while (focus := window.focusWidget()) is not None and tab.controls.isAncestorOf(focus):
        part, above = (scrolled, tab.controls.column.y()) if scrolled.isAncestorOf(focus) else (tab.controls, 0)
        heights.append(above + focus.mapTo(part, QPoint(0, focus.height() // 2)).y())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert len(heights) > 15
    assert heights == sorted(heights)


def test_the_menu_shows_which_switches_are_on(qtbot: QtBot, tab: LiveTab) -> None:
    shows(qtbot, tab, "1 face")
    actions = {action.text(): action for action in tab.commands()}
    switches = {
        "Mirror": tab.controls.mirror,
        "Hide faces": tab.privacy.on,
        "Graphs": tab.graphs.on,
        "Compare two detectors": tab.compare.on,
    }
    for text, switch in switches.items():
        assert not actions[text].isChecked()
        switch.click()
        assert actions[text].isChecked()
        actions[text].trigger()
        assert not switch.isChecked()


def test_what_is_always_wanted_stays_above_the_folds_that_scroll(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    unfold(live(first))
    first.close()
    tab = live(make_window())
    shows(qtbot, tab, "1 face")
    controls, bar = tab.controls, tab.controls.column.verticalScrollBar()
    for width, height in ((800, 600), (640, 480)):
        tab.window().resize(width, height)
        qtbot.waitUntil(lambda height=height: height / 2 < tab.height() < height)
        assert bar.maximum() > 0
        assert bar.value() == 0
        assert not controls.edge.isVisible()
        bar.setValue(bar.maximum())
        assert controls.edge.isVisible()
        for widget in (controls.source, controls.start_button, tab.recording.record_button, controls.threshold):
            corner = widget.mapTo(controls, widget.rect().bottomRight())
            assert controls.rect().contains(corner), widget
            assert widget.visibleRegion().boundingRect() == widget.rect(), widget
        bar.setValue(0)
