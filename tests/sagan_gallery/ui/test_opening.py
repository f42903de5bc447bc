"""The gallery: own pictures, and other models."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from sagan_gallery.attention import map_for_pixel
from sagan_gallery.generator import Generator
from sagan_gallery.ui import words
from sagan_gallery.ui.map_style import Shown
from sagan_gallery.ui.message import LOADING_SHOWN_AFTER_MS
from sagan_gallery.ui.session import Export, OwnPicture
from tests.facecam.waiting import PATIENCE_S
from tests.sagan_gallery.made import made_sample
from tests.sagan_gallery.ui.driving import choose, settle, waits_for_sample


def test_an_own_picture_is_seen_by_the_discriminator(qtbot, panel, tmp_path):
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    image.save(str(tmp_path / "white.png"))
    waits_for_sample(qtbot, panel, lambda: panel.files.open(tmp_path / "white.png"))
    assert panel.sample.image.min() == 255
    assert panel.spec is None
    assert not panel.controls.scale.isEnabled()
    assert f"score {panel.sample.score:+.1f}" in panel.status.text
    panel.view.add_pin(3, 3)
    assert np.array_equal(panel.view.weights, map_for_pixel(panel.sample, 3, 3))
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(2))
    assert panel.controls.scale.isEnabled()


@pytest.mark.parametrize(
    ("place", "said"), [((0, 4), "upper middle"), ((4, 4), "middle"), ((4, 0), "middle left"), ((8, 8), "lower right")]
)
def test_where_a_score_comes_from_is_said_in_words(place, said):
    falls = np.zeros((9, 9), np.float32)
    falls[place] = 0.5
    assert words.falls_words(replace(made_sample(), score=1.0), falls) == f"Score +1.0; most by the {said}: +0.50"


def test_what_moves_the_score_of_an_own_picture_is_shown_with_a_legend(qtbot, panel):
    shown, view = panel.controls.shown, panel.view
    enabled = [shown.model().item(shown.findData(kind)).isEnabled() for kind in Shown]
    assert enabled == [True, True, True, True, False]
    half = np.zeros((16, 16, 3), np.uint8)
    half[:, :8] = 255
    waits_for_sample(qtbot, panel, lambda: panel.look_at(OwnPicture(half)))
    enabled = [shown.model().item(shown.findData(kind)).isEnabled() for kind in Shown]
    assert enabled == [True, False, False, False, True]
    qtbot.waitUntil(lambda: panel.stage.score_falls is not None)
    falls = panel.stage.score_falls  # the tiny one's score is the mean of the picture, which lies in -1..1
    assert falls.shape == (8, 8)
    assert falls[:, :4] == pytest.approx(1 / 64, abs=1e-3)
    assert falls[:, 4:] == pytest.approx(-1 / 64, abs=1e-3)
    choose(shown, Shown.SCORE)
    red, _green, blue = view.scene.picture.astype(int).transpose(2, 0, 1)
    assert (red > blue)[:, :8].all()  # orange: covering these lowers the score
    assert (red < blue)[:, 8:].all()
    view.add_pin(3, 3)
    assert view.scene.overlay(view.weights) is None
    assert panel.stage.bar.isVisible()
    assert panel.stage.bar.accessibleDescription() == "up to +0.02"
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(2))
    assert panel.controls.picture_shown is Shown.PICTURE
    assert view.scene.picture is None


def test_own_pictures_stay_in_the_grid_until_they_are_removed(qtbot, panel):
    white, black = (OwnPicture(np.full((20, 20, 3), level, np.uint8)) for level in (255, 0))
    panel.look_at(white)
    panel.look_at(black)  # while the discriminator is being loaded for the first one
    qtbot.waitUntil(lambda: len(panel.grid.items) == 66)
    qtbot.waitUntil(lambda: not panel.session.sampling)
    assert panel.grid.items[:2] == [black, white]
    assert len(panel.grid.specs) == 64
    assert panel.grid.current == 0
    assert panel.sample.image.max() == 0
    panel.view.setFocus()
    panel.grid.setFocus()  # as when a dialog is closed, or another tab was in front
    panel.message.toggle_help()
    panel.message.toggle_help()
    qtbot.wait(50)
    assert panel.sample.image.max() == 0
    waits_for_sample(qtbot, panel, lambda: qtbot.keyClick(panel.grid, Qt.Key.Key_Right))
    assert panel.sample.image.min() == 255
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(2))
    assert panel.spec == panel.grid.specs[0]
    panel.controls.new_seed()
    settle(qtbot, panel)
    assert panel.grid.items[:2] == [black, white]
    panel.grid.choose(1)
    waits_for_sample(qtbot, panel, lambda: qtbot.keyClick(panel.grid, Qt.Key.Key_Delete))
    assert panel.grid.items[0] is black
    assert panel.spec == panel.grid.specs[0]  # what is now in its place
    panel.grid.remove(0)
    panel.grid.remove(0)
    assert panel.grid.items == panel.grid.specs
    assert panel.spec == panel.grid.specs[0]
    assert panel.grid.current == 0


def test_what_is_not_from_the_grid_stays_when_the_grid_gets_the_focus(qtbot, panel):
    panel.stage.walk_button.click()
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    panel.view.setFocus()
    panel.grid.setFocus()
    qtbot.wait(50)
    assert panel.grid.current == -1
    assert panel.stage.origin.words == "On the walk"


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
    panel.look_at(OwnPicture(np.zeros((20, 20, 3), np.uint8)))
    qtbot.waitUntil(lambda: "needs the discriminator made-d.onnx" in panel.status.text)
    assert panel.spec == panel.grid.specs[0]  # the picture that is still there is still called by its name


def test_a_missing_model_is_told_kindly_and_another_can_be_opened(qtbot, make_panel, tiny_generator, monkeypatch):
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: Path("/nowhere") / name)
    panel = make_panel(None, wait=False)
    qtbot.waitUntil(lambda: panel.message.isVisible())
    assert panel.message.message.title == words.NO_MODEL_TITLE
    assert panel.controls.files.isEnabled()
    assert not panel.controls.resample.isEnabled()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tiny_generator))])
    panel.files.open_dropped(data)
    settle(qtbot, panel)
    assert not panel.message.isVisible()


def test_a_short_message_takes_no_more_room_after_the_long_explanation(qtbot, make_panel, tmp_path):
    (tmp_path / "wrong.onnx").write_bytes(b"nonsense")
    panel = make_panel(tmp_path / "wrong.onnx", wait=False)
    panel.message.toggle_help()
    tall = panel.message._text.height()
    panel.message.toggle_help()
    message = panel.message  # says that it is loading where that takes long
    qtbot.waitUntil(lambda: message.message is not None and message.message.title == words.WRONG_MODEL_TITLE)
    assert message.isVisible()
    assert "damaged or incomplete" in panel.message.message.text
    assert panel.message._text.height() < tall / 2


@pytest.fixture
def slow(monkeypatch):
    """Lets no generator be loaded until it is set."""
    go_on = threading.Event()

    def load(path):
        assert go_on.wait(PATIENCE_S)
        return Generator(path)

    monkeypatch.setattr("sagan_gallery.ui.session.Generator", load)
    yield go_on
    go_on.set()


def test_the_stage_says_what_is_loaded_until_the_first_picture_is_there(qtbot, make_panel, tiny_generator, slow):
    panel = make_panel(tiny_generator, wait=False)
    loading = f"Loading {tiny_generator.stem}…"
    qtbot.waitUntil(lambda: panel.message.isVisible() and panel.message.message.title == loading)
    assert not panel.controls.layer.isVisible()  # controls would move up when it turns out that there is but one
    panel.message.toggle_help()
    assert panel.message.message.title == words.HELP_TITLE
    panel.message.toggle_help()
    assert panel.message.isVisible()
    assert panel.message.message.title == loading  # and not that there is no generator
    seen_with_sample = []
    panel.session.model_changed.connect(lambda: seen_with_sample.append(panel.message.isVisible()))
    slow.set()
    settle(qtbot, panel)
    assert seen_with_sample == [True]  # the network is there, its first picture is not
    assert not panel.message.isVisible()


def test_another_model_is_loaded_behind_the_present_picture(qtbot, panel, make_generator, slow):
    panel.files.open(make_generator(name="other.onnx"))
    qtbot.wait(2 * LOADING_SHOWN_AFTER_MS)
    qtbot.waitUntil(lambda: panel.status.text == "Loading other…")
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
    panel.stage.walk_button.click()
    panel.files.open(make_generator(size=32, grids=((16, 8),), name="large.onnx"))
    qtbot.waitUntil(lambda: panel.sample is not None and panel.sample.size_px == (32, 32))
    settle(qtbot, panel)
    assert panel.view.pins == []
    assert np.array_equal(panel.walk.walk.start.z, panel.sample.z)  # the open walk starts at the new model's sample
    waits_for_sample(qtbot, panel, lambda: panel.walk.slider.setValue(500))
    assert panel.sample.size_px == (32, 32)


def test_a_late_picture_of_the_model_before_does_not_reach_the_next_one(qtbot, panel, make_generator, slow):
    panel.files.open(make_generator(size=32, grids=((16, 8),), name="large.onnx"))
    panel.stage.walk_button.click()  # wants a picture of its end
    done = threading.Event()

    def last():
        done.set()
        yield 1.0

    panel.session.request_export(Export(Path("last.npz"), last))
    slow.set()
    assert done.wait(PATIENCE_S)  # both lie ready now: the window was busy
    qtbot.waitUntil(lambda: panel.sample.size_px == (32, 32))
    settle(qtbot, panel)
    assert np.array_equal(panel.walk.walk.start.z, panel.sample.z)
