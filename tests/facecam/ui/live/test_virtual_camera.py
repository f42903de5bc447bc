"""The virtual camera of the window: the real pyvirtualcam with a device in memory."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from facecam.errors import SourceError
from facecam.live.pipeline import Phase
from facecam.qtkit.settings import Settings
from facecam.sources import Frame
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests import loopback
from tests.doubles import FakeDetector, Sources, Stripes, finest
from tests.facecam.ui.driving import MakeWindow, live, press_key, shows
from tests.loopback import Loopback


def switch_on(qtbot: QtBot, tab: LiveTab, device: Loopback) -> None:
    sent = len(device.sent)
    QTest.mouseClick(tab.recording.camera_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(device.sent) > sent + 1)


def test_a_button_switches_it_on_and_it_goes_on_with_another_source(
    qtbot: QtBot, make_window: MakeWindow, device: Loopback, settings: Settings
) -> None:
    window = make_window()
    tab = live(window)
    shows(qtbot, tab, "1 face")
    assert not tab.recording.camera_button.isChecked()
    assert not device.sizes  # nobody has asked for it
    switch_on(qtbot, tab, device)
    assert device.sizes == [(640, 480)]
    qtbot.waitUntil(lambda: f"can choose the camera {loopback.NAME}" in tab.status.text())
    assert tab.badge.isVisible()
    assert tab.badge.text() == "Virtual camera"
    tab.open("clip.mp4")
    qtbot.waitUntil(lambda: tab.session.phase is Phase.ENDED)
    tab.stage.start_or_stop()  # once more
    qtbot.waitUntil(lambda: tab.session.phase is Phase.ENDED)
    assert tab.recording.camera_button.isChecked()
    tab.session.stop()
    qtbot.waitUntil(lambda: (device.newest == device.newest[0, 0]).all())  # no picture stays
    assert device.sizes == [(640, 480)]
    press_key(tab, Qt.Key.Key_V)
    assert not tab.recording.camera_button.isChecked()
    assert not tab.badge.isVisible()
    qtbot.waitUntil(lambda: device.closed == 1)
    switch_on(qtbot, tab, device)
    window.close()
    assert device.closed == 2
    assert not live(make_window()).recording.camera_button.isChecked()


def test_it_is_shown_and_switched_in_full_screen(
    qtbot: QtBot, device: Loopback, window: MainWindow, tab: LiveTab
) -> None:
    shows(qtbot, tab, "1 face")
    window.set_full_screen(True)
    qtbot.waitUntil(lambda: not tab.controls.isVisible())
    button = next(b for b in tab.audience.findChildren(QPushButton) if b.text() == "Virtual camera")
    button.click()
    qtbot.waitUntil(lambda: bool(device.sent) and tab.badge.isVisible())
    assert button.isChecked()
    qtbot.waitUntil(lambda: loopback.NAME in tab.toast.text.text())


def test_without_a_driver_the_window_says_what_to_install(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    window = make_window()
    tab = live(window)
    shows(qtbot, tab, "1 face")
    press_key(tab, Qt.Key.Key_V)
    qtbot.waitUntil(window.hints.isVisible)
    assert "There is no virtual camera that is free: install" in window.hints.text.text()
    assert not tab.recording.camera_button.isChecked()
    assert "The virtual camera is off" in tab.status.text()
    assert "install" not in tab.status.text()  # it stays long, and everything else that is said with it
    window.hints.button.click()
    window.set_full_screen(True)
    qtbot.waitUntil(lambda: not tab.controls.isVisible())
    press_key(tab, Qt.Key.Key_V)
    qtbot.waitUntil(lambda: tab.toast.isVisible() and "install" in tab.toast.text.text())
    assert tab.picture.rect().contains(tab.toast.geometry())
    assert not window.hints.isVisible()


def test_nothing_unhidden_leaves_through_changes_of_source_and_lost_ones(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings, device: Loopback
) -> None:
    class Dropping(Stripes):
        """Lost after a while, each time that it is opened."""

        def read(self) -> Frame | None:
            if self._index == 40:
                raise SourceError("Unplugged.")
            return super().read()

    for name in ("first", "second"):
        sources.add(name, lambda name=name: Dropping(name, fps=50))
    for key in ("live/privacy", "live/privacy-unsure"):
        settings.put(key, True)
    settings.put("record/annotated", False)
    tab = live(make_window("first"))
    qtbot.waitUntil(lambda: tab.picture.placement is not None)
    switch_on(qtbot, tab, device)
    assert device.sizes == [(640, 480)]
    for name in ("second", "first"):
        qtbot.waitUntil(lambda: tab.session.phase is Phase.RECONNECTING)
        at = len(device.sent)
        # Of a source that is lost nothing is seen; on a slow machine it may be back before anybody looks.
        qtbot.waitUntil(lambda at=at: any(finest(sent) < 50 for _, sent in device.sent[at:]))
        tab.session.retry_now()
        qtbot.waitUntil(lambda: finest(device.newest) > 100)  # sure again
        tab.open(name)
        qtbot.waitUntil(lambda: finest(device.newest) < 50)
        qtbot.waitUntil(lambda: finest(device.newest) > 100)
    assert all(finest(picture[110:210, 110:190]) < 50 for _, picture in device.sent)


def test_privacy_holds_from_the_moment_that_it_is_switched_on(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings, device: Loopback
) -> None:
    sources.add("stripes", lambda: Stripes(fps=50))
    settings.put("record/annotated", False)
    detector = FakeDetector(gated=True)
    tab = live(make_window("stripes", make_detector=lambda: detector))
    detector.allow()
    qtbot.waitUntil(lambda: tab.picture.placement is not None)
    switch_on(qtbot, tab, device)
    assert finest(device.newest) == 255
    press_key(tab, Qt.Key.Key_P)  # the detector hangs: nobody knows yet where faces are
    before = len(device.sent)
    qtbot.waitUntil(lambda: len(device.sent) > before + 5)
    assert all(finest(picture) < 50 for _, picture in device.sent[before + 1 :])  # one may have been on its way
    detector.allow(100_000)
    qtbot.waitUntil(lambda: finest(device.newest) == 255)
    assert finest(device.newest[110:210, 110:190]) < 50
