"""Two registry, one network: the same faces from both, on the calling thread alone, and how one is chosen."""

from __future__ import annotations

import json
import os
import platform
import shutil
import threading
import time

import numpy as np
import pytest

from facecam.detection import engine_choice
from facecam.detection.detector import FaceDetector
from facecam.detection.model import Model, load_model
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.boxes import pairwise_iou
from facecam.runtimes import engine, providers, registry, speed_trial
from facecam.runtimes.engine import RUNTIMES, Engine, Precision, Runtime, RuntimeFailure, installed
from facecam.runtimes.registry import has_bf16, has_int8
from facecam.sources.demo import demo_frame
from facecam.system.cpu import choose_core, measure_core_use, pinned
from facecam.system.resources import asset, shipped_models
from tests.processes import run_python

needs_openvino = pytest.mark.skipif(not installed(Runtime.OPENVINO), reason="OpenVINO is not installed")
int8_runtimes = [runtime for runtime in RUNTIMES if has_int8(runtime)]
each_int8_runtime = pytest.mark.parametrize("runtime", int8_runtimes)
needs_int8 = pytest.mark.skipif(not int8_runtimes, reason="this processor does not compute in int8")
each_runtime = pytest.mark.parametrize(
    "runtime", [Runtime.ONNX_RUNTIME, pytest.param(Runtime.OPENVINO, marks=needs_openvino)]
)


@each_runtime
def test_faces_are_found_by_either_runtime(tiny_model, make_frame, runtime):
    detector = FaceDetector(DetectorOptions(tiny_model, runtime=runtime))
    for size in ((640, 480), (320, 192), (64, 96)):
        found = detector.detect(make_frame((0, 1), width=size[0], height=size[1]))
        np.testing.assert_allclose(found.boxes, [[0, 32, 32, 64]], atol=0.01)
    assert detector.runtime == runtime


@needs_openvino
@pytest.mark.parametrize("name", shipped_models())
@pytest.mark.parametrize("size", [(480, 640), (96, 128), (333, 517)])
def test_shipped_networks_compute_the_same_in_both_runtimes(name, size):
    model = load_model(name)
    image = np.random.default_rng(0).uniform(-120, 140, (1, 3, *size)).astype(np.float32)
    results = []
    for runtime in RUNTIMES:
        network = model.bind(size[0], size[1], Engine(runtime))
        network.image[:] = image.transpose(0, 2, 3, 1) if network.engine.packed else image
        network.infer()
        logits = np.clip(network.scores, -30, 30)
        scores = 1 / (1 + np.exp(-logits)) if network.logits else network.scores
        results.append((network.offsets.copy(), scores.copy()))
    np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-3)
    np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-3 * max(1.0, np.abs(results[0][0]).max()))


@pytest.mark.parametrize(
    ("runtime", "precision"),
    [
        (Runtime.ONNX_RUNTIME, Precision.F32),
        pytest.param(Runtime.OPENVINO, Precision.F32, marks=needs_openvino),
        *((runtime, Precision.INT8) for runtime in int8_runtimes),
    ],
)
def test_one_pinned_thread_does_all_the_work(runtime, precision):
    detector = FaceDetector(DetectorOptions("faceboxes", runtime=runtime, precision=precision))
    frame = demo_frame(0)

    def work():
        end_s = time.thread_time() + 0.3
        while time.thread_time() < end_s:
            detector.detect(frame)

    with pinned(choose_core()) as core:
        detector.detect(frame)
        use = measure_core_use(work)
        if core is not None and hasattr(os, "sched_getaffinity"):
            assert os.sched_getaffinity(0) == {core}, "the runtime has moved the thread"
    assert use.others_cpu_s < 0.05 * use.thread_cpu_s
    assert use.cpu_over_wall <= 1.05


