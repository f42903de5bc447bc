"""Live sources that stall, freeze, drop, and come back: through the pipeline, on a real server of our own."""

from __future__ import annotations

import ctypes
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from facecam.errors import SourceError
from facecam.faces.boxes import Detections
from facecam.live import capture
from facecam.live.pipeline import Phase, Pipeline
from facecam.live.state import PipelineState, Trouble
from facecam.saving.recording import Recorder, RecordingOptions
from facecam.sources import Frame, open_source
from tests.doubles import FakeDetector, FakeSource, read_all
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.streams import MjpegServer

NOTICED_AFTER_S = max(capture.STALLED_AFTER_S, capture.FROZEN_AFTER_S) + capture.LOOK_EVERY_S


@contextmanager
def running(source: object) -> Iterator[Pipeline]:
    pipeline = Pipeline(source, FakeDetector(Detections.none()), reconnect=True)  # type: ignore[arg-type]
    pipeline.start()
    try:
        yield pipeline
    finally:
        pipeline.stop(PATIENCE_S)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same behaviour in a fraction of the time."""
    monkeypatch.setattr(capture, "STALLED_AFTER_S", 0.4)
    monkeypatch.setattr(capture, "FROZEN_AFTER_S", 0.4)
    monkeypatch.setattr(capture, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (0.1, 0.3, 0.6))


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[Trouble]:
    """Each word about a source that is gone, in order: who looks at the phase now and then may miss a short one."""
    told: list[Trouble] = []
    on_trouble = PipelineState.on_trouble

    def noting(self: PipelineState, trouble: Trouble | None, lost: bool) -> None:
        on_trouble(self, trouble, lost)
        if lost and trouble is not None:
            told.append(trouble)

    monkeypatch.setattr(PipelineState, "on_trouble", noting)
    return told


def captured(pipeline: Pipeline) -> int:
    return pipeline.state.stats().captured


def goes_on(pipeline: Pipeline, more: int = 5) -> None:
    before = captured(pipeline)
    wait_for(lambda: captured(pipeline) >= before + more)


def test_what_is_noticed_is_noticed_within_two_seconds() -> None:
    assert NOTICED_AFTER_S < 2


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("stall", "sends no pictures"),
        ("drop", "ended the connection"),
        ("garbage", "sends no pictures"),
        ("freeze", "frozen"),
        ("endless", "more than 32 MB|sends no pictures"),
    ],
)
def test_a_stream_is_lost_and_comes_back(server: MjpegServer, mode: str, words: str, lost: list[Trouble]) -> None:
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        last = wait_for(pipeline.latest)
        assert last is not None
        server.mode = mode
        wait_for(lambda: any(re.search(words, trouble.reason) for trouble in lost))
        assert pipeline.latest() is not None  # the last picture stays
        server.mode = "send"
        wait_for(lambda: pipeline.state.stats().reconnects >= 1 and pipeline.phase is Phase.RUNNING)
        goes_on(pipeline)
        wait_for(lambda: pipeline.state.trouble is None)

        def goes_beyond() -> bool:
            view = pipeline.latest()
            assert view is not None
            return view.detected_frame.index > last.detected_frame.index  # the numbers and times go on, too

        wait_for(goes_beyond)
        assert pipeline.latest().detected_frame.time_s > last.detected_frame.time_s


def test_a_recording_goes_on_when_the_stream_is_back_and_keeps_the_time_between(
    server: MjpegServer, tmp_path: Path
) -> None:
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        recorder = Recorder(tmp_path / "r.mkv", RecordingOptions(), "Cam", lambda: pipeline.state.live)
        pipeline.attach(recorder)
        wait_for(lambda: recorder.status.frames > 5)
        server.mode = "drop"
        wait_for(lambda: pipeline.phase is Phase.RECONNECTING)  # and stays so: whoever comes is sent away
        time.sleep(0.4)
        server.mode = "send"
        wait_for(lambda: pipeline.phase is Phase.RUNNING)
        before = recorder.status.frames
        wait_for(lambda: recorder.status.frames > before + 5)
        status = recorder.stop(PATIENCE_S)
    assert status.error is None
    times_s = [frame.time_s for frame in read_all(open_source(str(status.path)))]
    assert len(times_s) == status.frames
    assert np.diff(times_s).max() > 0.4


def test_attempts_come_at_growing_intervals(server: MjpegServer, lost: list[Trouble]) -> None:
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        server.mode = "drop"
        wait_for(lambda: len([trouble for trouble in lost if trouble.retry_at_s is not None]) >= 4)
        at_s = [trouble.retry_at_s for trouble in lost if trouble.retry_at_s is not None][:4]
        for gap_s, least_s in zip(np.diff(at_s), capture.RETRY_AFTER_S[1:], strict=False):
            assert gap_s >= least_s
        assert pipeline.state.stats().reconnects == 0
        server.mode = "send"
        wait_for(lambda: pipeline.state.stats().reconnects == 1)


def test_one_can_hurry_it(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (600.0,))
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        server.mode = "drop"
        wait_for(lambda: pipeline.phase is Phase.RECONNECTING)
        server.mode = "send"
        pipeline.retry_now()
        wait_for(lambda: pipeline.phase is Phase.RUNNING)


def test_who_hurries_it_with_the_news_is_heard(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (600.0,))
    on_trouble = PipelineState.on_trouble

    def hurrying(self: PipelineState, trouble: Trouble | None, lost: bool) -> None:
        on_trouble(self, trouble, lost)
        if trouble is not None and trouble.retry_at_s is not None:
            server.mode = "send"
            pipeline.retry_now()

    monkeypatch.setattr(PipelineState, "on_trouble", hurrying)
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        server.mode = "drop"
        wait_for(lambda: pipeline.state.stats().reconnects == 1)


def test_stopping_while_it_is_lost_takes_no_time(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (600.0,))
    before = set(threading.enumerate())
    with running(server.url) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        server.mode = "drop"
        wait_for(lambda: pipeline.phase is Phase.RECONNECTING)
        assert pipeline.stop(PATIENCE_S)
        assert pipeline.phase is Phase.IDLE
        assert pipeline.state.trouble is None
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not left & {"watch", "detector"}


def test_a_stream_that_was_never_there_is_a_failure_at_once(server: MjpegServer) -> None:
    server.mode = "drop"
    with running(server.url) as pipeline:
        wait_for(lambda: pipeline.phase is Phase.FAILED)


class Camera(FakeSource):
    """hang: `read` never returns once it is set, until `free` is; still: always the same picture."""

    def __init__(self, still: bool = False) -> None:
        super().__init__("Camera", image=np.zeros((48, 64, 3), np.uint8) if still else None)
        self.hang, self.free = threading.Event(), threading.Event()

    def read(self) -> Frame | None:
        if self.hang.is_set():
            self.free.wait(PATIENCE_S)
            raise SourceError("The driver has given up.")
        return super().read()


class Cameras(list[Camera]):
    """Opens one more camera with each call."""

    def __call__(self, still: bool = False) -> Camera:
        self.append(Camera(still))
        return self[-1]


def test_a_driver_that_hangs_is_left_alone_and_disturbs_nothing_when_it_wakes_up() -> None:
    cameras = Cameras()
    with running(cameras) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        cameras[0].hang.set()
        wait_for(lambda: pipeline.state.stats().reconnects == 1)
        cameras[0].free.set()
        wait_for(cameras[0].closed.is_set)
        goes_on(pipeline)
        assert pipeline.phase is Phase.RUNNING
        assert len(cameras) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the C library has another name there")
def test_a_program_that_gets_no_time_blames_no_camera() -> None:
    """As where the machine sleeps, or other programs take all of it: no thread of Python runs, the watching one
    neither."""
    cameras = Cameras()
    with_the_lock_held = ctypes.PyDLL(None)
    with running(cameras) as pipeline:
        for _ in range(5):
            goes_on(pipeline)
            with_the_lock_held.usleep(600_000)
        goes_on(pipeline, 50)
        assert len(cameras) == 1
        assert pipeline.state.stats().reconnects == 0


def test_not_more_than_two_drivers_hang_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_AFTER_S", (0.01,))
    monkeypatch.setattr(capture, "OPENING_TAKES_AT_MOST_S", 0.1)
    free = threading.Event()
    opened = Cameras()

    def open_camera() -> Camera:
        camera = opened()
        if len(opened) > 1:
            free.wait(PATIENCE_S)
        return camera

    with running(open_camera) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        opened[0].hang.set()
        wait_for(lambda: len(opened) == 2)
        time.sleep(0.4)
        assert len(opened) == 2  # one hangs in a read, one in the opening
        opened[0].free.set()
        free.set()
        wait_for(lambda: pipeline.phase is Phase.RUNNING)


def test_a_camera_that_looks_at_nothing_is_opened_anew_once_and_then_let_be() -> None:
    cameras = Cameras()
    with running(lambda: cameras(still=True)) as pipeline:
        wait_for(lambda: pipeline.state.stats().reconnects == 1)
        wait_for(lambda: pipeline.state.trouble is not None)
        assert pipeline.state.trouble is not None
        assert "does not change" in pipeline.state.trouble.reason
        time.sleep(2 * capture.FROZEN_AFTER_S)
        assert pipeline.phase is Phase.RUNNING
        assert len(cameras) == 2


def test_a_file_that_does_not_answer_is_told_and_not_given_up() -> None:
    film = Camera()
    film.title, film.live = "film.mkv", False
    with running(lambda: film) as pipeline:
        wait_for(lambda: captured(pipeline) > 5)
        film.hang.set()
        wait_for(lambda: pipeline.state.trouble is not None)
        assert pipeline.state.trouble is not None
        assert pipeline.state.trouble.reason == "film.mkv sends no pictures."
        assert pipeline.phase is Phase.RUNNING
        time.sleep(2 * capture.STALLED_AFTER_S)
        assert pipeline.phase is Phase.RUNNING
        film.free.set()
        wait_for(lambda: pipeline.phase is Phase.FAILED)


def test_a_device_is_opened_again_by_its_own_means() -> None:
    class Plugged(Camera):
        def open_again(self) -> Camera:
            return Camera()

    first = Plugged()
    with running(lambda: first) as pipeline:  # opening it "from outside" would give the one that hangs
        wait_for(lambda: captured(pipeline) > 5)
        first.hang.set()
        first.free.set()
        wait_for(lambda: pipeline.state.stats().reconnects == 1)
        goes_on(pipeline)
