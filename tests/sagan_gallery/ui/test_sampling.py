"""The gallery: sampling, through its real widgets."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from sagan_gallery.generator import Generator
from tests.sagan_gallery.ui.driving import settle


def test_the_grid_fills_and_the_first_sample_is_large(panel, tiny_generator):
    assert len(panel.grid.specs) == 64
    first = panel.grid.specs[0]
    assert np.array_equal(panel.sample.image, Generator(tiny_generator).sample(first.seed, first.label).image)
    assert str(first) in panel.status.text


def test_mixed_classes_take_turns_and_a_chosen_class_is_for_all(qtbot, panel):
    assert [spec.label for spec in panel.grid.specs[:4]] == ["red", "green", "blue", "red"]
    panel.controls.classes.setCurrentIndex(panel.controls.classes.findData("blue"))
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
