"""The gallery: what attention does to a picture, and the ways of showing it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from sagan_gallery.attention import Direction, strongest
from sagan_gallery.colormap import NAMES
from sagan_gallery.overlay import DIFFERENCE_LEVELS, Range
from sagan_gallery.sample import AttentionLayer, Sample
from sagan_gallery.ui import paint
from sagan_gallery.ui.colour_bar import ColourBar, Legend
from sagan_gallery.ui.map_style import Kind, Shown
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.words import percent
from tests.sagan_gallery.ui.driving import at, choose, move, waits_for_sample


def test_attention_scale_and_difference(qtbot, panel):
    on = panel.sample.image
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(0))
    off = panel.sample.image
    assert not np.array_equal(on, off)
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(100))
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    choose(panel.controls.shown, Shown.OFF)
    assert np.array_equal(panel.view.scene.picture, off)
    choose(panel.controls.shown, Shown.DIFFERENCE)
    assert (panel.view.scene.picture[:, 8:] == 128).all()  # the tiny one's attention works on the left half only
    assert (panel.view.scene.picture[:, :8] != 128).any()
    panel.view.add_pin(3, 3)
    assert panel.view.scene.overlay(panel.view.weights) is None  # a map over a difference would be taken for one


def test_a_comparison_that_comes_late_is_not_taken_for_another_samples(qtbot, panel):
    first = panel.sample
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(5))
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    own = panel.stage.without_attention
    panel.stage.show_comparison(first, np.zeros_like(own))
    assert panel.stage.without_attention is own


def test_a_held_key_shows_the_picture_without_its_attention(qtbot, panel):
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(0))
    off = panel.sample.image
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(100))
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    panel.view.add_pin(3, 3)
    for place in (panel.view, panel.grid):  # wherever the focus is
        qtbot.keyPress(place, Qt.Key.Key_B)
        assert np.array_equal(panel.view.scene.picture, off)
        assert panel.view.scene.overlay(panel.view.weights) is None  # a map would hide what is to be seen
        qtbot.keyRelease(place, Qt.Key.Key_B)
        assert panel.view.scene.picture is None
        assert panel.view.scene.overlay(panel.view.weights) is not None


def test_the_held_key_may_be_let_go_anywhere(qtbot, panel):
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)

    def in_a_menu():
        panel.files.show_menu(panel.mapToGlobal(panel.rect().center()))
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
        qtbot.keyRelease(QApplication.activePopupWidget(), Qt.Key.Key_B)
        QApplication.activePopupWidget().close()

    other = QWidget()
    qtbot.addWidget(other)
    for let_go in (
        in_a_menu,
        lambda: qtbot.keyRelease(panel.view, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier),
        lambda: qtbot.keyRelease(other, Qt.Key.Key_B),  # as in another tab
    ):
        qtbot.keyPress(panel.view, Qt.Key.Key_B)
        assert panel.stage.shows_without_attention
        let_go()
        assert not panel.stage.shows_without_attention


def test_a_line_between_with_and_without_attention_is_dragged(qtbot, panel):
    panel.resize(1100, 900)
    panel.controls.smooth.setChecked(False)
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    toggle = next(action for action in panel.commands() if action.text().startswith("Split"))
    toggle.trigger()
    view, on, off = panel.view, panel.sample.image.astype(int), panel.stage.without_attention.astype(int)
    assert panel.controls.picture_shown is Shown.SPLIT

    def shown(x, y):
        pixels = from_qimage(view.grab().toImage()).astype(int)
        column, row = view.placement.to_view(x, y)
        return pixels[round(row), round(column)]

    start = at(panel, 8, 8)
    for share in (0.75, 0.25, 1.5):  # of the width; it stays within the picture
        end = at(panel, 16 * share, 12)
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
        move(view, end)
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
        assert view.scene.split == pytest.approx(min(share, 1.0), abs=0.02)
        view.set_hover(None)
        for x in (1.5, 6.5):  # the tiny one's attention works on the left half only
            expected = on if x / 16 < share else off
            assert np.abs(shown(x, 8.5) - expected[8, int(x)]).max() <= 1
            assert np.abs(on[8, int(x)] - off[8, int(x)]).max() > 5
        start = at(panel, 16 * min(share, 1.0), 12)
    assert view.pins == []  # dragging the line pins nothing
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(panel, 5, 5))
    assert len(view.pins) == 1
    toggle.trigger()
    assert panel.controls.picture_shown is Shown.PICTURE


def test_the_sides_of_the_line_are_named_at_the_upper_edge_of_what_is_seen(qtbot, panel, monkeypatch):
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    panel.controls.toggle_split()
    named = {}
    pill = paint.paint_pill
    monkeypatch.setattr(
        paint, "paint_pill", lambda p, corner, text, *most: (named.update({text: corner}), pill(p, corner, text, *most))
    )
    for zoom in (1, 4):
        panel.view.zoom(zoom)
        panel.view.grab()
        for side in ("with", "without"):
            assert panel.view.rect().contains(named[side].toPoint()), side
        assert named["with"].y() < panel.view.height() / 4


def test_a_difference_has_a_legend_that_is_the_same_for_all_pictures(qtbot, panel):
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    bar = panel.stage.bar
    choose(panel.controls.kind, Kind.NONE)
    assert not bar.isVisible()
    choose(panel.controls.shown, Shown.DIFFERENCE)
    assert bar.isVisible()
    assert bar.accessibleDescription() == f"up to +{DIFFERENCE_LEVELS}"
    legend = from_qimage(bar.grab().toImage())
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(5))
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    panel.view.add_pin(3, 3)  # its map is not over the difference, so its colours are not explained
    assert np.array_equal(from_qimage(bar.grab().toImage()), legend)
    choose(panel.controls.shown, Shown.PICTURE)
    assert not bar.isVisible()


@pytest.mark.parametrize("even", [0.0005, 0.004, 0.02, 0.05])  # of the 0.1 that the highest colour stands for
def test_the_line_of_an_even_map_is_named_wherever_it_lies(qtbot, even):
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.lie_beside((0, 0, 200, 300), (400, 300))
    shown = []
    for value in (None, even):
        bar.show_legend(Legend(Range(0, 0.1), "magma", "", percent, value))
        shown.append(from_qimage(bar.grab().toImage()).astype(int))
    columns = np.flatnonzero(np.abs(shown[1] - shown[0]).max((0, 2)))
    assert columns.max() > 45  # the word, right of the line and of a figure that is there
    assert columns.max() < bar.width() - 1


def test_arrows_point_from_who_looks_to_what_is_looked_at(panel):
    panel.controls.arrows.setChecked(True)
    panel.view.add_pin(3, 3)
    scene, placement = panel.view.scene, panel.view.placement
    cell = scene.cell_rect(placement, 3, 3)
    arrows = scene._arrows(placement, panel.view.weights, cell, 10)
    assert arrows
    assert all(arrow.start == cell.center() for arrow in arrows)
    choose(panel.controls.direction, Direction.COLUMN)
    cell = scene.cell_rect(placement, 3, 3)
    arrows = scene._arrows(placement, panel.view.weights, cell, 10)
    lookers = [placement.to_view(key.x_px, key.y_px) for key in strongest(panel.view.weights, (16, 16))]
    assert arrows
    for arrow in arrows:
        assert arrow.start.toTuple() in lookers
        assert cell.adjusted(-40, -40, 40, 40).contains(arrow.end)  # at its edge, or at that of its pin's sign
        assert not cell.adjusted(1, 1, -1, -1).contains(arrow.end)


def test_a_gamma_near_0_is_told_and_another_layer_can_be_chosen(qtbot, make_panel, make_generator):
    panel = make_panel(make_generator(grids=((8, 4), (4, 4))))
    assert panel.stage.header.warning == ""
    assert panel.controls.layer.isVisible()
    panel.controls.layer.setCurrentIndex(1)
    assert panel.sample.attention.shape == (16, 16)
    assert panel.stage.header.isVisible()
    assert "near 0" in panel.stage.header.warning


def test_an_unconditional_generator_has_no_class_to_choose(make_panel, make_generator):
    panel = make_panel(make_generator(conditional=False))
    assert not panel.controls.classes.isVisible()
    assert panel.walk.set_end.menu() is None
    assert " class=" not in str(panel.spec)


@pytest.mark.parametrize("smooth", [True, False])
def test_every_overlay_changes_the_picture(panel, smooth):
    panel.controls.smooth.setChecked(smooth)
    panel.view.add_pin(3, 3)
    seen = set()
    for kind in Kind:
        choose(panel.controls.kind, kind)
        seen.add(from_qimage(panel.view.grab().toImage()).tobytes())
    assert len(seen) == len(Kind)


def test_weak_weights_have_no_edge_on_a_white_picture(panel):
    panel.resize(1100, 900)
    panel.controls.opacity.slider.setValue(100)
    places = np.arange(16) + 0.5
    weights = np.exp(-((places[:, None] - 12) ** 2 + (places - 8) ** 2) / 12).ravel().astype(np.float32)
    rows = np.tile(weights / weights.sum(), (256, 1))
    white = np.full((64, 64, 3), 255, np.uint8)
    panel.view.show_sample(Sample(white, (AttentionLayer(rows, (16, 16), (16, 16), gamma=1.0),)))
    panel.view.add_pin(2, 2)
    left, right = at(panel, 0, 48), at(panel, 64, 48)
    for colours in NAMES:
        choose(panel.controls.colours, colours)
        along = from_qimage(panel.view.grab().toImage())[left.y(), left.x() + 2 : right.x() - 2].astype(int)
        assert (along[:8] >= 250).all()  # far from where it looks
        assert along.min() < 128  # the colours are there
        assert np.abs(np.diff(along, axis=0)).max() <= 12
