"""The fold Privacy, through the real window on a source of fine detail."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facecam.arrays import Image
from facecam.detection.detector import FaceDetector
from facecam.faces.boxes import Detections
from facecam.faces.privacy import Hiding
from facecam.live.pipeline import Phase
from facecam.qtkit.settings import Settings
from facecam.sources import open_source
from facecam.sources.photo import read_picture
from facecam.system.resources import asset
from facecam.ui.live.tab import LiveTab
from tests.doubles import FakeDetector, FakeSource, Sources, Stripes, finest, read_all
from tests.facecam.ui.driving import MakeWindow, live, press_key, shows

STRIPES = np.zeros((480, 640, 3), np.uint8)
"""Of one pixel, detail that a hidden face must lose."""
STRIPES[:, ::2] = 255


@pytest.fixture(autouse=True)
def fine(sources: Sources) -> None:
    """The source "fine"."""
    sources.add("fine", lambda: FakeSource(fps=50, image=STRIPES))


def detail(tab: LiveTab) -> int:
    """How much neighbouring pixels differ at the most inside the fake detector's face, as the window has it."""
    view = tab.session.latest()
    assert view is not None
    return finest(view.image[110:210, 110:190])


def test_p_hides_the_faces_wherever_the_picture_goes_and_is_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window("fine")
    tab = live(first)
    shows(qtbot, tab, "1 face")
    assert detail(tab) == 255
    QTest.keyClick(first, Qt.Key.Key_P)
    assert tab.privacy.on.isChecked()
    qtbot.waitUntil(lambda: detail(tab) < 50)
    qtbot.waitUntil(lambda: int(tab.picture._frame[150, 100:200:2].max()) < 250)  # type: ignore[index]
    first.close()
    again = live(make_window("fine"))
    shows(qtbot, again, "1 face")
    assert again.privacy.on.isChecked()
    assert detail(again) < 50


def test_the_ways_of_hiding_and_the_padding(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window("fine"))
    tab.privacy.on.setChecked(True)
    shows(qtbot, tab, "1 face")

    def hidden_area() -> int:
        view = tab.session.latest()
        return 0 if view is None else int((view.image != view.detected_frame.image).any(axis=2).sum())

    for index, way in enumerate(Hiding):
        tab.privacy.how.setCurrentIndex(index)
        qtbot.waitUntil(lambda way=way: tab.session.latest().privacy.how is way)
    tab.privacy.padding.set(0)
    qtbot.waitUntil(lambda: tab.session.latest().privacy.padding == 0 and hidden_area() > 0)
    narrow = hidden_area()
    tab.privacy.padding.set(0.5)
    qtbot.waitUntil(lambda: hidden_area() > 1.5 * narrow)


def test_faces_that_the_detector_loses_stay_hidden_for_a_while(qtbot: QtBot, make_window: MakeWindow) -> None:
    detector = FakeDetector()
    sees = detector.detect
    tab = live(make_window("fine", make_detector=lambda: detector))
    tab.privacy.on.setChecked(True)
    tab.privacy.hold.set(3)
    shows(qtbot, tab, "1 face")
    detector.detect = lambda frame: Detections.none()
    lost_s = time.perf_counter()
    shows(qtbot, tab, "no faces")
    assert detail(tab) < 50 or time.perf_counter() - lost_s > 3  # on a machine that takes so long to say it
    detector.detect = sees
    shows(qtbot, tab, "1 face")
    detector.detect = lambda frame: Detections.none()
    tab.privacy.hold.set(0)
    qtbot.waitUntil(lambda: detail(tab) == 255)


def seen_detail(tab: LiveTab) -> int:
    """How much neighbouring pixels differ at the most in all of the picture that is shown."""
    frame = tab.picture._frame
    return 0 if frame is None else finest(frame)


def test_faces_that_the_border_cuts_are_hidden(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings
) -> None:
    settings.put("live/privacy", True)
    head = read_picture(asset("demo/collins.jpg"))
    face = FaceDetector().detect(head).boxes[0].round().astype(int).tolist()
    tab = live(make_window(make_detector=FaceDetector))
    for side in ("left", "right", "top", "bottom"):
        picture, seen = at_the_border(head, face, side)
        sources.add(side, lambda picture=picture: FakeSource(fps=30, image=picture))
        tab.open(side)
        qtbot.waitUntil(lambda side=side: tab.session.spec == side and tab.picture.view is not None)
        view = tab.picture.view
        assert view is not None
        assert view.privacy is not None
        shown = tab.picture._frame
        assert shown is not None
        x1, y1, x2, y2 = seen
        changed = (shown != picture).any(axis=2)[y1:y2, x1:x2]
        assert changed.mean() > 0.8, side


