"""Hiding faces in pictures: nothing of them remains, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.faces.boxes import Detections
from facecam.faces.privacy import Hiding, PrivacyOptions, hide_faces

BOX = np.array([[100, 60, 180, 160]], np.float32)


@pytest.fixture
def picture() -> np.ndarray:
    """Stripes of one pixel, which no face is finer than: (240, 320, 3)."""
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, ::2] = 255
    return image


@pytest.mark.parametrize("how", Hiding)
def test_no_detail_remains_in_the_box_and_the_rest_is_untouched(picture: np.ndarray, how: Hiding) -> None:
    before = picture.copy()
    hidden = hide_faces(picture, BOX, PrivacyOptions(how, padding=0.1))
    inside = hidden[60:160, 100:180].astype(int)
    assert np.abs(np.diff(inside, axis=1)).max() < 40  # the corners of the box too: it was 255
    assert (picture == before).all()
    assert (hidden[:, :70] == picture[:, :70]).all()
    assert (hidden[:20] == picture[:20]).all()
    assert (hidden[200:] == picture[200:]).all()


def test_padding_hides_more(picture: np.ndarray) -> None:
    def area(padding: float) -> int:
        return int((hide_faces(picture, BOX, PrivacyOptions(padding=padding)) != picture).any(axis=2).sum())

    assert area(0) < area(0.3) < area(1)


@pytest.mark.parametrize("how", Hiding)
def test_boxes_at_and_beyond_the_edge(picture: np.ndarray, how: Hiding) -> None:
    boxes = np.array(
        [
            [-50, -50, 20, 30],
            [300, 200, 400, 300],
            [5000, 5000, 5100, 5100],
            [-90, -90, -50, -50],
            [10, 10, 10.4, 10.4],
        ],
        np.float32,
    )
    hidden = hide_faces(picture, boxes, PrivacyOptions(how))
    assert np.abs(np.diff(hidden[0:20, 0:14].astype(int), axis=1)).max() < 40
    assert np.abs(np.diff(hidden[215:, 305:].astype(int), axis=1)).max() < 40


def test_nothing_to_hide_is_the_same_picture(picture: np.ndarray) -> None:
    assert hide_faces(picture, Detections.none().boxes, PrivacyOptions()) is picture
