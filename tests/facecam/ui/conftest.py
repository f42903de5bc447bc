"""Fixtures of the window's tests: fakes for what would need a camera or a trained model, and a display of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from facecam.detection.detector import Timings
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.qtkit.settings import MemoryStore, Settings
from facecam.runtimes.engine import Engine
from facecam.sources import Camera, Frame
from facecam.ui.shell.main_window import MainWindow


class FakeDetector:
    """Finds one face, at a fixed place, with a score of 0.8; none above that threshold."""

    name = "fake"
    runtime = "onnxruntime"
    engine = Engine()
    core: int | None = None
    nms = 0.3
    timings = Timings(0.5, 4.0, 0.5)

    def __init__(self) -> None:
        self.threshold = 0.5

    def detect(self, frame: np.ndarray) -> Detections:
        if self.threshold > 0.8:
            return Detections.none()
        return Detections(np.array([[100, 100, 200, 220]], np.float32), np.array([0.8], np.float32))


class FakeSource:
    """Grey frames of 640 x 480 at 100 per second, `count` of them (None: endless).

    hang: `read` waits for it, as a camera's driver may. problem: what `read` raises after the first frame.
    """

    def __init__(
        self,
        title: str = "Fake",
        *,
        live: bool = True,
        count: int | None = None,
        hang: threading.Event | None = None,
        problem: FacecamError | None = None,
    ) -> None:
        self.title, self.live, self.fps, self.frame_count = title, live, 100.0, count
        self._hang, self._problem = hang, problem
        self._index = 0
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        if self._hang is not None and self._index:
            self._hang.wait(30)
        if self._problem is not None and self._index:
            raise self._problem
        if self._index == self.frame_count:
            return None
        if self.live:
            time.sleep(0.01)
        image = np.full((480, 640, 3), 90, np.uint8)
        image[0, 0] = self._index % 256  # a camera's picture is never the same twice
        frame = Frame(image, self._index, self._index / 100, time.perf_counter())
        self._index += 1
        return frame

    def close(self) -> None:
        self.closed.set()


@dataclass
class Sources:
    """Stands for `open_source`: `add("name", make)` lets the spec "name" open what `make` returns (or raises)."""

    makers: dict[str, Callable[[], object]] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def add(self, spec: str, make: Callable[[], object]) -> None:
        self.makers[spec] = make

    def __call__(self, spec: str) -> object:
        self.opened.append(spec)
        return self.makers[spec]()


@pytest.fixture
def fake_source() -> type[FakeSource]:
    return FakeSource


@pytest.fixture
def fake_detector() -> type[FakeDetector]:
    return FakeDetector


@pytest.fixture
def sources() -> Sources:
    """Knows "auto", "demo" and "clip.mp4" already."""
    known = Sources()
    known.add("auto", lambda: FakeSource("Demo (no camera found)"))
    known.add("demo", lambda: FakeSource("Demo"))
    known.add("clip.mp4", lambda: FakeSource("clip.mp4", live=False, count=5))
    known.add("photo.jpg", lambda: FakeSource("photo.jpg", live=False, count=1))
    return known


@pytest.fixture
def settings() -> Settings:
    """Those of someone who has seen the hint of the first start."""
    settings = Settings(MemoryStore())
    settings.put("window/welcomed", True)
    return settings


@pytest.fixture
def cameras() -> list[Camera]:
    """What is plugged in; a test may change it."""
    return [Camera(0, "Front Camera"), Camera(2, "Desk Camera")]


@pytest.fixture(scope="session", autouse=True)
def emptied_clipboard() -> Iterator[None]:
    """Qt's offscreen platform frees its clipboard after Python has ended, and crashes over what Python put there."""
    yield
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.clipboard().clear()


@pytest.fixture
def make_window(
    qtbot: object, sources: Sources, settings: Settings, cameras: list[Camera], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MainWindow]]:
    """Opens the real main window on fakes: `make_window("clip.mp4", threshold=0.7)`. Closed at the end."""
    from facecam.ui.shell import app

    monkeypatch.setattr(app, "list_cameras", lambda: list(cameras))
    windows: list[MainWindow] = []

    def make(spec: str = "demo", **options: object) -> MainWindow:
        options.setdefault("make_detector", FakeDetector)
        window = app.build_window(spec, settings, open_source=sources, **options)  # type: ignore[arg-type]
        windows.append(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.close()


@pytest.fixture(scope="session")
def x_display() -> Iterator[str]:
    """An X server: the one that is there, or an Xvfb of our own."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("there is neither a display nor Xvfb")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(write_end), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as numbers:
        number = numbers.readline().strip()
    if not number:
        pytest.skip("Xvfb does not start here")
    yield f":{number}"
    server.terminate()
    server.wait(10)
