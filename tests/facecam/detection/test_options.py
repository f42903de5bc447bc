"""DetectorOptions: what is refused, and the engine that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.detection.options import SUCCESSORS, DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.runtimes.engine import Engine, Precision, Runtime
from facecam.system.resources import shipped_models


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": 1.5}, "threshold must lie between 0 and 1"),
        ({"nms": -0.1}, "NMS overlap must lie between 0 and 1"),
        ({"size": (640, 16)}, "at least 32 x 32"),
        ({"size": "640x480"}, "width, height"),
        ({"size": 640}, "width, height"),
        ({"size": (640.5, 480)}, "width, height"),
        ({"threshold": "high"}, "threshold must lie between 0 and 1, not 'high'"),
        ({"threshold": float("nan")}, "not nan"),
        ({"nms": None}, "NMS overlap must lie"),
        ({"threads": 1.5}, "threads must be a whole number"),
        ({"core": "first"}, "core must be a whole number"),
        ({"runtime": "tensorrt"}, "There is no runtime tensorrt; there are auto, onnxruntime, openvino"),
        ({"runtime": "opencv"}, "There is no runtime opencv"),
        ({"precision": "f64"}, "There is no precision f64; there are auto, f32, bf16, int8"),
        ({"threads": 0}, "between 1 and 64"),
        ({"provider": "abacus"}, "There is no provider abacus; there are cpu, cuda"),
    ],
)
def test_what_can_not_be_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(FacecamError, match=words):
        DetectorOptions(**options)


@pytest.mark.parametrize("gone", SUCCESSORS)
def test_a_network_that_is_gone_opens_its_successor(gone: str) -> None:
    assert FaceDetector(DetectorOptions(gone)).name == SUCCESSORS[gone]
    assert gone not in shipped_models()


def test_runtime_and_precision_may_be_given_by_their_values() -> None:
    options = DetectorOptions(runtime="openvino", precision="int8")  # type: ignore[arg-type]
    assert (options.runtime, options.precision) == (Runtime.OPENVINO, Precision.INT8)
    assert isinstance(options.runtime, Runtime)
    assert options == DetectorOptions(runtime=Runtime.OPENVINO, precision=Precision.INT8)


def test_the_engine_that_is_asked_for() -> None:
    assert DetectorOptions().engine == Engine(Runtime.AUTO, Precision.F32)
    assert DetectorOptions(precision=Precision.BF16).engine.runtime == Runtime.OPENVINO  # no other has it
    assert DetectorOptions(provider="cuda").engine.runtime == Runtime.ONNX_RUNTIME
    engine = Engine(Runtime.OPENVINO, Precision.INT8, threads=2)
    assert DetectorOptions("faceboxes", 0.7).on(engine) == DetectorOptions(
        "faceboxes", 0.7, runtime=Runtime.OPENVINO, precision=Precision.INT8, threads=2
    )


def test_live_pictures_take_the_fastest_precision_unless_one_is_given() -> None:
    assert DetectorOptions().for_live() == DetectorOptions(precision=Precision.AUTO, in_background=True)
    assert DetectorOptions(precision=Precision.F32).for_live().precision == Precision.F32


def test_numbers_may_be_of_any_kind_and_sizes_any_sequence() -> None:
    options = DetectorOptions(size=np.array([640, 480]), threads=np.int64(2), threshold=np.float32(0.5))  # type: ignore[arg-type]
    assert options == DetectorOptions(size=[640, 480], threads=2, threshold=0.5)  # type: ignore[arg-type]
    assert hash(options) == hash(DetectorOptions(size=(640, 480), threads=2, threshold=0.5))


def test_detections_can_be_compared_and_counted() -> None:
    one, other = (Detections(np.zeros((2, 4), np.float32), np.zeros(2, np.float32)) for _ in range(2))
    assert one != other
    assert len({one, other, one}) == 2
