"""Boxes in files."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.boxes import Detections
from facecam.drawing import draw_detections
from facecam.palette import BOX_COLOURS, bgr, label


def has(image: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((image == colour).all(axis=2).any())


def test_boxes_of_followed_faces_have_their_colours_and_the_picture_stays_as_it_was() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    boxes = np.array([[20, 60, 80, 140], [200, 60, 280, 150]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    plain = draw_detections(image, Detections(boxes, scores))
    assert has(plain, bgr(1))
    assert not has(plain, bgr(2))
    tracked = draw_detections(image, Detections(boxes, scores, np.array([1, 2])))
    assert has(tracked[:, :150], bgr(1))
    assert has(tracked[:, 150:], bgr(2))
    assert (image == 90).all()


@pytest.mark.parametrize(("number", "text"), [(0, "0.90"), (12, "#12  0.90")])
def test_labels(number: int, text: str) -> None:
    assert label(number, 0.9) == text


def test_colours_go_round() -> None:
    assert len({bgr(number) for number in range(1, 50)}) == len(BOX_COLOURS)
    assert bgr(0) == bgr(1) == bgr(1 + len(BOX_COLOURS))
    assert bgr(2) == (0x45, 0xC1, 0xFF)  # blue, green, red
