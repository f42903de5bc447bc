"""The gallery: dragging in a plane of latents around the chosen sample."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from sagan_gallery.attention import map_for_pixel
from sagan_gallery.sample import Blend, LatentPoint
from sagan_gallery.ui.session import OwnPicture
from sagan_gallery.walk import Axis, Plane
from tests.sagan_gallery.ui.driving import LEFT, move, settle, show_page, waits_for_sample


def place(pad, x, y):
    room = pad.room
    return QPoint(round(room.x() + (x + 1) / 2 * room.width()), round(room.y() + (1 - y) / 2 * room.height()))


def choose(box, text):
    index = next(index for index in range(box.count()) if text in box.itemText(index))
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_dragging_changes_the_picture_with_the_maps_following(qtbot, panel):
    panel.view.add_pin(3, 3)
    show_page(qtbot, panel, "Play")
    plane, pad, sample = panel.stage.plane, panel.stage.plane.pad, panel.sample
    shown = []
    panel.session.sample_ready.connect(lambda sample, origin: shown.append(sample))
    qtbot.mousePress(pad, LEFT, pos=place(pad, 0.2, 0.1))
    for x in (0.3, 0.5, 0.7):
        waits_for_sample(qtbot, panel, lambda x=x: move(pad, place(pad, x, 0.4)))
    assert len(shown) >= 3
    waits_for_sample(qtbot, panel, lambda: qtbot.mouseRelease(pad, LEFT, pos=place(pad, 0.7, 0.4)))
    assert pad.place == pytest.approx((0.7, 0.4), abs=0.03)
    expected = panel.session.generator.sample(plane.plane.at(*pad.place).z, 0)
    assert np.array_equal(panel.sample.image, expected.image)
    assert not np.array_equal(panel.sample.image, sample.image)
    assert np.array_equal(panel.view.weights, map_for_pixel(expected, 3, 3))
    assert panel.spec is None  # it is no sample of the grid
    assert panel.grid.current == -1
    waits_for_sample(qtbot, panel, lambda: qtbot.mouseClick(plane.back, LEFT))
    assert np.array_equal(panel.sample.image, sample.image)
    assert pad.place == (0, 0)
    waits_for_sample(qtbot, panel, lambda: qtbot.keyClick(pad, Qt.Key.Key_Right))
    assert pad.place == pytest.approx((0.05, 0))
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    assert pad.place == (0, 0)  # the plane goes through what has been chosen
    assert np.array_equal(plane.plane.at(0, 0).z, panel.sample.z)


def test_the_sides_of_the_plane_are_directions_samples_and_classes(qtbot, panel):
    show_page(qtbot, panel, "Play")
    plane, sample = panel.stage.plane, panel.sample
    names = [plane.axes[0].itemText(index) for index in range(plane.axes[0].count())]
    assert names == ["Direction 1", "Direction 2", "To the next sample", "To green", "To blue"]
    choose(plane.axes[0], "blue")
    choose(plane.axes[1], "next sample")
    waits_for_sample(qtbot, panel, lambda: plane.pad.move_to(0.5, 0))
    assert panel.sample.toward == Blend(2, 0.5)
    waits_for_sample(qtbot, panel, lambda: plane.pad.move_to(-1, 1))
    following = panel.session.generator.point(panel.grid.specs[1]).z
    cosine = panel.sample.z @ following / np.linalg.norm(panel.sample.z) / np.linalg.norm(following)
    assert cosine == pytest.approx(1, abs=1e-5)
    assert panel.sample.toward is None  # on the side of its own class
    assert np.linalg.norm(panel.sample.z) == pytest.approx(np.linalg.norm(sample.z), rel=1e-5)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    assert [box.currentText() for box in plane.axes] == ["To blue", "To the next sample"]


@pytest.mark.parametrize("way", ["button", "double click"])
def test_the_way_back_leads_to_the_sample_itself(qtbot, panel, way):
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    show_page(qtbot, panel, "Play")
    plane, spec = panel.stage.plane, panel.spec
    waits_for_sample(qtbot, panel, lambda: plane.pad.move_to(0.5, 0))
    assert panel.spec is None
    back = (
        (lambda: qtbot.mouseClick(plane.back, LEFT))
        if way == "button"
        else (lambda: qtbot.mouseDClick(plane.pad, LEFT, pos=place(plane.pad, 0.5, 0)))
    )
    waits_for_sample(qtbot, panel, back)
    assert panel.spec == spec  # which can be copied as a text
    assert panel.grid.chosen_item == spec
    assert plane.pad.place == (0, 0)


def test_an_own_picture_lies_in_no_plane_and_that_is_said(qtbot, panel):
    show_page(qtbot, panel, "Play")
    plane = panel.stage.plane
    assert not plane._why.isVisible()
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8))))
    assert "choose one" in plane._why.text()
    assert plane._why.isVisible()
    assert not plane.back.isVisible()
    assert not any(axis.isVisible() for axis in plane.axes)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    assert plane.back.isVisible()
    assert not plane._why.isVisible()


def test_other_samples_are_not_taken_for_the_picture_of_the_plane_when_the_grid_is_sorted(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    show_page(qtbot, panel, "Play")
    spec = panel.spec
    waits_for_sample(qtbot, panel, lambda: panel.stage.plane.pad.move_to(0.5, 0))
    choose(panel.controls.order, "Class")
    settle(qtbot, panel)
    assert panel.grid.specs.index(spec) != 3  # a row alone would lead to another sample
    assert panel.grid.current == -1
    waits_for_sample(qtbot, panel, panel.stage.plane.back.click)
    assert panel.spec == panel.grid.chosen_item == spec


def test_a_plane_of_two_classes_goes_to_the_nearer_one():
    plane = Plane(LatentPoint(np.ones(4, np.float32), 0), Axis("a", label=1), Axis("b", label=2))
    assert plane.at(0.6, 0.3).toward == Blend(1, 0.6)
    assert plane.at(0.2, 0.3).toward == Blend(2, 0.3)
    assert plane.at(-0.5, -0.5).toward is None
