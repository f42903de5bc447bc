"""The gallery: the tour beside the picture, each step done by the visitor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from facecam.qtkit.settings import Settings
from sagan_gallery.attention import Direction
from sagan_gallery.ui import words
from sagan_gallery.ui.map_style import Kind, Shown
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.session import OwnPicture
from sagan_gallery.ui.tour import Step, shared
from tests.sagan_gallery.made import made_sample
from tests.sagan_gallery.ui.driving import LEFT, at, choose, hover, settle, show_page, waits_for_sample


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def panel(qtbot, make_panel, tiny_generator, settings):
    made = make_panel(tiny_generator, settings=settings)
    qtbot.waitUntil(lambda: made.stage.without_attention is not None)
    return made


def click(qtbot, panel, x, y):
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, x, y))


def test_the_visitor_does_each_of_the_four_steps(qtbot, panel):
    panel.view.pin_informative()
    qtbot.mouseClick(panel.offer.take, LEFT)
    tour = panel.tour
    assert tour.isVisible()
    assert not panel.controls.isVisible()  # in their place: beside the picture, not over it
    assert panel.view.isVisible()
    assert panel.view.pins == []
    for x in (1, 1.2, 5):
        hover(panel, x, 5)
        assert tour.told.text() == ""  # two cells so far
    hover(panel, 9, 5)
    assert "of 16 places" in tour.told.text()
    assert "bits" in tour.told.text()

    qtbot.mouseClick(tour.next, LEFT)
    assert tour.told.text() == ""
    click(qtbot, panel, 3, 3)
    assert tour.told.text() == ""
    click(qtbot, panel, 12, 3)
    assert "in common" in tour.told.text()

    qtbot.mouseClick(tour.next, LEFT)
    assert tour.told.text() == ""
    click(qtbot, panel, 8, 14)
    assert "The last map has" in tour.told.text()

    qtbot.mouseClick(tour.next, LEFT)
    qtbot.keyPress(panel.view, Qt.Key.Key_B)
    told = tour.told.text()
    assert "here 0.50. It is positive" in told
    assert "of 255 levels" in told
    qtbot.keyRelease(panel.view, Qt.Key.Key_B)
    assert tour.told.text() == told  # it can still be read
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    assert tour.told.text() == ""  # it was about another picture
    qtbot.mouseClick(tour.next, LEFT)
    assert not tour.isVisible()
    assert panel.controls.isVisible()


def test_attention_can_be_switched_off_by_a_button_that_is_held_too(qtbot, panel):
    panel.controls.tour.click()
    assert not panel.tour.without.isVisible()
    panel.tour.go_to(Step.SWITCH_OFF)
    qtbot.mousePress(panel.tour.without, LEFT)
    assert panel.stage.shows_without_attention
    assert "of 255 levels" in panel.tour.told.text()  # what it does when it is on
    qtbot.mouseRelease(panel.tour.without, LEFT)
    assert not panel.stage.shows_without_attention


@pytest.mark.parametrize("size", [(800, 511), (1366, 680)])  # of windows of 800x600 and 1366x768
def test_it_takes_no_room_from_the_picture_and_can_be_read_whole(qtbot, panel, size):
    panel.resize(*size)
    before = panel.view.geometry()
    panel.controls.tour.click()
    panel.tour.go_to(Step.SWITCH_OFF)
    qtbot.mousePress(panel.tour.without, LEFT)
    qtbot.mouseRelease(panel.tour.without, LEFT)
    qtbot.wait(1)
    assert panel.view.geometry() == before
    assert panel.grid.isVisible()  # another picture can be chosen
    assert panel.tour.told.text()
    assert panel.tour.verticalScrollBar().maximum() == 0


def test_it_is_offered_once_and_goes_on_where_it_was_left(qtbot, panel, make_panel, tiny_generator, settings):
    assert panel.offer.isVisible()
    qtbot.mouseClick(panel.offer.take, LEFT)
    assert not panel.offer.isVisible()
    click(qtbot, panel, 3, 3)
    qtbot.mouseClick(panel.tour.next, LEFT)
    qtbot.mouseClick(panel.tour.leave, LEFT)
    assert panel.controls.isVisible()
    assert not panel.controls.tour.isChecked()
    again = make_panel(tiny_generator, settings=settings)  # the next start
    assert not again.offer.isVisible()
    again.controls.tour.click()
    assert again.tour.isVisible()
    assert again.tour.step == Step.PIN_OBJECT
    qtbot.mouseClick(again.tour.back, LEFT)
    assert again.tour.step == Step.HOVER


def test_its_buttons_stay_where_they_are_however_much_is_told(qtbot, panel):
    panel.controls.tour.click()
    places = set()
    for step in Step:
        panel.tour.go_to(step)
        panel.tour.told.setText("word " * 10 * step)
        qtbot.wait(1)
        places.add(panel.tour.next.mapTo(panel, panel.tour.next.rect().topLeft()).toTuple())
    assert len(places) == 1


def test_what_is_pinned_is_the_visitors_own(qtbot, panel):
    panel.controls.tour.click()
    qtbot.mouseClick(panel.tour.next, LEFT)
    qtbot.mouseClick(panel.tour.leave, LEFT)
    panel.view.pin_informative()
    panel.controls.tour.click()
    assert panel.tour.step == Step.PIN_OBJECT
    assert panel.tour.told.text() == ""  # those were not made for this
    click(qtbot, panel, 3, 3)
    click(qtbot, panel, 12, 3)
    assert "in common" in panel.tour.told.text()
    qtbot.mouseClick(panel.tour.next, LEFT)
    qtbot.mouseClick(panel.tour.leave, LEFT)
    panel.controls.tour.click()
    assert panel.tour.step == Step.PIN_OBJECT  # the background is compared with these


def test_who_passes_over_the_two_places_is_asked_for_them_with_the_background(qtbot, panel):
    panel.controls.tour.click()
    for _ in range(2):
        qtbot.mouseClick(panel.tour.next, LEFT)
    assert panel.tour.step == Step.PIN_BACKGROUND
    asked = panel.tour._ask.text()
    assert "two places of one thing" in asked
    assert "background" in asked
    for x in (3, 12, 8):
        click(qtbot, panel, x, 3)
    assert "The last map has" in panel.tour.told.text()


def test_it_shows_the_maps_that_it_speaks_of(qtbot, panel):
    controls, usual = panel.controls, panel.view.map_style
    for box, value in (
        (controls.kind, Kind.NONE),
        (controls.direction, Direction.COLUMN),
        (controls.shown, Shown.DIFFERENCE),
    ):
        choose(box, value)
    choose(controls.colours, "viridis")
    controls.opacity.set(0)
    waits_for_sample(qtbot, panel, lambda: controls.scale.slider.setValue(0))
    waits_for_sample(qtbot, panel, controls.tour.click)
    assert panel.view.map_style == replace(usual, colours="viridis")
    assert panel.view.scene.picture is None
    assert panel.sample.attention_scale == 1


@pytest.mark.parametrize("page", ["Matrix", "Play"])
def test_the_maps_that_it_speaks_of_are_below_the_picture(qtbot, panel, page):
    panel.resize(800, 511)  # of a window of 800x600
    show_page(qtbot, panel, page)
    panel.stage.walk_button.click()
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    waits_for_sample(qtbot, panel, panel.controls.tour.click)
    assert panel.stage.strip.isVisible()
    assert not panel.walk.isVisible()
    assert panel.spec == panel.grid.specs[0]  # and no picture of a walk that is not there


def test_it_is_about_a_generated_picture(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8))))
    waits_for_sample(qtbot, panel, panel.controls.tour.click)
    assert panel.spec == panel.grid.specs[0]


def test_an_own_picture_that_is_chosen_on_the_way_is_told_from_a_painted_one(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8))))
    waits_for_sample(qtbot, panel, panel.controls.tour.click)
    panel.tour.go_to(Step.SWITCH_OFF)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(0))
    qtbot.keyPress(panel.view, Qt.Key.Key_B)  # which changes nothing there
    assert "choose a sample" in panel.tour.told.text()
    qtbot.keyRelease(panel.view, Qt.Key.Key_B)
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(1))
    assert panel.tour.told.text() == ""
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    qtbot.keyPress(panel.view, Qt.Key.Key_B)
    assert "of 255 levels" in panel.tour.told.text()
    qtbot.keyRelease(panel.view, Qt.Key.Key_B)


def test_a_tour_that_is_begun_before_the_first_picture_is_there_begins_without_pins(qtbot, make_panel, tiny_generator):
    panel = make_panel(tiny_generator, wait=False, pin_informative=True)
    panel.controls.tour.click()
    settle(qtbot, panel)
    assert panel.view.pins == []


def test_an_offer_that_is_declined_does_not_come_back(qtbot, panel, make_panel, tiny_generator, settings):
    qtbot.mouseClick(panel.offer.decline, LEFT)
    assert not panel.offer.isVisible()
    assert not make_panel(tiny_generator, settings=settings).offer.isVisible()


def test_what_two_maps_have_in_common():
    one, other = np.array([[0.5, 0.5, 0, 0]], np.float32), np.array([[0, 2, 0, 2]], np.float32)
    assert shared(one, one) == pytest.approx(1)
    assert shared(one, other) == pytest.approx(0.5)


def test_the_sign_of_gamma_is_told_by_what_it_does():
    sample = made_sample()
    darker = np.full_like(sample.image, 10)
    told = words.effect_words(sample, darker)
    assert "positive" in told
    assert f"{sample.image.mean() - 10:.0f} levels brighter" in told
    assert "more contrast" in told
    one_level = np.clip(sample.image.astype(int) - 1, 0, 255).astype(np.uint8)
    assert "it is 1 level brighter and has" in words.effect_words(sample, one_level)
    assert "it is as bright and has as much contrast" in words.effect_words(sample, sample.image)


def test_a_button_that_is_of_no_use_looks_so(panel):
    panel.controls.tour.setChecked(True)
    assert not panel.tour.back.isEnabled()  # at the first step
    shown = [from_qimage(button.grab().toImage()) for button in (panel.tour.back, panel.tour.next)]
    off, on = (int(pixels.max()) - int(pixels.min()) for pixels in shown)
    assert off < 0.75 * on
