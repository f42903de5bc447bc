"""The gallery where two generators come with the program: the usual one, and one of 128 px."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from facecam.qtkit.settings import Settings
from sagan_gallery.export import write_gif
from sagan_gallery.generator import Generator, shipped_generators
from sagan_gallery.latent import SampleSpec
from sagan_gallery.opening import opening_file
from sagan_gallery.ui.figure import render_figure
from sagan_gallery.ui.files import GIF_PX
from sagan_gallery.ui.session import OwnPicture
from tests.sagan_gallery.made import save_tiny_discriminator, save_tiny_generator
from tests.sagan_gallery.ui.driving import choose, save_as, settle, show_page, waits_for_sample, walks_to

NAMES = ["sagan64", "sagan128"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder as that of the program's: the second one lacks the last class, and has maps over 32 and 64 cells."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny_generator(folder / "sagan64.onnx", name="sagan64")
    save_tiny_generator(folder / "sagan128.onnx", 128, ((32, 16), (64, 32)), name="sagan128", classes=["red", "green"])
    save_tiny_discriminator(folder / "sagan64-d.onnx")
    save_tiny_discriminator(folder / "sagan128-d.onnx", 128, 32, 16)
    return folder


@pytest.fixture
def shipped(models, monkeypatch):
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: models / name)
    monkeypatch.setattr("sagan_gallery.generator.DEFAULT_MODEL", NAMES[0])


@pytest.fixture
def two(make_panel, shipped):
    return make_panel(None)


def choose_model(qtbot, panel, name):
    box = panel.controls.model
    with qtbot.waitSignal(panel.session.model_changed):
        box.setCurrentIndex(box.findText(name))
    settle(qtbot, panel)


def offered(panel):
    return [panel.controls.model.itemText(index) for index in range(panel.controls.model.count())]


def test_who_has_one_generator_is_not_asked_which(make_panel, monkeypatch, tmp_path):
    save_tiny_generator(tmp_path / "sagan64.onnx")
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: tmp_path / name)
    panel = make_panel(None)
    assert not panel.controls.model.isVisible()


def test_generators_that_come_with_the_program_are_offered_and_open_by_name(two, models):
    assert offered(two) == NAMES == list(shipped_generators())  # the usual one first, no discriminators
    assert two.controls.model.isVisible()
    assert two.controls.model.currentText() == "sagan64"
    assert Generator("sagan128").path == models / "sagan128.onnx"
    assert Generator().path == models / "sagan64.onnx"


def test_another_one_brings_its_size_its_classes_and_its_layers(qtbot, two):
    two.view.pin_informative()
    choose_model(qtbot, two, "sagan128")
    assert two.sample.size_px == (128, 128)
    assert two.spec.model == "sagan128"
    assert "128 × 128 px, queries 32 × 32" in two.status.text
    assert two.controls.classes.findData("blue") < 0
    assert two.view.pins == []  # those were places of a picture of 16 px
    two.controls.layer.setCurrentIndex(1)
    assert two.sample.query_grid == (64, 64)
    two.view.pin_informative()
    assert len(two.view.pins) == 4
    assert two.view.placement.picture_px == (128, 128)
    show_page(qtbot, two, "Matrix")
    seen = two.stage.matrix.grab().toImage()
    colours = {seen.pixel(x, seen.height() // 2) for x in range(seen.width())}
    assert len(colours) > 10  # 4,096 queries, fewer columns
    choose_model(qtbot, two, "sagan64")
    assert two.sample.size_px == (16, 16)
    choose_model(qtbot, two, "sagan128")
    assert two.controls.layer.currentIndex() == 0
    assert two.sample.query_grid == (32, 32)  # what the list says


def test_the_choice_is_remembered_and_so_is_a_class_that_only_the_other_one_has(qtbot, make_panel, shipped):
    settings = Settings()
    panel = make_panel(None, settings=settings)
    choose(panel.controls.classes, "blue")
    choose_model(qtbot, panel, "sagan128")
    assert {spec.label for spec in panel.grid.specs} == {"red", "green"}
    again = make_panel(None, settings=settings)
    assert again.session.generator.name == again.controls.model.currentText() == "sagan128"
    choose_model(qtbot, again, "sagan64")
    assert {spec.label for spec in again.grid.specs} == {"blue"}


def test_each_has_an_opening_of_its_own(qtbot, two, models):
    generator = Generator("sagan128")
    specs = [SampleSpec("sagan128", generator.model_hash, seed, "green", 0.7) for seed in (5, 3)]
    words = ", ".join(f'"{spec}"' for spec in specs)
    directions = np.eye(2, generator.z_dim).tolist()
    file = opening_file(generator.path)
    file.write_text(f'{{"samples": [{words}], "directions": {directions}}}', encoding="utf-8")
    try:
        choose_model(qtbot, two, "sagan128")
        assert two.grid.specs == specs
        assert two.spec == specs[0]
        choose_model(qtbot, two, "sagan64")
        assert len(two.grid.specs) == 64
    finally:
        file.unlink()


def test_one_that_cannot_be_opened_leaves_the_other_chosen(qtbot, two, models):
    whole = (models / "sagan128.onnx").read_bytes()
    (models / "sagan128.onnx").write_bytes(whole[:5000])
    try:
        with qtbot.waitSignal(two.session.failed):
            two.controls.model.setCurrentIndex(1)
        assert "damaged or incomplete" in two.status.text
        assert two.controls.model.currentText() == "sagan64"
        assert two.session.generator.name == two.spec.model == "sagan64"
    finally:
        (models / "sagan128.onnx").write_bytes(whole)


def test_a_file_of_ones_own_is_offered_beside_them(qtbot, two, make_generator):
    with qtbot.waitSignal(two.session.model_changed):
        two.files.open(make_generator(name="mine.onnx", size=32))
    settle(qtbot, two)
    assert offered(two) == [*NAMES, "mine"]
    assert two.controls.model.currentText() == "mine"
    choose_model(qtbot, two, "sagan64")
    choose_model(qtbot, two, "mine")
    assert two.sample.size_px == (32, 32)


def test_a_sample_text_of_the_other_one_opens_it(qtbot, two):
    wanted = SampleSpec("sagan128", Generator("sagan128").model_hash, 77, "green", 0.9)
    QGuiApplication.clipboard().setText(str(wanted))
    with qtbot.waitSignal(two.session.model_changed):
        two.files.paste_text.trigger()
    settle(qtbot, two)
    assert two.spec == wanted
    assert two.controls.model.currentText() == "sagan128"
    choose_model(qtbot, two, "sagan64")
    choose_model(qtbot, two, "sagan128")  # of one's own will, and not for that text again
    assert two.controls.seed.value() == 77
    assert "another picture" not in two.status.text


def test_own_pictures_stay_and_are_seen_by_the_discriminator_of_the_one_that_is_open(qtbot, two):
    grey = np.full((200, 200, 3), 90, np.uint8)
    waits_for_sample(qtbot, two, lambda: two.look_at(OwnPicture(grey)))
    assert two.sample.size_px == (16, 16)
    choose_model(qtbot, two, "sagan128")
    assert isinstance(two.grid.items[0], OwnPicture)
    waits_for_sample(qtbot, two, lambda: two.grid.choose(0))
    assert two.sample.size_px == (128, 128)
    assert two.sample.query_grid == (32, 32)


def test_figures_films_and_raw_attention_of_128_px_have_their_sizes(qtbot, two, tmp_path, monkeypatch):
    pillow = pytest.importorskip("PIL.Image")
    monkeypatch.setattr("sagan_gallery.ui.files.FILM_S", 0.2)
    choose_model(qtbot, two, "sagan128")
    two.view.set_pins([], None)
    walks_to(qtbot, two, 3)
    for name, pins, size in (("plain.gif", 0, (GIF_PX, GIF_PX)), ("pins.gif", 2, (GIF_PX + 8 + 92, GIF_PX))):
        for number in range(pins):
            two.view.add_pin(30 + 40 * number, 64)
        two.files.start_film(tmp_path / name, write_gif, GIF_PX)
        qtbot.waitUntil(lambda name=name: two.status.text == f"Saved {tmp_path / name}")
        with pillow.open(tmp_path / name) as film:
            assert film.size == size
    figure = render_figure(two.view.scene, "")
    assert figure.width() > 2 * 600
    save_as(two, two.files.save_raw, tmp_path / "raw.npz")
    qtbot.waitUntil(lambda: two.status.text == f"Saved {tmp_path / 'raw.npz'}")
    with np.load(tmp_path / "raw.npz") as raw:
        assert raw["image"].shape == (128, 128, 3)
        assert raw["attention_2"].shape == (4096, 1024)
