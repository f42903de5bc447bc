"""The virtual camera: the real pyvirtualcam, with a device in memory, and a real one where the system has it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions
from facecam.live.options import LiveOptions
from facecam.live.pipeline import Phase, Pipeline, View
from facecam.live.virtual_camera import VirtualCamera, open_device
from facecam.sources import Frame, Source
from facecam.system.opencv import cv2
from tests import loopback
from tests.doubles import FakeDetector, FakeSource, Stripes, finest
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.loopback import Loopback

PICTURE, FACE = np.s_[:, 170:1110], np.s_[170:310, 320:450]
"""Of one of 640 x 480 in 1280 x 720: all but its rim, and the inside of the fake detector's face."""


@contextmanager
def shown(
    source: Source, detector: FaceDetector, options: LiveOptions | None = None, annotated: bool = False
) -> Iterator[tuple[Pipeline, VirtualCamera]]:
    """A pipeline and its virtual camera."""
    pipeline = Pipeline(lambda: source, detector, options=options, reconnect=True)
    camera = VirtualCamera(pipeline.latest, lambda: annotated)
    pipeline.attach(camera)
    pipeline.start()
    try:
        yield pipeline, camera
    finally:
        if isinstance(detector, FakeDetector):
            detector.allow(100_000)
        pipeline.stop(PATIENCE_S)
        camera.close(PATIENCE_S)


def still(view: View | None, size: tuple[int, int], device: Loopback) -> np.ndarray:
    """What a camera that was switched on without a source shows of a view."""
    views = [None, view]
    with closing(VirtualCamera(lambda: views[0], lambda: False)):
        wait_for(lambda: len(device.sent) > 1)
        assert device.sizes == [size]
        views[0] = view
        wait_for(lambda: (device.newest != device.sent[0][1]).any())
    return device.newest


def view_of(image: np.ndarray) -> View:
    frame = Frame(image, 0, 0.0, time.perf_counter())
    return View(frame, Detections.none(), frame)


def test_what_is_shown_arrives_with_its_boxes_and_its_figures_are_told(device: Loopback) -> None:
    with shown(Stripes(fps=100), FakeDetector(), annotated=True) as (_, camera):
        wait_for(lambda: camera.status.pictures > 20)
        status = camera.status
        assert status.device == loopback.NAME
        assert status.error is None
        assert 0 < status.latency_ms[0] <= status.latency_ms[1]
        assert 20 < status.gap_ms[0] <= status.gap_ms[1]  # no faster than a call shows them
        assert (device.newest[300, 200:600] != device.newest[400, 200:600]).any()  # the box
        assert finest(device.newest[400:]) > 200
    assert device.closed == 1
    sent = len(device.sent)
    assert camera.close()
    assert len(device.sent) == sent


def test_without_a_source_it_shows_a_plain_picture_again_and_again(device: Loopback) -> None:
    with closing(VirtualCamera(lambda: None)) as camera:
        wait_for(lambda: len(device.sent) > 3)
        assert camera.status.pictures == 0
    assert device.newest.shape == (720, 1280, 3)
    assert (device.newest == device.newest[0, 0]).all()


def test_a_source_of_another_shape_is_fitted_and_one_of_the_first_shape_sent_as_it_is(device: Loopback) -> None:
    white = np.full((600, 400, 3), 255, np.uint8)
    picture = still(view_of(white), (1280, 720), device)
    assert picture.shape == (720, 1280, 3)
    assert (picture[:, 404:876] == 255).all()
    assert picture[:, :396].max() < 50
    assert picture[:, 884:].max() < 50


@pytest.mark.parametrize(
    ("height", "width", "size"), [(481, 639, (640, 480)), (3000, 4000, (1440, 1080)), (1, 1, (2, 2))]
)
def test_its_size_is_even_and_not_too_large(height: int, width: int, size: tuple[int, int], device: Loopback) -> None:
    view = view_of(np.zeros((height, width, 3), np.uint8))
    with closing(VirtualCamera(lambda: view)):
        wait_for(lambda: device.sent)
    assert device.sizes == [size]


def test_nothing_unhidden_leaves_from_the_first_picture_on(device: Loopback) -> None:
    detector = FakeDetector(gated=True)
    options = LiveOptions(privacy=PrivacyOptions(least_hz=2))
    with shown(Stripes(fps=20), detector, options):
        wait_for(lambda: len(device.sent) > 3)  # nothing is known yet
        detector.allow()
        wait_for(lambda: (device.newest != device.sent[0][1]).any())
        assert all(finest(picture[PICTURE]) < 50 for _, picture in device.sent)
        detector.allow(100_000)
        wait_for(lambda: finest(device.newest[PICTURE]) > 100)  # sure: all but the face is seen
    assert all(finest(picture[FACE]) < 50 for _, picture in device.sent)


