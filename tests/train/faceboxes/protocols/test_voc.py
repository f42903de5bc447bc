"""VOC matching and average precision, and the project's own measure, against cases worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.bench.voc import FALSE, HIT, LEFT_OUT, OVER_HALF, average_precision, curve, match
from facecam.bench.wider_labels import Labelled
from facecam.detection.letterbox import letterbox
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.system.opencv import cv2
from tests.doubles import found as detections
from train.faceboxes.protocols.canvas import OnCanvas, run_canvas, score
from train.faceboxes.protocols.pictures import pictures


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def none_ignored(count: int) -> np.ndarray:
    return np.zeros(count, bool)


def test_the_better_detection_of_a_face_hits_and_the_second_is_false() -> None:
    found = detections((0, 0, 10, 9, 0.3), (0, 0, 10, 10, 0.9), (50, 50, 60, 60, 0.5))
    matching = match(found, boxes((0, 0, 10, 10)), none_ignored(1))
    assert matching.outcomes.tolist() == [FALSE, HIT, FALSE]
    assert matching.matched.tolist() == [-1, 0, -1]
    assert matching.faces == 1


def test_a_detection_goes_to_its_best_face_even_if_another_is_free() -> None:
    # IoU with the first face 10/10, with the second 9/11: VOC doesn't look for a second best.
    faces = boxes((0, 0, 10, 10), (1, 0, 11, 10))
    found = detections((0, 0, 10, 10, 0.9), (0, 0, 10, 10, 0.8))
    assert match(found, faces, none_ignored(2)).outcomes.tolist() == [HIT, FALSE]


def test_detections_on_ignore_regions_are_left_out_any_number_of_them() -> None:
    found = detections((0, 0, 10, 10, 0.9), (0, 0, 10, 9, 0.8), (0, 0, 10, 4, 0.7))
    matching = match(found, boxes((0, 0, 10, 10)), np.array([True]))
    # The third overlaps the region by 4/10 only, so it stays a false positive.
    assert matching.outcomes.tolist() == [LEFT_OUT, LEFT_OUT, FALSE]
    assert matching.faces == 0


def test_an_overlap_of_exactly_a_half_counts_for_wider_and_not_for_voc() -> None:
    found, face = detections((0, 0, 10, 5, 0.9)), boxes((0, 0, 10, 10))
    assert match(found, face, none_ignored(1), 0.5).outcomes.tolist() == [HIT]
    assert match(found, face, none_ignored(1), OVER_HALF).outcomes.tolist() == [FALSE]


def test_average_precision_by_hand() -> None:
    # Four faces; detections, best first: hit, false, hit, false, false, hit. Precision 1, 1/2, 2/3, 2/4, 2/5, 3/6;
    # envelope at the recalls 1/4, 2/4, 3/4: 1, 2/3, 1/2; the fourth face is never found.
    faces = boxes((0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10), (60, 0, 70, 10))
    rows = [(0, 0, 10, 10), (0, 50, 9, 59), (20, 0, 30, 10), (20, 50, 29, 59), (40, 50, 49, 59), (40, 0, 50, 10)]
    found = detections(*((*box, 0.9 - 0.1 * rank) for rank, box in enumerate(rows)))
    result = curve([match(found, faces, none_ignored(4))])
    assert result.average_precision == pytest.approx((1 + 2 / 3 + 1 / 2) / 4)
    np.testing.assert_allclose(result.recall, np.array([1, 1, 2, 2, 2, 3]) / 4)
    np.testing.assert_allclose(result.precision, [1, 1 / 2, 2 / 3, 2 / 4, 2 / 5, 3 / 6])
    assert [result.recall_at_false(count) for count in (0, 1, 2, 3)] == [0.25, 0.5, 0.5, 0.75]
    assert result.at_score(0.65) == pytest.approx((0.5, 2 / 3))
    assert result.at_score(0.95) == (0.0, 1.0)


def test_pictures_are_ranked_together() -> None:
    face = boxes((0, 0, 10, 10))
    good = match(detections((0, 0, 10, 10, 0.4)), face, none_ignored(1))
    bad = match(detections((50, 0, 60, 10, 0.8)), face, none_ignored(1))
    assert curve([good, bad]).average_precision == pytest.approx(0.5 * 0.5)  # recall 1/2 at precision 1/2


def test_the_envelope_takes_the_best_precision_to_the_right() -> None:
    assert average_precision(np.array([0.5, 1.0]), np.array([0.2, 0.6])) == pytest.approx(0.6)


def test_no_faces_has_no_average_precision_and_no_detections_has_zero() -> None:
    none = detections()
    assert np.isnan(curve([match(none, boxes(), none_ignored(0))]).average_precision)
    assert curve([match(none, boxes((0, 0, 9, 9)), none_ignored(1))]).average_precision == 0


def test_letterbox_scales_to_fit_at_the_top_left() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    canvas, scale = letterbox(picture, (640, 480))
    assert scale == pytest.approx(4.8)
    assert canvas.shape == (480, 640, 3)
    assert (canvas[:, :480] == 200).all()
    assert not canvas[:, 480:].any()


def on_canvas(found: Detections, faces: np.ndarray, event: str = "0--human", ignore: bool = False) -> OnCanvas:
    return OnCanvas(found, faces, np.full(len(faces), ignore), event, "jol")


def test_faces_below_the_smallest_become_ignore_regions() -> None:
    faces = boxes((0, 0, 12, 15), (100, 100, 130, 140))
    found = detections((0, 0, 12, 15, 0.9), (200, 200, 260, 260, 0.8), (100, 100, 130, 140, 0.7))
    report = score([on_canvas(found, faces)])
    assert report.ap[0] == pytest.approx((1 + 2 / 3) / 2)  # hit, false, hit
    assert report.ap[16] == pytest.approx(1 / 2)  # left out, false, hit
    assert report.ap[32] == pytest.approx(1 / 2)  # 40 px high
    assert report.faces == {"all": 2, "<16": 1, "16-32": 0, "32-64": 1, ">64": 0}


def test_a_size_bucket_counts_neither_faces_nor_false_boxes_of_another_size() -> None:
    faces = boxes((0, 0, 20, 20), (100, 100, 200, 200))
    found = detections((300, 300, 400, 400, 0.9), (0, 0, 20, 20, 0.8), (100, 100, 200, 200, 0.7))
    report = score([on_canvas(found, faces)])
    assert report.ap_by_size["16-32"] == 1.0
    assert report.ap_by_size[">64"] == pytest.approx(0.5)  # the large false box first
    assert np.isnan(report.ap_by_size["<16"])


def test_false_boxes_are_counted_over_a_half_on_face_free_pictures_alone() -> None:
    found = detections((0, 0, 50, 50, 0.6), (100, 0, 150, 50, 0.5), (200, 0, 250, 50, 0.9))
    faceless = on_canvas(found, boxes((200, 0, 250, 50)), "3--none", ignore=True)
    report = score([faceless, on_canvas(detections(), boxes((0, 0, 40, 40)))])
    assert (report.false_boxes, report.faceless_pictures, report.pictures) == (1, 1, 1)
    assert report.faces["all"] == 1


def test_evaluation_runs_the_detector_on_the_letterboxed_picture(tmp_path: Path) -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[50:100, 60:100] = 255
    cv2.imwrite(str(tmp_path / "jol_1.png"), picture)
    face = np.array([[60, 50, 100, 100]], np.float32)
    item = Labelled(tmp_path / "jol_1.png", "0--human/jol_1.png", "0--human", face, none_ignored(1))

    def brightest(canvas: np.ndarray) -> Detections:
        x, y, width, height = cv2.boundingRect((canvas[..., 0] > 127).astype(np.uint8))
        return Detections(np.array([[x, y, x + width, y + height]], np.float32), np.array([0.9], np.float32))

    report = score(run_canvas(brightest, [item]))
    assert report.ap == {0: 1.0, 16: 1.0, 32: 1.0}
    assert report.ap_by_source == {"jol": 1.0}
    assert report.faces[">64"] == 1  # 100 px on the canvas


def test_an_unreadable_picture_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("text.jpg", "missing.jpg"):
        with pytest.raises(FacecamError, match=name):
            list(pictures([tmp_path / name], progress=False))