def test_an_unknown_runtime_is_refused(tiny_model):
    with pytest.raises(FacecamError, match="There is no runtime tensorrt; there are auto, onnxruntime, openvino"):
        FaceDetector(DetectorOptions(tiny_model, runtime="tensorrt"))  # type: ignore[arg-type]


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
def test_auto_starts_at_once_and_goes_over_to_the_one_that_was_faster(monkeypatch, tmp_path, tiny_model, make_frame):
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "kept" / "runtimes.json")
    monkeypatch.setattr(engine_choice, "fastest", lambda candidates, clock: (Runtime.OPENVINO, {}))
    frame = make_frame((2, 1))
    detector = FaceDetector(tiny_model)
    first = detector.detect(frame)
    assert detector.runtime == Runtime.ONNX_RUNTIME
    for _ in range(engine_choice.AFTER_FRAMES):
        last = detector.detect(frame)
    assert detector.runtime == Runtime.OPENVINO
    np.testing.assert_allclose(first.boxes, last.boxes, atol=0.01)
    # Other sizes have not come up often enough: they stay with the runtime that needs no compiling.
    detector.detect(make_frame((2, 1), width=320, height=240))
    assert detector.runtime == Runtime.ONNX_RUNTIME

    def no_trial(_candidates, _clock):
        raise AssertionError("the result was not kept")

    monkeypatch.setattr(engine_choice, "fastest", no_trial)
    again = FaceDetector(tiny_model)
    for _ in range(engine_choice.AFTER_FRAMES):
        again.detect(frame)
    assert again.runtime == Runtime.OPENVINO


class FakeTrial:
    """Ends after three turns in favour of the last."""

    def __init__(self, networks, clock):
        self.networks, self.turns = networks, 0

    def round(self):
        self.turns += 1
        for network in self.networks.values():
            network.infer()
        return self.turns == 3

    def result(self):
        return list(self.networks)[-1], {}


def test_in_the_background_frames_go_on_until_the_other_engines_are_ready(
    monkeypatch, tmp_path, tiny_model, make_frame
):
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "runtimes.json")
    monkeypatch.setattr(engine_choice, "candidates", lambda *_: (Engine(), Engine(threads=2)))
    monkeypatch.setattr(engine_choice, "SpeedTrial", FakeTrial)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))
    goes_on, elsewhere, bind = threading.Event(), [], Model.bind

    def slow_bind(*arguments):
        if threading.current_thread() is not threading.main_thread():
            elsewhere.append(threading.current_thread().name)
            assert goes_on.wait(10)
        return bind(*arguments)

    monkeypatch.setattr(Model, "bind", slow_bind)
    for _ in range(engine_choice.AFTER_FRAMES + 20):
        assert len(detector.detect(make_frame((1, 1)))) == 1
        assert detector.engine == Engine()
    goes_on.set()
    end_s = time.monotonic() + 10
    while detector.engine == Engine() and time.monotonic() < end_s:
        assert len(detector.detect(make_frame((1, 1)))) == 1
    assert detector.engine == Engine(threads=2)
    assert len(elsewhere) == 1
    monkeypatch.setattr(engine_choice, "SpeedTrial", None)  # what is known is not tried again
    again = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))
    while again.engine == Engine() and time.monotonic() < end_s:
        again.detect(make_frame((1, 1)))
    assert again.engine == Engine(threads=2)


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
    end_s = time.monotonic() + 10
    while "ended early" not in caplog.text and time.monotonic() < end_s:
        assert len(detector.detect(make_frame((1, 1)))) == 1
    assert "the trial of engines ended early: out of order" in caplog.text
    assert len(detector.detect(make_frame((1, 1)))) == 1
    assert detector.engine == Engine()


def test_what_goes_wrong_in_the_background_is_told_by_the_next_frame(monkeypatch, tiny_model, make_frame):
    def broken(*_):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(engine_choice, "trial_key", broken)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO, in_background=True))

    def go_on():
        for _ in range(1000):
            detector.detect(make_frame((1, 1)))
            time.sleep(0.001)

    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        go_on()


def test_the_trial_names_the_faster_one():
    clock = [0.0]

    class Fake:
        def __init__(self, takes_s):
            self.takes_s = takes_s

        def infer(self):
            clock[0] += self.takes_s

    def trial(**takes_s):
        clock[0] = 0.0
        name, quartiles_ms = speed_trial.fastest({n: Fake(s) for n, s in takes_s.items()}, lambda: clock[0])
        assert clock[0] < 1.0, "the trial took too long"
        return name, quartiles_ms

    name, quartiles_ms = trial(onnxruntime=0.008, openvino=0.005)
    assert name == "openvino"
    assert quartiles_ms == pytest.approx({"onnxruntime": 8.0, "openvino": 5.0})
    assert trial(onnxruntime=0.005, openvino=0.008)[0] == "onnxruntime"
    assert trial(onnxruntime=0.00500, openvino=0.00495)[0] == "onnxruntime", "not worth the change"


