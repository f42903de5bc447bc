"""The gallery through its real widgets: sampling, hovering, pinning, walking, opening and saving."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QMenu,
    QWidget,
)

from sagan_gallery.attention import Cell, Direction, cell_centre, map_for_pixel, queries_for_pixel
from sagan_gallery.export import Gif
from sagan_gallery.generator import Generator
from sagan_gallery.sample import Blend
from sagan_gallery.ui import words
from sagan_gallery.ui.figure import render_figure
from sagan_gallery.ui.look import MAX_PINS, Kind, Shown
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.panel import LOADING_SHOWN_AFTER_MS, GalleryPanel

ROOT = Path(__file__).resolve().parents[2]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def make_panel(qtbot):
    made = []

    def make(model, wait=True, **others):
        panel = GalleryPanel(model, **others)
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(1100, 760)
        panel.show()
        panel.start()
        if wait:
            settle(qtbot, panel)
        return panel

    yield make
    for panel in made:
        assert panel.close_down(5.0)


@pytest.fixture
def panel(make_panel, tiny_generator):
    return make_panel(tiny_generator)


def settle(qtbot, panel):
    """Waits until the grid is full and the large sample is there."""

    def check():
        assert panel.sample is not None
        assert not panel.session.sampling
        assert panel.grid.recipes
        assert panel.grid.filled == len(panel.grid.recipes)

    qtbot.waitUntil(check, timeout=10000)
    QGuiApplication.processEvents()


def waits_for_sample(qtbot, panel, do):
    with qtbot.waitSignal(panel.session.sample_ready, timeout=5000):
        do()
    qtbot.waitUntil(lambda: not panel.session.sampling, timeout=5000)


def at(panel, x, y):
    """The view's point over a point of the picture."""
    return QPoint(*(round(value) for value in panel.view.placement.to_view(x, y)))


def move(widget, point):
    """A mouse move that does not depend on where a real pointer is."""
    place, none = QPointF(point), Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, none, none, Qt.KeyboardModifier.NoModifier)
    QGuiApplication.sendEvent(widget, event)


def hover(panel, x, y):
    move(panel.view, at(panel, x, y))


def pins(panel):
    return [(pin.number, pytest.approx((pin.x_px, pin.y_px), abs=0.1)) for pin in panel.view.pins]


# Sampling


def test_the_grid_fills_and_the_first_sample_is_large(panel, tiny_generator):
    assert len(panel.grid.recipes) == 64
    first = panel.grid.recipes[0]
    assert np.array_equal(panel.sample.image, Generator(tiny_generator).sample(first.seed, first.label).image)
    assert str(first) in panel.status.text


def test_mixed_classes_take_turns_and_a_chosen_class_is_for_all(qtbot, panel):
    assert [recipe.label for recipe in panel.grid.recipes[:4]] == ["red", "green", "blue", "red"]
    panel.controls.classes.setCurrentIndex(panel.controls.classes.findData("blue"))
    settle(qtbot, panel)
    assert {recipe.label for recipe in panel.grid.recipes} == {"blue"}
    assert panel.sample.label == 2


def test_the_last_of_many_wishes_is_what_is_shown(qtbot, panel, tiny_generator):
    for value in (90, 70, 50, 30):
        panel.controls.truncation.slider.setValue(value)
    panel.grid.choose(9)
    settle(qtbot, panel)
    recipe = panel.recipe
    assert (recipe.truncation, recipe.seed) == (0.3, 9)
    qtbot.waitUntil(
        lambda: np.array_equal(
            panel.sample.image, Generator(tiny_generator).sample(9, recipe.label, truncation=0.3).image
        )
    )


def test_count_and_new_samples(qtbot, panel):
    panel.controls.count.setCurrentIndex(0)
    settle(qtbot, panel)
    assert len(panel.grid.recipes) == 16
    before = panel.recipe
    qtbot.keyClick(panel.controls.resample, Qt.Key.Key_Space)
    settle(qtbot, panel)
    assert panel.recipe.seed != before.seed


