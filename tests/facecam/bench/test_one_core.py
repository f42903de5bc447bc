"""The proof of the one core, and the profile by node."""

from __future__ import annotations

from facecam.bench import one_core
from facecam.system.cpu import CoreUse


def test_the_detector_computes_in_one_thread(tiny_model, capsys):
    assert one_core.main([str(tiny_model), "--runtime", "onnxruntime", "--seconds", "0.2"]) == 0
    out = capsys.readouterr().out
    assert "threads that computed: 1" in out
    assert "One thread on one core did it all." in out


def test_more_than_one_core_or_thread_is_told():
    assert not one_core.is_one_core(CoreUse(1.0, 1.0, 1.9, 1))
    assert not one_core.is_one_core(CoreUse(1.0, 1.0, 1.0, 2))
    assert "More than one" in one_core.words(CoreUse(1.0, 1.0, 1.9, 2))


def test_a_core_that_others_took_is_told():
    text = one_core.words(CoreUse(1.0, 0.1, 0.1, 1))
    assert "10 % of the time" in text
    assert "10 %" not in one_core.words(CoreUse(1.0, 1.0, 1.0, 1))


def test_a_wrong_model_is_one_sentence(capsys):
    assert one_core.main(["nothing.onnx"]) == 2
    assert capsys.readouterr().err == "There is no model file nothing.onnx.\n"