def test_results_are_kept_side_by_side(tmp_path):
    path = tmp_path / "new folder" / "runtimes.json"
    assert speed_trial.kept_choice("a", path) is None
    speed_trial.keep_choice("a", Runtime.OPENVINO, path)
    speed_trial.keep_choice("b", Runtime.ONNX_RUNTIME, path)
    assert speed_trial.kept_choice("a", path) == Runtime.OPENVINO
    assert speed_trial.kept_choice("b", path) == Runtime.ONNX_RUNTIME
    assert [file.name for file in path.parent.iterdir()] == ["runtimes.json"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 1, "choices": [1]}', '{"format": 9, "choices": {"a": "x"}}',
     '{"format": 1, "choices": {"a": "../evil"}}', '{"format": 1, "choices": {"a": 3}}', "\udcff"],
)  # fmt: skip
def test_a_damaged_file_is_ignored_and_replaced(tmp_path, content):
    path = tmp_path / "runtimes.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert speed_trial.kept_choice("a", path) is None
    speed_trial.keep_choice("a", Runtime.OPENVINO, path)
    assert speed_trial.kept_choice("a", path) == Runtime.OPENVINO
    assert json.loads(path.read_text())["format"] == speed_trial.FORMAT


def test_a_place_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    speed_trial.keep_choice("a", Runtime.OPENVINO, tmp_path / "file" / "runtimes.json")
    assert speed_trial.kept_choice("a", tmp_path / "file" / "runtimes.json") is None


def test_a_result_holds_for_one_model_and_size():
    keys = {speed_trial.trial_key(sha, *size) for sha in ("a" * 64, "b" * 64) for size in ((480, 640), (640, 480))}
    assert len(keys) == 4


@each_runtime
def test_nothing_is_reported_to_the_makers_of_a_runtime(tmp_path, tiny_model, runtime):
    """By themselves both send events when they are imported, and leave an identifier in the home folder."""
    script = (
        "import sys\n"
        "from facecam.detection.detector import FaceDetector\n"
        "from facecam.detection.options import DetectorOptions\n"
        "import numpy as np\n"
        "FaceDetector(DetectorOptions(sys.argv[1], runtime=sys.argv[2])).detect(np.zeros((64, 64, 3), np.uint8))\n"
        "assert sys.argv[2] in sys.modules\n"
        "print([name for name in sys.modules if 'telemetry' in name or name.startswith('openvino.tools')])\n"
    )
    done = run_python("-c", script, tiny_model, runtime, HOME=str(tmp_path), CI=None, ORT_DISABLE_TELEMETRY=None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.rglob("*")) == []


# Precision, threads and providers


def test_small_and_odd_frames_give_the_same_in_both_runtimes(make_model, make_frame):
    if not installed(Runtime.OPENVINO):
        pytest.skip("OpenVINO is not installed")
    model = make_model(threshold=0.3)
    for width, height in ((20, 25), (1, 4), (33, 47), (1000, 750)):
        frame = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
        one, other = (FaceDetector(DetectorOptions(model, runtime=runtime)).detect(frame) for runtime in RUNTIMES)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)


@each_runtime
def test_more_threads_find_the_same(tiny_model, make_frame, runtime):
    with pinned(choose_core()):  # the other thread must not inherit it
        found = FaceDetector(DetectorOptions(tiny_model, runtime=runtime, threads=2)).detect(make_frame((2, 1)))
    np.testing.assert_allclose(found.boxes, [[64, 32, 96, 64]], atol=0.01)


@needs_openvino
def test_bfloat16_is_computed_where_the_processor_can_and_refused_elsewhere(tiny_model, make_frame, monkeypatch):
    if has_bf16():
        detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.BF16))
        found = detector.detect(make_frame((2, 1)))
        np.testing.assert_allclose(found.boxes, [[64, 32, 96, 64]], atol=0.5)
        assert (detector.engine.runtime, detector.engine.precision) == (Runtime.OPENVINO, Precision.BF16)
    monkeypatch.setattr(registry, "has_bf16", lambda: False)
    with pytest.raises(RuntimeFailure, match="doesn't compute in bf16"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.BF16))
    with pytest.raises(RuntimeFailure, match="ONNX Runtime has no bf16"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.BF16, runtime=Runtime.ONNX_RUNTIME))


@each_int8_runtime
@pytest.mark.parametrize("name", shipped_models())
def test_in_int8_the_same_faces_are_found(name, runtime):
    frames = [demo_frame(index * 20) for index in range(4)] + [demo_frame(7)[:333, :517].copy()]
    exact, rounded = (
        FaceDetector(DetectorOptions(name, runtime=runtime)),
        FaceDetector(DetectorOptions(name, runtime=runtime, precision=Precision.INT8)),
    )
    for frame in frames:
        expected, found = exact.detect(frame), rounded.detect(frame)
        assert len(found) == len(expected) > 0
        best = pairwise_iou(found.boxes, expected.boxes).max(0)
        assert best.min() > 0.85
        np.testing.assert_allclose(np.sort(found.scores), np.sort(expected.scores), atol=0.1)
    assert str(rounded.engine) == f"{runtime} int8"