def at_the_border(head: Image, face: list[int], side: str) -> tuple[Image, list[int]]:
    """A picture in which two thirds of the face are beyond that border, and where its rest is, x1 y1 x2 y2."""
    x1, y1, x2, y2 = face
    beyond_x, beyond_y = round(0.65 * (x2 - x1)), round(0.65 * (y2 - y1))
    height, width = head.shape[:2]
    left, right = (x1 + beyond_x if side == "left" else 0), (x2 - beyond_x if side == "right" else width)
    top, bottom = (y1 + beyond_y if side == "top" else 0), (y2 - beyond_y if side == "bottom" else height)
    seen = [max(x1, left), max(y1, top), min(x2, right), min(y2, bottom)]
    return head[top:bottom, left:right].copy(), [seen[0] - left, seen[1] - top, seen[2] - left, seen[3] - top]


def test_everything_is_hidden_while_unsure(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings, tmp_path: Path
) -> None:
    settings.put("live/privacy", True)
    settings.put("live/privacy-unsure", True)
    settings.put("record/folder", str(tmp_path))
    settings.put("record/annotated", False)
    detector = FakeDetector(gated=True)
    sources.add("stripes", lambda: Stripes(fps=50))
    tab = live(make_window("stripes", make_detector=lambda: detector))
    assert tab.privacy.unsure.isChecked()
    detector.allow()
    qtbot.waitUntil(lambda: tab.picture._frame is not None)
    assert seen_detail(tab) < 50  # the first picture: nobody knows yet how many will be searched
    assert tab.picture.view is not None
    assert tab.picture.view.unsure
    detector.allow(200)
    qtbot.waitUntil(lambda: seen_detail(tab) == 255)
    assert detail(tab) < 50  # the face is hidden all the same
    for hangs in range(2):  # the detector hangs, twice
        # No detection at all: on a busy machine it may be unsure before, too.
        qtbot.waitUntil(lambda: tab.session.stats().detect_hz < 1 and seen_detail(tab) < 50)
        qtbot.waitUntil(lambda: "all is hidden" in tab.status.text())
        shows(qtbot, tab, "all hidden while unsure")  # in full screen, where there is no status line
        press_key(tab, Qt.Key.Key_S)
        name = f"snapshot-000{hangs + 1}.png"
        qtbot.waitUntil(lambda name=name: f"Saved {name}" in tab.status.text())
        with PillowImage.open(tmp_path / name) as image:
            assert finest(np.asarray(image)) < 50
        if hangs == 0:
            detector.allow(100)
            qtbot.waitUntil(lambda: seen_detail(tab) == 255)
    detector.allow(100_000)
    tab.privacy.least.set(30)
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.IDLE)


def test_a_picture_that_stays_has_been_searched_and_is_not_hidden_whole(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings
) -> None:
    settings.put("live/privacy", True)
    settings.put("live/privacy-unsure", True)
    sources.add("still.png", lambda: FakeSource("still.png", live=False, count=1, image=STRIPES))
    tab = live(make_window("still.png"))
    shows(qtbot, tab, "1 face")
    assert seen_detail(tab) == 255
    assert detail(tab) < 50


def test_a_recording_shows_nothing_while_unsure(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, settings: Settings, tmp_path: Path
) -> None:
    for key in ("live/privacy", "live/privacy-unsure"):
        settings.put(key, True)
    settings.put("live/privacy-least-hz", 30.0)  # more than the source gives
    settings.put("record/folder", str(tmp_path))
    settings.put("record/annotated", False)
    sources.add("stripes", lambda: Stripes(fps=20))
    tab = live(make_window("stripes"))
    qtbot.waitUntil(lambda: tab.picture.placement is not None)

    def record(name: str) -> list[np.ndarray]:
        press_key(tab, Qt.Key.Key_R)
        recorder = tab.recording.saving._recorder
        qtbot.waitUntil(lambda: recorder.status.frames > 5)
        press_key(tab, Qt.Key.Key_R)
        qtbot.waitUntil(lambda: f"Saved {name}" in tab.status.text())
        return [frame.image for frame in read_all(open_source(str(tmp_path / name)))]

    hidden = record("recording-0001.mp4")
    assert len(hidden) > 5
    assert max(finest(image[:, 16:]) for image in hidden) < 50
    tab.privacy.least.set(1)
    qtbot.waitUntil(lambda: seen_detail(tab) == 255)
    seen = record("recording-0002.mp4")
    assert min(finest(image[300:]) for image in seen) > 100
    assert max(finest(image[110:210, 110:190]) for image in seen) < 50
