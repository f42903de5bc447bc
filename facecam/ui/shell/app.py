"""Starts the window: `facecam.ui.shell.app.main()`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from facecam.arrays import Image
from facecam.detection.detector import FaceDetector
from facecam.detection.options import SUCCESSORS, DetectorOptions, successor_words
from facecam.qtkit import theme
from facecam.qtkit.preload import ModuleLoader
from facecam.qtkit.relay import ErrorRelay
from facecam.qtkit.settings import Remembered, Settings
from facecam.qtkit.tabs import Tab, TabSpec
from facecam.sources import Source, list_cameras, open_source
from facecam.sources.camera_modes import camera_modes
from facecam.system.logs import crashes_noted
from facecam.system.memory import share_memory
from facecam.system.paths import settings_file
from facecam.ui.live.camera_section import CameraModes
from facecam.ui.live.chooser import AUTO, located, recall
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow

__all__ = ["build_window", "main", "make_application"]

_SIGNALS_EVERY_MS = 200


def main(spec: str = AUTO, options: DetectorOptions = DetectorOptions()) -> int:
    """Opens the window on that source and runs until it is closed; returns the exit status.

    options: of the detector; the model, the threshold, the precision and the core go before what is remembered.
    """
    relay = ErrorRelay()
    relay.install()
    try:
        with crashes_noted():
            app = make_application()
            settings = Settings(settings_file())
            window = build_window(spec, settings, options)
            relay.unexpected.connect(window.banner.report)
            with _closed_by_signals(window):
                window.show()
                window.preload()
                return app.exec()
    finally:
        relay.uninstall()


def make_application() -> QApplication:
    """The application with its name and colours; the one that exists, if one does."""
    share_memory()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([sys.argv[0] if sys.argv else "facecam"])
    app.setApplicationName("facecam")
    app.setApplicationDisplayName("facecam")
    app.setDesktopFileName("facecam")
    theme.install(app)
    return app


def build_window(
    spec: str,
    settings: Settings,
    options: DetectorOptions = DetectorOptions(),
    *,
    make_detector: Callable[[], FaceDetector] | None = None,
    open_source: Callable[[str], Source] = open_source,
) -> MainWindow:
    """The main window, not shown yet, its source on the way. options: as of `main`."""
    live_settings = Remembered(settings, LiveSettings)
    remembered = live_settings.value
    live_options = replace(
        options,
        model=options.model or remembered.model,
        precision=options.precision or remembered.precision,
    ).for_live()
    if spec == AUTO and remembered.source:
        spec = recall(remembered.source)
    make = make_detector or partial(FaceDetector, replace(live_options, threshold=None))  # the tab sets that
    window = MainWindow(_Tabs(spec, settings, options, live_options, make, open_source).specs(), settings)
    if remembered.network in SUCCESSORS:
        words = successor_words(remembered.network)
        window.hints.say(words, partial(live_settings.change, network=""))
    return window


@dataclass
class _Tabs:
    """Makes each tab when it is first shown. The gallery and Speed ask Live for what they need, where there is one by
    then.

    options: as of `main`; live_options: Live's, with what is remembered.
    """

    spec: str
    settings: Settings
    options: DetectorOptions
    live_options: DetectorOptions
    make_detector: Callable[[], FaceDetector]
    open_source: Callable[[str], Source]
    live_tab: LiveTab | None = None

    def specs(self) -> list[TabSpec]:
        gallery = ModuleLoader("facecam.ui.gallery.tab", self._gallery_steps())
        return [
            TabSpec(
                "Live",
                "Faces in pictures from a camera, a file or a stream",
                self._live,
                "<b>Space</b> starts and stops, <b>F</b> is full screen. Drop a picture or a video on the window to "
                "see the faces in it.",
            ),
            TabSpec(
                "Speed",
                "How fast the detector is on one core of this machine",
                self._speed,
                "<b>Space</b> starts and stops the measurement.",
                ModuleLoader("facecam.ui.speed.tab"),
            ),
            TabSpec(
                "Gallery",
                "What a Self-Attention GAN paints, and where its pixels look",
                lambda: gallery.part or [*self._gallery_steps()][-1],
                "Move over the large picture to see where a pixel looks, and click to pin it. Drop a picture on the "
                "window to see the same of yours.",
                gallery,
            ),
        ]

    def _live(self) -> Tab:
        modes = CameraModes(self.settings)

        def open_in_mode(spec: str) -> Source:  # in a thread of the pipeline
            return self.open_source(modes.complete(located(spec, list_cameras), list_cameras))

        session = LiveSession(self.make_detector, open_in_mode, self.options.core)
        tab = LiveTab(session, self.settings, list_cameras, self.spec, self.live_options, camera_modes)
        self.live_tab = tab
        session.setParent(tab)
        tab.stage.start()
        return tab

    def _speed(self) -> Tab:
        from facecam.ui.speed.tab import SpeedTab

        def pause() -> Callable[[], None]:
            return (lambda: None) if self.live_tab is None else self.live_tab.rest("the speed is measured")

        return SpeedTab(_bench_arguments(self.options), pause, self.settings)

    def _gallery_steps(self) -> Iterator[Any]:
        from facecam.ui.gallery.tab import GalleryControls, GalleryTab, SampleStage  # loaded when it is first shown

        def frame() -> Image | None:
            view = None if self.live_tab is None else self.live_tab.session.latest()
            return None if view is None else view.image

        def detector_core() -> int | None:
            return None if self.live_tab is None else self.live_tab.session.state.core

        controls = GalleryControls(self.settings)
        yield None
        stage = SampleStage()
        yield None
        yield GalleryTab(frame, detector_core, self.settings, controls, stage)


def _bench_arguments(options: DetectorOptions) -> list[str]:
    """What asks the command `facecam bench` for that detector: what is not as usual."""
    asked = {
        "--model": options.model,
        "--threshold": options.threshold,
        "--core": options.core,
        "--runtime": options.runtime,
        "--precision": options.precision,
        "--threads": None if options.threads == DetectorOptions.threads else options.threads,
        "--provider": None if options.provider == DetectorOptions.provider else options.provider,
    }
    return [text for name, value in asked.items() if value is not None for text in (name, str(value))]


@contextmanager
def _closed_by_signals(window: MainWindow) -> Iterator[None]:
    """Ctrl+C in the terminal closes the window unasked, and so does SIGTERM. Python looks after signals only while its
    own code runs: a timer sees to that."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda _number, _frame: window.close_now()) for each in signals}
    timer = QTimer(window, interval=_SIGNALS_EVERY_MS)
    timer.timeout.connect(lambda: None)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        for each, handler in before.items():
            signal.signal(each, handler)
