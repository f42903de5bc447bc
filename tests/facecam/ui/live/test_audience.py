"""Full screen before an audience, through the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from facecam.live.pipeline import Phase
from facecam.qtkit.figure_line import Figure
from facecam.qtkit.settings import Settings
from facecam.ui.live import audience
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import MakeWindow, live, menu_texts, press, press_key, shows


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, settings: Settings, tmp_path: Path) -> MainWindow:
    """In full screen, with a face."""
    settings.put("record/folder", str(tmp_path))
    window = make_window()
    tab = live(window)
    shows(qtbot, tab, "1 face")
    press_key(tab, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: not tab.controls.isVisible())
    return window


def move(qtbot: QtBot, tab: LiveTab) -> None:
    """Moves the mouse, and waits for the buttons that come with it."""
    for x in (40, 60):
        QTest.mouseMove(tab.picture, QPoint(x, 50))
    qtbot.waitUntil(tab.audience.isVisible)


def in_a_window(qtbot: QtBot, tab: LiveTab, width: int, height: int) -> None:
    """As in full screen, in a window of that size."""
    window = tab.window()
    if window.isFullScreen():
        tab.full_screen_wanted.emit(False)
        qtbot.waitUntil(tab.controls.isVisible)
        tab.set_full_screen(True)
        window.setMinimumSize(1, 1)
    window.resize(width, height)
    qtbot.waitUntil(lambda: tab.stage.width() == width)


def test_controls_come_with_the_mouse_and_leave(qtbot: QtBot, tab: LiveTab) -> None:
    assert tab.audience._leave.interval() == 3000
    tab.audience._leave.setInterval(300)
    assert not tab.audience.isVisible()
    move(qtbot, tab)
    assert tab.picture.rect().contains(tab.audience.geometry())
    privacy = press(qtbot, tab.audience, "Privacy")
    assert tab.privacy.on.isChecked()
    assert privacy.isChecked()
    qtbot.waitUntil(lambda: not tab.audience.isVisible())
    press_key(tab, Qt.Key.Key_Escape)
    qtbot.waitUntil(tab.controls.isVisible)
    QTest.mouseMove(tab.picture, QPoint(100, 50))
    qtbot.wait(100)
    assert not tab.audience.isVisible()


def test_controls_stand_in_rows_that_the_picture_has_room_for(qtbot: QtBot, tab: LiveTab) -> None:
    buttons = tab.audience.findChildren(QPushButton)
    for width, rows in ((640, 2), (1440, 1)):
        in_a_window(qtbot, tab, width, 480)
        move(qtbot, tab)
        assert tab.picture.rect().contains(tab.audience.geometry())
        assert len({button.y() for button in buttons}) == rows
        assert len({(button.x(), button.y()) for button in buttons}) == len(buttons)
        tab.audience.hide()


def test_what_is_saved_is_shown_with_a_small_picture(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: tab.toast.isVisible() and "Saved snapshot" in tab.toast.text.text())
    assert not tab.toast.thumbnail.pixmap().isNull()
    assert tab.toast.thumbnail.isVisible()
    press_key(tab, Qt.Key.Key_R)
    recorder = tab.recording.saving._recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.status.frames > 3)
    press_key(tab, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: "Saved recording" in tab.toast.text.text())
    assert not tab.toast.thumbnail.isVisible()


def test_what_is_told_is_whole_in_a_picture_of_any_width(qtbot: QtBot, tab: LiveTab) -> None:
    shown = tab.toast.text
    for number, width in enumerate((1440, 640, 400), 1):
        press_key(tab, Qt.Key.Key_S)
        qtbot.waitUntil(lambda number=number: f"Saved snapshot-000{number}" in shown.text())
        in_a_window(qtbot, tab, width, 480)
        qtbot.waitUntil(lambda: tab.picture.rect().contains(tab.toast.geometry()))
        assert shown.height() >= shown.heightForWidth(shown.width())
        longest = max(shown.fontMetrics().horizontalAdvance(word) for word in shown.text().split())
        assert shown.width() >= longest
        usual = tab.picture.scale
        for larger in np.arange(0, 2.7, 0.1):
            tab.picture.scale = usual + larger
            tab.recording.saving.said.emit("Demo is back", "")
            assert shown.heightForWidth(shown.width()) < 1.5 * shown.fontMetrics().height()  # a line, if there is room
        tab.picture.scale = usual
        tab.recording.saving.said.emit("word " * 40, "")
        assert tab.picture.rect().contains(tab.toast.geometry())
        assert not tab.toast.thumbnail.isVisible()


def test_two_detectors_can_be_compared_in_full_screen(qtbot: QtBot, tab: LiveTab, tiny_model: Path) -> None:
    tab.compare._use(str(tiny_model))
    move(qtbot, tab)
    press(qtbot, tab.audience, "Compare")
    second = tab.compare.picture
    qtbot.waitUntil(lambda: second.isVisible() and "B tiny" in second.overlay.caption.text)
    assert "A fake" in tab.picture.overlay.caption.text
    assert abs(second.width() - tab.picture.width()) <= 2
    for size in ((1366, 768), (960, 540), (640, 480), (800, 1000)):
        in_a_window(qtbot, tab, *size)
        legible = max(1.0, 0.8 * min(0.75 * size[0], size[1]) / 450)  # nearly as in one picture, though two are smaller
        for one in (tab.picture, second):
            qtbot.waitUntil(lambda one=one, legible=legible: one.scale >= legible)
        qtbot.wait(50)  # until the figures are painted there
        move(qtbot, tab)
        buttons, figures = tab.audience.geometry(), tab.picture.overlay.figures_rect.toAlignedRect()
        assert tab.stage.rect().contains(buttons)  # across both pictures, and beside the line of figures
        assert abs(buttons.center().x() - tab.stage.rect().center().x()) <= 1
        assert figures.width() > 100
        assert not figures.intersects(buttons)
        tab.audience.hide()
    press_key(tab, Qt.Key.Key_C)
    assert not second.isVisible()


def test_a_camera_that_is_lost_is_told(tab: LiveTab) -> None:
    tab.stage.phase_changed.emit(Phase.RUNNING, Phase.RECONNECTING)
    assert tab.toast.text.text() == "Demo is lost"
    tab.stage.phase_changed.emit(Phase.RECONNECTING, Phase.RUNNING)
    assert tab.toast.text.text() == "Demo is back"


def test_a_snapshot_with_a_countdown_which_can_be_called_off(
    qtbot: QtBot, window: MainWindow, tab: LiveTab, tmp_path: Path
) -> None:
    tab.countdown._timer.setInterval(200)
    shift = Qt.KeyboardModifier.ShiftModifier
    press_key(tab, Qt.Key.Key_S, shift)
    assert tab.countdown.isVisible()
    assert tab.countdown.digits.text() == str(audience.COUNTDOWN_S)
    press_key(tab, Qt.Key.Key_S, shift)
    assert not tab.countdown.isVisible()
    qtbot.wait(900)
    assert list(tmp_path.iterdir()) == []
    press_key(tab, Qt.Key.Key_S, shift)
    qtbot.waitUntil(lambda: (tmp_path / "snapshot-0001.png").exists())
    assert not tab.countdown.isVisible()
    in_menu = menu_texts(window)["File"]
    assert in_menu.index("Snapshot with countdown") == in_menu.index("Snapshot") + 1


def test_a_snapshot_of_nothing_is_told_at_once_and_not_counted_down_to(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.IDLE)
    press_key(tab, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert not tab.countdown.isVisible()
    assert tab.toast.text.text() == "There is no picture to save yet."


def test_what_goes_on_here_is_told_in_another_tab_that_fills_the_screen(window: MainWindow, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_R)
    press_key(tab, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert not window.elsewhere.isVisible()
    window.go_to(1)
    assert window.elsewhere.isVisible()
    assert window.elsewhere.text() == "● Live · recording · snapshot in 3 s"
    tab.countdown.call_off()
    assert window.elsewhere.text() == "● Live · recording"
    tab.recording.saving.toggle_recording()
    assert not window.elsewhere.isVisible()


def test_what_the_stage_says_grows_too(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    usual = window.font().pointSizeF()
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: tab.picture.scale > 1.5)
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.panel.isVisible() and tab.session.phase is Phase.IDLE)
    widgets: list[QLabel | QPushButton] = [*tab.panel.findChildren(QLabel), *tab.panel.findChildren(QPushButton)]
    shown = [widget for widget in widgets if widget.text()]
    assert {"Ready", "Start"} <= {widget.text() for widget in shown}
    for widget in shown:
        assert widget.font().pointSizeF() >= 0.99 * tab.picture.scale * usual
        where = QRect(widget.mapTo(tab.panel, QPoint()), widget.size())
        assert tab.panel.rect().contains(where)
        if isinstance(widget, QPushButton):  # with room beside its words
            assert widget.width() >= widget.fontMetrics().horizontalAdvance(widget.text()) + 16 * tab.picture.scale
    press_key(tab, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: tab.picture.scale == 1)
    assert all(widget.font().pointSizeF() <= 1.7 * usual for widget in shown)


def test_a_caption_ends_before_the_sign_of_the_recording(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_R)
    qtbot.waitUntil(tab.badge.isVisible)
    tab.picture.set_caption([])
    before = tab.picture.grab().toImage()
    tab.picture.set_caption([Figure("A", "faceboxes-s8"), *[Figure("1", "x")] * 99])
    after = tab.picture.grab().toImage()
    sign = tab.badge.geometry()
    middle = sign.center().y()
    changed = [x for x in range(after.width()) if before.pixel(x, middle) != after.pixel(x, middle)]
    assert sign.left() / 2 < changed[-1] < sign.left()
    press_key(tab, Qt.Key.Key_R)


def test_text_grows_with_the_picture_in_full_screen_or_where_that_is_set(
    qtbot: QtBot, window: MainWindow, tab: LiveTab
) -> None:
    qtbot.waitUntil(lambda: tab.picture.scale > 1.2)
    assert tab.compare.picture._large
    said, counted = tab.toast.text, tab.countdown.digits
    for large in (True, False):
        if not large:
            in_a_window(qtbot, tab, 640, 480)
            qtbot.waitUntil(lambda: tab.picture.scale < 1.2)
        tab.recording.saving.said.emit("Saved", "")
        tab.countdown.toggle()
        sizes = [font.pointSizeF() / window.font().pointSizeF() for font in (said.font(), counted.font())]
        assert sizes == pytest.approx([max(1.4, tab.picture.scale), 6 * max(1.4, tab.picture.scale)], rel=0.02)
        tab.countdown.toggle()
    press_key(tab, Qt.Key.Key_R)
    qtbot.waitUntil(tab.badge.isVisible)
    for width in (640, 1440):
        in_a_window(qtbot, tab, width, round(0.75 * width))
        grown = pytest.approx(tab.picture.scale * window.font().pointSizeF(), rel=0.02)
        qtbot.waitUntil(lambda grown=grown: tab.badge.font().pointSizeF() == grown)
    assert tab.picture.scale > 2
    window.resize(1440, 900)  # with bars beside the picture
    qtbot.waitUntil(lambda: 720 < tab.picture.upper.width() < 1440)
    qtbot.waitUntil(lambda: tab.picture.upper.contains(tab.badge.geometry()))
    move(qtbot, tab)
    button = tab.audience.findChildren(QPushButton)[0]
    assert button.font().pointSizeF() == pytest.approx(tab.picture.scale * window.font().pointSizeF(), rel=0.02)
    assert tab.picture.rect().contains(tab.audience.geometry())
    press_key(tab, Qt.Key.Key_R)
    tab.set_full_screen(False)
    window.resize(1600, 1000)
    tab.controls.large.setChecked(True)
    qtbot.waitUntil(lambda: tab.picture.scale > 1.5)
    assert tab.remembered.value.large


def test_graphs_can_be_had_in_full_screen_and_are_as_before_after_it(
    qtbot: QtBot, window: MainWindow, tab: LiveTab
) -> None:
    press_key(tab, Qt.Key.Key_G)
    assert tab.graphs.isVisible()
    panel = tab.graphs.panel
    assert panel is not None
    usual = window.font().pointSizeF()
    assert panel.graphs[0].heading.font().pointSizeF() > 1.2 * usual  # to be read from afar
    assert "captured" in panel.graphs[0].heading.text()
    press_key(tab, Qt.Key.Key_Escape)
    qtbot.waitUntil(tab.controls.isVisible)
    assert not tab.graphs.isVisible()
    assert not tab.remembered.value.graphs
    press_key(tab, Qt.Key.Key_G)
    assert tab.graphs.isVisible()
    assert panel.graphs[0].heading.font().pointSizeF() == pytest.approx(usual)
