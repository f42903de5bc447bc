"""AFW and PASCAL face: calibration, ignore rules and formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import io

from facecam.bench.wider_labels import LabelError, Labelled
from tests.doubles import found
from train.faceboxes.protocols.afw_pascal import face_curve, read_labels


def item(boxes: list, ignore: list | None = None) -> Labelled:
    flags = np.zeros(len(boxes), bool) if ignore is None else np.array(ignore, bool)
    return Labelled(Path("a.jpg"), "a.jpg", "", np.array(boxes, np.float32).reshape(-1, 4), flags)


def test_one_round_of_calibration_by_hand() -> None:
    # The box lies 10 px (a tenth of its width) left of the face and is 100 high where the face is 80.
    items = [item([[110, 100, 210, 180]])]
    detections = [found((100, 90, 200, 190, 0.9))]
    curve, rounds = face_curve(detections, items, rounds=1)
    assert curve.average_precision == 1
    assert vars(rounds[0]) == pytest.approx({"x": 0.1, "y": 0.0, "width": 1.0, "height": 0.8})
    np.testing.assert_allclose(rounds[0].apply(detections[0].boxes), [[110, 100, 210, 180]], rtol=1e-5)


def test_rounds_of_calibration_bring_in_what_was_too_far_off() -> None:
    # All boxes are a fifth too low and a fifth too short at the chin. The first two just match; their offset brings
    # in the third, which is further off, and the next round settles it.
    faces = [[0, 0, 100, 100], [200, 0, 300, 100], [400, 0, 500, 100]]
    detections = [found((0, 25, 100, 100, 0.9), (200, 25, 300, 100, 0.8), (400, 52, 500, 102, 0.7))]
    before, none = face_curve(detections, [item(faces)])
    after, rounds = face_curve(detections, [item(faces)], rounds=5)
    assert none == []
    assert len(rounds) == 5
    assert before.average_precision == pytest.approx(2 / 3)
    assert after.average_precision == pytest.approx(1)


def test_no_true_positive_leaves_the_boxes_alone() -> None:
    curve, rounds = face_curve([found((500, 500, 600, 600, 0.9))], [item([[0, 0, 100, 100]])], rounds=2)
    assert curve.average_precision == 0
    assert vars(rounds[1]) == {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}


def test_small_faces_and_flagged_ones_are_ignored_and_small_detections_dropped() -> None:
    items = [item([[0, 0, 100, 100], [200, 0, 229, 100], [300, 0, 400, 100]], [False, False, True])]
    detections = [
        found(
            (200, 0, 229, 100, 0.95),  # on a face under 30 px
            (300, 0, 400, 100, 0.9),  # on a flagged face
            (50, 300, 71, 321, 0.85),  # false, but no side above 21 px
            (0, 0, 100, 100, 0.8),
            (50, 300, 72, 310, 0.7),  # false
        )
    ]
    curve, _ = face_curve(detections, items)
    assert curve.faces == 1
    np.testing.assert_allclose(curve.precision, [1, 1 / 2])


def test_an_overlap_of_a_half_is_not_enough() -> None:
    # With the end pixels 100 x 50 of 100 x 100.
    assert face_curve([found((0, 0, 99, 49, 0.9))], [item([[0, 0, 99, 99]])])[0].average_precision == 0
    assert face_curve([found((0, 0, 99, 50, 0.9))], [item([[0, 0, 99, 99]])])[0].average_precision == 1


def test_labels_as_json(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text(
        json.dumps({"1.webp": {"boxes": [[1, 2, 3, 4.5]], "ignore": [[5, 6, 7, 8]]}, "2.webp": {"boxes": []}})
    )
    first, second = read_labels(file, Path("images"))
    assert first.path == Path("images/1.webp")
    np.testing.assert_array_equal(first.boxes, np.array([[1, 2, 3, 4.5], [5, 6, 7, 8]], np.float32))
    assert first.ignore.tolist() == [False, True]
    assert second.boxes.shape == (0, 4)


def test_labels_of_the_toolbox(tmp_path: Path) -> None:
    ragged = np.empty((1, 2), object)
    ragged[0, 0], ragged[0, 1] = np.array([[1.0, 2, 3, 4]]), np.array([[5.0, 6, 7, 8, 0, 1]])
    rows = np.empty((3, 1), [("imgname", object), ("objects", object)])
    rows[0, 0] = ("2008_1.jpg", np.array([[1.0, 2, 3, 4, 0, 0], [5, 6, 7, 8, 0, 1]]))
    rows[1, 0] = ("2008_2.jpg", np.zeros((0, 0)))
    rows[2, 0] = ("2008_3.jpg", ragged)
    io.savemat(tmp_path / "labels.mat", {"Annotations": rows})
    first, second, third = read_labels(tmp_path / "labels.mat", Path("images"))
    assert first.path == Path("images/2008_1.jpg")
    np.testing.assert_array_equal(first.boxes, [[1, 2, 3, 4], [5, 6, 7, 8]])
    assert first.ignore.tolist() == [False, True]
    assert second.boxes.shape == (0, 4)
    np.testing.assert_array_equal(third.boxes, [[1, 2, 3, 4], [5, 6, 7, 8]])
    assert third.ignore.tolist() == [False, True]


def test_labels_of_the_authors_of_afw(tmp_path: Path) -> None:
    faces = np.empty((1, 2), object)
    faces[0, 0], faces[0, 1] = np.array([[1.0, 2], [3, 4]]), np.array([[5.0, 6], [7, 8]])
    rows = np.empty((1, 2), object)
    rows[0, 0], rows[0, 1] = "16_1.jpg", faces
    io.savemat(tmp_path / "anno.mat", {"anno": rows})
    (only,) = read_labels(tmp_path / "anno.mat", Path("images"))
    np.testing.assert_array_equal(only.boxes, [[1, 2, 3, 4], [5, 6, 7, 8]])
    assert not only.ignore.any()


@pytest.mark.parametrize("text", ["[1, 2]", "{", '{"a.jpg": {"boxes": [[1, 2, 3]]}}', '{"a.jpg": 3}'])
def test_foreign_labels_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "labels.json"
    file.write_text(text)
    with pytest.raises(LabelError, match=r"labels\.json"):
        read_labels(file, tmp_path)
