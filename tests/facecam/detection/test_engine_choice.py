"""Which engine a detector starts with, and when it goes over to another one."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from facecam.detection import engine_choice
from facecam.detection.detector import FaceDetector
from facecam.detection.model import Model
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.runtimes import engine, registry, speed_trial
from facecam.runtimes.engine import Engine, Precision, Runtime, RuntimeFailure
from facecam.runtimes.registry import has_bf16
from facecam.sources.demo import demo_frame
from facecam.system.opencv import cv2
from tests.engines import int8_runtimes, needs_int8, needs_openvino
from tests.facecam.waiting import PATIENCE_S, wait_for

FRAME = np.asarray(cv2.resize(demo_frame(5), (320, 240)), np.uint8)
"""With faces; small, as what is chosen does not depend on its size."""


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """The names of the engines in each trial, which ends after three turns in favour of the last one."""
    tried = []

    class FakeTrial:
        def __init__(self, runs, _clock):
            self.runs, self.turns = runs, 0
            tried.append(list(runs))

        def round(self):
            self.turns += 1
            for run in self.runs.values():
                run()
            return self.turns == 3

        def result(self):
            return list(self.runs)[-1], {}

    monkeypatch.setattr(engine_choice, "SpeedTrial", FakeTrial)
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "kept" / "runtimes.json")
    return tried


def after_the_trial(detector, frame):
    """The faces in the frame after so many times that engines were tried, or an earlier result was used."""
    for _ in range(engine_choice.AFTER_FRAMES):
        found = detector.detect(frame)
        assert len(found) > 0
    return found


def test_without_openvino_auto_is_onnx_runtime_and_asking_for_it_says_what_to_do(monkeypatch, tiny_model, make_frame):
    monkeypatch.setattr(engine, "installed", lambda name: name != Runtime.OPENVINO)
    detector = FaceDetector(DetectorOptions(tiny_model, runtime=Runtime.AUTO))
    for _ in range(40):
        assert len(detector.detect(make_frame((1, 1)))) == 1
    assert detector.runtime == Runtime.ONNX_RUNTIME
    with pytest.raises(FacecamError, match=r"pip install facecam\[openvino\]"):
        FaceDetector(DetectorOptions(tiny_model, runtime=Runtime.OPENVINO))


class Unusable:
    """OpenVINO that is there but broken."""

    def __init__(self, _data, _engine):
        raise RuntimeFailure("OpenVINO is installed but can't be loaded (no plugin).")


def test_a_broken_openvino_costs_no_frame(monkeypatch, tiny_model, make_frame, caplog):
    monkeypatch.setattr(engine, "installed", lambda name: True)
    monkeypatch.setattr(registry, "OpenVino", Unusable)
    monkeypatch.setattr(engine_choice, "kept_choice", lambda key: None)
    detector = FaceDetector(tiny_model)
    counts = [len(detector.detect(make_frame((1, 1)))) for _ in range(40)]
    assert counts == [1] * 40
    assert detector.runtime == Runtime.ONNX_RUNTIME
    assert caplog.text.count("openvino is left aside") == 1


@needs_openvino
def test_auto_starts_at_once_and_goes_over_to_the_one_that_was_faster(tried, tiny_model, make_frame):
    frame = make_frame((2, 1))
    detector = FaceDetector(tiny_model)
    first = detector.detect(frame)
    assert detector.runtime == Runtime.ONNX_RUNTIME
    last = after_the_trial(detector, frame)
    assert detector.runtime == Runtime.OPENVINO
    np.testing.assert_allclose(first.boxes, last.boxes, atol=0.01)
    # Other sizes have not come up often enough: they stay with the runtime that needs no compiling.
    detector.detect(make_frame((2, 1), width=320, height=240))
    assert detector.runtime == Runtime.ONNX_RUNTIME
    again = FaceDetector(tiny_model)
    after_the_trial(again, frame)
    assert again.runtime == Runtime.OPENVINO
    assert len(tried) == 1, "the result was not kept"


def test_in_the_background_frames_go_on_until_the_other_engines_are_ready(monkeypatch, tried, tiny_model, make_frame):
    monkeypatch.setattr(engine_choice, "candidates", lambda *_: (Engine(), Engine(threads=2)))
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))
    goes_on, elsewhere, bind = threading.Event(), [], Model.bind

    def slow_bind(*arguments):
        if threading.current_thread() is not threading.main_thread():
            elsewhere.append(threading.current_thread().name)
            assert goes_on.wait(PATIENCE_S)
        return bind(*arguments)

    monkeypatch.setattr(Model, "bind", slow_bind)
    for _ in range(engine_choice.AFTER_FRAMES + 20):
        assert len(detector.detect(make_frame((1, 1)))) == 1
        assert detector.engine == Engine()
    goes_on.set()

    def tries(one):
        assert len(one.detect(make_frame((1, 1)))) == 1
        return one.engine == Engine(threads=2)

    wait_for(lambda: tries(detector))
    assert len(elsewhere) == 1
    again = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))
    wait_for(lambda: tries(again))
    assert len(tried) == 1, "what is known is not tried again"


@pytest.mark.parametrize("in_background", [True, False])
def test_an_engine_that_fails_in_its_trial_costs_no_frame(
    monkeypatch, tmp_path, tiny_model, make_frame, caplog, in_background
):
    def failing(self):
        raise RuntimeFailure("out of order")

    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "runtimes.json")
    monkeypatch.setattr(engine_choice, "candidates", lambda *_: (Engine(), Engine(threads=2)))
    monkeypatch.setattr(speed_trial.SpeedTrial, "round", failing)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=in_background))
    wait_for(lambda: len(detector.detect(make_frame((1, 1)))) == 1 and "ended early" in caplog.text)
    assert "the trial of engines ended early: out of order" in caplog.text
    assert len(detector.detect(make_frame((1, 1)))) == 1
    assert detector.engine == Engine()


def test_frames_of_a_size_that_has_gone_leave_nothing(tiny_model, make_frame):
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO))
    detector.detect(make_frame())
    plan = weakref.ref(detector.prepared(480, 640))
    gc.disable()  # it comes late, and a plan holds some 10 MB
    try:
        for width in range(320, 520, 40):
            detector.detect(make_frame(width=width))
        assert plan() is None
    finally:
        gc.enable()


def test_what_goes_wrong_in_the_background_is_told_by_the_next_frame(monkeypatch, tiny_model, make_frame):
    def broken(*_):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(engine_choice, "trial_key", broken)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))

    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        wait_for(lambda: not len(detector.detect(make_frame((1, 1)))))


@needs_openvino
@pytest.mark.parametrize("able", [True, False])
def test_auto_precision_tries_bfloat16_only_where_the_processor_can(monkeypatch, tried, tiny_model, make_frame, able):
    if able and not has_bf16():
        pytest.skip("this processor does not compute in bfloat16")
    monkeypatch.setattr(registry, "has_bf16", lambda: able)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO))
    after_the_trial(detector, make_frame((2, 1)))
    assert tried == [[Runtime.ONNX_RUNTIME, Runtime.OPENVINO, "openvino bf16"][: 3 if able else 2]]
    assert str(detector.engine) == tried[0][-1]


@needs_int8
def test_auto_precision_goes_over_to_int8_where_it_is_faster(tried):
    detector = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    found = after_the_trial(detector, FRAME)
    assert tried == [[Runtime.ONNX_RUNTIME, *(f"{runtime} int8" for runtime in int8_runtimes)]]
    assert str(detector.engine) == tried[0][-1]
    exact = FaceDetector(DetectorOptions("faceboxes", runtime=Runtime.ONNX_RUNTIME))
    assert len(found) == len(exact.detect(FRAME))
    after_the_trial(FaceDetector(DetectorOptions("faceboxes", precision=Precision.INT8)), FRAME)
    assert tried[1:] == ([tried[0][1:]] if len(int8_runtimes) > 1 else [])
    trials = len(tried)
    again = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    after_the_trial(again, FRAME)
    assert str(again.engine) == tried[0][-1]
    assert len(tried) == trials, "what is known is not tried again"


@needs_int8
def test_without_openvino_auto_precision_is_int8_too(monkeypatch, tried):
    monkeypatch.setattr(engine, "installed", lambda name: name != Runtime.OPENVINO)
    detector = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    after_the_trial(detector, FRAME)
    assert str(detector.engine) == "onnxruntime int8"


@pytest.mark.parametrize("why", ["not there", "fails"])
def test_a_kept_engine_that_is_not_to_be_had_is_tried_for_anew(monkeypatch, tried, tiny_model, make_frame, why):
    two, three = Engine(threads=2), Engine(threads=3)
    bind = Model.bind

    def bind_or_fail(self, height, width, one=Engine()):
        if one == two and why == "fails":
            raise RuntimeFailure("out of order")
        return bind(self, height, width, one)

    monkeypatch.setattr(engine_choice, "candidates", lambda *_: (Engine(), two, three))
    monkeypatch.setattr(engine_choice, "is_there", lambda one: one != two or why == "fails")
    monkeypatch.setattr(Model, "bind", bind_or_fail)
    monkeypatch.setattr(engine_choice, "kept_choice", lambda key: str(two))
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO))
    after_the_trial(detector, make_frame((1, 1)))
    assert tried == [[str(Engine()), str(three)]]
    assert detector.engine == three


def test_all_sizes_fall_back_from_an_engine_that_fails(monkeypatch, tried, tiny_model, make_frame):
    def fail():
        raise RuntimeFailure("gone")

    monkeypatch.setattr(engine_choice, "candidates", lambda *_: (Engine(), Engine(threads=2)))
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO))
    frames = [make_frame((1, 1), width=width) for width in (320, 352)]
    for frame in frames:
        after_the_trial(detector, frame)
        assert detector.engine == Engine(threads=2)
        monkeypatch.setattr(detector.prepared(*frame.shape[:2]).network, "infer", fail)
    for frame in frames:
        assert len(detector.detect(frame)) == 1
        assert detector.engine == Engine()
    monkeypatch.setattr(detector.prepared(*frame.shape[:2]).network, "infer", fail)
    with pytest.raises(RuntimeFailure, match="gone"):
        detector.detect(frame)
