"""The Gallery tab in the real window, beside the Live tab."""

from __future__ import annotations

import importlib
import threading
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMessageBox

from facecam.qtkit.stage import StagePanel
from facecam.system.opencv import cv2
from facecam.ui.gallery.tab import GalleryTab, write_mp4
from sagan_gallery.ui import words
from sagan_gallery.ui.map_style import Kind, MapStyle
from sagan_gallery.ui.session import Export, Order
from tests.facecam.ui.driving import menu_texts
from tests.facecam.waiting import PATIENCE_S
from tests.processes import run_python
from tests.sagan_gallery.made import save_tiny_discriminator, save_tiny_generator


@pytest.fixture
def make_window(make_window, tmp_path, monkeypatch):
    """Opens the window on tiny models, each time with the same settings."""
    save_tiny_generator(tmp_path / "sagan64.onnx")
    save_tiny_discriminator(tmp_path / "sagan64-d.onnx")
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: tmp_path / name)
    return make_window


@pytest.fixture
def window(make_window):
    return make_window()


def gallery(qtbot, window):
    window.go_to(2)
    qtbot.waitUntil(lambda: 2 in window.made)
    tab = window.tab(2)
    assert isinstance(tab, GalleryTab)
    qtbot.waitUntil(lambda: tab.panel.sample is not None)
    return tab


def test_the_gallery_is_made_when_it_is_first_shown(qtbot, window):
    assert list(window.made) == [0]
    tab = gallery(qtbot, window)
    assert tab.panel.isVisible()
    assert tab.panel.sample.image.shape == (16, 16, 3)
    assert tab.panel.view.weights is not None  # a map is there before one has done anything


def test_what_was_sampled_and_how_maps_were_shown_comes_back(qtbot, make_window):
    first = make_window()
    controls = gallery(qtbot, first).panel.controls
    own = controls.classes.itemData(2)
    assert own
    for box, value in ((controls.classes, own), (controls.count, 16), (controls.order, Order.SCORE)):
        choose(box, value)
    controls.seed.setValue(7)
    controls.truncation.set(0.6)
    choose(controls.kind, Kind.CONTOUR)
    choose(controls.colours, "viridis")
    controls.opacity.set(0.4)
    controls.arrows.click()
    style = controls.map_style()
    first.close()
    panel = gallery(qtbot, make_window()).panel
    assert panel.view.map_style == style != MapStyle()
    assert sorted(spec.seed for spec in panel.grid.specs) == list(range(7, 23))  # by score, once that is known
    assert {(spec.label, spec.truncation) for spec in panel.grid.specs} == {(own, 0.6)}
    assert panel.controls.order.currentData() is Order.SCORE
    panel.controls.reset.click()
    assert panel.view.map_style == MapStyle()


def choose(box, value):
    box.setCurrentIndex(box.findData(value))


def pages_seen(window):
    return [page for page in loading_pages(window) if page.isVisible()]


def loading_pages(window):
    pages = window.findChildren(StagePanel)
    return [page for page in pages if page.message is not None and page.message.title.startswith("Loading the ")]


def test_it_says_that_it_is_loading_while_the_window_goes_on(qtbot, window, monkeypatch):
    asked, gate = threading.Event(), threading.Event()

    def slow(module):
        asked.set()
        assert gate.wait(30)
        return importlib.import_module(module)

    monkeypatch.setattr("facecam.qtkit.preload.import_module", slow)
    live = window.tab(0)
    qtbot.waitUntil(lambda: live.picture.view is not None)
    window.go_to(2)
    assert list(window.made) == [0]
    [page] = loading_pages(window)
    qtbot.waitUntil(page.isVisible)
    assert page.message.title == "Loading the gallery…"
    assert asked.wait(30)
    before = live.picture.view
    qtbot.waitUntil(lambda: live.picture.view is not before)  # faces go on being shown
    window.go_to(0)
    window.go_to(2)  # it is loaded once
    assert loading_pages(window) == [page]
    gate.set()
    qtbot.waitUntil(lambda: 2 in window.made)
    tab = window.tab(2)
    qtbot.waitUntil(tab.isVisible)
    assert not pages_seen(window)
    assert set(tab.commands()) <= set(window.actions())
    assert tab is window.specs[2].loader.part  # made in steps, with events between
    qtbot.waitUntil(lambda: tab.panel.sample is not None)


