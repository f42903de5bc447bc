"""Boxes in files."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.faces.boxes import Detections
from facecam.faces.drawing import draw_detections
from facecam.faces.palette import BOX_COLOURS, Colours, bgr, label


def has(image: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((image == colour).all(axis=2).any())


def test_boxes_of_followed_faces_have_their_colours_and_the_picture_stays_as_it_was() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    boxes = np.array([[20, 60, 80, 140], [200, 60, 280, 150]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    plain = draw_detections(image, Detections(boxes, scores))
    assert has(plain, bgr(0))
    assert not has(plain, bgr(1))
    tracked = draw_detections(image, Detections(boxes, scores, np.array([1, 2]), (0, 1)))
    assert has(tracked[:, :150], bgr(0))
    assert has(tracked[:, 150:], bgr(1))
    assert (image == 90).all()


def test_labels_lie_on_dark_ground_and_within_the_picture() -> None:
    image = np.full((240, 320, 3), 255, np.uint8)
    boxes = np.array([[20, 60, 80, 140], [290, 2, 330, 60]], np.float32)
    drawn = draw_detections(image, Detections(boxes, np.array([0.9, 0.8], np.float32)))
    for left, top in ((22, 48), (280, 8)):
        pill = drawn[top : top + 8, left : left + 30]
        assert pill.min() < 80  # of the pill, against the white of its text
        assert pill.max() > 200


@pytest.mark.parametrize(("number", "text"), [(0, "0.90"), (12, "#12  0.90")])
def test_labels(number: int, text: str) -> None:
    assert label(number, 0.9) == text


def test_colours_are_distinct_and_in_the_order_of_opencv() -> None:
    assert len({bgr(colour) for colour in range(len(BOX_COLOURS))}) == len(BOX_COLOURS)
    assert bgr(1) == (0x45, 0xC1, 0xFF)  # blue, green, red


def test_faces_in_one_picture_have_colours_of_their_own_and_keep_them() -> None:
    colours, count = Colours(), len(BOX_COLOURS)
    assert colours.of([1, 2]) == (0, 1)
    later = colours.of([2, 2 + count, 3])
    assert later[0] == 1
    assert len(set(later)) == 3
    assert colours.of([2 + count]) == later[1:2]  # its own, though the colour of its number is free again
    assert colours.of([2 + count, 2]) == (later[1], 1)
    assert sorted(colours.of(list(range(20, 20 + count)))) == list(range(count))
    assert colours.of([0, 0]) == (0, 0)  # faces without a number have that of plain detections
