"""The pipeline with fake sources and a detector whose speed the test controls."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from contextlib import contextmanager

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError, SourceError
from facecam.live.pipeline import Phase, Pipeline
from facecam.sources import Frame
from facecam.system.cpu import available_cores, can_pin
from facecam.system.opencv import cv2
from tests.doubles import FakeDetector, found
from tests.facecam.waiting import PATIENCE_S, wait_for


class FakeCamera:
    """A live source that delivers a frame for each `deliver()`. The frame's first pixel is its number."""

    title, live = "Fake camera", True
    fps: float | None = 30.0
    frame_count: int | None = None

    def __init__(self, error=None):
        self._ready = threading.Semaphore(0)
        self._error = error
        self._ended = False
        self.count = 0
        self.closed = threading.Event()
        self.thread_names = []

    def deliver(self, count=1):
        for _ in range(count):
            self._ready.release()

    def end(self):
        self._ended = True
        self._ready.release()

    def read(self):
        self.thread_names.append(threading.current_thread().name)
        self._ready.acquire()
        if self._ended:
            if self._error:
                raise self._error
            return None
        image = np.full((48, 64, 3), self.count, np.uint8)
        frame = Frame(image, self.count, self.count / 30, time.perf_counter())
        self.count += 1
        return frame

    def close(self):
        self.closed.set()


def left_edge(image):
    """One box whose left edge is the frame's number."""
    left = float(image[0, 0, 0])
    return found((left, 0, left + 10, 10))


@contextmanager
def running(source, detector, **options):
    """source: what a pipeline takes, or a `FakeCamera`."""
    camera = source if isinstance(source, FakeCamera) else None
    pipeline = Pipeline(source if camera is None else lambda: camera, detector, **options)
    pipeline.start()
    try:
        yield pipeline
    finally:
        if isinstance(detector, FakeDetector):
            detector.allow(100)
        if camera is not None:
            camera.end()
        pipeline.stop(PATIENCE_S)


def latest_index(pipeline):
    view = pipeline.latest()
    return -1 if view is None else view.detected_frame.index


def test_frames_go_through_and_detections_belong_to_their_frame():
    camera, detector = FakeCamera(), FakeDetector(left_edge, took_ms=8)
    with running(camera, detector) as pipeline:
        assert pipeline.latest() is None
        for number in range(5):
            camera.deliver()
            wait_for(lambda number=number: latest_index(pipeline) == number)
            view = pipeline.latest()
            assert view.detections.boxes[0, 0] == view.detected_frame.image[0, 0, 0] == number
        assert pipeline.phase is Phase.RUNNING
        assert pipeline.state.title == "Fake camera"
        assert pipeline.state.live
        stats = pipeline.state.stats()
        assert (stats.captured, stats.detected, stats.dropped, stats.faces) == (5, 5, 0, 1)
        assert stats.possible_hz == pytest.approx(1000 / 8)
        assert 0 < stats.latency_p50_ms <= stats.latency_p95_ms
    assert set(camera.thread_names) == {"capture"}


def test_a_slow_detector_gets_the_newest_frame_and_the_others_are_dropped():
    camera, detector = FakeCamera(), FakeDetector(left_edge, gated=True)
    with running(camera, detector) as pipeline:
        camera.deliver()
        assert detector.entered.acquire(timeout=PATIENCE_S)  # busy with frame 0
        camera.deliver(5)
        wait_for(lambda: pipeline.state.stats().captured == 6)
        detector.allow()
        assert detector.entered.acquire(timeout=PATIENCE_S)
        view = wait_for(pipeline.latest)
        assert view.detected_frame.index == 0  # boxes of frame 0 stay with frame 0 ...
        assert view.frame.index == 5  # ... although there is a newer one
        detector.allow()
        wait_for(lambda: latest_index(pipeline) == 5)
        assert detector.seen == [0, 5]
        assert pipeline.state.stats().dropped == 4


