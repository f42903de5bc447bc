"""The real window on the real X11 plugin, the real command, and what Qt and its Python binding do to us."""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facecam.system import display
from tests.processes import run_python, start_python, start_x_server

PATIENCE_S = 180.0

SHOW_A_WINDOW = """
import json, sys, time
{imports}
from pathlib import Path
import numpy as np
from PySide6.QtTest import QTest
from facecam.detection.options import DetectorOptions
from facecam.system.process_exit import end_process
from facecam.sources import Frame
from facecam.ui.shell import app
from facecam.ui.tools import screenshot
from facecam.qtkit.settings import Settings

class Moving:
    title, live, fps, frame_count = "Moving", True, 50.0, None
    index = 0
    def read(self):
        time.sleep(0.02)
        image = np.zeros((480, 640, 3), np.uint8)
        column = self.index // 10 % 20  # a white cell of the tiny detector's grid, which it takes for a face
        image[64:96, 32 * column : 32 * column + 32] = 255
        self.index += 1
        return Frame(image, self.index, self.index / 50, time.perf_counter())
    def close(self):
        pass

application = app.make_application()
window = app.build_window("moving", Settings(), DetectorOptions(sys.argv[1]), open_source=lambda spec: Moving())
window.show()
tab = window.tab(0)
figures, deadline = set(), time.monotonic() + 240
while time.monotonic() < deadline and len(figures) < 3:
    QTest.qWait(50)
    if "possible" in tab.picture.overlay.figures.text and "–" not in tab.picture.overlay.figures.text:
        figures.add(tab.picture.overlay.figures.text)
screenshot.save(screenshot.grab(window), Path(sys.argv[2]))
window.close()
print(json.dumps({{"platform": application.platformName(), "figures": sorted(figures)}}), flush=True)
end_process(0)
"""


@pytest.mark.parametrize(
    "imports",
    [
        "from facecam.system.opencv import cv2\nimport PySide6.QtWidgets",
        "import PySide6.QtWidgets\nfrom facecam.system.opencv import cv2",
    ],
    ids=["cv2-first", "PySide6-first"],
)
def test_window_shows_boxes_and_moving_figures_on_x11(
    x_display: str, tiny_model: Path, tmp_path: Path, imports: str
) -> None:
    picture = tmp_path / "window.png"
    code = SHOW_A_WINDOW.format(imports=imports)
    result = run_python("-c", code, tiny_model, picture, DISPLAY=x_display, QT_QPA_PLATFORM="xcb")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["platform"] == "xcb"
    assert len(told["figures"]) == 3  # they move
    assert " face" in told["figures"][0]
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1280, 800)
    # A line in a bright colour, that of the face's number; where in the column of the grid depends on the moment.
    line = sum(image.pixelColor(x, y).saturation() > 60 for x in range(0, 1024, 2) for y in range(90, 220, 2))
    assert line > 20


INTERRUPT = """
import os, signal, sys
from PySide6.QtCore import QTimer
from facecam.cli import main
from facecam.system.process_exit import end_process
from facecam.ui.shell import app
application = app.make_application()
QTimer.singleShot(1000, lambda: os.kill(os.getpid(), signal.SIGINT))
end_process(main(["--source", "demo", "--model", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("instances", [1, 2])
def test_ctrl_c_closes_the_window_quietly_beside_another_instance_too(
    tiny_model: Path, tmp_path: Path, instances: int
) -> None:
    home = str(tmp_path)
    processes = [
        start_python("-c", INTERRUPT, tiny_model, HOME=home, XDG_CONFIG_HOME=home, XDG_STATE_HOME=home)
        for _ in range(instances)
    ]
    for process in processes:
        assert process.communicate(timeout=PATIENCE_S) == ("", "")
        assert process.returncode == 0
    assert not list(tmp_path.rglob("crash.log"))
    assert "ERROR" not in "".join(log.read_text(encoding="utf-8") for log in tmp_path.rglob("facecam.log"))


OPEN = """
import sys
from PySide6.QtCore import QTimer
from facecam.cli import main
from facecam.ui.shell import app
application = app.make_application()
QTimer.singleShot(1000, lambda: print("open", flush=True))
main(["--source", "demo", "--model", sys.argv[1]])
"""


def test_where_the_display_goes_away_a_sentence_says_so(tiny_model: Path, tmp_path: Path) -> None:
    """Qt ends the process by then, beside all threads, which crashed it now and then."""
    server, name = start_x_server()
    home = str(tmp_path)
    process = start_python(
        *("-c", OPEN, tiny_model), DISPLAY=name, QT_QPA_PLATFORM="xcb", XDG_CONFIG_HOME=home, XDG_STATE_HOME=home
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    server.terminate()
    server.wait(10)
    assert process.communicate(timeout=PATIENCE_S) == ("", "facecam: The display has gone, and the window with it.\n")
    assert process.returncode == 1
    assert all(crash.read_text(encoding="utf-8") == "" for crash in tmp_path.rglob("crash.log"))


def test_a_screenshot_can_be_made_by_command(tiny_model: Path, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "shot.png"
    options = ["--size", "900x620", "--after", "1.5", "--scheme", "dark", "--model", tiny_model]
    result = run_python("-m", "facecam.ui.tools.screenshot", picture, *options)
    assert result.returncode == 0, result.stderr
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (900, 620)
    assert image.pixelColor(880, 500).lightness() < 100


def test_without_a_display_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only X11 and Wayland can be absent")
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", "")
    assert display.window_problem() == "there is no display"
    monkeypatch.setenv("DISPLAY", ":987")
    assert "does not answer" in (display.window_problem() or "")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.window_problem() is None


def test_a_missing_system_library_is_named_with_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("Linux only")

    def lacks(path: str) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file")

    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(display, "display_problem", lambda: None)
    monkeypatch.setattr(ctypes, "CDLL", lacks)
    problem = display.window_problem()
    assert problem is not None
    assert "libxcb-cursor.so.0" in problem
    assert "apt-get install" in problem
    assert "libxcb-cursor0" in problem


def test_the_qt_binding_keeps_python_alive(qtbot: QtBot) -> None:
    """PySide6 6.12.0 takes a reference of None with every setter on Python 3.11: the window dies after a minute."""
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(2000):
        widget.setToolTip("x")
    assert sys.getrefcount(None) > before - 100
