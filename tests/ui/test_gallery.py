"""The Gallery tab in the real window, beside the Live tab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")
from PySide6.QtCore import Qt

from facecam.opencv import cv2
from facecam.ui.app import build_window
from facecam.ui.gallery_tab import GalleryTab, Mp4
from facecam.ui.settings import Settings
from sagan_gallery.errors import GalleryError
from sagan_gallery.ui import words
from tests.sagan_gallery.made import save_tiny_discriminator, save_tiny_generator
from tests.ui.conftest import FakeDetector, FakeSource

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    save_tiny_generator(tmp_path / "sagan64.onnx")
    save_tiny_discriminator(tmp_path / "sagan64-d.onnx")
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name: tmp_path / name)
    made = build_window("fake", Settings(), make_detector=FakeDetector, open_source=lambda spec: FakeSource())
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def gallery(qtbot, window):
    window._tabs.setCurrentIndex(2)
    tab = window.tab(2)
    assert isinstance(tab, GalleryTab)
    qtbot.waitUntil(lambda: tab.panel.sample is not None, timeout=5000)
    return tab


def test_the_gallery_is_made_when_it_is_first_shown(qtbot, window):
    assert list(window._made) == [0]
    tab = gallery(qtbot, window)
    assert tab.panel.isVisible()
    assert tab.panel.sample.image.shape == (16, 16, 3)
    assert tab.panel.view.weights is not None  # a map is there before one has done anything


def test_its_explanation_is_in_the_help_menu(qtbot, window):
    gallery(qtbot, window)
    assert words.HELP_TITLE in window.menus.texts()["Help"]


def test_its_keys_work_only_while_it_is_in_front(qtbot, window):
    tab = gallery(qtbot, window)
    assert set(tab.commands()) <= set(window.actions())
    window._tabs.setCurrentIndex(0)
    assert not set(tab.commands()) & set(window.actions())


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
    assert not tab.panel.grid.isVisible()
    assert not tab.panel.controls.isVisible()
    window.set_full_screen(False)
    assert tab.panel.grid.isVisible()


def test_the_live_picture_goes_through_the_discriminator(qtbot, window):
    tab = gallery(qtbot, window)
    qtbot.waitUntil(lambda: tab.panel.grab_frame() is not None, timeout=5000)
    with qtbot.waitSignal(tab.panel.session.sample_ready, timeout=5000):
        tab.panel.look_at_frame()
    assert (tab.panel.sample.image == 90).all()  # the fake camera's grey


def test_its_modules_are_loaded_before_it_is_opened_and_not_by_the_windows_thread():
    script = """
import sys, threading
from PySide6.QtCore import QTimer
from facecam.ui import preload
from facecam.ui.app import make_application
assert "sagan_gallery.ui.panel" not in sys.modules
app = make_application()
preload._WAIT_MS = 50
preload.preload_gallery()
assert "sagan_gallery.ui.panel" not in sys.modules  # the window comes first
def look():
    names = [thread.name for thread in threading.enumerate()]
    if "facecam.ui.gallery_tab" in sys.modules and "gallery-preload" not in names:
        app.quit()
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
app.exec()
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_film_is_written_as_mp4(tmp_path):
    film = Mp4(tmp_path / "walk.mp4", 25.0)
    for _ in range(5):
        film.add(np.full((64, 64, 3), (250, 20, 20), np.uint8))
    assert not (tmp_path / "walk.mp4").exists()
    film.close()
    capture = cv2.VideoCapture(str(tmp_path / "walk.mp4"))
    done, frame = capture.read()
    capture.release()
    assert done
    assert frame[32, 32, 2] > 200  # still red, in OpenCV's order
    assert frame[32, 32, 0] < 60


def test_a_film_that_is_cancelled_leaves_nothing(tmp_path):
    film = Mp4(tmp_path / "walk.mp4", 25.0)
    film.add(np.zeros((64, 64, 3), np.uint8))
    film.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(GalleryError, match="can't be written"):
        Mp4(tmp_path / "none" / "walk.mp4", 25.0).add(np.zeros((64, 64, 3), np.uint8))
