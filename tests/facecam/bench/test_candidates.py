"""Who takes part: other people's detectors, OpenCV, and the gallery."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.bench.candidates import candidates, engines
from facecam.bench.command import BenchOptions, run_benchmark
from facecam.bench.gallery import gallery_benchmarks
from facecam.bench.measure import measure
from facecam.cli import main
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError, ModelError
from facecam.runtimes.engine import RUNTIMES, Engine, Precision, Runtime, RuntimeFailure
from facecam.sources.demo import demo_frame
from facecam.system.opencv import cv2
from facecam.system.resources import shipped_models
from tests.facecam.made_third_party import save_ultralight, save_yunet
from tests.sagan_gallery.made import save_tiny_generator


def test_other_peoples_detectors_take_part(tmp_path, make_frame):
    frame = make_frame((3, 2), (10, 5))
    (yunet,) = candidates(DetectorOptions(save_yunet(tmp_path / "yunet.onnx")), engines())
    labels = yunet.open(frame, 2).labels
    assert (labels.family, labels.runtime, labels.faces_found) == ("yunet", "opencv", 2)
    (ultralight,) = candidates(DetectorOptions(save_ultralight(tmp_path / "rfb.onnx")), engines())
    labels = ultralight.open(frame, 1).labels
    assert (labels.family, labels.runtime, labels.faces_found) == ("ultralight", "onnxruntime", 1)
    ultralight.open(frame, 1).call()
    assert not yunet.ours


def test_threads_for_other_peoples_detectors_are_refused_before_anything_is_measured(tmp_path):
    told: list[str] = []
    options = DetectorOptions(save_ultralight(tmp_path / "rfb.onnx"), threads=2)
    with pytest.raises(FacecamError, match="--threads is for our own networks"):
        run_benchmark(BenchOptions(options), told.append)
    assert told == []


@pytest.mark.parametrize("name", shipped_models())
def test_the_same_network_through_opencv_finds_the_same(name):
    frame = demo_frame(30)
    exact, through_opencv = (
        candidates(DetectorOptions(name), [Engine(runtime)])[0].detector()
        for runtime in (Runtime.ONNX_RUNTIME, Runtime.OPENCV)
    )
    for size in ((640, 480), (320, 240)):
        picture = cv2.resize(frame, size).astype(np.uint8)
        one, other = exact.detect(picture), through_opencv.detect(picture)
        assert len(one) > 0
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)
    assert through_opencv.runtime == "opencv"


def test_int8_takes_part_where_there_is_such_a_network_and_is_missed_where_it_is_all_that_was_asked_for(
    tiny_model, make_frame, capsys
):
    in_int8 = [Engine(runtime, Precision.INT8) for runtime in RUNTIMES]
    found = candidates(DetectorOptions("faceboxes"), [Engine(), *in_int8])
    assert [str(one.engine) for one in found] == ["onnxruntime", "onnxruntime int8", "openvino int8"]
    assert [str(one.engine) for one in candidates(DetectorOptions(tiny_model), [Engine(), *in_int8])] == ["onnxruntime"]
    (missing,) = candidates(DetectorOptions(tiny_model), in_int8)
    with pytest.raises(RuntimeFailure, match=r"tiny-int8-onnxruntime.onnx beside tiny.onnx|newer processor"):
        missing.open(make_frame((0, 0)), 1)
    assert main(["bench", "--model", str(tiny_model), "--precision", "int8", "--no-gallery"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("facecam: ")]
    assert "leave --precision out" in line


def test_files_of_no_known_family_are_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"x\.onnx is not loaded, as it .*\.$"):
        candidates(DetectorOptions(tmp_path / "x.onnx"), engines())


def test_a_provider_that_is_missing_is_told_before_measuring(tiny_model, capsys):
    assert main(["bench", "--model", str(tiny_model), "--provider", "migraphx"]) == 2
    err = capsys.readouterr().err
    assert "onnxruntime-migraphx" in err
    assert "[" not in err


def test_the_gallery_takes_part(tmp_path):
    benchmarks = gallery_benchmarks(Runtime.ONNX_RUNTIME, save_tiny_generator(tmp_path / "tiny.onnx"))
    run = measure("gallery", benchmarks, 0.2)
    assert [series.labels.what for series in run.series] == ["picture and attention", "picture only"]
    for series in run.series:
        assert series.detections >= 20
        assert min(series.series_ms) > 0
    with pytest.raises(FacecamError, match=r"The gallery can't be measured: .*nothing\.onnx"):
        gallery_benchmarks(Runtime.ONNX_RUNTIME, tmp_path / "nothing.onnx")
