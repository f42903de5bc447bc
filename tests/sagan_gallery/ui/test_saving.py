"""The gallery: figures, pictures and films that are saved."""

from __future__ import annotations

import errno
import threading
from itertools import islice

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog

from facecam.errors import FacecamError
from facecam.system.files import writing
from sagan_gallery.attention import Direction
from sagan_gallery.export import write_gif
from sagan_gallery.generator import Generator, shipped_generators
from sagan_gallery.latent import SampleSpec
from sagan_gallery.ui.figure import render_figure, save_figure
from sagan_gallery.ui.files import GIF_PX, save_image
from sagan_gallery.ui.film import film_frames
from sagan_gallery.ui.map_style import MapStyle
from sagan_gallery.ui.paint import from_qimage, pin_colour
from sagan_gallery.ui.scene import MAX_PINS, Pin
from sagan_gallery.walk import Walk
from tests.facecam.waiting import PATIENCE_S
from tests.sagan_gallery.ui.driving import choose, save_as, waits_for_sample, walks_to


def test_the_figure_is_for_print_and_holds_all_pins(panel):
    panel.view.add_pin(3, 3)
    one = render_figure(panel.view.scene, "caption")
    assert round(one.dotsPerMeterX() * 0.0254) == 300
    for index in range(4):
        panel.view.add_pin(2 + 3 * index, 9)
    many = render_figure(panel.view.scene, "caption")
    assert many.width() > one.width()
    assert many.height() > one.height()  # five maps and the picture take two rows


def test_the_figure_of_a_split_picture_is_split(qtbot, panel):
    panel.controls.smooth.setChecked(False)
    qtbot.waitUntil(lambda: panel.stage.without_attention is not None)
    panel.controls.toggle_split()
    panel.view.set_split(0.25)
    figure = from_qimage(render_figure(panel.view.scene, "caption")).astype(int)
    on, off = panel.sample.image.astype(int), panel.stage.without_attention.astype(int)
    for x, expected in ((1, on), (6, off)):  # in pictures of 16 x 16, in a tile of 600 after a gap of 36
        shown = figure[36 + round(8.5 / 16 * 600), 36 + round((x + 0.5) / 16 * 600)]
        assert np.abs(on[8, x] - off[8, x]).max() > 5
        assert np.abs(shown - expected[8, x]).max() <= 1


def test_a_figure_for_a_paper_keeps_letters_and_lines(panel, tmp_path):
    panel.view.add_pin(3, 3)
    panel.view.add_pin(12, 9)
    for suffix in ("pdf", "svg", "png"):
        save_figure(tmp_path / f"figure.{suffix}", panel.view.scene, "tiny seed=0")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
    svg = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    for letters in ("tiny seed=0", "Picture with queries", "bits", ">2<"):
        assert letters in svg
    for number in (1, 2):
        assert pin_colour(number).name() in svg
    drawing, printed = QSvgRenderer(str(tmp_path / "figure.svg")), QImage(str(tmp_path / "figure.png"))
    assert drawing.isValid()
    assert drawing.viewBox().size() == printed.size()
    with pytest.raises(FacecamError, match="can't be written"):
        save_figure(tmp_path / "none" / "figure.pdf", panel.view.scene, "")


def test_pictures_are_saved_and_copied_with_their_map(qtbot, panel, tmp_path):
    panel.view.add_pin(3, 3)
    save_image(tmp_path / "view.png", panel.view.scene.render())
    saved = QImage(str(tmp_path / "view.png"))
    assert saved.width() == saved.height() == 1024
    panel.files.copy_picture.trigger()
    assert QGuiApplication.clipboard().image().width() == 1024


@pytest.fixture
def short_films(monkeypatch):
    monkeypatch.setattr("sagan_gallery.ui.files.FILM_S", 0.4)


def test_a_walk_is_saved_in_the_background(qtbot, panel, tmp_path, short_films):
    pillow = pytest.importorskip("PIL.Image")
    walks_to(qtbot, panel, 4)
    panel.view.add_pin(3, 3)
    for name in ("walk.gif", "walk.webp"):
        save_as(panel, panel.files.save_walk, tmp_path / name)
        qtbot.waitUntil(lambda name=name: panel.status.text == f"Saved {tmp_path / name}")
        with pillow.open(tmp_path / name) as film:
            assert name.endswith(film.format.lower())
            assert film.n_frames >= 8  # equal neighbours become one