def test_what_was_on_its_way_when_privacy_is_switched_on_is_hidden_whole(device: Loopback) -> None:
    detector = FakeDetector(gated=True)
    with shown(Stripes(fps=50), detector, LiveOptions()) as (pipeline, _):
        detector.allow()
        wait_for(lambda: len(device.sent) > 3 and finest(device.newest[PICTURE]) > 100)
        detector.entered.acquire()
        wait_for(lambda: detector.entered.acquire(blocking=False))  # it looks at a picture without privacy
        pipeline.options = LiveOptions(privacy=PrivacyOptions())
        before = len(device.sent)
        wait_for(lambda: len(device.sent) > before + 3)  # the last picture is sent again meanwhile
        detector.allow()
        wait_for(lambda: len(device.sent) > before + 8)
        after = [picture for _, picture in device.sent[before + 1 :]]  # one may have been on its way
        assert max(finest(picture[PICTURE]) for picture in after) < 50


def test_a_source_that_hangs_is_hidden_where_everything_is_while_unsure(device: Loopback) -> None:
    hangs, free = threading.Event(), threading.Event()

    class Hanging(Stripes):
        def read(self) -> Frame | None:
            if hangs.is_set():  # also for whoever opens it again
                free.wait(2 * PATIENCE_S)
            return super().read()

    with shown(Hanging(fps=30), FakeDetector(), LiveOptions(privacy=PrivacyOptions(least_hz=2))) as (pipeline, _):
        wait_for(lambda: device.sent and finest(device.newest[PICTURE]) > 100)
        hangs.set()
        wait_for(lambda: pipeline.state.trouble is not None)
        before = len(device.sent)
        wait_for(lambda: len(device.sent) > before + 2)
        assert finest(device.newest[PICTURE]) < 50
        free.set()


def test_a_device_that_hangs_holds_nothing_up(device: Loopback) -> None:
    with shown(FakeSource(fps=50), FakeDetector()) as (pipeline, camera):
        wait_for(lambda: camera.status.pictures > 3)
        device.free.clear()
        before = pipeline.state.stats().detected
        wait_for(lambda: pipeline.state.stats().detected > before + 50)
        assert pipeline.stop(PATIENCE_S)
        assert not camera.close(0.1)
        device.free.set()
        assert camera.close(PATIENCE_S)


def test_a_device_that_goes_away_is_told_and_the_pipeline_goes_on(device: Loopback) -> None:
    with shown(FakeSource(fps=50), FakeDetector()) as (pipeline, camera):
        wait_for(lambda: camera.status.pictures > 3)
        device.problem = RuntimeError("no such device")
        wait_for(lambda: camera.status.error)
        assert str(camera.status.error) == "The virtual camera has gone away (no such device); switch it on again."
        before = pipeline.state.stats().detected
        wait_for(lambda: pipeline.state.stats().detected > before + 5)
        assert pipeline.phase is Phase.RUNNING
    assert device.closed == 1


def test_without_the_package_or_a_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    camera = VirtualCamera(lambda: None)
    wait_for(lambda: camera.status.error)
    driver = "v4l2loopback" if sys.platform.startswith("linux") else "OBS Studio"
    assert f"install {driver}" in str(camera.status.error)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    camera = VirtualCamera(lambda: None)
    wait_for(lambda: camera.status.error)
    assert "`pip install pyvirtualcam`" in str(camera.status.error)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the device as Linux names it")
def test_a_real_device_shows_the_picture_to_other_programs() -> None:
    pytest.importorskip("pyvirtualcam")
    try:
        with closing(open_device(640, 480)) as probe:
            name = probe.device
    except FacecamError as error:
        pytest.skip(str(error))
    view = view_of(np.full((480, 640, 3), (40, 90, 200), np.uint8))
    with closing(VirtualCamera(lambda: view)) as camera:
        wait_for(lambda: camera.status.device == name and camera.status.pictures)
        reader = cv2.VideoCapture(name)
        ok, picture = reader.read()
        reader.release()
    assert ok
    assert np.abs(picture.reshape(-1, 3).mean(axis=0) - (40, 90, 200)).max() < 12
