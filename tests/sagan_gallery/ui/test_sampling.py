"""The gallery: sampling, through its real widgets."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton

from sagan_gallery.discriminator import Discriminator
from sagan_gallery.generator import Generator
from sagan_gallery.latent import MAX_SEED, TRUNCATIONS
from sagan_gallery.opening import opening_file
from sagan_gallery.overlay import mean_change
from sagan_gallery.ui.session import Order
from tests.sagan_gallery.made import save_tiny_discriminator
from tests.sagan_gallery.ui.driving import choose, settle


def test_the_grid_fills_and_the_first_sample_is_large(panel, tiny_generator):
    assert len(panel.grid.specs) == 64
    first = panel.grid.specs[0]
    assert np.array_equal(panel.sample.image, Generator(tiny_generator).sample(first.seed, first.label).image)
    assert str(first) in panel.status.text


def test_mixed_classes_take_turns_and_a_chosen_class_is_for_all(qtbot, panel):
    assert [spec.label for spec in panel.grid.specs[:4]] == ["red", "green", "blue", "red"]
    choose(panel.controls.classes, "blue")
    settle(qtbot, panel)
    assert {spec.label for spec in panel.grid.specs} == {"blue"}
    assert panel.sample.label == 2


def test_the_last_of_many_requests_is_what_is_shown(qtbot, panel, tiny_generator):
    for value in (90, 70, 50, 30):
        panel.controls.truncation.slider.setValue(value)
    panel.grid.choose(9)
    settle(qtbot, panel)
    spec = panel.spec
    assert (spec.truncation, spec.seed) == (0.3, 9)
    qtbot.waitUntil(
        lambda: np.array_equal(
            panel.sample.image, Generator(tiny_generator).sample(9, spec.label, truncation=0.3).image
        )
    )


def test_count_and_new_samples(qtbot, panel):
    panel.controls.count.setCurrentIndex(0)
    settle(qtbot, panel)
    assert len(panel.grid.specs) == 16
    before = panel.spec
    qtbot.keyClick(panel.controls.resample, Qt.Key.Key_Space)
    settle(qtbot, panel)
    assert panel.spec.seed != before.seed


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
    assert str(panel.spec) == text


@pytest.mark.parametrize(("seed", "truncation"), [(MAX_SEED, TRUNCATIONS[1]), (0, TRUNCATIONS[0])])
def test_what_a_sample_text_may_say_is_what_is_shown(qtbot, panel, seed, truncation):
    text = f"tiny:{panel.session.generator.model_hash} seed={seed} class=blue trunc={truncation:.2f}"
    QGuiApplication.clipboard().setText(text)
    panel.files.paste_text.trigger()
    settle(qtbot, panel)
    assert str(panel.spec) == text


@pytest.mark.parametrize("wrong", ["seed=3000000000 class=blue trunc=1.00", "seed=5 class=blue trunc=1.80"])
def test_what_cannot_be_shown_is_told_and_leaves_the_sample(panel, wrong):
    before = panel.spec
    QGuiApplication.clipboard().setText(f"tiny:{panel.session.generator.model_hash} {wrong}")
    panel.files.paste_text.trigger()
    assert "too large" in panel.status.text or "out of range" in panel.status.text
    assert panel.controls.seed.value() == before.seed
    assert panel.controls.truncation.value == before.truncation


def test_texts_that_do_not_fit_are_told_in_the_status_line(qtbot, panel):
    QGuiApplication.clipboard().setText("hello")
    panel.files.paste_text.trigger()
    assert "no sample text" in panel.status.text
    QGuiApplication.clipboard().setText("tiny:00000000 seed=1 class=pink trunc=1.00")
    panel.files.paste_text.trigger()
    assert "no class pink" in panel.status.text
    QGuiApplication.clipboard().setText("tiny:00000000 seed=1 class=red trunc=1.00")
    panel.files.paste_text.trigger()
    assert "another picture" in panel.status.text
    settle(qtbot, panel)
    with qtbot.waitSignal(panel.session.grid_done):
        panel.controls.order.setCurrentIndex(1)
    assert "another picture" in panel.status.text  # for as long as that sample is shown


@pytest.fixture
def opening(make_generator):
    """A tiny generator with three samples to open on."""
    path = make_generator()
    save_tiny_discriminator(path.with_name("made-d.onnx"))
    model_hash = Generator(path).model_hash
    texts = [f"tiny:{model_hash} seed={seed} class={name} trunc=0.80" for seed, name in ((7, "blue"), (5, "red"))]
    opening_file(path).write_text(json.dumps({"samples": texts, "directions": np.eye(2, 128).tolist()}))
    return path


def test_the_gallery_opens_on_the_samples_that_come_with_the_model(qtbot, make_panel, opening):
    panel = make_panel(opening)
    assert [(spec.seed, spec.label, spec.truncation) for spec in panel.grid.specs] == [
        (7, "blue", 0.8),
        (5, "red", 0.8),
    ]
    assert panel.spec == panel.grid.specs[0]
    assert panel.controls.truncation.value == 0.8
    assert not panel.controls.seed.isEnabled()  # it has no say here
    (reset,) = panel.controls.truncation.findChildren(QAbstractButton)
    assert not reset.isVisible()
    panel.controls.truncation.slider.setValue(50)
    settle(qtbot, panel)
    assert [(spec.seed, spec.truncation) for spec in panel.grid.specs] == [(7, 0.5), (5, 0.5)]
    assert reset.toolTip() == "Back to 0.80"
    reset.click()
    assert [(spec.seed, spec.truncation) for spec in panel.grid.specs] == [(7, 0.8), (5, 0.8)]
    panel.controls.resample.click()
    settle(qtbot, panel)
    assert len(panel.grid.specs) == 64
    assert [spec.label for spec in panel.grid.specs[:3]] == ["red", "green", "blue"]
    assert panel.controls.seed.isEnabled()


def test_the_grid_is_sorted_by_class_score_and_effect_and_says_what_it_shows(qtbot, make_panel, opening):
    panel = make_panel(opening)
    panel.controls.resample.click()
    panel.controls.count.setCurrentIndex(0)
    settle(qtbot, panel)
    drawn, chosen = panel.grid.specs, panel.grid.specs[4]
    panel.grid.choose(4)
    settle(qtbot, panel)
    generator, discriminator = Generator(opening), Discriminator(opening.with_name("made-d.onnx"))
    samples = {spec: generator.sample(spec.seed, spec.label, spec.truncation) for spec in drawn}
    off = {spec: generator.sample(spec.seed, spec.label, spec.truncation, 0.0).image for spec in drawn}
    keys = {
        Order.CLASS: lambda spec: spec.label,
        Order.SCORE: lambda spec: -(discriminator.attend(samples[spec].image).score or 0.0),
        Order.EFFECT: lambda spec: -mean_change(samples[spec].image, off[spec]),
        Order.DRAWN: drawn.index,
    }
    for order, key in keys.items():
        with qtbot.waitSignal(panel.session.grid_done):
            choose(panel.controls.order, order)
        assert panel.grid.specs == sorted(drawn, key=key), order
        assert panel.grid.items[panel.grid.current] == panel.spec == chosen  # which stays where it can be seen
        first = panel.grid.model().index(0, 0)
        assert first.data() == panel.grid.specs[0].label.capitalize()
        valued = order in (Order.SCORE, Order.EFFECT)
        assert first.data(Qt.ItemDataRole.UserRole) == (f"{-key(panel.grid.specs[0]):.1f}" if valued else None)


def test_sorting_by_score_without_a_discriminator_is_told(qtbot, make_panel, make_generator):
    panel = make_panel(make_generator(name="alone.onnx"))
    drawn = panel.grid.specs
    choose(panel.controls.order, Order.SCORE)
    qtbot.waitUntil(lambda: "discriminator alone-d.onnx" in panel.status.text)
    assert panel.grid.specs == drawn