def test_a_sample_text_brings_the_same_picture_back(qtbot, panel):
    panel.controls.truncation.slider.setValue(70)
    panel.grid.choose(17)
    settle(qtbot, panel)
    picture = panel.sample.image
    panel.files.copy_text.trigger()
    text = QGuiApplication.clipboard().text()
    assert text == f"tiny:{panel.session.generator.model_hash} seed=17 class=blue trunc=0.70"
    panel.controls.seed.setValue(500)
    panel.controls.truncation.slider.setValue(100)
    settle(qtbot, panel)
    assert not np.array_equal(panel.sample.image, picture)
    QGuiApplication.clipboard().setText(text)
    panel.files.paste_text.trigger()
    settle(qtbot, panel)
    assert np.array_equal(panel.sample.image, picture)
    assert str(panel.recipe) == text


def test_texts_that_do_not_fit_are_told_in_the_status_line(panel):
    QGuiApplication.clipboard().setText("hello")
    panel.files.paste_text.trigger()
    assert "no sample text" in panel.status.text
    QGuiApplication.clipboard().setText("tiny:00000000 seed=1 class=pink trunc=1.00")
    panel.files.paste_text.trigger()
    assert "no class pink" in panel.status.text
    QGuiApplication.clipboard().setText("tiny:00000000 seed=1 class=red trunc=1.00")
    panel.files.paste_text.trigger()
    assert "another picture" in panel.status.text


# The map under the cursor


@pytest.mark.parametrize("size", [(1100, 760), (760, 560), (900, 1000)])
@pytest.mark.parametrize("grids", [((8, 4),), ((8, 8),), ((16, 8),)])
def test_hovering_shows_the_row_of_the_cell_under_the_cursor(qtbot, make_panel, make_generator, grids, size):
    panel = make_panel(make_generator(grids=grids))
    panel.resize(*size)
    qtbot.wait(1)
    for x, y in [(0.2, 0.2), (15.8, 0.2), (0.2, 15.8), (15.8, 15.8), (7.9, 8.1), (3.3, 11.2)]:
        hover(panel, x, y)
        query = panel.view.placement.to_picture(*at(panel, x, y).toTuple())
        assert panel.view.query == pytest.approx(query)
        assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, *query))


