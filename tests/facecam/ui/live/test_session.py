"""Starting, stopping and switching without waiting, on the real pipeline with fake sources."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from pytestqt.qtbot import QtBot

from facecam.errors import ModelError
from facecam.live.pipeline import Phase, Pipeline
from facecam.ui.live.session import LiveSession
from tests.doubles import FakeDetector, FakeSource, Sources
from tests.facecam.waiting import PATIENCE_S, wait_for


@pytest.fixture
def make_session(qtbot: QtBot, sources: Sources) -> Iterator[Callable[..., LiveSession]]:
    sessions: list[LiveSession] = []

    def make(make_detector: Callable[[], object] = FakeDetector) -> LiveSession:
        session = LiveSession(make_detector, sources)  # type: ignore[arg-type]
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()


def reaches(qtbot: QtBot, session: LiveSession, phase: Phase) -> None:
    qtbot.waitUntil(lambda: session.phase is phase)


def test_runs_and_stops(qtbot: QtBot, make_session: Callable[..., LiveSession]) -> None:
    session = make_session()
    assert session.phase is Phase.IDLE
    session.start("demo")
    assert session.phase in (Phase.OPENING, Phase.RUNNING)  # at once; a fake source can be that fast
    qtbot.waitUntil(lambda: session.latest() is not None)
    assert session.phase is Phase.RUNNING
    assert session.state.title == "Demo"
    qtbot.waitUntil(lambda: session.stats().detect_hz > 10)
    session.stop()
    assert session.phase is Phase.IDLE
    assert session.latest() is None


def test_of_quick_wishes_the_last_one_counts(qtbot: QtBot, make_session: Callable[..., LiveSession]) -> None:
    session = make_session()
    for spec in ("auto", "clip.mp4", "auto", "demo"):
        session.start(spec)
    reaches(qtbot, session, Phase.RUNNING)
    assert (session.spec, session.state.title) == ("demo", "Demo")


def test_a_source_that_takes_long_to_open_can_be_left(
    qtbot: QtBot, make_session: Callable[..., LiveSession], sources: Sources
) -> None:
    gate = threading.Event()
    slow = FakeSource("Slow")

    in_time: list[bool] = []

    def open_slowly() -> FakeSource:
        in_time.append(gate.wait(PATIENCE_S))
        return slow

    sources.add("slow", open_slowly)
    session = make_session()
    session.start("slow")
    qtbot.waitUntil(lambda: "slow" in sources.opened)
    session.start("demo")
    assert session.phase is Phase.OPENING
    gate.set()
    reaches(qtbot, session, Phase.RUNNING)
    assert session.state.title == "Demo"
    assert slow.closed.wait(PATIENCE_S)
    assert in_time == [True]  # nobody waited for it


def test_a_wrong_model_is_told_and_can_be_mended(qtbot: QtBot, make_session: Callable[..., LiveSession]) -> None:
    attempts: list[int] = []

    def detector() -> object:
        attempts.append(1)
        if len(attempts) == 1:
            raise ModelError("x.onnx is damaged.")
        return FakeDetector()

    session = make_session(detector)
    session.start("demo")
    reaches(qtbot, session, Phase.FAILED)
    assert str(session.error) == "x.onnx is damaged."
    session.start("demo")
    reaches(qtbot, session, Phase.RUNNING)
    assert session.error is None


def test_an_error_that_nobody_foresaw_is_a_failure_too(qtbot: QtBot, make_session: Callable[..., LiveSession]) -> None:
    def detector() -> object:
        raise ZeroDivisionError("by zero")

    session = make_session(detector)
    session.start("demo")
    reaches(qtbot, session, Phase.FAILED)
    assert isinstance(session.error, ZeroDivisionError)


def test_a_source_that_cannot_be_left_is_a_failure_too_and_the_next_one_plays(
    qtbot: QtBot, make_session: Callable[..., LiveSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session()
    session.start("demo")
    reaches(qtbot, session, Phase.RUNNING)
    stop = Pipeline.stop

    def stop_badly(pipeline: Pipeline, timeout_s: float) -> NoReturn:
        stop(pipeline, timeout_s)
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as patched:
        patched.setattr(Pipeline, "stop", stop_badly)
        session.start("auto")
        reaches(qtbot, session, Phase.FAILED)
    assert isinstance(session.error, ZeroDivisionError)
    session.start("auto")
    reaches(qtbot, session, Phase.RUNNING)


def test_an_error_in_the_midst_of_a_request_is_reported(
    qtbot: QtBot, make_session: Callable[..., LiveSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session()
    monkeypatch.setattr(session, "_fulfil", lambda *_request: 1 // 0)
    with qtbot.captureExceptions() as reported:
        session.start("demo")
        qtbot.waitUntil(lambda: bool(reported))
    assert reported[0][0] is ZeroDivisionError


def test_a_window_that_is_busy_finds_one_notification_not_hundreds(
    qtbot: QtBot, make_session: Callable[..., LiveSession]
) -> None:
    session = make_session()
    session.start("demo")
    qtbot.waitUntil(lambda: session.stats().captured > 0)
    arrived: list[int] = []
    session.changed.connect(lambda: arrived.append(1))
    session.latest()
    before = session.stats().captured
    wait_for(lambda: session.stats().captured >= before + 30)  # the window does something else: no event is delivered
    assert arrived == []
    qtbot.waitUntil(lambda: bool(arrived))
    assert len(arrived) <= 2  # the one that waited, and one that may have come since


def test_wishes_do_not_pile_up_notifications(qtbot: QtBot, make_session: Callable[..., LiveSession]) -> None:
    session = make_session()
    arrived: list[int] = []
    session.changed.connect(lambda: arrived.append(1))
    for _ in range(100):
        session.start("demo")
        session.stop()
    assert arrived == []
    qtbot.wait(50)
    assert 1 <= len(arrived) <= 10


def test_a_network_that_is_chosen_while_another_loads_brings_its_own_threshold(
    qtbot: QtBot, make_session: Callable[..., LiveSession]
) -> None:
    loading, gate = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def detector(threshold: float) -> FakeDetector:
        made = FakeDetector()
        made.threshold = threshold
        return made

    def slow() -> FakeDetector:
        loading.set()
        in_time.append(gate.wait(PATIENCE_S))
        return detector(0.7)

    session = make_session(slow)
    session.start("demo")
    assert loading.wait(PATIENCE_S)
    session.change_detector(lambda: detector(0.6))
    gate.set()
    qtbot.waitUntil(lambda: session.latest() is not None)
    assert (session.options.threshold, session.own_threshold, in_time) == (0.6, 0.6, [True])
