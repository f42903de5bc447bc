"""Keys do what the list of keys says, whatever control was touched before; and the first window fits its screen."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QSlider
from pytestqt.qtbot import QtBot

from facecam.qtkit import theme
from facecam.qtkit.tabs import Tab
from facecam.ui.gallery.tab import GalleryTab
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from facecam.ui.speed.tab import SpeedTab
from tests.facecam.ui.driving import MakeWindow, bring_to_front, live, shows, unfold
from tests.sagan_gallery.made import save_tiny_discriminator, save_tiny_generator


def unfolded(qtbot: QtBot, window: MainWindow) -> LiveTab:
    tab = live(window)
    unfold(tab)
    shows(qtbot, tab, "1 face")
    window.activateWindow()
    return tab


def lists_and_sliders(tab: LiveTab) -> list[QComboBox | QSlider]:
    found = [*tab.findChildren(QComboBox), *tab.findChildren(QSlider)]
    return [control for control in found if control.isVisible() and control.isEnabled()]


def touch(qtbot: QtBot, control: QAbstractButton | QComboBox | QSlider) -> None:
    """Clicks it, and leaves a list that opens without a choice."""
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)
    if isinstance(control, QComboBox):
        QTest.keyClick(control.view(), Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
        control.window().activateWindow()
        qtbot.waitUntil(control.window().isActiveWindow)


def state(control: QComboBox | QSlider) -> int:
    return control.currentIndex() if isinstance(control, QComboBox) else control.value()


def test_a_list_or_a_slider_eats_no_key(qtbot: QtBot, window: MainWindow) -> None:
    tab = unfolded(qtbot, window)
    controls = lists_and_sliders(tab)
    assert len(controls) > 10
    for control in controls:
        on = tab.controls.mirror.isChecked()
        touch(qtbot, control)
        before = state(control)
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_M)
        assert tab.controls.mirror.isChecked() is not on, control.accessibleName()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(control, Qt.Key.Key_M)
        assert tab.controls.mirror.isChecked() is on, control.accessibleName()
        QTest.keyClick(control, Qt.Key.Key_N)  # no command, nor the beginning of a choice
        assert state(control) == before


def test_a_list_that_tab_has_reached_still_takes_the_arrows(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = unfolded(qtbot, make_window())
    tab.detection.input_size.setFocus(Qt.FocusReason.TabFocusReason)
    before = tab.detection.input_size.currentIndex()
    QTest.keyClick(tab.detection.input_size, Qt.Key.Key_Down)
    assert tab.detection.input_size.currentIndex() == before + 1


def test_space_opens_the_list_that_tab_has_reached(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = unfolded(qtbot, make_window())
    tab.controls.source.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(tab.controls.source, Qt.Key.Key_Space)
    qtbot.waitUntil(tab.controls.source.view().isVisible)
    assert tab.session.spec == "demo"  # goes on
    tab.controls.source.hidePopup()


def selectable(window: MainWindow) -> list[QLabel]:
    """The labels in sight whose words can be selected."""
    by_mouse = Qt.TextInteractionFlag.TextSelectableByMouse
    return [
        label for label in window.findChildren(QLabel) if label.isVisible() and by_mouse & label.textInteractionFlags()
    ]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_ctrl_c_copies_the_words_that_are_selected(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: int
) -> None:
    save_tiny_generator(tmp_path / "sagan64.onnx")
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: tmp_path / name)
    window = make_window("nowhere.mp4")  # which leaves a message on the stage
    tab = bring_to_front(qtbot, window, index)
    window.hints.say("Install it: `sudo apt install v4l2loopback-dkms`")
    if isinstance(tab, GalleryTab):
        qtbot.waitUntil(lambda: tab.panel.sample is not None)
        tab.panel.message.toggle_help()
    elif isinstance(tab, SpeedTab):
        for command in tab.commands():
            command.setEnabled(True)  # as once there is a result
    qtbot.waitUntil(lambda: len(selectable(window)) > 1)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for label in selectable(window):
        label.setFocus(Qt.FocusReason.MouseFocusReason)
        label.setSelection(2, 5)
        QTest.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.clipboard().text() == label.selectedText() != ""


@pytest.mark.parametrize("available", [(1366, 728), (960, 520), (800, 570)])
def test_the_first_window_fits_its_screen(
    make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, available: tuple[int, int]
) -> None:
    screen = SimpleNamespace(availableSize=lambda: QSize(*available))
    monkeypatch.setattr(MainWindow, "screen", lambda self: screen)
    window = make_window()
    assert window.width() < available[0] - 8
    assert window.height() < available[1] - 24
    tab = live(window)
    corner = tab.status.mapTo(window, tab.status.rect().bottomLeft())
    assert window.rect().contains(corner)


def clickable(tab: Tab) -> list[QAbstractButton | QComboBox | QSlider]:
    """All that a click may touch without a dialog of the system's; text fields aside."""
    found = [*tab.findChildren(QComboBox), *tab.findChildren(QSlider), *tab.findChildren(QAbstractButton)]
    window = tab.window()
    return [
        each
        for each in found
        if each.isVisible()
        and each.isEnabled()
        and window.rect().contains(each.mapTo(window, each.rect().center()))
        and not (isinstance(each, QComboBox) and each.isEditable())
        and not (isinstance(each, QAbstractButton) and (each.text().endswith("…") or "folder" in each.text()))
    ]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_hundred_keys_after_clicks_on_anything_of_any_tab(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: int
) -> None:
    save_tiny_generator(tmp_path / "sagan64.onnx")
    save_tiny_discriminator(tmp_path / "sagan64-d.onnx")
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: tmp_path / name)
    monkeypatch.setattr("facecam.ui.speed.process.BenchProcess.start", lambda *_: None)
    window = make_window()
    unfolded(qtbot, window)
    tab = bring_to_front(qtbot, window, index)
    window.resize(1440, 1000)
    qtbot.wait(300)
    done: list[str] = []
    keys: list[tuple[QAction, QKeySequence]] = []
    for action in window.actions():
        action.triggered.disconnect()  # what the list says is told here, and not done
        action.triggered.connect(partial(lambda name, _on=False: done.append(name), action.text()))
        keys += [(action, key) for key in action.shortcuts()]
    assert len(keys) >= 8
    chance = random.Random(index)
    for _ in range(100):
        if control_list := clickable(tab):
            touch(qtbot, control := chance.choice(control_list))
            if (menu := QApplication.activePopupWidget()) is not None:
                QTest.keyClick(menu, Qt.Key.Key_Escape)
        window.activateWindow()  # without a window manager nobody does
        qtbot.waitUntil(window.isActiveWindow)
        done.clear()
        action, key = chance.choice([pair for pair in keys if pair[0].isEnabled()])
        if isinstance(window.focusWidget(), (QAbstractButton, QComboBox)) and key.toString() == "Space":
            continue  # presses the button, or opens the list, that the keyboard has reached
        QTest.keySequence(window.focusWidget() or window, key)
        assert done == [action.text()], (key.toString(), control, window.focusWidget())