def test_the_map_is_right_under_zoom_and_pan(qtbot, panel):
    view = panel.view
    middle = QPointF(view.width() * 0.6, view.height() * 0.4)
    before = view.placement.to_picture(middle.x(), middle.y())
    event = QWheelEvent(
        middle, view.mapToGlobal(middle), QPoint(), QPoint(0, 960), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QGuiApplication.sendEvent(view, event)
    assert view.placement.zoom > 3
    assert view.placement.to_picture(middle.x(), middle.y()) == pytest.approx(before)
    start = QPoint(view.width() // 2, view.height() // 2)
    qtbot.mousePress(view, LEFT, pos=start)
    move(view, start + QPoint(60, -45))
    qtbot.mouseRelease(view, LEFT, pos=start + QPoint(60, -45))
    assert view.pins == []  # it was a pan, not a click
    for x, y in [(50, 60), (view.width() // 2, view.height() // 2), (view.width() - 30, view.height() - 40)]:
        move(view, QPoint(x, y))
        query = view.placement.to_picture(x, y)
        assert np.array_equal(view.weights, map_for_pixel(panel.sample, *query))
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.placement.zoom == 1


def test_a_move_of_the_mouse_paints_the_picture_once_with_its_colour_bar(qtbot, panel):
    hover(panel, 3, 3)
    qtbot.wait(50)
    assert panel.bar.isVisible()
    painted = []
    panel.view.painted.connect(painted.append)
    hover(panel, 12, 9)
    qtbot.wait(50)
    assert len(painted) == 1


def test_beside_the_picture_there_is_no_map(qtbot, panel):
    hover(panel, 5, 5)
    assert panel.view.weights is not None
    hover(panel, -3, 5)
    assert panel.view.weights is None


def test_the_other_direction_shows_columns(qtbot, panel):
    panel.controls.direction.setCurrentIndex(panel.controls.direction.findData(Direction.COLUMN))
    hover(panel, 13, 2)
    query = panel.view.query
    assert np.array_equal(panel.view.weights, queries_for_pixel(panel.sample, *query))


def test_the_outline_is_around_the_cell_on_the_screen(qtbot, panel):
    panel.controls.kind.setCurrentIndex(panel.controls.kind.findData(Kind.NONE))
    hover(panel, 5, 11)  # query cells of 2 px: this one is 4..6, 10..12
    left, top = panel.view.placement.to_view(4, 10)
    right, _bottom = panel.view.placement.to_view(6, 12)
    pixels = from_qimage(panel.view.grab().toImage())
    row = pixels[round(top) + round((right - left) / 2)].astype(int)
    assert row[round(left) - 1].min() > 200  # the white line lies just outside the cell
    assert row[round(right)].min() > 200


def test_maps_and_pictures_in_high_resolution_screens():
    script = """
import sys, numpy as np
from dataclasses import replace
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from sagan_gallery.attention import map_for_pixel
from sagan_gallery.ui.look import Kind
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.picture import PictureView
from tests.sagan_gallery.made import made_sample
app = QApplication(sys.argv)
view, sample = PictureView(), made_sample(32, 16)
view.resize(500, 400)
view.show_sample(sample)
view.show()
for x, y in [(0.5, 0.5), (63.5, 0.5), (63.5, 63.5), (21.0, 43.0)]:
    place = QPointF(*view.placement.to_view(x, y))
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, none, none, Qt.KeyboardModifier.NoModifier)
    app.sendEvent(view, event)
    assert np.array_equal(view.weights, map_for_pixel(sample, x, y)), (x, y)
assert view.devicePixelRatioF() == 2.0
def white(x, y):
    return pixels[round(2 * y), round(2 * x)].min() > 200
for zoom, pan in [(1, 0), (3, 0), (3, 40)]:
    if zoom > 1:
        view.zoom(0)
        view.zoom(zoom, QPointF(260, 210))
        view._place(view.placement.panned(pan, -pan))
    view.set_look(replace(view.look, kind=Kind.NONE, smooth=False))
    view.set_hover((33.0, 31.0))  # the query cell from 32 to 34 across and from 30 to 32 down
    image = view.grab().toImage()
    assert (image.width(), image.height()) == (1000, 800)
    pixels = from_qimage(image)
    (left, top), (right, bottom) = view.placement.to_view(32, 30), view.placement.to_view(34, 32)
    middle = (left + right) / 2, (top + bottom) / 2
    # the outline lies just outside the cell, on all four sides
    assert white(left - 1, middle[1]) and white(right + 0.5, middle[1]), (zoom, pan)
    assert white(middle[0], top - 1) and white(middle[0], bottom + 0.5), (zoom, pan)
    inside = pixels[round(2 * middle[1]) + 3, round(2 * middle[0]) + 3].astype(int)
    assert np.abs(inside - sample.image[31, 33]).max() <= 1
"""
    environment = {
        **os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


# Pins


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
    cards = panel.strip.findChildren(QWidget, options=Qt.FindChildOption.FindChildrenRecursively)
    cards = [card for card in cards if type(card).__name__ == "PinCard" and card.isVisible()]
    assert len(cards) == 2
    assert "Pin 1: entropy" in cards[0].accessibleName()
    qtbot.mouseClick(cards[0], LEFT)
    assert panel.view.selected == 1
    qtbot.keyClick(cards[0], Qt.Key.Key_Delete)
    assert [pin.number for pin in panel.view.pins] == [2]


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


def test_telling_queries_are_pinned_at_first_sight_if_wished(qtbot, tiny_generator):
    panel = GalleryPanel(tiny_generator)
    qtbot.addWidget(panel)
    panel.show()
    panel.start(pin_telling=True)
    settle(qtbot, panel)
    assert len(panel.view.pins) >= 2
    assert panel.view.weights is not None
    panel.view.set_pins([], None)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(3))
    assert panel.view.pins == []  # only once: who has removed them does not want them
    assert panel.close_down(5.0)


def test_a_right_click_beside_pins_offers_what_can_be_done_with_the_picture(qtbot, panel):
    qtbot.mouseClick(panel.view, RIGHT, pos=at(panel, 8, 8))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert panel.files.copy_picture in menu.actions()
    menu.close()


# What attention does


def test_attention_scale_and_difference(qtbot, panel):
    on = panel.sample.image
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(0))
    off = panel.sample.image
    assert not np.array_equal(on, off)
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(100))
    qtbot.waitUntil(lambda: panel._off is not None)
    panel.controls.shown.setCurrentIndex(panel.controls.shown.findData(Shown.OFF))
    assert np.array_equal(panel.view.scene.picture, off)
    panel.controls.shown.setCurrentIndex(panel.controls.shown.findData(Shown.DIFFERENCE))
    assert (panel.view.scene.picture[:, 8:] == 128).all()  # the tiny one's attention works on the left half only
    assert (panel.view.scene.picture[:, :8] != 128).any()
    panel.view.add_pin(3, 3)
    assert panel.view.scene.overlay(panel.view.weights) is None  # a map over a difference would be taken for one


def test_a_gamma_near_0_is_told_and_another_layer_can_be_chosen(qtbot, make_panel, make_generator):
    panel = make_panel(make_generator(grids=((8, 4), (4, 4))))
    assert panel.header.warning == ""
    panel.controls.show_more(True)
    panel.controls.layer.setCurrentIndex(1)
    assert panel.sample.attention.shape == (16, 16)
    assert panel.header.isVisible()
    assert "near 0" in panel.header.warning


def test_an_unconditional_generator_has_no_class_to_choose(make_panel, make_generator):
    panel = make_panel(make_generator(conditional=False))
    assert not panel.controls.classes.isVisible()
    assert panel.walk.set_end.menu() is None
    assert " class=" not in str(panel.recipe)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("smooth", [True, False])
def test_every_overlay_changes_the_picture_and_nothing_does_not(qtbot, panel, kind, smooth):
    panel.controls.smooth.setChecked(smooth)
    panel.view.add_pin(3, 3)
    panel.controls.kind.setCurrentIndex(panel.controls.kind.findData(Kind.NONE))
    plain = from_qimage(panel.view.grab().toImage())
    panel.controls.kind.setCurrentIndex(panel.controls.kind.findData(kind))
    shown = from_qimage(panel.view.grab().toImage())
    assert np.array_equal(plain, shown) == (kind is Kind.NONE)


# Matrix and walk


def test_the_matrix_is_linked_with_the_picture(qtbot, panel):
    panel.below.show_page(panel.matrix)
    room = panel.matrix.room
    query = 8 * 5 + 3  # row 5, column 3
    place = QPoint(round(room.x() + (query + 0.5) / 64 * room.width()), round(room.center().y()))
    move(panel.matrix, place)
    assert panel.view.query == cell_centre((8, 8), (16, 16), cell=Cell(5, 3))
    assert np.array_equal(panel.view.weights.ravel(), panel.sample.attention[query])
    qtbot.mouseClick(panel.matrix, LEFT, pos=place)
    assert len(panel.view.pins) == 1


def test_the_matrix_asks_for_keys_when_the_direction_is_turned(qtbot, panel):
    panel.below.show_page(panel.matrix)
    panel.controls.direction.setCurrentIndex(panel.controls.direction.findData(Direction.COLUMN))
    room = panel.matrix.room
    key = 4 * 2 + 1  # row 2, column 1
    move(panel.matrix, QPoint(round(room.center().x()), round(room.y() + (key + 0.5) / 16 * room.height())))
    assert panel.view.query == cell_centre((4, 4), (16, 16), cell=Cell(2, 1))
    assert np.array_equal(panel.view.weights.ravel(), panel.sample.attention[:, key])


def test_a_walk_goes_from_one_sample_to_another_with_the_maps(qtbot, panel):
    first = panel.sample
    panel.below.walk_button.click()
    assert panel.walk.isVisible()
    assert panel.strip.isVisible()  # the pins' maps stay in sight
    assert np.array_equal(panel.walk.walk.end.z, panel.session.point(panel.grid.recipes[1]).z)  # the next one
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    last = panel.sample
    panel.walk.set_end.click()
    panel.view.add_pin(3, 3)
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    assert not np.array_equal(panel.sample.image, first.image)
    assert not np.array_equal(panel.sample.image, last.image)
    assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, 3, 3))
    assert panel.recipe is None
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(1000))
    assert np.array_equal(panel.sample.image, last.image)
    frames = []
    panel.session.sample_ready.connect(frames.append)
    panel.walk.play.click()
    qtbot.waitUntil(lambda: len(frames) > 3, timeout=5000)
    panel.below.walk_button.click()
    assert not panel.walk.playing