def test_at_most_one_notification_is_pending():
    camera, detector = FakeCamera(), FakeDetector()
    told = []
    with running(camera, detector, on_update=lambda: told.append(1)) as pipeline:
        for number in range(4):
            camera.deliver()
            wait_for(lambda number=number: pipeline.state.stats().detected == number + 1)
        assert len(told) == 1  # nobody has fetched anything yet
        pipeline.latest()
        camera.deliver()
        wait_for(lambda: pipeline.state.stats().detected == 5)
        wait_for(lambda: len(told) == 2)


def test_the_same_view_comes_back_until_there_is_a_new_one():
    camera = FakeCamera()
    with running(camera, FakeDetector()) as pipeline:
        camera.deliver()
        view = wait_for(pipeline.latest)
        assert pipeline.latest() is view
        camera.deliver()
        wait_for(lambda: pipeline.latest() is not view)


def test_the_end_of_the_source_keeps_the_last_view():
    camera, detector = FakeCamera(), FakeDetector(gated=True)
    with running(camera, detector) as pipeline:
        camera.deliver(2)
        wait_for(lambda: pipeline.state.stats().captured == 2)
        camera.end()
        wait_for(camera.closed.is_set)
        assert pipeline.phase is Phase.RUNNING  # the last frame is still to be detected
        detector.allow()
        detector.allow()
        wait_for(lambda: pipeline.phase is Phase.ENDED)
        assert latest_index(pipeline) == 1
        assert pipeline.state.error is None


def test_a_source_that_cannot_be_opened():
    def open_nothing():
        raise SourceError("There is no camera 7.")

    told = threading.Event()
    with running(open_nothing, FakeDetector(), on_update=told.set) as pipeline:
        wait_for(lambda: pipeline.phase is Phase.FAILED)
        assert told.wait(PATIENCE_S)
        assert str(pipeline.state.error) == "There is no camera 7."
    assert pipeline.phase is Phase.IDLE


def test_a_source_that_fails_while_running():
    camera = FakeCamera(error=SourceError("The camera was unplugged."))
    with running(camera, FakeDetector()) as pipeline:
        camera.deliver()
        wait_for(pipeline.latest)
        camera.end()
        wait_for(lambda: pipeline.phase is Phase.FAILED)
        assert str(pipeline.state.error) == "The camera was unplugged."
        assert latest_index(pipeline) == 0  # the last view stays
        wait_for(camera.closed.is_set)


def test_a_detector_that_fails_stops_the_source():
    camera = FakeCamera()
    with running(camera, FakeDetector(error=FacecamError("The frame is odd."))) as pipeline:
        camera.deliver()
        wait_for(lambda: pipeline.phase is Phase.FAILED)
        assert str(pipeline.state.error) == "The frame is odd."
        camera.deliver()
        wait_for(camera.closed.is_set)


def test_an_unexpected_failure_is_told_too(caplog):
    camera = FakeCamera()
    with running(camera, FakeDetector(error=ZeroDivisionError("oops"))) as pipeline:
        camera.deliver()
        wait_for(lambda: pipeline.phase is Phase.FAILED)
        assert "unexpectedly" in str(pipeline.state.error)
        assert "oops" in str(pipeline.state.error)
    assert "ZeroDivisionError" in caplog.text


def test_it_can_be_started_again_and_begins_afresh():
    cameras = []

    def open_camera():
        cameras.append(FakeCamera())
        cameras[-1].deliver()
        return cameras[-1]

    pipeline = Pipeline(open_camera, FakeDetector())
    for _ in range(3):
        pipeline.start()
        wait_for(pipeline.latest)
        assert pipeline.state.stats().captured == 1
        with pytest.raises(RuntimeError, match="already running"):
            pipeline.start()
        cameras[-1].end()
        assert pipeline.stop(PATIENCE_S)
        assert pipeline.phase is Phase.IDLE
        assert pipeline.latest() is not None  # the window goes on showing it
        assert cameras[-1].closed.is_set()
    assert pipeline.stop()  # of a stopped one