def contrast(a: QColor, b: QColor) -> float:
    """Of two colours, as WCAG 2 defines it."""

    def luminance(colour: QColor) -> float:
        channels = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_check_boxes_and_their_words_are_seen_in_dark_and_light(qtbot: QtBot, make_window: MakeWindow) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    tab = live(make_window())
    empty, ticked = tab.graphs.on, tab.controls.scores
    assert (ticked.isChecked(), empty.isChecked()) == (True, False)
    try:
        for dark in (True, False, True, False):  # one after the other: nothing of the one stays in the other
            theme.force_scheme(app, dark)
            qtbot.wait(50)
            picture = tab.window().grab().toImage()
            ground = tab.palette().color(QPalette.ColorRole.Window)
            assert (ground.lightness() < 128) == dark
            for box in (empty, ticked):
                corner = box.mapTo(tab.window(), QPoint(0, 0))
                rows = range(corner.y(), corner.y() + box.height())
                middle = corner.y() + box.height() // 2
                frame = [picture.pixelColor(corner.x() + x, middle) for x in range(3)]
                assert max(contrast(colour, ground) for colour in frame) >= 3
                inside = picture.pixelColor(corner.x() + 3, rows[len(rows) // 2 - 4])
                assert (inside.lightness() < 128) == dark
                words = [picture.pixelColor(corner.x() + x, y) for y in rows for x in range(18, box.width())]
                assert max(contrast(colour, ground) for colour in words) >= 7
            mark = [picture.pixelColor(corner.x() + x, y) for y in rows for x in range(3, 11)]
            assert max(contrast(colour, inside) for colour in mark) >= 4.5
    finally:
        theme.follow_system(app)
