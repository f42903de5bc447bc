"""Two runtimes, one network: the same faces from both, on the calling thread alone, and in each precision."""

from __future__ import annotations

import os
import platform
import shutil
import time

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.boxes import pairwise_iou
from facecam.runtimes import onnx_runtime, providers, registry
from facecam.runtimes.engine import RUNTIMES, Engine, Precision, Runtime, RuntimeFailure
from facecam.runtimes.registry import has_bf16, has_int8
from facecam.sources.demo import demo_frame
from facecam.system.cpu import choose_core, measure_core_use, pinned
from facecam.system.resources import asset, shipped_models
from tests.engines import each_int8_runtime, each_runtime, int8_runtimes, needs_openvino
from tests.processes import run_python


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


@needs_openvino
def test_small_and_odd_frames_give_the_same_in_both_runtimes(make_model):
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
    with pytest.raises(RuntimeFailure, match="bf16 takes a newer processor"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.BF16))
    with pytest.raises(RuntimeFailure, match="ONNX Runtime has no bf16; leave --precision out"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.BF16, runtime=Runtime.ONNX_RUNTIME))


@each_int8_runtime
@pytest.mark.parametrize("name", shipped_models())
def test_in_int8_the_same_faces_are_found(name, runtime):
    frames = [demo_frame(index * 20) for index in range(4)] + [demo_frame(7)[:333, :517].copy()]
    exact, rounded = (
        FaceDetector(DetectorOptions(name, runtime=runtime)),
        FaceDetector(DetectorOptions(name, runtime=runtime, precision=Precision.INT8)),
    )
    exact.threshold -= 0.1  # rounding may lift a face over the threshold, or press it below
    for frame in frames:
        expected, found = exact.detect(frame), rounded.detect(frame)
        clear = expected.only(expected.scores > (1 + rounded.threshold) / 2)
        assert len(clear) > 0
        assert pairwise_iou(found.boxes, clear.boxes).max(0).min() > 0.85
        overlap = pairwise_iou(found.boxes, expected.boxes)
        assert overlap.max(1).min() > 0.85
        np.testing.assert_allclose(found.scores, expected.scores[overlap.argmax(1)], atol=0.1)
    assert str(rounded.engine) == f"{runtime} int8"


@each_int8_runtime
def test_int8_asks_for_a_network_that_was_made_from_this_one(tmp_path, tiny_model, runtime):
    with pytest.raises(RuntimeFailure, match=rf"There is no tiny-int8-{runtime}.onnx beside tiny.onnx; leave --preci"):
        FaceDetector(DetectorOptions(tiny_model, precision=Precision.INT8, runtime=runtime))
    copy, rounded = tmp_path / "own.onnx", tmp_path / f"own-int8-{runtime}.onnx"
    shutil.copy(asset("faceboxes.onnx"), copy)
    shutil.copy(asset(f"faceboxes-s8-int8-{runtime}.onnx"), rounded)
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
    with pytest.raises(RuntimeFailure, match="int8 takes a newer processor"):
        FaceDetector(DetectorOptions("faceboxes", precision=Precision.INT8))


def test_without_openvino_it_computes_in_nothing(monkeypatch):
    def missing():
        raise RuntimeFailure("OpenVINO is not installed.")

    monkeypatch.setattr(registry, "openvino_core", missing)
    assert not has_bf16()
    assert not has_int8.__wrapped__(Runtime.OPENVINO)


def test_int8_is_for_processors(monkeypatch):
    monkeypatch.setitem(providers.NAMES, "cuda", "CUDAExecutionProvider")
    monkeypatch.setattr(onnx_runtime, "available", lambda: ["cpu", "cuda"])
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
    assert refusal.startswith("int8 takes a newer processor")


def test_an_int8_file_is_no_model_of_its_own_in_lists():
    assert not [name for name in shipped_models() if "int8" in name]
    assert all(asset(f"{name}-int8-{runtime}.onnx").is_file() for name in shipped_models() for runtime in RUNTIMES)


def test_a_provider_that_is_missing_says_what_to_install(tiny_model):
    missing = next(name for name in ("cuda", "directml", "migraphx") if name not in onnx_runtime.available())
    with pytest.raises(FacecamError, match="in place of onnxruntime"):
        FaceDetector(DetectorOptions(tiny_model, provider=missing))


def test_a_provider_that_does_not_start_is_told_instead_of_going_on_without(tiny_model, monkeypatch):
    """ONNX Runtime itself falls back to the processor: a benchmark would then report the wrong device."""
    monkeypatch.setitem(providers.NAMES, "cuda", "CUDAExecutionProvider")
    monkeypatch.setattr(onnx_runtime, "available", lambda: ["cpu", "cuda"])
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(RuntimeFailure, match="can't start"):
        FaceDetector(DetectorOptions(tiny_model, provider="cuda"))
