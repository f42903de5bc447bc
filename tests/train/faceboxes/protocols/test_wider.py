"""The official WIDER FACE evaluation against cases worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import io

from facecam.bench.wider_labels import LabelError, Labelled
from tests.doubles import found
from train.faceboxes.protocols.wider import WiderPicture, by_height, normalised, read_subsets, wider_curves


def picture(boxes: list, **counted: list) -> WiderPicture:
    masks = {name: np.array(mask, bool) for name, mask in counted.items()}
    return WiderPicture(Path("a.jpg"), np.array(boxes, np.float32).reshape(-1, 4), masks)


def test_scores_are_stretched_over_the_whole_set() -> None:
    first, second = normalised([found((0, 0, 9, 9, 0.2), (0, 0, 9, 9, 0.6)), found((0, 0, 9, 9, 0.4))])
    np.testing.assert_allclose(first.scores, [0, 1])
    np.testing.assert_allclose(second.scores, [0.5])


def test_faces_outside_of_the_subset_are_ignored_and_duplicates_are_false() -> None:
    item = picture([[0, 0, 40, 40], [100, 100, 110, 110]], easy=[True, False], hard=[True, True])
    detections = found((100, 100, 110, 110, 1.0), (0, 0, 40, 40, 0.9), (1, 0, 41, 40, 0.8), (200, 200, 240, 240, 0.0))
    curves = wider_curves([detections], [item])
    # easy: left out, hit, duplicate; one face, found at precision 1. hard: hit, hit; two faces.
    assert curves["easy"].average_precision == pytest.approx(1)
    assert curves["easy"].precision[-2] == pytest.approx(1 / 2)
    assert curves["easy"].faces == 1
    assert curves["hard"].average_precision == pytest.approx(1)
    assert curves["hard"].precision[-1] == pytest.approx(2 / 4)


def test_detections_between_two_thresholds_share_a_point() -> None:
    # Two false boxes and a hit within one step of 1/1000, and the least score elsewhere: one point of precision 1/3.
    item = picture([[0, 0, 40, 40]], all=[True])
    detections = found(
        (0, 0, 40, 40, 1.0), (100, 0, 140, 40, 0.9999), (200, 0, 240, 40, 0.9998), (300, 0, 340, 40, 0.0)
    )
    assert wider_curves([detections], [item])["all"].average_precision == pytest.approx(1 / 3)


def test_sides_count_both_end_pixels() -> None:
    # 2 x 5 against 2 x 2 pixels edge to edge: 4 / 10; with the end pixels 3 x 6 against 3 x 3: 9 / 18.
    item = picture([[0, 0, 2, 5]], all=[True])
    assert wider_curves([found((0, 0, 2, 2, 0.9), (50, 50, 60, 60, 0.1))], [item])["all"].average_precision == 1


def test_pictures_without_labelled_faces_are_left_out() -> None:
    items = [picture([[0, 0, 40, 40]], all=[True]), picture([], all=[])]
    detections = [found((0, 0, 40, 40, 0.5)), found((0, 0, 9, 9, 0.9), (9, 9, 19, 19, 0.1))]
    assert wider_curves(detections, items)["all"].average_precision == pytest.approx(1)


def test_official_lists_are_read(tmp_path: Path) -> None:
    write_lists(tmp_path)
    items = read_subsets(tmp_path, Path("images"))
    assert [item.path for item in items] == [
        Path("images/0--Parade/0_Parade_1.jpg"),
        Path("images/0--Parade/0_Parade_2.jpg"),
        Path("images/1--Handshaking/1_Hand_3.jpg"),
    ]
    np.testing.assert_array_equal(items[0].boxes, [[10, 20, 40, 60], [1, 2, 4, 6]])
    assert items[0].counted["easy"].tolist() == [True, False]
    assert items[0].counted["hard"].tolist() == [True, True]
    assert items[1].counted["easy"].tolist() == [False]
    assert items[2].boxes.shape == (0, 4)


def write_lists(folder: Path) -> None:
    """The layout of the official lists: columns of cells, in which files and boxes are columns of cells again."""

    def column(*values: object) -> np.ndarray:
        cells = np.empty((len(values), 1), object)
        for row, value in enumerate(values):
            cells[row, 0] = value
        return cells

    boxes = column(
        column(np.array([[10, 20, 30, 40], [1, 2, 3, 4]]), np.array([[5, 5, 9, 9]])), column(np.zeros((0, 4)))
    )
    shared = {
        "event_list": column("0--Parade", "1--Handshaking"),
        "file_list": column(column("0_Parade_1", "0_Parade_2"), column("1_Hand_3")),
        "face_bbx_list": boxes,
    }
    nothing = np.zeros((0, 1))
    lists = {
        "easy": column(column(np.array([[1]]), nothing), column(nothing)),
        "medium": column(column(np.array([[1]]), np.array([[1]])), column(nothing)),
        "hard": column(column(np.array([[1], [2]]), np.array([[1]])), column(nothing)),
    }
    io.savemat(folder / "wider_face_val.mat", shared)
    for name, values in lists.items():
        io.savemat(folder / f"wider_{name}_val.mat", {**shared, "gt_list": values})


def test_missing_and_foreign_lists_are_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"wider_face_val\.mat"):
        read_subsets(tmp_path, tmp_path)
    write_lists(tmp_path)
    io.savemat(tmp_path / "wider_hard_val.mat", {"other": 1})
    with pytest.raises(LabelError, match="layout"):
        read_subsets(tmp_path, tmp_path)


def test_subsets_by_height_keep_invalid_faces_out() -> None:
    boxes = np.array([[0, 0, 9, 12], [0, 0, 40, 60], [0, 0, 40, 60]], np.float32)
    item = Labelled(Path("a.jpg"), "a.jpg", "", boxes, np.array([False, False, True]))
    counted = by_height([item])[0].counted
    assert counted["all"].tolist() == [True, True, False]
    assert counted["height >= 30 px"].tolist() == [False, True, False]
