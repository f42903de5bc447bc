"""The gallery: help, names, sizes, and the way back to the usual look."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
)

from facecam.qtkit.theme import tabular
from facecam.qtkit.widgets import StatusLine
from sagan_gallery.generator import Generator, shipped_generators
from sagan_gallery.ui import words
from sagan_gallery.ui.map_style import Kind, Shown
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.session import OwnPicture
from tests.sagan_gallery.ui.driving import choose, waits_for_sample


def test_help_comes_and_goes(qtbot, panel):
    panel.controls.help.click()
    assert panel.message.isVisible()
    assert panel.message.message.title == words.HELP_TITLE
    panel.message.toggle_help()
    assert not panel.message.isVisible()


def test_help_that_is_higher_than_the_window_scrolls_above_its_button(qtbot, panel):
    for height, scrolls in ((440, True), (1200, False)):
        panel.resize(960, height)
        panel.message.toggle_help()
        text = panel.message.findChild(QScrollArea)
        close = next(button for button in panel.message.findChildren(QPushButton) if button.text() == "Close")
        qtbot.waitUntil(lambda text=text, close=close: text.geometry().bottom() < close.geometry().top())
        assert (text.verticalScrollBar().maximum() > 0) == scrolls
        assert panel.message.rect().contains(close.geometry())
        panel.message.toggle_help()


def test_what_is_said_on_the_picture_stays_on_it(panel):
    panel.resize(800, 520)
    shown = []
    for said in ("", "Score +3.2; most by the lower right: -0.57, or what may be said at length besides"):
        panel.view.set_badge(said)
        shown.append(from_qimage(panel.view.grab().toImage()).astype(int))
    rows, columns = np.nonzero(np.abs(shown[1] - shown[0]).max(2))
    x, y, width, height = panel.view.placement.rect
    assert x <= columns.min() < columns.max() < x + width
    assert y <= rows.min() < rows.max() < y + height


@pytest.mark.parametrize("name", shipped_generators())
def test_names_of_classes_are_read_whole_below_small_pictures(panel, name):
    panel.resize(800, 511)  # of a window of 800x600
    metrics = QFontMetrics(tabular(panel.font(), 0.72))
    for label in Generator(name).classes:
        assert metrics.horizontalAdvance(words.class_name(label)) <= panel.grid.gridSize().width() - 12, label


def test_what_is_rarely_needed_is_folded_away(panel):
    assert not panel.controls.direction.isVisible()
    panel.controls.more.button.click()
    assert panel.controls.direction.isVisible()


@pytest.mark.parametrize("walk", [False, True])
def test_everything_fits(qtbot, panel, walk):
    panel.view.add_pin(3, 3)
    panel.stage.walk_button.setChecked(walk)
    for size in ((640, 410), (800, 510), (1280, 772)):
        panel.resize(*size)
        qtbot.wait(1)
        assert (panel.width(), panel.height()) == size
        assert panel.view.height() >= (0.25 if walk else 0.3) * size[1]
        for widget in (panel.view, panel.stage.bar, panel.stage.line, panel.stage.below, panel.grid, panel.controls):
            corner = widget.mapTo(panel, widget.rect().bottomRight())
            assert panel.rect().contains(corner), widget
        assert not walk or panel.walk.slider.width() >= (60 if size[0] < 800 else 150)


def test_what_is_said_of_an_own_picture_is_read_whole_in_a_small_window(qtbot, panel):
    panel.resize(800, 511)
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8))))
    line = panel.status.findChild(StatusLine)
    assert "score" in line.text()
    assert line.fontMetrics().horizontalAdvance(line.text()) <= line.width()


def test_no_entry_of_a_list_is_cut(panel):
    panel.controls.more.set_open(True)
    for box in panel.controls.findChildren(QComboBox):
        if box.isVisible():
            option = QStyleOptionComboBox()
            box.initStyleOption(option)
            part = QStyle.SubControl.SC_ComboBoxEditField
            room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
            for index in range(box.count()):
                wide = box.fontMetrics().horizontalAdvance(box.itemText(index))
                assert wide <= room, box.itemText(index)


def test_each_slider_can_be_reset(qtbot, panel):
    slider = panel.controls.opacity
    slider.slider.setValue(10)
    assert panel.view.map_style.opacity == 0.1
    button = next(child for child in slider.findChildren(QAbstractButton) if child.isVisible())
    button.click()
    assert panel.view.map_style.opacity == 0.75
    assert not button.isVisible()


def test_every_choice_of_the_look_can_be_reset_by_itself(qtbot, panel):
    controls, usual = panel.controls, panel.view.map_style
    controls.more.set_open(True)
    for choice in (controls.kind, controls.direction, controls.colours):
        choice.setCurrentIndex(1)
        reset_beside(choice).click()
        assert panel.view.map_style == usual
    for check in controls.checks.values():
        check.box.toggle()
        assert panel.view.map_style != usual
        reset_beside(check.box).click()
        assert panel.view.map_style == usual


def reset_beside(control):
    return next(
        button
        for button in control.parentWidget().findChildren(QAbstractButton)
        if button.isVisible() and button.accessibleName().startswith("Reset")
    )


def test_the_whole_look_can_be_reset(qtbot, panel):
    usual = panel.view.map_style
    controls = panel.controls
    choose(controls.kind, Kind.MASK)
    controls.direction.setCurrentIndex(1)
    controls.colours.setCurrentIndex(2)
    for box in (controls.log, controls.stretch, controls.smooth, controls.arrows):
        box.toggle()
    choose(controls.shown, Shown.DIFFERENCE)
    assert panel.view.map_style != usual
    controls.reset.click()
    assert panel.view.map_style == usual
    assert controls.picture_shown is Shown.PICTURE
    assert panel.view.scene.picture is None