def test_who_goes_to_another_tab_while_it_loads_stays_there(qtbot, window, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr("facecam.qtkit.preload.import_module", lambda module: gate.wait(30))
    window.go_to(2)
    window.go_to(0)
    with qtbot.waitSignal(window.specs[2].loader.done):
        gate.set()
    assert list(window.made) == [0]
    assert window.tab(0).isVisible()
    assert not pages_seen(window)
    assert isinstance(gallery(qtbot, window), GalleryTab)


def test_a_window_that_is_closed_while_it_loads_makes_no_more_tabs(qtbot, window, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr("facecam.qtkit.preload.import_module", lambda module: gate.wait(30))
    window.go_to(2)
    window.close()
    with qtbot.waitSignal(window.specs[2].loader.done):
        gate.set()
    assert list(window.made) == [0]


def test_modules_that_cannot_be_loaded_are_told_as_any_error(qtbot, window, monkeypatch):
    def broken(module):
        raise ImportError("libgallery.so is missing")

    def make():
        raise ImportError("libgallery.so is missing")

    monkeypatch.setattr("facecam.qtkit.preload.import_module", broken)
    window.specs[2] = replace(window.specs[2], make=make)
    with qtbot.captureExceptions() as told:
        window.go_to(2)
        qtbot.waitUntil(lambda: bool(told))
    assert str(told[0][1]) == "libgallery.so is missing"
    window.go_to(0)
    assert window.tab(0).isVisible()


def test_its_explanation_is_in_the_help_menu(qtbot, window):
    gallery(qtbot, window)
    assert words.HELP_TITLE in menu_texts(window)["Help"]


def test_arrow_keys_reach_the_picture_and_letters_the_commands(qtbot, window):
    tab = gallery(qtbot, window)
    window.activateWindow()
    tab.panel.view.set_pins([], None)
    tab.panel.view.setFocus()
    qtbot.waitUntil(tab.panel.view.hasFocus)
    qtbot.keyClick(tab.panel.view, Qt.Key.Key_Right)
    qtbot.keyClick(tab.panel.view, Qt.Key.Key_Return)
    assert [(pin.x_px, pin.y_px) for pin in tab.panel.view.pins] == [(11, 9)]
    qtbot.keyClick(tab.panel.view, Qt.Key.Key_H)
    assert tab.panel.message.isVisible()


def test_full_screen_shows_the_picture_only(qtbot, window):
    tab = gallery(qtbot, window)
    window.set_full_screen(True)
    assert tab.panel.view.isVisible()
    assert tab.panel.status.isVisible()  # what is saved, what does not work
    assert not tab.panel.grid.isVisible()
    assert not tab.panel.controls.isVisible()
    window.set_full_screen(False)
    assert tab.panel.grid.isVisible()


def test_an_own_picture_stays_when_another_tab_or_the_list_of_keys_is_looked_at(qtbot, window):
    tab = gallery(qtbot, window)
    qtbot.waitUntil(lambda: tab.panel.files.grab_frame() is not None)
    with qtbot.waitSignal(tab.panel.session.sample_ready):
        tab.panel.files.frame.trigger()
    window.go_to(0)
    window.go_to(2)
    window.show_shortcuts()
    qtbot.keyClick(window.findChild(QDialog), Qt.Key.Key_Escape)
    tab.panel.grid.setFocus()
    qtbot.wait(50)
    assert not tab.panel.session.sampling
    assert (tab.panel.sample.image == 90).all()
    assert tab.panel.grid.current == 0


def test_its_modules_are_loaded_before_it_is_opened_and_not_by_the_windows_thread():
    script = """
import sys, threading
from facecam.system.process_exit import end_process
from facecam.qtkit import preload
from facecam.ui.shell.app import build_window, make_application
from facecam.qtkit.settings import Settings

threads = set()
class Noting:
    @staticmethod
    def find_spec(name, *others):
        if name == "sagan_gallery.ui.panel":
            threads.add(threading.current_thread())
sys.meta_path.insert(0, Noting)

def refuse():
    raise RuntimeError("not needed here")

app = make_application()
preload._WAIT_MS = 50
window = build_window("demo", Settings(), make_detector=refuse)
window.show()
loader = window.specs[2].loader
loader.done.connect(app.quit)
window.preload()
assert not threads  # the window comes first
app.exec()
window.close()
assert "facecam.ui.gallery.tab" in sys.modules
assert len(threads) == 1 and threading.main_thread() not in threads
end_process(0)  # another tab's modules may still be on their way
"""
    done = run_python("-c", script)
    assert done.returncode == 0, done.stderr


def test_closing_the_window_names_the_films_that_would_be_lost(qtbot, window, tmp_path):
    tab = gallery(qtbot, window)
    go_on = threading.Event()

    def film():
        assert go_on.wait(PATIENCE_S)
        yield 1.0

    tab.panel.session.request_export(Export(tmp_path / "walk.gif", film))
    assert not window.close()
    (question,) = window.findChildren(QMessageBox)
    assert question.informativeText() == "Still being made: walk.gif."
    question.reject()
    go_on.set()
    qtbot.waitUntil(lambda: not tab.unfinished())
    assert window.close()


def test_a_film_is_written_as_mp4(tmp_path):
    pictures = (np.full((64, 64, 3), (250, 20, 20), np.uint8) for _ in range(5))
    assert list(write_mp4(tmp_path / "walk.mp4", pictures, 5, 25.0)) == [0.2, 0.4, 0.6, 0.8, 1.0]
    capture = cv2.VideoCapture(str(tmp_path / "walk.mp4"))
    done, frame = capture.read()
    capture.release()
    assert done
    assert frame[32, 32, 2] > 200  # still red, in OpenCV's order
    assert frame[32, 32, 0] < 60