@each_int8_runtime
def test_int8_asks_for_a_network_that_was_made_from_this_one(tmp_path, tiny_model, runtime):
    with pytest.raises(RuntimeFailure, match=rf"There is no tiny-int8-{runtime}.onnx beside tiny.onnx; leave --preci"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.INT8, runtime=runtime))
    copy, rounded = tmp_path / "own.onnx", tmp_path / f"own-int8-{runtime}.onnx"
    shutil.copy(asset("faceboxes.onnx"), copy)
    shutil.copy(asset(f"faceboxes-s16-int8-{runtime}.onnx"), rounded)
    with pytest.raises(RuntimeFailure, match=rf"{rounded.name} was not made from this own.onnx; make it again"):
        FaceDetector(DetectorOptions(copy, precision=Precision.INT8, runtime=runtime))
    rounded.write_bytes(b"nothing")
    with pytest.raises(RuntimeFailure, match="not an ONNX model that can be loaded"):
        FaceDetector(DetectorOptions(copy, precision=Precision.INT8, runtime=runtime))
    assert len(FaceDetector(DetectorOptions(copy, precision=Precision.AUTO)).detect(demo_frame(0))) > 0, (
        "auto does without it"
    )
    shutil.copy(asset(f"faceboxes-int8-{runtime}.onnx"), rounded)
    detector = FaceDetector(DetectorOptions(copy, precision=Precision.INT8))
    assert len(detector.detect(demo_frame(0))) > 0
    assert str(detector.engine) == f"{runtime} int8", "auto takes the runtime that there is a network for"


def test_int8_of_both_runtimes_starts_in_onnx_runtime_and_missing_ones_are_told(tmp_path, tiny_model, monkeypatch):
    with pytest.raises(RuntimeFailure, match=r"There is no tiny-int8-onnxruntime.onnx beside tiny.onnx"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.INT8))
    monkeypatch.setattr(registry, "has_int8", lambda runtime: False)
    monkeypatch.setattr(engine_choice, "has_int8", lambda runtime: False)
    with pytest.raises(RuntimeFailure, match="can't add up products of bytes without overflow"):
        FaceDetector(DetectorOptions("faceboxes", precision=Precision.INT8))


def test_without_openvino_it_computes_in_nothing(monkeypatch):
    def missing():
        raise RuntimeFailure("OpenVINO is not installed.")

    monkeypatch.setattr(registry, "openvino_core", missing)
    assert not has_bf16()
    assert not has_int8.__wrapped__(Runtime.OPENVINO)


def test_int8_is_for_processors(monkeypatch):
    monkeypatch.setitem(providers.NAMES, "cuda", "CUDAExecutionProvider")
    monkeypatch.setattr(providers, "available", lambda: ["cpu", "cuda"])
    with pytest.raises(RuntimeFailure, match="int8 is for processors; leave --provider or --precision out"):
        FaceDetector(DetectorOptions("faceboxes", precision=Precision.INT8, provider="cuda"))


@needs_openvino
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="other processors have no such limit")
def test_int8_is_refused_where_its_sums_would_overflow(tmp_path):
    """OpenVINO is told to leave out VNNI, as on older processors."""
    script = (
        "from facecam.detection.detector import FaceDetector\n"
        "from facecam.runtimes.engine import Engine\n"
        "from facecam.errors import FacecamError\n"
        "from facecam.bench.candidates import engines\n"
        "from facecam.detection.options import DetectorOptions\n"
        "print(*engines(DetectorOptions(runtime='openvino', precision='auto')), sep=';')\n"
        "try:\n    FaceDetector(DetectorOptions('faceboxes', runtime='openvino', precision='int8'))\n"
        "except FacecamError as error:\n    print(error)\n"
    )
    done = run_python("-c", script, ONEDNN_MAX_CPU_ISA="AVX2")
    engines, refusal = done.stdout.strip().splitlines()
    assert "int8" not in engines
    assert refusal.startswith("This processor can't add up products of bytes without overflow")


def test_an_int8_file_is_no_model_of_its_own_in_lists():
    assert not [name for name in shipped_models() if "int8" in name]
    assert all(asset(f"{name}-int8-{runtime}.onnx").is_file() for name in shipped_models() for runtime in RUNTIMES)


