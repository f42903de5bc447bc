"""FDDB: ellipses, optimal matching and ROC against cases worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from facecam.bench.wider_labels import LabelError
from facecam.faces.boxes import Detections
from train.faceboxes.protocols.fddb import Overlaps, draw_ellipse, overlaps, read_folds, roc


def picture(scores: list[float], iou: list[list[float]]) -> Overlaps:
    return Overlaps(np.array(scores, np.float32), np.array(iou, np.float64))


def test_an_ellipse_has_its_area_and_its_direction() -> None:
    upright = draw_ellipse(np.array([40.0, 20.0, math.pi / 2, 100.0, 80.0]), 200, 160)
    # Whole pixels: half of one more on every side.
    assert int(upright.sum()) == pytest.approx(math.pi * 40.5 * 20.5, rel=0.01)
    rows, columns = np.nonzero(upright)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((40, 120, 80, 120), abs=1)
    # A positive angle turns the major axis from x towards y, that is, down on the screen.
    tilted = draw_ellipse(np.array([40.0, 10.0, math.pi / 4, 100.0, 80.0]), 200, 160)
    assert tilted[80 + 24, 100 + 24]
    assert not tilted[80 - 24, 100 + 24]


def test_overlap_of_a_box_with_an_ellipse() -> None:
    circle = np.array([[50.0, 50.0, 0.0, 100.0, 100.0]])
    around = Detections(np.array([[50, 50, 150, 150], [50, 50, 100, 150]], np.float32), np.array([0.9, 0.8]))
    iou = overlaps(around, circle, 300, 300).iou
    assert iou[0, 0] == pytest.approx(math.pi / 4, abs=0.01)  # circle within its square
    # Half the circle within half the square: pi/8 of the square's area over 1/2 + pi/8.
    assert iou[1, 0] == pytest.approx((math.pi / 8) / (0.5 + math.pi / 8), abs=0.01)


def test_what_lies_outside_of_the_picture_does_not_count() -> None:
    circle = np.array([[50.0, 50.0, 0.0, 0.0, 0.0]])  # a quarter of it is in the picture
    found = Detections(np.array([[-50, -50, 50, 50]], np.float32), np.array([0.9], np.float32))
    assert overlaps(found, circle, 300, 300).iou[0, 0] == pytest.approx(math.pi / 4, abs=0.02)


def test_matching_is_optimal_and_not_greedy() -> None:
    # Greedy would give the first detection the first face (0.8) and leave 0.1 for the second: 0.9 in sum.
    # Optimal is 0.7 + 0.6, both above a half.
    curve = roc([picture([0.9, 0.8], [[0.8, 0.7], [0.6, 0.1]])])
    assert curve.discrete[-1] == 1.0
    assert curve.continuous[-1] == pytest.approx((0.7 + 0.6) / 2)
    assert curve.false[-1] == 0
    # Above the second's threshold the first is alone and takes its better face.
    assert curve.continuous[0] == pytest.approx(0.8 / 2)


def test_roc_by_hand_over_two_pictures() -> None:
    first = picture([0.9, 0.5, 0.4], [[0.8], [0.3], [0.0]])
    second = picture([0.7, 0.5], [[0.5, 0.0], [0.0, 0.6]])
    curve = roc([first, second])
    np.testing.assert_allclose(curve.scores, [0.9, 0.7, 0.5, 0.4], rtol=1e-6)
    # 0.7: an overlap of exactly a half is no discrete match, though a continuous one.
    np.testing.assert_allclose(curve.discrete * 3, [1, 1, 2, 2])
    np.testing.assert_allclose(curve.continuous * 3, [0.8, 1.3, 1.9, 1.9])
    assert curve.false.tolist() == [0, 1, 2, 3]
    assert curve.at_false(1) == pytest.approx((1 / 3, 1.3 / 3))
    assert curve.at_false(1000) == pytest.approx((2 / 3, 1.9 / 3))


def test_pictures_without_detections_count_their_faces() -> None:
    nothing = Overlaps(np.zeros(0, np.float32), np.zeros((0, 3)))
    curve = roc([picture([0.9], [[0.9]]), nothing])
    assert curve.faces == 4
    assert curve.at_false(0)[0] == pytest.approx(1 / 4)
    assert roc([nothing]).at_false(1000) == (0.0, 0.0)


def test_folds_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "FDDB-fold-02-ellipseList.txt").write_text("2002/b/img_2\n1\n30 20 -1.2 50 60  1\n")
    (tmp_path / "FDDB-fold-01-ellipseList.txt").write_text(
        "2002/a/img_1\n2\n123.58 85.54 1.265839 269.69 161.78  1\n10.5 8 1.5 20 30  1\n"
    )
    items = read_folds(tmp_path, Path("originalPics"))
    assert [item.path for item in items] == [
        Path("originalPics/2002/a/img_1.jpg"),
        Path("originalPics/2002/b/img_2.jpg"),
    ]
    np.testing.assert_allclose(items[0].ellipses[0], [123.58, 85.54, 1.265839, 269.69, 161.78])
    assert len(items[0].ellipses) == 2


@pytest.mark.parametrize(("text", "line"), [("a\nb\n", 2), ("a\n2\n1 2 3 4 5 1\n", 4), ("a\n1\n1 2 3\n", 3)])
def test_damaged_folds_are_told_with_their_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "FDDB-fold-01-ellipseList.txt").write_text(text)
    with pytest.raises(LabelError, match=rf"fold-01.*line {line}:"):
        read_folds(tmp_path, tmp_path)


def test_a_folder_without_folds_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="ellipseList"):
        read_folds(tmp_path, tmp_path)
