"""How much of a face that leaves, or is hidden behind something, is left in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facecam.arrays import Array
from facecam.faces.boxes import Detections
from facecam.sources import Frame
from tests.doubles import found
from train.faceboxes.protocols import privacy
from train.faceboxes.protocols.webcam import reference_tracks

FACE = np.array([[280.0, 200, 360, 300]], np.float32)
OTHER = FACE + np.array([200, 60] * 2, np.float32)
FRAMES = 41
IMAGE = np.full((480, 640, 3), 90, np.uint8)


def clip_of(faces: Array) -> privacy.Clip:
    """At 30 pictures a second, the faces (N, 4) at rest."""
    return [Frame(IMAGE, n, n / 30, n / 30) for n in range(FRAMES)], np.tile(faces, (FRAMES, 1, 1))


CLIP, PAIR = clip_of(FACE), clip_of(np.concatenate([FACE, OTHER]))


def finds(places: Callable[[int], Array | None]) -> Callable[[], Callable[[Frame], Array]]:
    """What finds these places in each frame, or none."""

    def ask(frame: Frame) -> Array:
        found = places(frame.index)
        return np.zeros((0, 4), np.float32) if found is None else found

    return lambda: ask


def where(change: privacy.Change, faces: Array) -> Callable[[int], Array]:
    return lambda index: change(IMAGE, faces, index / (FRAMES - 1))[1]


@pytest.mark.parametrize("clip", [CLIP, PAIR])
@pytest.mark.parametrize("name", privacy.CHANGES)
def test_who_knows_where_the_faces_are_leaves_nothing_and_who_finds_nothing_everything(
    name: str, clip: privacy.Clip
) -> None:
    change = privacy.CHANGES[name]
    knowing = privacy.measure([clip, clip], change, finds(where(change, clip[1][0])))
    assert (knowing.share, knowing.longest) == (0, 0)
    blind = privacy.measure([clip, clip], change, finds(lambda index: None))
    assert blind.share == 1
    assert knowing.frames == blind.frames
    assert (blind.frames == 2 * FRAMES) == (name == "as filmed")  # else they are gone for a while


def test_one_of_two_faces_that_is_missed_leaves_the_frame_uncovered() -> None:
    result = privacy.measure([PAIR], privacy.as_filmed, finds(lambda i: PAIR[1][0][: 1 + (i % 2)]))
    assert result.share == pytest.approx(21 / FRAMES)


def test_frames_on_end_are_told() -> None:
    result = privacy.measure([CLIP], privacy.as_filmed, finds(lambda i: None if i in (3, 4, 5, 9) else FACE))
    assert (result.frames, result.longest) == (FRAMES, 3)
    assert result.share == pytest.approx(4 / FRAMES)


def test_a_place_that_covers_half_of_a_face_leaves_it_uncovered_and_a_little_beside_it_does_not() -> None:
    def share(shift_px: float) -> float:
        beside = np.array([shift_px, 0] * 2, np.float32)
        return privacy.measure([CLIP], privacy.as_filmed, finds(lambda _: FACE + beside)).share

    assert (share(10), share(90)) == (0, 1)


def test_in_the_middle_of_an_exit_the_faces_are_past_the_border_and_frames_without_a_face_do_not_count() -> None:
    middle = where(privacy.exit_to("bottom"), PAIR[1][0])(FRAMES // 2)
    assert middle[:, 1].min() > 480
    assert where(privacy.exit_to("left"), PAIR[1][0])(FRAMES // 2)[:, 2].max() < 0
    nowhere = (CLIP[0], np.full_like(CLIP[1], np.nan))
    assert privacy.measure([nowhere], privacy.as_filmed, finds(lambda _: None)).frames == 0


def test_a_patch_covers_each_face_in_the_middle_and_the_picture_shows_it() -> None:
    image, faces, before = privacy.occluded(IMAGE // 9 * np.uint8(9), PAIR[1][0], 0.5)
    for x1, y1, x2, y2 in faces.astype(int):
        assert before[y1:y2, x1:x2].all()
        assert not privacy.occluded(IMAGE, FACE, 0.0)[2][y1:y2, x1:x2].any()
    assert image.shape == IMAGE.shape


def test_a_slow_machine_sees_fewer_pictures_at_their_own_times() -> None:
    frames, faces = privacy.at_most(CLIP, 10)
    assert [frame.index for frame in frames] == list(range(0, FRAMES, 3))
    assert faces.shape == (len(frames), 1, 4)


def test_four_clips_together_are_in_the_quarters_of_one_picture() -> None:
    short = (PAIR[0][:7], PAIR[1][:7])
    frames, faces = privacy.together([CLIP, CLIP, short, CLIP])
    assert len(frames) == 7
    assert frames[0].image.shape == IMAGE.shape
    assert faces.shape == (7, 5, 4)
    assert faces[0, 0].tolist() == [140, 100, 180, 150]
    assert faces[0, 4].tolist() == [460, 340, 500, 390]


def test_the_tracks_of_a_clip_are_those_of_faces_that_stay() -> None:
    near, far = (100, 100, 200, 220, 0.9), (400, 100, 440, 150, 0.9)
    passing = (10, 400, 40, 440, 0.9)
    seen: list[Detections] = [found(near, far, *[passing] * (n < 15)) for n in range(30)]
    tracks = reference_tracks(seen, 0.5)
    assert tracks.shape == (30, 2, 4)
    assert sorted(np.nanmedian(tracks, axis=0)[:, 0].tolist()) == [100, 400]
    assert reference_tracks([found()] * 30, 0.5).shape == (30, 0, 4)


def test_the_track_of_a_face_that_walks_is_where_it_is_from_the_first_frame_on() -> None:
    walking = [found((100 + 4 * n, 100, 140 + 4 * n, 150, 0.98)) for n in range(30)]
    ((first, *_), *_, (last, *_)) = reference_tracks(walking, 0.5)[:, 0].tolist()
    assert (first, last) == pytest.approx((100, 216), abs=1)