@pytest.mark.parametrize("name", shipped_generators())  # how small a film gets depends on what is seen
def test_a_gif_of_200_frames_with_maps_takes_less_than_4_mb(qtbot, tmp_path, name):
    generator = Generator(name)
    height, width = generator.sample(0).size_px
    ends = (generator.point(SampleSpec("", "", *end, 0.8)) for end in ((12, "cat_grey"), (5, "cat_pale")))
    pins = [Pin(number, width * number / 6, height * (number + 4) / 13) for number in (1, 2, 3, 4)]
    frames = islice(film_frames(generator, Walk(*ends), 200, 1.0, pins, MapStyle(), GIF_PX), 20)
    assert max(write_gif(tmp_path / "walk.gif", frames, 20, 25)) == 1
    assert (tmp_path / "walk.gif").stat().st_size * 200 / 20 < 4e6


def test_a_gif_keeps_the_colours_of_all_pins(qtbot, panel, tmp_path, short_films):
    pillow = pytest.importorskip("PIL.Image")
    walks_to(qtbot, panel, 4)
    for index in range(MAX_PINS):
        panel.view.add_pin(2 * index + 1, 8)
    save_as(panel, panel.files.save_walk, tmp_path / "pins.gif")
    qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'pins.gif'}")
    with pillow.open(tmp_path / "pins.gif") as film:
        film.seek(2)
        seen = {bytes(pixel).hex() for pixel in np.asarray(film.convert("RGB")).reshape(-1, 3)}
    assert len(seen) <= 64
    assert {pin_colour(number).name()[1:] for number in range(1, MAX_PINS + 1)} <= seen


def test_dialogs_suggest_a_name_and_the_folder_of_pictures(qtbot, panel, tmp_path, monkeypatch):
    wanted = tmp_path / "Pictures" / "facecam"  # which is not there
    monkeypatch.setattr("sagan_gallery.ui.files.pictures_folder", lambda: wanted)
    panel.view.add_pin(3, 3)
    panel.walk.set_start.click()
    panel.walk.set_end.click()
    for action, name in (
        (panel.files.save_picture, "red-0.png"),
        (panel.files.save_figure, "red-0-pins.pdf"),
        (panel.files.save_raw, "red-0-attention.npz"),
        (panel.files.save_walk, "red-0-film.gif"),
    ):
        action.trigger()
        dialog = panel.findChildren(QFileDialog)[-1]
        assert dialog.selectedFiles() == [str(tmp_path / name)]
        dialog.close()
        qtbot.waitUntil(lambda: not panel.findChildren(QFileDialog))


def test_what_is_missing_for_a_file_is_told(panel):
    panel.files.save_walk.trigger()
    assert "switch on Walk" in panel.status.text
    panel.files.save_figure.trigger()
    assert "click the picture" in panel.status.text
    assert not panel.findChildren(QFileDialog)


def test_a_name_of_another_kind_is_told_and_writes_nothing(panel, tmp_path):
    for name in ("view.jpg", "view"):
        save_as(panel, panel.files.save_picture, tmp_path / name)
        assert panel.status.text == f"{name} was not saved: give it a name that ends in .png."
    assert list(tmp_path.iterdir()) == []


def test_a_figure_says_below_it_how_its_maps_are_to_be_read(qtbot, panel, tmp_path):
    panel.view.add_pin(3, 3)

    def caption():
        save_as(panel, panel.files.save_figure, tmp_path / "figure.svg")
        return (tmp_path / "figure.svg").read_text(encoding="utf-8")

    plain = f"{panel.spec}   γ = {panel.sample.gamma:.3f}"
    assert f"{plain}<" in caption()
    choose(panel.controls.direction, Direction.COLUMN)
    panel.controls.log.setChecked(True)
    waits_for_sample(qtbot, panel, lambda: panel.controls.scale.slider.setValue(50))
    assert f"{plain}   attention × 0.50   who looks there   logarithmic colours<" in caption()


@pytest.fixture
def make_films(panel, tmp_path, monkeypatch):
    """Wants films of a walk, in this order; the grid is complete, so that nothing else takes long. seconds: of each; an
    hour is not complete before it is cancelled."""
    panel.walk.set_start.click()
    panel.walk.set_end.click()

    def make(*names, seconds=1.0):
        monkeypatch.setattr("sagan_gallery.ui.files.FILM_S", seconds)
        for name in names:
            panel.files.start_film(tmp_path / name, write_gif, side_px=64)

    return make


def offered(panel):
    """What the way out offers to take out, by words."""
    panel.status.cancel.click()
    return {action.text().partition(",")[0]: action for action in panel.status.menu.actions()}


