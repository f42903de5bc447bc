"""FaceDetector on a tiny network whose faces are the white cells of a 32 px grid."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.detection.frame_plan import FramePlan
from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.boxes import nms, pairwise_iou
from facecam.runtimes.engine import Engine
from facecam.sources.demo import demo_frame
from facecam.system.cpu import available_cores
from facecam.system.opencv import cv2


@pytest.fixture(scope="module")
def detector(tiny_model):
    return FaceDetector(tiny_model)


def boxes_of(detections):
    return sorted(tuple(float(round(value, 2)) for value in box) for box in detections.boxes)


def test_boxes_are_in_frame_pixels(detector, make_frame):
    found = detector.detect(make_frame((3, 2), (7, 5)))
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert boxes_of(found) == [(96, 64, 128, 96), (224, 160, 256, 192)]
    assert (found.scores > 0.99).all()


def test_a_frame_without_faces_gives_empty_arrays(detector, make_frame):
    found = detector.detect(make_frame())
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)
    assert len(found) == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (960, 1280), (2560, 1000)])
def test_larger_frames_are_scaled_down_and_boxes_back(detector, width, height):
    longest, shortest = (640, 480)
    scale = max(width / (longest if width >= height else shortest), height / (shortest if width >= height else longest))
    side = round(32 * scale)
    frame = np.zeros((height, width, 3), np.uint8)
    frame[side * 3 : side * 4, side * 2 : side * 3] = 255
    (box,) = boxes_of(detector.detect(frame))
    assert box == pytest.approx((side * 2, side * 3, side * 3, side * 4), abs=side * 0.02)


def test_native_size_keeps_small_faces_of_a_large_frame(tiny_model, make_frame):
    frame = make_frame((30, 20), width=1280, height=960)
    assert len(FaceDetector(tiny_model).detect(frame)) == 0
    assert boxes_of(FaceDetector(DetectorOptions(tiny_model, size=None)).detect(frame)) == [(960, 640, 992, 672)]


def test_boxes_are_clipped_to_the_frame(detector):
    frame = np.full((60, 90, 3), 255, np.uint8)  # the cells at the right and at the bottom reach beyond it
    found = detector.detect(frame)
    assert len(found) > 1
    assert found.boxes.min() >= 0
    assert found.boxes[:, [0, 2]].max() == 90
    assert found.boxes[:, [1, 3]].max() == 60


@pytest.mark.parametrize("shape", [(1, 1), (7, 10), (31, 500), (500, 31), (33, 35)])
def test_any_size_of_frame(detector, shape):
    found = detector.detect(np.full((*shape, 3), 255, np.uint8))
    assert (found.boxes[:, 2] <= shape[1]).all()
    assert (found.boxes[:, 3] <= shape[0]).all()


def test_results_do_not_depend_on_the_frames_before(detector, make_frame):
    frames = [make_frame((1, 1)), make_frame((2, 2), width=320, height=240), np.full((20, 20, 3), 255, np.uint8)]
    frames += [make_frame(width=700 + i, height=300) for i in range(6)]  # more sizes than are kept
    first = [boxes_of(detector.detect(frame)) for frame in frames]
    again = [boxes_of(detector.detect(frame)) for frame in reversed(frames)]
    assert first == again[::-1]


def test_a_result_stays_as_it_was_when_the_next_frame_is_detected(detector, make_frame):
    first = detector.detect(make_frame((1, 1)))
    boxes, scores = first.boxes.copy(), first.scores.copy()
    detector.detect(make_frame((5, 5), (6, 6)))
    np.testing.assert_array_equal(first.boxes, boxes)
    np.testing.assert_array_equal(first.scores, scores)


def test_views_and_mirrored_frames_are_accepted(detector, make_frame):
    frame = make_frame((1, 1))
    assert boxes_of(detector.detect(frame[:, ::-1])) == [(576, 32, 608, 64)]
    assert boxes_of(detector.detect(frame[32:, 32:])) == [(0, 0, 32, 32)]


def test_threshold_takes_effect_at_once(tiny_model):
    detector = FaceDetector(DetectorOptions(tiny_model, threshold=0.9))
    frame = np.full((32, 32, 3), 185, np.uint8)  # score about 0.73
    assert len(detector.detect(frame)) == 0
    detector.threshold = 0.5
    assert len(detector.detect(frame)) == 1


def test_default_threshold_is_the_models_own(make_model):
    assert FaceDetector(make_model(threshold=0.25)).threshold == 0.25


def test_nms_drops_overlapping_boxes(make_model, make_frame):
    # Two anchors per cell, of 64 px, 16 px apart: of the pair around a white cell only one may stay.
    model = make_model(anchors=[{"stride": 32, "sizes": [64], "densities": [1]}])
    frame = make_frame((3, 3), (4, 3))  # boxes 32 px apart, overlap 1/3
    detector = FaceDetector(DetectorOptions(model, nms=0.5))
    assert len(detector.detect(frame)) == 2
    detector.nms = 0.3
    assert len(detector.detect(frame)) == 1


def test_boxes_that_a_better_one_suppresses_do_not_move_it(make_model, make_frame):
    model = make_model(anchors=[{"stride": 32, "sizes": [128], "densities": [1]}])
    (alone,) = FaceDetector(model).detect(make_frame((3, 3))).boxes
    both = FaceDetector(DetectorOptions(model, nms=1.0)).detect(make_frame((3, 3), (4, 3)))
    assert len(both) == 2
    (box,) = FaceDetector(DetectorOptions(model, nms=0.5)).detect(make_frame((3, 3), (4, 3))).boxes
    assert box.tolist() == alone.tolist()


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (np.zeros((10, 10), np.uint8), "GRAY2BGR"),
        (np.zeros((10, 10, 4), np.uint8), "BGRA2BGR"),
        (np.zeros((10, 10, 3), np.float32), "uint8"),
        (np.zeros((0, 10, 3), np.uint8), "pixels"),
        ([[1, 2, 3]], "numpy"),
        (None, "numpy"),
    ],
)
def test_wrong_frames_get_a_clear_sentence(detector, frame, words):
    with pytest.raises(FacecamError, match=words) as caught:
        detector.detect(frame)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(("threshold", value, "between 0 and 1") for value in (-0.1, 1.5, float("nan"))),
        *(("size", value, "size") for value in ((0, 0), "640x480", 640)),
    ],
)
def test_impossible_settings_are_refused_and_the_old_ones_stay(detector, name, value, words):
    before = getattr(detector, name)
    with pytest.raises(FacecamError, match=words):
        setattr(detector, name, value)
    assert getattr(detector, name) == before


def test_threads_may_share_a_detector(detector, make_frame):
    frames = [make_frame((column, 2), width=640 - 32 * column) for column in range(6)]
    wanted = [[boxes_of(detector.detect(frame))] * 20 for frame in frames]
    with ThreadPoolExecutor(len(frames)) as pool:
        found = pool.map(lambda frame: [boxes_of(detector.detect(frame)) for _ in range(20)], frames)
    assert list(found) == wanted


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no way to read a thread's cores here")
def test_core_pins_the_calling_thread_during_the_call_only(tiny_model, make_frame):
    before = os.sched_getaffinity(0)
    detector = FaceDetector(DetectorOptions(tiny_model, core=available_cores()[-1]))
    assert len(detector.detect(make_frame((1, 1)))) == 1
    assert os.sched_getaffinity(0) == before


def test_other_processes_get_a_detector_of_their_own(tiny_model, make_frame):
    detector = FaceDetector(tiny_model)
    detector.threshold, detector.size, detector.border_px = 0.2, None, (64, 64, 64, 64)
    frame = make_frame((30, 20), (0, 0), width=1280, height=960)
    frame[160:192, 160:192] = 171
    here = detector.detect(frame)
    assert 0.3 < here.scores.min() < 0.5  # by the threshold
    assert here.boxes.min() < 0  # by the border
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        there = pool.submit(detector.detect, frame).result(60)
    np.testing.assert_array_equal(there.boxes, here.boxes)
    np.testing.assert_array_equal(there.scores, here.scores)


def test_the_network_sees_bgr_minus_the_mean(make_model):
    # With a mean of white everything is dark for the network, with one of black it is brighter.
    grey = np.full((64, 64, 3), 120, np.uint8)
    assert len(FaceDetector(make_model("white.onnx", mean=[255, 255, 255])).detect(grey)) == 0
    assert len(FaceDetector(make_model("black.onnx", mean=[0, 0, 0])).detect(grey)) == 4


def test_scaling_down_averages(detector):
    # A fine chequerboard is grey when seen from afar, not a face or not by chance of sampling.
    tile = np.zeros((2, 2), np.uint8)
    tile[0, 0] = tile[1, 1] = 255
    frame = cv2.cvtColor(np.tile(tile, (960, 1280)), cv2.COLOR_GRAY2BGR)
    assert len(detector.detect(frame)) == 0


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1000, 750), (1281, 961), (3000, 2001)])
def test_scaling_down_in_steps_shows_what_averaging_shows(tiny_model, width, height):
    frame = cv2.resize(demo_frame(0), (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    plan = FramePlan(load_model(tiny_model), height, width, (640, 480), Engine())
    scaled = plan.scaled(frame)
    averaged = cv2.resize(frame, scaled.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert scaled.shape[:2] == (plan.height, plan.width)
    assert max(scaled.shape[:2]) <= 640
    assert np.abs(scaled.astype(int) - averaged).mean() < 1.0


def test_threshold_zero_passes_everything_and_keeps_the_best(tiny_model, make_frame):
    # 2700 cells; the white ones are the best and must be among the candidates that are kept.
    detector = FaceDetector(DetectorOptions(tiny_model, threshold=0.0, nms=1.0, size=None))
    found = detector.detect(make_frame((5, 5), (59, 44), width=1920, height=1440))
    assert len(found) == 750
    assert {tuple(box) for box in found.boxes[:2]} == {(160, 160, 192, 192), (1888, 1408, 1920, 1440)}


def test_suppression_is_greedy_by_score():
    rng = np.random.default_rng(3)
    for count in (0, 1, 2, 40, 150, 400, 600):
        corner = rng.uniform(0, 200, (count, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(5, 60, (count, 2))], axis=1).astype(np.float32)
        scores = rng.choice(np.linspace(0.1, 0.9, 9), count).astype(np.float32)  # many of them equal
        kept: list[int] = []
        for index in np.argsort(-scores, kind="stable"):
            if not kept or pairwise_iou(boxes[[index]], boxes[kept]).max() <= 0.3:
                kept.append(int(index))
        assert nms(boxes, scores, 0.3).tolist() == kept
