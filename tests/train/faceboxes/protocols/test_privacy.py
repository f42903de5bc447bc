"""How much of a face that leaves, or is hidden behind something, is left in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from train.faceboxes.protocols import privacy

FACE = np.array([280.0, 200, 360, 300], np.float32)
FRAMES = 41
CLIP = ([np.full((480, 640, 3), 90, np.uint8)] * FRAMES, np.tile(FACE, (FRAMES, 1)))


def finds(places: Callable[[int], np.ndarray | None]) -> Callable[[], Callable[[np.ndarray, int], np.ndarray]]:
    """What finds that one place in each frame, or none."""

    def ask(_image: np.ndarray, index: int) -> np.ndarray:
        place = places(index)
        return np.zeros((0, 4), np.float32) if place is None else place[None]

    return lambda: ask


def where(change: privacy.Change) -> Callable[[int], np.ndarray]:
    return lambda index: change(CLIP[0][0], FACE, index / (FRAMES - 1))[1]


@pytest.mark.parametrize("name", privacy.CHANGES)
def test_who_knows_where_the_face_is_leaves_nothing_and_who_finds_nothing_everything(name: str) -> None:
    change = privacy.CHANGES[name]
    knowing = privacy.measure([CLIP, CLIP], change, finds(where(change)))
    assert (knowing.share, knowing.longest) == (0, 0)
    blind = privacy.measure([CLIP, CLIP], change, finds(lambda index: None))
    assert blind.share == 1
    assert knowing.frames == blind.frames
    assert (blind.frames == 2 * FRAMES) == (name == "as filmed")  # else it is gone for a while


def test_frames_on_end_are_told() -> None:
    result = privacy.measure([CLIP], privacy.as_filmed, finds(lambda i: None if i in (3, 4, 5, 9) else FACE))
    assert (result.frames, result.longest) == (FRAMES, 3)
    assert result.share == pytest.approx(4 / FRAMES)


def test_a_place_that_covers_half_of_a_face_leaves_it_uncovered_and_a_little_beside_it_does_not() -> None:
    def share(shift_px: float) -> float:
        beside = np.array([shift_px, 0] * 2, np.float32)
        return privacy.measure([CLIP], privacy.as_filmed, finds(lambda _: FACE + beside)).share

    assert (share(10), share(90)) == (0, 1)


def test_in_the_middle_of_an_exit_the_face_is_past_the_border_and_frames_without_a_face_do_not_count() -> None:
    middle = where(privacy.exit_to("bottom"))(FRAMES // 2)
    assert middle[1] > 480
    nowhere = (CLIP[0], np.full_like(CLIP[1], np.nan))
    assert privacy.measure([nowhere], privacy.as_filmed, finds(lambda _: None)).frames == 0


def test_the_patch_covers_the_face_in_the_middle_and_the_picture_shows_it() -> None:
    image, face, before = privacy.occluded(CLIP[0][0] // 9 * np.uint8(9), FACE, 0.5)
    x1, y1, x2, y2 = face.astype(int)
    assert before[y1:y2, x1:x2].all()
    assert not privacy.occluded(CLIP[0][0], FACE, 0.0)[2][y1:y2, x1:x2].any()
    assert image.shape == CLIP[0][0].shape
