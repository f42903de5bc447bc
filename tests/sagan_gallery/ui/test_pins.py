"""The gallery: pins, and their cards."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
    QWidget,
)

from sagan_gallery.attention import map_for_pixel
from sagan_gallery.ui.cards import pin_maps
from sagan_gallery.ui.paint import from_qimage, paint_pin, to_qimage
from sagan_gallery.ui.scene import MAX_PINS
from tests.sagan_gallery.ui.driving import LEFT, RIGHT, at, move, pins, waits_for_sample


@pytest.mark.parametrize("selected", [False, True])
@pytest.mark.parametrize("tip", [(30.37, 60.81), (31.0, 12.5)])  # the sign above it, and below
def test_a_view_shows_the_signs_that_files_get(qapp, selected, tip):
    def shown(screen_ratio):
        image = to_qimage(np.random.default_rng(1).integers(0, 256, (100, 100, 3), np.uint8))
        painter = QPainter(image)
        for _ in range(2):  # the second time the kept one
            paint_pin(painter, QPointF(*tip), 3, selected, 10, screen_ratio)
        painter.end()
        return from_qimage(image).astype(int)

    assert np.abs(shown(None) - shown(1.0)).max() <= 16  # of 255, at the edges of lines


def test_clicking_pins_and_right_clicking_removes(qtbot, panel):
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 3, 3))
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 12, 9))
    assert pins(panel) == [(1, (3, 3)), (2, (12, 9))]
    assert panel.view.selected == 2
    qtbot.mouseClick(panel.view, RIGHT, pos=at(panel, 3, 3))
    assert pins(panel) == [(2, (12, 9))]
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 8, 14))
    assert [pin.number for pin in panel.view.pins] == [1, 2]  # the number that was free


def test_a_pin_can_be_dragged_even_beyond_the_edge(qtbot, panel):
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 3, 3))
    qtbot.mousePress(panel.view, LEFT, pos=at(panel, 3, 3))
    move(panel.view, at(panel, 9, 9))
    assert pins(panel) == [(1, (9, 9))]
    assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, 9, 9))
    move(panel.view, at(panel, 40, 40))
    qtbot.mouseRelease(panel.view, LEFT, pos=at(panel, 40, 40))
    assert pins(panel) == [(1, (16, 16))]
    assert len(panel.view.pins) == 1


def test_there_are_as_many_pins_as_colours(qtbot, panel):
    for index in range(MAX_PINS + 2):
        panel.view.add_pin(index + 0.5, 3)
    assert len(panel.view.pins) == MAX_PINS
    assert "right-click one" in panel.status.text
    panel.view.remove_pin(2)
    assert "right-click one" not in panel.status.text


def test_everything_about_pins_by_keyboard(qtbot, panel):
    view = panel.view
    panel.view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)  # from the middle, (8, 8), to the next cell
    assert view.query == (11, 9)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert pins(panel) == [(1, (11, 9))]
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
    assert pins(panel) == [(1, (7, 7))]
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert pins(panel) == [(1, (7, 15))]
    view.add_pin(1, 1)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert view.selected == 1
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert [pin.number for pin in view.pins] == [2]


def test_cards_show_each_pin_and_select_it(qtbot, panel):
    panel.view.add_pin(3, 3)
    panel.view.add_pin(12, 12)
    cards = panel.stage.strip.findChildren(QWidget, options=Qt.FindChildOption.FindChildrenRecursively)
    cards = [card for card in cards if type(card).__name__ == "PinCard" and card.isVisible()]
    assert len(cards) == 2
    assert "Pin 1: entropy" in cards[0].accessibleName()
    qtbot.mouseClick(cards[0], LEFT)
    assert panel.view.selected == 1
    for card, number, key in ((cards[1], 2, Qt.Key.Key_Space), (cards[0], 1, Qt.Key.Key_Return)):
        qtbot.keyClick(card, key)
        assert panel.view.selected == number
    qtbot.keyClick(cards[0], Qt.Key.Key_Delete)
    assert [pin.number for pin in panel.view.pins] == [2]


def test_pins_maps_have_one_scale_or_each_its_own(panel):
    panel.view.add_pin(3, 3)
    panel.view.add_pin(12, 12)
    maps = pin_maps(panel.sample, panel.view.pins, panel.view.map_style)
    assert len({shown.values for shown in maps}) == 1
    assert maps[0].values.high <= 8.01 * np.mean(maps[0].weights)  # so that one bright spot leaves others their colours
    panel.controls.one_scale.setChecked(False)
    maps = pin_maps(panel.sample, panel.view.pins, panel.view.map_style)
    assert [shown.values.high for shown in maps] == [float(shown.weights.max()) for shown in maps]
    assert pin_maps(panel.sample, [], panel.view.map_style) == []


def test_pins_stay_on_other_samples_and_their_maps_follow(qtbot, panel):
    panel.view.add_pin(3, 3)
    before = panel.view.weights
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(5))
    assert pins(panel) == [(1, (3, 3))]
    assert not np.array_equal(panel.view.weights, before)


def test_pins_at_the_upper_edge_keep_their_sign_in_the_view_and_can_be_grabbed(qtbot, panel):
    panel.view.add_pin(8, 0.5)
    panel.view.select(None)
    sign = at(panel, 9, 1) + QPoint(0, 22)  # below the middle of the query's cell
    assert panel.view.rect().contains(sign)
    qtbot.mouseClick(panel.view, LEFT, pos=sign)
    assert panel.view.selected == 1
    assert len(panel.view.pins) == 1


def test_informative_queries_are_pinned_at_first_sight_if_wanted(qtbot, make_panel, tiny_generator):
    panel = make_panel(tiny_generator, pin_informative=True)
    assert len(panel.view.pins) >= 2
    assert panel.view.weights is not None
    panel.view.set_pins([], None)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    assert panel.view.pins == []  # only once: who has removed them does not want them


def test_a_right_click_beside_pins_offers_what_can_be_done_with_the_picture(qtbot, panel):
    qtbot.mouseClick(panel.view, RIGHT, pos=at(panel, 8, 8))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert panel.files.copy_picture in menu.actions()
    menu.close()
