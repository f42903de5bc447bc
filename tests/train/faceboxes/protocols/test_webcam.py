"""Webcam behaviour, changed copies and the choice of the threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.bench.voc import Curve
from facecam.bench.wider_labels import Labelled
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.faces.tracking import TrackingOptions
from facecam.system.opencv import cv2
from tests.doubles import found
from train.faceboxes.protocols.canvas import OnCanvas, run_canvas
from train.faceboxes.protocols.robustness import CHANGES, rotated
from train.faceboxes.protocols.threshold import Thresholds, fit_scores, share_of_faces
from train.faceboxes.protocols.webcam import measure_clips, reference_track, track

FACE = np.array([100.0, 100, 200, 220])


def still(frames: int) -> np.ndarray:
    return np.tile(FACE.astype(np.float32), (frames, 1))


def test_lost_frames_and_boxes_elsewhere_by_hand() -> None:
    clip = [
        found((*FACE, 0.9)),
        found((*FACE, 0.4)),  # below the threshold: lost
        found((300, 300, 400, 420, 0.8), (*FACE, 0.6)),  # found, one elsewhere
        found((150, 160, 250, 280, 0.9)),  # IoU 0.14: lost, and elsewhere
        found(),
    ]
    measure = measure_clips([(clip, still(5))], 0.5)
    assert measure.frames == 5
    assert measure.lost == pytest.approx(3 / 5)
    assert measure.other == pytest.approx(2 / 5)
    assert np.isnan(measure.jitter_centre)  # never three frames on end


def test_what_comes_and_goes_within_two_frames_is_flicker() -> None:
    spot, other = (300.0, 300, 380, 400, 0.9), (20.0, 300, 100, 400, 0.9)
    clip = [found(*rows) for rows in ([spot], [], [other], [other], [], [spot], [spot, other], [spot], [])]
    assert measure_clips([(clip, still(9))], 0.5).flickers == 3  # the third spot lasts for three frames


def test_the_programs_own_tracking_takes_out_jitter_and_flicker_and_keeps_one_number() -> None:
    noise = np.random.default_rng(1).normal(0, 1.2, (300, 2))
    clip = [found((*(FACE + np.tile(shift, 2)), 0.9)) for shift in noise]
    for row in range(0, 300, 10):
        clip[row] = found((*clip[row].boxes[0], 0.9), (400, 300, 450, 350, 0.8))
    raw = measure_clips([(clip, still(300))], 0.5)
    tracked = measure_clips([(track(clip, 0.5, TrackingOptions()), still(300))], 0.5)
    assert tracked.jitter_centre < raw.jitter_centre / 2
    assert (raw.flickers, tracked.flickers) == (30, 0)
    assert (raw.numbers, tracked.numbers) == (0, 1)


def test_jitter_is_the_noise_of_a_coordinate_in_per_cent_of_the_longer_side() -> None:
    noise = np.random.default_rng(1).normal(0, 1.2, (4000, 2))  # 1 % of 120 px
    clip = [found((*(FACE + np.tile(shift, 2)), 0.9)) for shift in noise]
    measure = measure_clips([(clip, still(len(clip)))], 0.5)
    assert measure.jitter_centre == pytest.approx(1.0, rel=0.05)
    assert measure.jitter_size == pytest.approx(0, abs=1e-3)
    assert measure.lost == 0


def test_steady_motion_is_no_jitter_and_gaps_are_left_out() -> None:
    boxes = [FACE + np.array([3.0, 1, 3, 1]) * step for step in range(12)]
    clip = [found((*box, 0.9)) for box in boxes]
    clip[5] = found()
    measure = measure_clips([(clip, np.array(boxes, np.float32))], 0.5)
    assert measure.jitter_centre == pytest.approx(0, abs=1e-4)
    assert measure.lost == pytest.approx(1 / 12)


def test_the_reference_passes_over_single_wrong_and_missing_frames() -> None:
    clip = [found((*FACE, 0.9)) for _ in range(30)]
    clip[10] = found((400, 300, 450, 350, 0.99), (*FACE, 0.8))
    clip[20] = found()
    np.testing.assert_allclose(reference_track(clip), still(30))
    assert np.isnan(reference_track([found()] * 3)).all()


def blob(width: int = 320, height: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """A picture with one bright tilted ellipse, and its box."""
    picture = np.zeros((height, width, 3), np.uint8)
    cv2.ellipse(picture, (140, 100), (40, 55), 0, 0, 360, (255, 255, 255), cv2.FILLED)
    return picture, np.array([[100, 45, 181, 156]], np.float32)


def bright(picture: np.ndarray) -> np.ndarray:
    """(1, 4) the box around the bright pixels."""
    x, y, width, height = cv2.boundingRect((picture[..., 0] > 127).astype(np.uint8))
    return np.array([[x, y, x + width, y + height]], np.float32)


@pytest.mark.parametrize("name", [name for name in CHANGES if name.startswith(("rotated", "mirrored"))])
def test_boxes_turn_with_the_picture(name: str) -> None:
    picture, faces = blob()
    changed, moved = CHANGES[name](picture, faces)
    assert changed.shape == picture.shape
    np.testing.assert_allclose(moved, bright(changed), atol=1.6)


def test_positive_degrees_turn_counter_clockwise() -> None:
    picture, faces = blob(240, 240)
    turned, box = rotated(90)(picture, faces)
    # (x, y) -> (y, width - x)
    np.testing.assert_allclose(box, [[45, 240 - 181, 156, 240 - 100]], atol=0.01)
    np.testing.assert_allclose(bright(turned), box, atol=1.1)


def test_faces_that_turn_out_of_the_frame_are_ignored(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((240, 320, 3), np.uint8))
    faces = np.array([[150, 110, 170, 130], [0, 0, 40, 40]], np.float32)
    item = Labelled(tmp_path / "a.png", "a.png", "", faces, np.zeros(2, bool))
    (result,) = run_canvas(lambda image: found(), [item], change=rotated(30))
    assert result.ignore.tolist() == [False, True]
    assert result.boxes.min() >= 0


def test_grey_and_dark_copies() -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[..., 2] = 200  # red
    none = np.zeros((0, 4), np.float32)
    grey, _ = CHANGES["grey"](picture, none)
    assert np.ptp(grey, axis=2).max() == 0
    assert grey.mean() > 30
    dark, _ = CHANGES["dark"](picture, none)
    assert dark[..., 2].mean() == pytest.approx(40, abs=1)
    np.testing.assert_array_equal(dark, CHANGES["dark"](picture, none)[0])


def on_canvas(event: str, detections: Detections, faces: int) -> OnCanvas:
    boxes = np.array([[100 * column, 0, 100 * column + 50, 50] for column in range(faces)], np.float32).reshape(-1, 4)
    return OnCanvas(detections, boxes, np.zeros(faces, bool), event, "jol")


def test_the_threshold_is_the_lowest_that_photos_and_clips_allow() -> None:
    # 200 face-free photos, so two false boxes are allowed: the third best, 0.6124, must go.
    rooms = [on_canvas("3--none", found(), 0) for _ in range(197)]
    rooms += [on_canvas("3--none", found((0, 0, 40, 40, score)), 0) for score in (0.9, 0.7, 0.6124)]
    people = on_canvas("0--human", found((0, 0, 50, 50, 0.8), (100, 0, 150, 50, 0.625), (200, 0, 250, 50, 0.5)), 3)
    calm = ([found((*FACE, 0.9))] * 100, still(100))
    thresholds = Thresholds([people], rooms, [calm])
    chosen = thresholds.chosen()
    assert chosen.threshold == pytest.approx(0.62)
    assert chosen.false_per_100_photos == pytest.approx(1.0)
    assert chosen.recall == pytest.approx(2 / 3)
    at_half = thresholds.at(0.5)
    assert (at_half.recall, at_half.recall_24px, at_half.false_per_100_photos) == pytest.approx((1.0, 1.0, 1.5))
    # One box beside the face in a hundred frames may stay, two may not.
    restless = [*calm[0][:98], *(found((*FACE, 0.9), (400, 0, 440, 40, score)) for score in (0.8, 0.75))]
    assert Thresholds([people], rooms, [(restless, still(100))]).chosen().threshold == pytest.approx(0.76)


def test_a_threshold_needs_all_kinds_of_pictures() -> None:
    with pytest.raises(FacecamError, match="face-free"):
        Thresholds([on_canvas("0--human", found(), 1)], [], [([found()], still(1))])


def test_score_curve_is_found_again() -> None:
    """Of boxes of each score, such a share are faces as a known curve says."""
    draw = np.random.default_rng(0)
    logits = np.sort(draw.normal(0, 2, 20_000)).astype(np.float64)[::-1]
    hits = draw.random(len(logits)) < 1 / (1 + np.exp(-(0.6 * logits - 1.1)))
    false = np.cumsum(~hits).astype(np.int64)
    recall = (np.cumsum(hits) / hits.sum()).astype(np.float64)
    scores = (1 / (1 + np.exp(-logits))).astype(np.float64)
    whole = Curve(scores, recall, hits.astype(np.float64), false, int(hits.sum()), 0.5)
    assert fit_scores(whole) == pytest.approx((0.6, -1.1), abs=0.06)
    assert share_of_faces(whole, 0.5) == pytest.approx(1 / (1 + np.exp(1.1)), abs=0.03)