def test_a_walk_can_lead_to_another_class_with_the_same_latent(qtbot, panel):
    panel.below.walk_button.click()
    start = panel.walk.walk.start
    blue = next(action for action in panel.walk.set_end.menu().actions() if action.text() == "Blue")
    with qtbot.waitSignal(panel.session.thumb_ready, timeout=5000):
        blue.trigger()
    assert panel.walk.walk.end.label == 2
    assert np.array_equal(panel.walk.walk.end.z, start.z)
    assert not panel.walk.set_end.icon().isNull()
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    red, half = (panel.session.generator.sample(start.z, 0, toward=toward) for toward in (None, Blend(2, 0.5)))
    assert np.array_equal(panel.sample.image, half.image)
    assert not np.array_equal(panel.sample.image, red.image)


# Own pictures, other models


def test_an_own_picture_is_seen_by_the_discriminator(qtbot, panel, tmp_path):
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    image.save(str(tmp_path / "white.png"))
    waits_for_sample(qtbot, panel, lambda: panel.files.open(tmp_path / "white.png"))
    assert panel.sample.image.min() == 255
    assert panel.recipe is None
    assert not panel.controls.scale.isEnabled()
    panel.view.add_pin(3, 3)
    assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, 3, 3))
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(2))
    assert panel.controls.scale.isEnabled()


