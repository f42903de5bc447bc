"""Tracking on made-up boxes: numbers, hysteresis, smoothing and its lag, and what privacy must go on hiding."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.faces.boxes import Detections
from facecam.faces.tracking import Faces, Tracker, TrackingOptions
from tests.doubles import found

FPS = 30.0
PLAIN, DEFAULT = TrackingOptions(smoothing=0), TrackingOptions()


def squares(*faces: tuple[float, float, float, float]) -> Detections:
    """Detections of (centre x, centre y, size, score)."""
    return found(*((x - size / 2, y - size / 2, x + size / 2, y + size / 2, score) for x, y, size, score in faces))


def play(
    frames: list[Detections], options: TrackingOptions = PLAIN, hold_s: float = 0.0, fps: float = FPS
) -> list[Faces]:
    tracker = Tracker()
    return [tracker.update(frame, index / fps, 0.5, options, hold_s) for index, frame in enumerate(frames)]


def ids(faces: Faces) -> list[int]:
    assert faces.shown.ids is not None
    return sorted(faces.shown.ids.tolist())


def test_faces_keep_their_numbers_while_they_move_and_are_listed_in_any_order() -> None:
    frames = []
    for step in range(60):
        two = [(100 + 4 * step, 100, 60, 0.99), (500 - 4 * step, 220, 60, 0.98)]
        frames.append(squares(*(two if step % 2 else two[::-1])))
    played = play(frames)
    left = [faces.shown.boxes[np.flatnonzero(faces.shown.ids == 1)[0], 1] for faces in played]
    assert all(ids(faces) == [1, 2] for faces in played)
    assert len({round(float(top)) for top in left}) == 1  # number 1 is always the same one of them


@pytest.mark.parametrize("step_px", [2, 4, 10])
def test_two_faces_that_cross_keep_their_numbers_although_one_is_hidden_meanwhile(step_px: int) -> None:
    random = np.random.default_rng(2)
    frames, lefts = [], []
    for x in np.arange(100, 500, step_px):
        a, b = x + random.normal(0, 0.5), 600 - x + random.normal(0, 0.5)
        faces = [(a, 150, 60, 0.99), (b, 165, 60, 0.98)]
        frames.append(squares(*(faces[:1] if abs(a - b) < 30 else faces)))  # one box at most where they overlap
        lefts.append(a)
    last = play(frames, DEFAULT)[-1].shown
    assert sorted(last.ids.tolist()) == [1, 2]
    centre = (last.boxes[:, 0] + last.boxes[:, 2]) / 2
    assert last.ids[np.abs(centre - lefts[-1]).argmin()] == 1  # type: ignore[index]


def test_a_fast_motion_keeps_its_number() -> None:
    frames = [squares((100 + 35 * step, 100, 60, 0.99)) for step in range(10)]  # more than half a face each frame
    assert all(ids(faces) == [1] for faces in play(frames))


def test_a_face_that_comes_back_soon_gets_its_number_back_and_later_a_new_one() -> None:
    face = squares((100, 100, 60, 0.99))
    soon = play([face] * 5 + [squares()] * 20 + [face] * 5)
    assert [ids(soon[0]), ids(soon[24]), ids(soon[-1])] == [[1], [], [1]]
    late = play([face] * 5 + [squares()] * 45 + [face] * 5)
    assert ids(late[-1]) == [2]


def test_what_flickers_is_not_shown_and_a_lasting_face_is_from_its_third_box_on() -> None:
    weak, nothing = squares((100, 100, 60, 0.7)), squares()
    played = play([weak, nothing, weak, weak, nothing, nothing, weak, nothing])
    assert [len(faces.shown) for faces in played] == [0] * 8
    assert [len(faces.shown) for faces in play([weak] * 5)] == [0, 0, 1, 1, 1]
    assert len(play([squares((100, 100, 60, 0.98))])[0].shown) == 1  # a sure face at once


def test_a_shown_face_outlasts_a_low_score_and_a_few_misses() -> None:
    sure, doubtful, nothing = squares((100, 100, 60, 0.99)), squares((100, 100, 60, 0.45)), squares()
    assert [len(faces.shown) for faces in play([sure] * 5 + [doubtful] * 20)][-1] == 1  # below where it could start
    played = play([sure] * 5 + [nothing] * 3 + [sure])
    assert all(ids(faces) == [1] for faces in played)
    assert len(play([sure] * 5 + [nothing] * 12)[-1].shown) == 0
    assert [len(faces.shown) for faces in play([doubtful] * 30)] == [0] * 30  # and below that none ever starts


def test_a_threshold_that_is_raised_hides_at_once_what_is_below_it() -> None:
    tracker, face = Tracker(), squares((100, 100, 60, 0.8))
    counts = [len(tracker.update(face, step / FPS, 0.9 if step >= 5 else 0.5, PLAIN).shown) for step in range(8)]
    assert counts == [0, 0, 1, 1, 1, 0, 0, 0]


def test_one_miss_is_outlasted_at_a_low_rate_too() -> None:
    sure = squares((100, 100, 60, 0.99))
    played = play([sure, sure, squares(), sure], fps=3)
    assert all(ids(faces) == [1] for faces in played)


def test_a_jump_in_time_is_another_scene() -> None:
    tracker, face = Tracker(), squares((100, 100, 60, 0.99))
    assert ids(tracker.update(face, 5.0, 0.5, PLAIN)) == [1]
    assert ids(tracker.update(face, 1.0, 0.5, PLAIN)) == [2]  # back
    assert ids(tracker.update(face, 9.0, 0.5, PLAIN)) == [3]  # far ahead


def centres(played: list[Faces]) -> np.ndarray:
    boxes = np.array([faces.shown.boxes[0] for faces in played], np.float64)
    return (boxes[:, 0] + boxes[:, 2]) / 2


def lag_frames(truth: np.ndarray, seen: np.ndarray) -> float:
    """By how many frames the one follows the other: the shift at which they fit best."""
    shifts = np.arange(0, 6, 0.05)
    index = np.arange(10, len(truth))
    mismatch = [np.abs(np.interp(index - shift, np.arange(len(truth)), truth) - seen[index]).mean() for shift in shifts]
    return float(shifts[int(np.argmin(mismatch))])


@pytest.mark.parametrize("sizes_per_s", [0.05, 0.3, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("fps", [12.5, 30.0, 60.0])
def test_the_lag_is_at_most_a_frame_by_default_at_any_speed_and_rate(sizes_per_s: float, fps: float) -> None:
    truth = 1000 + 80 * sizes_per_s * np.arange(60) / fps
    seen = centres(play([squares((x, 100, 80, 0.99)) for x in truth], DEFAULT, fps=fps))
    assert 0 < lag_frames(truth, seen) <= 1.0


def test_the_lag_of_a_face_that_sways_is_below_a_frame_and_less_when_it_is_fast() -> None:
    def lag(size_px: float) -> float:
        truth = 300 + size_px * np.sin(2 * np.pi * np.arange(90) / 45)  # to and fro in one and a half seconds
        return lag_frames(truth, centres(play([squares((x, 100, 80, 0.99)) for x in truth], DEFAULT)))

    assert lag(160) < lag(20) <= 1.0
    assert lag(160) <= 0.5


def test_a_jump_of_the_box_is_followed_by_half_at_once() -> None:
    truth = np.r_[np.full(20, 100.0), np.full(5, 120.0)]
    seen = centres(play([squares((x, 100, 80, 0.99)) for x in truth], DEFAULT))
    assert seen[20] >= 110


def test_smoothing_halves_the_jitter_and_off_leaves_the_boxes_alone() -> None:
    random = np.random.default_rng(3)
    frames = [
        squares((200 + x, 150 + y, 80 + s, 0.99)) for x, y, s in random.normal(0, 0.6, (150, 3))
    ]  # for a face of 80 px, as the detector's own

    def jitter(played: list[Faces]) -> float:
        boxes = np.array([faces.shown.boxes[0] for faces in played], np.float64)
        return float(np.sqrt(np.mean(np.diff(boxes, 2, axis=0) ** 2)))

    raw, smooth, smoother = (jitter(play(frames, TrackingOptions(level))) for level in (0, 1, 2))
    assert smooth < 0.5 * raw
    assert smoother < smooth
    np.testing.assert_allclose(play(frames)[50].shown.boxes, frames[50].boxes, atol=1e-3)


def covers(private: np.ndarray, x: float, y: float) -> bool:
    inside = (private[:, 0] <= x) & (x <= private[:, 2]) & (private[:, 1] <= y) & (y <= private[:, 3])
    return bool(inside.any())


def test_places_of_faces_that_were_lost_stay_private_for_a_while_and_move_on() -> None:
    frames = [squares((100 + 6 * step, 100, 60, 0.99)) for step in range(20)] + [squares()] * 30
    played = play(frames, hold_s=0.5)
    assert covers(played[20].private, 220, 100)
    assert covers(played[20 + 13].private, 100 + 6 * 25, 100)
    assert covers(played[20 + 13].private, 214, 100)  # it may have stopped where it was last seen
    assert len(played[20 + 16].private) == 0
    assert len(played[20 + 10].shown) == 0  # although nothing has been shown there for long


def test_faces_not_confirmed_yet_are_private_from_their_first_frame() -> None:
    played = play([squares((100, 100, 60, 0.35))])
    assert len(played[0].shown) == 0
    assert covers(played[0].private, 100, 100)


def test_between_two_searched_frames_faces_go_on_in_their_direction() -> None:
    tracker = Tracker()
    for step in range(20):
        tracker.update(squares((100 + 6 * step, 100, 60, 0.99)), step / FPS, 0.5, PLAIN)
    carried = tracker.between(21 / FPS, hold_s=0.5)
    assert ids(carried) == [1]
    middle = (carried.shown.boxes[0, 0] + carried.shown.boxes[0, 2]) / 2
    assert middle == pytest.approx(100 + 6 * 21, abs=3)
    assert covers(carried.private, middle, 100)
    assert covers(carried.private, 100 + 6 * 19 - 29, 100)  # the whole of where it was last seen


def test_the_same_frame_again_follows_the_threshold_and_keeps_the_numbers() -> None:
    tracker = Tracker()
    both = squares((100, 100, 60, 0.99), (300, 100, 60, 0.6))
    for step in range(5):
        tracker.update(both, step / FPS, 0.5, DEFAULT)
    again = tracker.again(both, 0.9)
    assert ids(again) == [1]
    extra = tracker.again(squares((100, 100, 60, 0.99), (500, 300, 60, 0.9)), 0.5)
    assert ids(extra) == [0, 1]  # a face that was below the threshold until now has no number yet


def test_many_faces_are_told_apart() -> None:
    grid = [(40 + 45 * column, 40 + 45 * row, 40) for row in range(10) for column in range(20)]
    frames = [squares(*((x + step, y, size, 0.99) for x, y, size in grid)) for step in range(10)]
    assert all(ids(faces) == list(range(1, 201)) for faces in play(frames, DEFAULT))