def test_stopping_leaves_no_thread_behind():
    before = set(threading.enumerate())
    camera = FakeCamera()
    pipeline = Pipeline(lambda: camera, FakeDetector())
    pipeline.start()
    camera.deliver()
    wait_for(pipeline.latest)
    camera.end()
    assert pipeline.stop(PATIENCE_S)
    assert set(threading.enumerate()) <= before


def test_a_pipeline_that_was_left_keeps_nothing():
    cameras = [FakeCamera()]
    cameras[0].deliver()
    seen = weakref.ref(cameras[0])
    pipeline = Pipeline(lambda: cameras.pop(), FakeDetector())
    gc.disable()  # it comes late, and a source holds many pictures
    try:
        pipeline.start()
        wait_for(pipeline.latest)
        seen().end()
        assert pipeline.stop(PATIENCE_S)
        del pipeline
        assert seen() is None
    finally:
        gc.enable()


def test_a_source_that_hangs_does_not_hold_up_the_stop_nor_disturb_the_next_start():
    hanging, working = FakeCamera(), FakeCamera()
    cameras = [hanging, working]
    pipeline = Pipeline(lambda: cameras.pop(0), FakeDetector())
    pipeline.start()
    wait_for(lambda: pipeline.phase is Phase.RUNNING)
    assert not pipeline.stop(timeout_s=0.05)  # it says that something is stuck
    assert pipeline.phase is Phase.IDLE
    pipeline.start()
    working.deliver()
    wait_for(pipeline.latest)
    hanging.deliver(3)  # the old one wakes up
    wait_for(hanging.closed.is_set)
    assert latest_index(pipeline) == 0
    assert pipeline.state.stats().captured == 1
    assert pipeline.phase is Phase.RUNNING
    working.end()
    assert pipeline.stop(PATIENCE_S)


def test_stopping_while_the_source_is_being_opened_closes_it():
    go_on, camera = threading.Event(), FakeCamera()

    def open_slowly():
        go_on.wait(PATIENCE_S)
        return camera

    pipeline = Pipeline(open_slowly, FakeDetector())
    pipeline.start()
    assert pipeline.phase is Phase.OPENING
    assert not pipeline.stop(timeout_s=0.05)
    go_on.set()
    wait_for(camera.closed.is_set)
    assert pipeline.phase is Phase.IDLE


def test_a_picture_follows_the_threshold_while_it_stays(tiny_model, tmp_path):
    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), np.full((32, 64, 3), 185, np.uint8))  # two cells with a score of about 0.73
    detector = FaceDetector(DetectorOptions(tiny_model, threshold=0.5))
    with running(str(path), detector) as pipeline:
        wait_for(lambda: pipeline.phase is Phase.ENDED)
        view = pipeline.latest()
        assert len(view.detections) == 2
        detector.threshold = 0.9
        wait_for(lambda: len(pipeline.latest().detections) == 0)
        assert len(view.detections) == 2  # a view handed out doesn't change
        assert pipeline.phase is Phase.ENDED
        assert pipeline.state.stats().captured == pipeline.state.stats().detected == 1


def test_wrong_sources_by_text(tiny_model, tmp_path):
    detector = FaceDetector(tiny_model)
    with running(str(tmp_path / "missing.mp4"), detector) as pipeline:
        wait_for(lambda: pipeline.phase is Phase.FAILED)
        assert "missing.mp4" in str(pipeline.state.error)
        assert pipeline.state.title.endswith("missing.mp4")


@pytest.mark.skipif(not can_pin(), reason="this system can't pin a thread to a core")
def test_the_detector_thread_is_pinned_and_says_where(tiny_model):
    with running("demo", FaceDetector(tiny_model), core=available_cores()[0]) as pipeline:
        wait_for(pipeline.latest)
        assert pipeline.state.core == available_cores()[0]


def test_the_display_rate_is_that_of_the_painting():
    camera = FakeCamera()
    with running(camera, FakeDetector()) as pipeline:
        assert pipeline.state.stats().display_hz == 0
        for _ in range(3):
            pipeline.state.displayed()
            time.sleep(0.01)
        assert 0 < pipeline.state.stats().display_hz < 200