def test_the_cameras_picture_and_none(qtbot, make_panel, tiny_generator):
    frames = [None, np.zeros((20, 20, 3), np.uint8)]
    panel = make_panel(tiny_generator, grab_frame=lambda: frames.pop(0))
    panel.files.frame.trigger()
    assert "start the camera" in panel.status.text
    waits_for_sample(qtbot, panel, panel.files.frame.trigger)
    assert panel.sample.image.max() == 0


def test_a_picture_in_the_clipboard_is_looked_at(qtbot, panel):
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    QGuiApplication.clipboard().setImage(image)
    waits_for_sample(qtbot, panel, panel.files.paste_text.trigger)
    assert panel.sample.image.min() == 255


def test_an_own_picture_without_a_discriminator_is_told(qtbot, make_panel, make_generator):
    panel = make_panel(make_generator())
    panel.look_at(np.zeros((20, 20, 3), np.uint8))
    qtbot.waitUntil(lambda: "needs the discriminator made-d.onnx" in panel.status.text)
    assert panel.recipe == panel.grid.recipes[0]  # the picture that is still there is still called by its name


def test_a_missing_model_is_told_kindly_and_another_can_be_opened(qtbot, make_panel, tiny_generator, monkeypatch):
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name: Path("/nowhere") / name)
    panel = make_panel(None, wait=False)
    qtbot.waitUntil(lambda: panel.message.isVisible())
    assert panel.message.title.text() == words.NO_MODEL_TITLE
    assert panel.controls.files.isEnabled()
    assert not panel.controls.resample.isEnabled()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tiny_generator))])
    panel.files.open_dropped(data)
    settle(qtbot, panel)
    assert not panel.message.isVisible()


@pytest.fixture
def slow(monkeypatch):
    """Lets no generator be loaded until it is set."""
    go_on = threading.Event()

    def load(path):
        assert go_on.wait(20)
        return Generator(path)

    monkeypatch.setattr("sagan_gallery.ui.session.Generator", load)
    yield go_on
    go_on.set()


