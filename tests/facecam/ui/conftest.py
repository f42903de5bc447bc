"""Fixtures of the window's tests: the window on doubles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from facecam.detection.options import DetectorOptions
from facecam.qtkit.settings import Settings
from facecam.sources import Camera
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import FakeDetector, FakeSource, Sources
from tests.facecam.ui.driving import MakeWindow, live


@pytest.fixture
def sources() -> Sources:
    """Knows "auto", "demo" and "clip.mp4" already."""
    known = Sources()
    known.add("auto", lambda: FakeSource("Demo (no camera found)", fps=30))
    known.add("demo", lambda: FakeSource("Demo", fps=30))
    known.add("clip.mp4", lambda: FakeSource("clip.mp4", live=False, count=5))
    known.add("photo.jpg", lambda: FakeSource("photo.jpg", live=False, count=1))
    return known


@pytest.fixture
def settings() -> Settings:
    """Those of someone who has seen the hint of the first start."""
    settings = Settings()
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
) -> Iterator[MakeWindow]:
    """Opens the real main window on fakes: `make_window("clip.mp4", threshold=0.7)`. Closed at the end."""
    from facecam.ui.shell import app

    monkeypatch.setattr(app, "list_cameras", lambda: list(cameras))
    windows: list[MainWindow] = []

    def make(spec: str = "demo", **options: object) -> MainWindow:
        make_detector = options.pop("make_detector", FakeDetector)
        how = DetectorOptions(**options)  # type: ignore[arg-type]
        window = app.build_window(spec, settings, how, make_detector=make_detector, open_source=sources)  # type: ignore[arg-type]
        windows.append(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.close_now()


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    """The window on the demo."""
    return make_window()


@pytest.fixture
def tab(window: MainWindow) -> LiveTab:
    """The live tab of that window."""
    return live(window)