def test_films_are_made_one_after_the_other(qtbot, panel, tmp_path, make_films):
    make_films("first.gif", "second.gif", "third.gif")
    assert panel.status.text == "Making first.gif… then second.gif, third.gif"
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(4))
    assert panel.status.text.startswith("Making ")  # what the bar beside it is of
    qtbot.waitUntil((tmp_path / "first.gif").exists)
    assert not (tmp_path / "third.gif").exists()
    qtbot.waitUntil(lambda: "Making third.gif…" in panel.status.text)
    assert (tmp_path / "second.gif").exists()
    qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'third.gif'}")
    assert not panel.status.cancel.isVisible()


def test_a_film_that_waits_and_the_one_that_is_made_can_be_cancelled(qtbot, panel, tmp_path, make_films):
    make_films("first.gif", "second.gif", seconds=3600.0)
    make_films("third.gif")
    qtbot.waitUntil(panel.status.cancel.isVisible)
    choices = offered(panel)
    assert list(choices) == ["first.gif", "second.gif", "third.gif", "All"]
    assert choices["first.gif"].text().endswith(" %")
    assert choices["second.gif"].text() == "second.gif, waits"
    choices["second.gif"].trigger()
    assert panel.status.text == "Cancelled.   ·   Making first.gif… then third.gif"
    assert not panel.status.menu.isVisible()
    offered(panel)["first.gif"].trigger()
    assert panel.status.text == "Cancelled.   ·   Making third.gif…"
    qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'third.gif'}")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".gif"] == ["third.gif"]
    make_films("first.gif", "second.gif", seconds=3600.0)
    offered(panel)["All"].trigger()
    assert panel.status.text == "Cancelled."
    qtbot.waitUntil(lambda: len(list(tmp_path.glob("*.gif"))) == 1)
    assert not panel.status.cancel.isVisible()


def test_a_film_that_is_cancelled_at_its_last_step_is_not_there(qtbot, panel, tmp_path, make_films):
    written, go_on = threading.Event(), threading.Event()

    def write(path, pictures, count, rate_hz):
        path.write_bytes(b"all of it")
        written.set()
        assert go_on.wait(PATIENCE_S)
        yield 1.0

    panel.files.start_film(tmp_path / "late.gif", write, 64)
    assert written.wait(PATIENCE_S)
    panel.status.cancel.click()
    assert panel.status.text == "Cancelled."
    go_on.set()
    qtbot.waitUntil(lambda: not any(tmp_path.iterdir()))


def test_closing_leaves_nothing_of_films_that_are_made_and_wait(qtbot, panel, tmp_path, make_films):
    make_films("first.gif", "second.gif", seconds=3600.0)
    qtbot.waitUntil(lambda: any(tmp_path.iterdir()))  # the first one has been begun
    assert panel.close_down(PATIENCE_S)
    assert not any(tmp_path.iterdir())


def test_a_film_goes_on_beside_another_model_and_its_name_is_not_taken(
    qtbot, panel, tmp_path, make_films, make_generator
):
    make_films("first.gif", seconds=40.0)
    make_films("second.gif")
    with pytest.raises(FacecamError, match=r"second.gif is being made already"):
        make_films("second.gif")
    panel.open_model(make_generator(name="other.onnx"))
    with qtbot.waitSignal(panel.session.model_changed):
        pass
    qtbot.waitUntil((tmp_path / "second.gif").exists)


def test_a_film_that_the_disk_has_no_room_for_is_told_by_its_own_name(qtbot, panel, tmp_path, make_films):
    make_films()

    def no_room(path, *_film):
        with writing(path):
            raise OSError(errno.ENOSPC, "")
        yield 1.0

    panel.files.start_film(tmp_path / "walk.mp4", no_room, side_px=64)
    qtbot.waitUntil(lambda: f"{tmp_path / 'walk.mp4'} can't be written: the disk is full" in panel.status.text)
    assert not list(tmp_path.iterdir())


def test_a_fault_in_a_film_is_reported_and_the_next_one_is_made(qtbot, panel, tmp_path, make_films):
    make_films()

    def faulty(path, *_film):
        yield 0.5
        raise ZeroDivisionError("by zero")

    with qtbot.captureExceptions() as reported:
        panel.files.start_film(tmp_path / "first.gif", faulty, side_px=64)
        make_films("second.gif")
        qtbot.waitUntil(lambda: panel.status.text == f"Saved {tmp_path / 'second.gif'}")
    assert [kind for kind, *_ in reported] == [ZeroDivisionError]
    assert not (tmp_path / "first.gif").exists()


def test_a_film_that_cannot_be_written_is_told(qtbot, panel, tmp_path, make_films):
    make_films("none/walk.gif", "next.gif")
    qtbot.waitUntil(lambda: "can't be written" in panel.status.text)
    qtbot.waitUntil((tmp_path / "next.gif").exists)
