"""The race of engines, and where its results are kept."""

from __future__ import annotations

from functools import partial
from importlib import metadata

import onnxruntime
import pytest

from facecam.runtimes import engine, speed_trial
from facecam.runtimes.engine import Runtime
from facecam.system.cpu import thread_cpu_s
from tests.facecam.windows_clock import compute_for, tick_as_on_windows


def test_the_trial_names_the_faster_one():
    clock = [0.0]

    def take(seconds):
        clock[0] += seconds

    def trial(**takes_s):
        clock[0] = 0.0
        trial = speed_trial.SpeedTrial({n: partial(take, s) for n, s in takes_s.items()}, lambda: clock[0])
        while not trial.round():
            assert clock[0] < 1.0, "the trial takes too long"
        return trial.result()

    name, quartiles_ms = trial(onnxruntime=0.008, openvino=0.005)
    assert name == "openvino"
    assert quartiles_ms == pytest.approx({"onnxruntime": 8.0, "openvino": 5.0})
    assert trial(onnxruntime=0.005, openvino=0.008)[0] == "onnxruntime"
    assert trial(onnxruntime=0.00500, openvino=0.00495)[0] == "onnxruntime", "not worth the change"


def test_the_trial_names_the_faster_one_where_the_threads_clock_ticks_slowly(monkeypatch):
    tick_as_on_windows(monkeypatch)
    runs = {name: partial(compute_for, seconds) for name, seconds in (("onnxruntime", 0.004), ("int8", 0.002))}
    trial = speed_trial.SpeedTrial(runs, thread_cpu_s)
    while not trial.round():
        pass
    assert trial.result()[0] == "int8"


def test_results_are_kept_side_by_side(tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "runtimes.json"
    monkeypatch.setattr(speed_trial, "choices_path", lambda: path)
    assert speed_trial.kept_choice("a") is None
    speed_trial.keep_choice("a", Runtime.OPENVINO)
    speed_trial.keep_choice("b", Runtime.ONNX_RUNTIME)
    assert speed_trial.kept_choice("a") == Runtime.OPENVINO
    assert speed_trial.kept_choice("b") == Runtime.ONNX_RUNTIME
    assert [file.name for file in path.parent.iterdir()] == ["runtimes.json"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format": 1}', '{"a": [1]}', '{"a": "x"}', '{"a": "../evil"}', '{"a": 3}', "\udcff"],
)  # fmt: skip
def test_a_damaged_file_is_ignored_and_replaced(tmp_path, monkeypatch, content):
    path = tmp_path / "runtimes.json"
    monkeypatch.setattr(speed_trial, "choices_path", lambda: path)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert speed_trial.kept_choice("a") is None
    speed_trial.keep_choice("a", Runtime.OPENVINO)
    assert speed_trial.kept_choice("a") == Runtime.OPENVINO


def test_a_place_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "file" / "runtimes.json")
    speed_trial.keep_choice("a", Runtime.OPENVINO)
    assert speed_trial.kept_choice("a") is None


def test_a_result_holds_for_one_model_and_size():
    sizes = ((480, 640), (640, 480))
    keys = {speed_trial.trial_key(sha, *size, ("onnxruntime",)) for sha in ("a" * 64, "b" * 64) for size in sizes}
    assert len(keys) == 4


def test_the_versions_of_a_result_are_known_where_the_package_has_another_name(monkeypatch):
    def without_it(name):
        if name == Runtime.ONNX_RUNTIME:
            raise metadata.PackageNotFoundError(name)
        return known(name)

    known = metadata.version
    monkeypatch.setattr(metadata, "version", without_it)  # as with onnxruntime-gpu
    assert engine.version(Runtime.ONNX_RUNTIME) == onnxruntime.__version__
    assert f"onnxruntime-{onnxruntime.__version__}" in speed_trial.trial_key("a", 1, 1, ())
    monkeypatch.setattr(engine, "installed", lambda name: False)
    assert engine.version(Runtime.ONNX_RUNTIME) is None