def test_the_stage_says_what_is_loaded_until_the_first_picture_is_there(qtbot, make_panel, tiny_generator, slow):
    panel = make_panel(tiny_generator, wait=False)
    loading = f"Loading {tiny_generator.stem}…"
    qtbot.waitUntil(lambda: panel.message.isVisible() and panel.message.title.text() == loading, timeout=5000)
    panel.toggle_help()
    assert panel.message.title.text() == words.HELP_TITLE
    panel.toggle_help()
    assert panel.message.isVisible()
    assert panel.message.title.text() == loading  # and not that there is no generator
    seen_with_sample = []
    panel.session.model_changed.connect(lambda: seen_with_sample.append(panel.message.isVisible()))
    slow.set()
    settle(qtbot, panel)
    assert seen_with_sample == [True]  # the network is there, its first picture is not
    assert not panel.message.isVisible()


def test_another_model_is_loaded_behind_the_present_picture(qtbot, panel, make_generator, slow):
    panel.files.open(make_generator(name="other.onnx"))
    qtbot.wait(2 * LOADING_SHOWN_AFTER_MS)
    assert panel.status.text == "Loading other…"
    assert not panel.message.isVisible()


def test_a_wrong_file_is_told_and_the_present_model_stays(qtbot, panel, tmp_path):
    (tmp_path / "wrong.onnx").write_bytes(b"nonsense")
    before = panel.session.generator
    panel.files.open(tmp_path / "wrong.onnx")
    qtbot.waitUntil(lambda: "damaged or incomplete" in panel.status.text)
    assert panel.session.generator is before
    assert not panel.message.isVisible()
    (tmp_path / "notes.txt").write_text("hello")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt"))])
    panel.files.open_dropped(data)
    assert "neither a model (.onnx) nor a picture" in panel.status.text


def test_another_model_of_another_size_replaces_everything(qtbot, panel, make_generator):
    panel.view.add_pin(3, 3)
    panel.below.walk_button.click()
    panel.files.open(make_generator(size=32, grids=((16, 8),), name="large.onnx"))
    qtbot.waitUntil(lambda: panel.sample is not None and panel.sample.size_px == (32, 32), timeout=5000)
    settle(qtbot, panel)
    assert panel.view.pins == []
    assert np.array_equal(panel.walk.walk.start.z, panel.sample.z)  # the open walk starts at the new model's sample
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    assert panel.sample.size_px == (32, 32)


# Saving


def test_the_figure_is_for_print_and_holds_all_pins(panel):
    panel.view.add_pin(3, 3)
    one = render_figure(panel.view.scene, "caption")
    assert round(one.dotsPerMeterX() * 0.0254) == 300
    for index in range(4):
        panel.view.add_pin(2 + 3 * index, 9)
    many = render_figure(panel.view.scene, "caption")
    assert many.width() > one.width()
    assert many.height() > one.height()  # five maps and the picture take two rows


def test_pictures_are_saved_and_copied_with_their_map(qtbot, panel, tmp_path):
    panel.view.add_pin(3, 3)
    panel.files._save_image(tmp_path / "view.png", panel.view.scene.render())
    saved = QImage(str(tmp_path / "view.png"))
    assert saved.width() == saved.height() == 1024
    panel.files.copy_picture.trigger()
    assert QGuiApplication.clipboard().image().width() == 1024


def test_a_walk_is_saved_in_the_background_and_can_be_cancelled(qtbot, panel, tmp_path, monkeypatch):
    monkeypatch.setattr("sagan_gallery.ui.files.FILM_S", 1.0)
    pillow = pytest.importorskip("PIL.Image")
    panel.walk.set_start.click()
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    panel.walk.set_end.click()
    panel.files.start_film(tmp_path / "walk.gif", Gif, side_px=64)
    qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'walk.gif'}", timeout=20000)
    with pillow.open(tmp_path / "walk.gif") as film:
        assert film.n_frames >= 20  # equal neighbours become one
        assert film.size == (64, 64)
    panel.view.add_pin(3, 3)
    panel.files.start_film(tmp_path / "pins.gif", Gif, side_px=64)
    qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'pins.gif'}", timeout=20000)
    with pillow.open(tmp_path / "pins.gif") as film:
        assert film.size == (64 + 8 + 64, 64)  # the picture with its pin, and the pin's map
    panel.files.start_film(tmp_path / "cancelled.gif", Gif)
    panel.status.cancelled.emit()
    assert panel.status.text == "Cancelled."
    qtbot.waitUntil(lambda: not list(tmp_path.glob("cancelled*")), timeout=5000)


