"""The gallery: the attention matrix, and walks between samples."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint

from sagan_gallery.attention import Cell, Direction, cell_centre, map_for_pixel
from sagan_gallery.sample import Blend
from sagan_gallery.ui.session import OwnPicture
from tests.sagan_gallery.ui.driving import LEFT, choose, move, show_page, waits_for_sample


def test_the_matrix_is_linked_with_the_picture(qtbot, panel):
    show_page(qtbot, panel, "Matrix")
    room = panel.stage.matrix.room
    query = 8 * 5 + 3  # row 5, column 3
    place = QPoint(round(room.x() + (query + 0.5) / 64 * room.width()), round(room.center().y()))
    move(panel.stage.matrix, place)
    assert panel.view.query == cell_centre((8, 8), (16, 16), cell=Cell(5, 3))
    assert np.array_equal(panel.view.weights.ravel(), panel.sample.attention[query])
    qtbot.mouseClick(panel.stage.matrix, LEFT, pos=place)
    assert len(panel.view.pins) == 1


def test_the_matrix_asks_for_keys_when_the_direction_is_turned(qtbot, panel):
    show_page(qtbot, panel, "Matrix")
    choose(panel.controls.direction, Direction.COLUMN)
    room = panel.stage.matrix.room
    key = 4 * 2 + 1  # row 2, column 1
    move(panel.stage.matrix, QPoint(round(room.center().x()), round(room.y() + (key + 0.5) / 16 * room.height())))
    assert panel.view.query == cell_centre((4, 4), (16, 16), cell=Cell(2, 1))
    assert np.array_equal(panel.view.weights.ravel(), panel.sample.attention[:, key])


def test_a_walk_goes_from_one_sample_to_another_with_the_maps(qtbot, panel):
    first = panel.sample
    assert panel.stage.walk_button.text() == "Walk"
    panel.stage.walk_button.click()
    assert panel.walk.isVisible()
    assert panel.stage.walk_button.text() == "Close walk"  # on the dark stage hardly anybody sees that it is pressed
    assert panel.stage.strip.isVisible()  # the pins' maps stay in sight
    assert np.array_equal(panel.walk.walk.end.z, panel.session.generator.point(panel.grid.specs[1]).z)  # the next one
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    last = panel.sample
    panel.walk.set_end.click()
    panel.view.add_pin(3, 3)
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    assert not np.array_equal(panel.sample.image, first.image)
    assert not np.array_equal(panel.sample.image, last.image)
    assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, 3, 3))
    assert panel.spec is None
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(1000))
    assert np.array_equal(panel.sample.image, last.image)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    frames: list[object] = []
    panel.session.sample_ready.connect(lambda *shown: frames.append(shown))
    panel.walk.play.click()
    qtbot.waitUntil(lambda: len(frames) > 3)
    assert panel.status.text.startswith("On the walk")  # and not still the sample that it began at
    panel.stage.walk_button.click()
    assert not panel.walk.playing


def test_a_walk_that_is_opened_on_an_own_picture_gets_its_ends_from_the_next_sample(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8))))
    panel.stage.walk_button.click()
    assert "choose one in the grid" in panel.status.text
    assert not panel.walk.play.isEnabled()
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    assert np.array_equal(panel.walk.walk.start.z, panel.sample.z)
    assert np.array_equal(
        panel.walk.walk.end.z, panel.session.generator.point(panel.grid.specs[3]).z
    )  # the one after it


def test_a_walk_that_is_closed_leads_back_to_the_sample_that_was_chosen(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(5))
    panel.stage.walk_button.click()
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(300))
    assert panel.spec is None
    waits_for_sample(qtbot, panel, panel.stage.walk_button.click)
    assert panel.spec == panel.grid.specs[5]
    assert panel.grid.current == 5


def test_a_walk_that_is_closed_while_its_picture_is_made_leads_back_too(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(5))
    panel.stage.walk_button.click()
    panel.walk.slider.setValue(300)
    panel.stage.walk_button.click()
    qtbot.waitUntil(lambda: not panel.session.sampling)
    assert panel.spec == panel.grid.specs[5]
    assert panel.grid.current == 5


def test_a_walk_can_lead_to_another_class_with_the_same_latent(qtbot, panel):
    panel.stage.walk_button.click()
    start = panel.walk.walk.start
    blue = next(action for action in panel.walk.set_end.menu().actions() if action.text() == "Blue")
    with qtbot.waitSignal(panel.session.thumb_ready):
        blue.trigger()
    assert panel.walk.walk.end.label == 2
    assert np.array_equal(panel.walk.walk.end.z, start.z)
    assert not panel.walk.set_end.icon().isNull()
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    red, half = (panel.session.generator.sample(start.z, 0, toward=toward) for toward in (None, Blend(2, 0.5)))
    assert np.array_equal(panel.sample.image, half.image)
    assert not np.array_equal(panel.sample.image, red.image)
