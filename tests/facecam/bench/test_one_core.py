"""The proof of the one core: what a benchmark tells of who computed."""

from __future__ import annotations

from facecam.bench.candidates import candidates, engines
from facecam.bench.measure import measure
from facecam.bench.tables import proof
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import Precision, Runtime
from facecam.sources.demo import demo_frame
from facecam.system.cpu import CoreUse, choose_core, pinned
from tests.facecam.bench.made import ALONE, made_run, reported


def told(use):
    """The problems and the proof of a run in which that computed."""
    return told_of(made_run([10.0] * 50, use=use))


def told_of(run):
    content = reported(run)
    return " ".join(content.problems), proof(content.runs[0])


def test_the_detector_computes_in_one_thread(tiny_model):
    options = DetectorOptions(tiny_model, runtime=Runtime.ONNX_RUNTIME, precision=Precision.F32)
    (candidate,) = candidates(options, engines(options))
    with pinned(choose_core()):
        run = measure("one core", [candidate.open(demo_frame(0), 1)], 0.2)
    problems, words = told_of(run)
    assert "1 thread at work" in words
    assert "More than one" not in problems


def test_more_than_one_core_or_thread_is_told():
    assert "More than one" in told(CoreUse(1.0, 1.0, 1.9, 1))[0]
    assert "2 threads at work" in told(CoreUse(1.0, 1.0, 1.0, 2))[1]
    problems, words = told(CoreUse(1.0, 1.0, 1.9, 2))
    assert "More than one" in problems
    assert "CPU over wall time 1.90, 2 threads at work" in words


def test_a_core_that_others_took_is_told():
    assert "10 % of the time" in told(CoreUse(1.0, 0.1, 0.1, 1))[0]
    assert told(ALONE) == ("", "taking turns; CPU over wall time 1.00, 1 thread at work")