def test_a_film_that_cannot_be_written_is_told(qtbot, panel, tmp_path):
    panel.walk.set_start.click()
    panel.walk.set_end.click()
    panel.files.start_film(tmp_path / "none" / "walk.gif", Gif, side_px=64)
    qtbot.waitUntil(lambda: "can't be written" in panel.status.text, timeout=20000)


# The window's manners


def test_help_comes_and_goes(qtbot, panel):
    panel.controls.help.click()
    assert panel.message.isVisible()
    assert panel.message.title.text() == words.HELP_TITLE
    panel.toggle_help()
    assert not panel.message.isVisible()


def test_what_is_rarely_needed_is_folded_away(panel):
    assert not panel.controls.direction.isVisible()
    panel.controls.more_button.click()
    assert panel.controls.direction.isVisible()


def test_every_control_has_a_tooltip_and_a_name(panel):
    panel.controls.show_more(True)
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)
    for kind in kinds:
        for control in panel.findChildren(kind):
            if (
                not control.isVisible()
                or control.objectName().startswith("qt_")
                or "ScrollBar" in type(control).__name__
            ):
                continue
            parent = control.parentWidget()
            assert control.toolTip() or (parent is not None and parent.toolTip()), control
            text = control.text() if isinstance(control, QAbstractButton) else ""
            assert control.accessibleName() or text, control


@pytest.mark.parametrize("walk", [False, True])
@pytest.mark.parametrize("size", [(640, 410), (800, 510), (1280, 772)])
def test_everything_fits(qtbot, panel, size, walk):
    panel.view.add_pin(3, 3)
    panel.below.walk_button.setChecked(walk)
    panel.resize(*size)
    qtbot.wait(1)
    assert (panel.width(), panel.height()) == size
    assert panel.view.height() >= (0.25 if walk else 0.3) * size[1]
    for widget in (panel.view, panel.bar, panel.line, panel.below, panel.grid, panel.controls):
        corner = widget.mapTo(panel, widget.rect().bottomRight())
        assert panel.rect().contains(corner), widget


def test_each_slider_can_be_reset(qtbot, panel):
    slider = panel.controls.opacity
    slider.slider.setValue(10)
    assert panel.view.look.opacity == 0.1
    button = next(child for child in slider.findChildren(QAbstractButton) if child.isVisible())
    button.click()
    assert panel.view.look.opacity == 0.75
    assert not button.isVisible()


def test_every_choice_of_the_look_can_be_reset_by_itself(qtbot, panel):
    controls, usual = panel.controls, panel.view.look
    controls.show_more(True)
    for choice in (controls.kind, controls.direction, controls.colours):
        choice.setCurrentIndex(1)
        reset_beside(choice).click()
        assert panel.view.look == usual
    for check in controls.checks.values():
        check.box.toggle()
        assert panel.view.look != usual
        reset_beside(check.box).click()
        assert panel.view.look == usual


def reset_beside(control):
    return next(
        button
        for button in control.parentWidget().findChildren(QAbstractButton)
        if button.isVisible() and button.accessibleName().startswith("Reset")
    )


def test_the_whole_look_can_be_reset(qtbot, panel):
    usual = panel.view.look
    controls = panel.controls
    controls.kind.setCurrentIndex(controls.kind.findData(Kind.MASK))
    controls.direction.setCurrentIndex(1)
    controls.colours.setCurrentIndex(2)
    for box in (controls.log, controls.stretch, controls.smooth, controls.arrows):
        box.toggle()
    assert panel.view.look != usual
    controls.reset.click()
    assert panel.view.look == usual
