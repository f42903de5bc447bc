"""The project's measure on real detections of other detectors, against the figures that were published with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecam.bench.voc import LOWEST_SCORE
from facecam.bench.wider_labels import Labelled, read_wider
from facecam.detection.detector import FaceDetector
from facecam.detection.letterbox import letterbox
from facecam.detection.options import DetectorOptions
from facecam.faces.boxes import Detections, nms
from facecam.runtimes.engine import RUNTIMES, Precision, Runtime
from facecam.runtimes.registry import has_int8
from facecam.sources.photo import read_picture
from facecam.system.resources import shipped_models
from train.faceboxes.protocols.canvas import OnCanvas, score

FACES = Path(__file__).parents[5] / "shared" / "data" / "faces"

pytestmark = pytest.mark.skipif(not FACES.is_dir(), reason="needs the research pictures in ../shared/data/faces")


def test_stored_detections_reach_their_published_figures() -> None:
    # Three detectors at two scales, fused: published with three digits.
    with np.load(FACES / "teacher_detections.npz", allow_pickle=False) as stored:
        names, offsets = stored["names"], stored["offsets"]
        boxes, scores = stored["boxes"].astype(np.float32), stored["scores"].astype(np.float32)
    rows = {name: slice(offsets[row], offsets[row + 1]) for row, name in enumerate(names)}
    results = []
    for item in read_wider(FACES / "wider_face_split" / "wider_face_val_bbx_gt.txt", FACES / "WIDER_val" / "images"):
        if item.event not in ("0--human", "3--none"):
            continue
        with Image.open(item.path) as picture:
            scale = min(640 / picture.width, 480 / picture.height)
        found, strength = boxes[rows[f"val/{item.name}"]] * scale, scores[rows[f"val/{item.name}"]]
        keep = nms(found, strength, 0.3)
        detections = Detections(found[keep], strength[keep])
        results.append(
            OnCanvas(detections, (item.boxes * scale).astype(np.float32), item.ignore, item.event, item.source)
        )
    report = score(results)
    assert (report.pictures, report.faceless_pictures, report.faces["all"]) == (404, 428, 1289)
    assert report.ap[0] == pytest.approx(0.945, abs=0.0006)
    assert report.ap[16] == pytest.approx(0.950, abs=0.0006)
    assert report.ap[32] == pytest.approx(0.960, abs=0.0006)
    assert report.false_boxes == 0


@pytest.fixture(scope="module")
def canvases() -> list[tuple[np.ndarray, np.ndarray, Labelled]]:
    """Each picture with people as the detectors see it, (480, 640, 3), its faces there (N, 4), and its labels."""
    made = []
    for item in read_wider(FACES / "wider_face_split" / "wider_face_val_bbx_gt.txt", FACES / "WIDER_val" / "images"):
        if item.event == "0--human":
            canvas, scale = letterbox(read_picture(item.path), (640, 480))
            made.append((canvas, (item.boxes * scale).astype(np.float32), item))
    return made


@pytest.mark.parametrize("name", shipped_models())
def test_int8_is_as_accurate_as_float32(canvases: list[tuple[np.ndarray, np.ndarray, Labelled]], name: str) -> None:
    def average_precisions(runtime: Runtime, precision: Precision) -> dict[int, float]:
        detector = FaceDetector(DetectorOptions(name, LOWEST_SCORE, runtime=runtime, precision=precision))
        return score(
            [
                OnCanvas(detector.detect(canvas), boxes, item.ignore, item.event, item.source)
                for canvas, boxes, item in canvases
            ]
        ).ap

    exact = average_precisions(Runtime.ONNX_RUNTIME, Precision.F32)
    for runtime in RUNTIMES:
        if has_int8(runtime):
            rounded = average_precisions(runtime, Precision.INT8)
            assert min(rounded[least_px] - exact[least_px] for least_px in (0, 16, 32)) > -0.003, runtime