@needs_openvino
@pytest.mark.parametrize("able", [True, False])
def test_auto_precision_tries_bfloat16_only_where_the_processor_can(monkeypatch, tiny_model, make_frame, able):
    if able and not has_bf16():
        pytest.skip("this processor does not compute in bfloat16")
    tried = []

    def last(candidates, clock):
        tried.extend(candidates)
        for network in candidates.values():
            network.infer()
        return list(candidates)[-1], {}

    monkeypatch.setattr(engine_choice, "has_bf16", lambda: able)
    monkeypatch.setattr(engine_choice, "kept_choice", lambda key: None)
    monkeypatch.setattr(engine_choice, "keep_choice", lambda key, name: None)
    monkeypatch.setattr(engine_choice, "fastest", last)
    detector = FaceDetector(DetectorOptions(tiny_model, precision=Precision.AUTO))
    for _ in range(engine_choice.AFTER_FRAMES):
        assert len(detector.detect(make_frame((2, 1)))) == 1
    assert tried == [Runtime.ONNX_RUNTIME, Runtime.OPENVINO, "openvino bf16"][: 3 if able else 2]
    assert str(detector.engine) == tried[-1]


@needs_int8
def test_auto_precision_goes_over_to_int8_where_it_is_faster(tmp_path, monkeypatch):
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "choices.json")
    tried = []

    def last(candidates, _clock):
        tried.append(list(candidates))
        return list(candidates)[-1], {}

    monkeypatch.setattr(engine_choice, "fastest", last)
    detector = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    for _ in range(engine_choice.AFTER_FRAMES):
        found = detector.detect(demo_frame(5))
    assert tried == [[Runtime.ONNX_RUNTIME, *(f"{runtime} int8" for runtime in int8_runtimes)]]
    assert str(detector.engine) == tried[0][-1]
    assert len(found) == len(
        FaceDetector(DetectorOptions("faceboxes", runtime=Runtime.ONNX_RUNTIME)).detect(demo_frame(5))
    )
    told = FaceDetector(DetectorOptions("faceboxes", precision=Precision.INT8))
    for _ in range(engine_choice.AFTER_FRAMES):
        told.detect(demo_frame(5))
    assert tried[1:] == ([tried[0][1:]] if len(int8_runtimes) > 1 else [])
    again = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    monkeypatch.setattr(engine_choice, "fastest", None)  # what is known is not tried again
    for _ in range(engine_choice.AFTER_FRAMES):
        again.detect(demo_frame(5))
    assert str(again.engine) == tried[0][-1]


@needs_int8
def test_without_openvino_auto_precision_is_int8_too(tmp_path, monkeypatch):
    monkeypatch.setattr(speed_trial, "choices_path", lambda: tmp_path / "choices.json")
    monkeypatch.setattr(engine, "installed", lambda name: name != Runtime.OPENVINO)
    monkeypatch.setattr(engine_choice, "fastest", lambda candidates, _clock: (list(candidates)[-1], {}))
    detector = FaceDetector(DetectorOptions("faceboxes", precision=Precision.AUTO))
    for _ in range(engine_choice.AFTER_FRAMES):
        detector.detect(demo_frame(5))
    assert str(detector.engine) == "onnxruntime int8"


def test_a_provider_that_is_missing_says_what_to_install(tiny_model):
    missing = next(name for name in ("cuda", "directml", "migraphx") if name not in providers.available())
    with pytest.raises(FacecamError, match="in place of onnxruntime"):
        FaceDetector(DetectorOptions(tiny_model, provider=missing))
    with pytest.raises(FacecamError, match="There is no provider abacus; there are cpu, cuda"):
        FaceDetector(DetectorOptions(tiny_model, provider="abacus"))


def test_a_provider_that_does_not_start_is_told_instead_of_going_on_without(tiny_model, monkeypatch):
    """ONNX Runtime itself falls back to the processor: a benchmark would then report the wrong device."""
    monkeypatch.setitem(providers.NAMES, "cuda", "CUDAExecutionProvider")
    monkeypatch.setattr(providers, "available", lambda: ["cpu", "cuda"])
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(RuntimeFailure, match="can't start"):
        FaceDetector(DetectorOptions(tiny_model, provider="cuda"))


@pytest.mark.parametrize("options", [{"precision": "f8"}, {"threads": 0}, {"threads": 1000}])
def test_settings_out_of_range_are_refused(tiny_model, options):
    with pytest.raises(FacecamError):
        FaceDetector(DetectorOptions(tiny_model, **options))
