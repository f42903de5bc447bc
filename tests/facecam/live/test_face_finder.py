"""What is done with each frame under the options of the moment, with a detector that answers from a list."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facecam.arrays import Image
from facecam.detection.detector import FaceDetector
from facecam.faces.boxes import Detections, pairwise_iou
from facecam.faces.privacy import PrivacyOptions
from facecam.faces.tracking import TrackingOptions
from facecam.live.detection_loop import FaceFinder
from facecam.live.options import LiveOptions
from facecam.live.view import View
from facecam.sources import Frame
from facecam.sources.demo import demo_frame
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset
from tests.doubles import FakeDetector, found

TRACKED = LiveOptions(threshold=0.5, tracking=TrackingOptions())


class ScriptedDetector(FakeDetector):
    """Each entry of `scores` is a frame: the score of one face at 100..160, None without one; the last one repeats."""

    def __init__(self, *scores: float | None, took_ms: float = 5.0) -> None:
        script = itertools.chain(scores, itertools.repeat(scores[-1]))
        super().__init__(lambda image: found((100, 100, 160, 150, next(script) or 0.0)), took_ms=took_ms)
        self.sizes: list[object] = []

    def detect(self, image: np.ndarray) -> Detections:
        self.sizes.append(self.size)
        return super().detect(image)


def play(detector: ScriptedDetector, options: LiveOptions | None, count: int, path: Path | None = None) -> list[View]:
    finder = FaceFinder(detector)
    image = np.zeros((240, 320, 3), np.uint8)
    return [finder.find(Frame(image, index, index / 30, 0.0, path), options) for index in range(count)]


def shown(frames: list[View]) -> list[int]:
    return [len(one.detections) for one in frames]


def test_without_options_and_with_plain_ones_it_is_plain_detection() -> None:
    scores = (0.9, 0.6, 0.4, None)
    assert shown(play(ScriptedDetector(*scores), None, 4)) == [1, 1, 0, 0]
    plain = play(ScriptedDetector(*scores), LiveOptions(threshold=0.5), 4)
    assert shown(plain) == [1, 1, 0, 0]
    assert plain[0].detections.ids is None
    assert shown(play(ScriptedDetector(*scores), LiveOptions(threshold=0.7), 4)) == [1, 0, 0, 0]


def test_the_models_own_threshold_holds_until_another_is_set() -> None:
    detector = ScriptedDetector(0.6)
    assert shown(play(detector, LiveOptions(tracking=TrackingOptions()), 5))[-1] == 1
    detector = ScriptedDetector(0.6)
    detector.threshold = 0.8
    for _ in range(2):  # for the next source, too
        assert shown(play(detector, LiveOptions(tracking=TrackingOptions()), 5)) == [0] * 5


def test_tracking_numbers_faces_and_bridges_gaps() -> None:
    faces = play(ScriptedDetector(0.99, 0.99, None, None, 0.3, 0.99), TRACKED, 6)
    assert shown(faces) == [1] * 6
    assert {int(one.detections.ids[0]) for one in faces} == {1}  # type: ignore[index]


def test_privacy_alone_shows_plain_detections_and_hides_lost_faces_too() -> None:
    options = LiveOptions(threshold=0.5, privacy=PrivacyOptions(hold_s=0.4))
    faces = play(ScriptedDetector(0.99, 0.99, 0.99, None), options, 30)
    assert shown(faces)[:4] == [1, 1, 1, 0]
    assert faces[0].detections.ids is None
    hidden = [len(one.private) > 0 for one in faces]
    assert hidden.index(False) == pytest.approx(3 + 0.4 * 30, abs=1)


def test_faces_too_doubtful_to_be_shown_are_hidden_in_pictures_too() -> None:
    options = LiveOptions(threshold=0.5, privacy=PrivacyOptions())
    faces = play(ScriptedDetector(0.4), options, 1, Path("a.jpg"))
    assert (shown(faces), len(faces[0].private)) == ([0], 1)


def test_pictures_of_a_folder_are_not_tracked_and_none_is_passed_over() -> None:
    detector = ScriptedDetector(0.6)
    faces = play(detector, replace(TRACKED, every=3), 4, Path("a.jpg"))
    assert shown(faces) == [1] * 4  # at once, where a moving picture's face would have to be confirmed
    assert len(detector.seen) == 4
    assert faces[0].detections.ids is None


def test_a_single_picture_waits_for_no_other() -> None:
    finder = FaceFinder(ScriptedDetector(0.6))
    frame = Frame(np.zeros((240, 320, 3), np.uint8), 0, 0.0, 0.0)
    assert len(finder.find(frame, TRACKED, still=True).detections) == 1
    assert len(finder.find(frame, replace(TRACKED, threshold=0.7), again=True, still=True).detections) == 0


def test_only_each_third_frame_is_searched_and_the_others_carry_the_faces_on() -> None:
    detector = ScriptedDetector(0.99)
    faces = play(detector, replace(TRACKED, every=3), 9)
    assert [one.detected for one in faces] == [True, False, False] * 3
    assert shown(faces) == [1] * 9
    assert len(detector.seen) == 3
    assert shown(play(ScriptedDetector(0.99), LiveOptions(threshold=0.5, every=2), 6)) == [1] * 6


def test_privacy_hides_in_every_frame_from_the_one_on_where_it_is_switched_on() -> None:
    finder = FaceFinder(ScriptedDetector(0.99))
    plain = LiveOptions(threshold=0.5, every=10)
    private = replace(plain, privacy=PrivacyOptions())
    image = np.zeros((240, 320, 3), np.uint8)
    for index in range(20):
        faces = finder.find(Frame(image, index, index / 30, 0.0), plain if index < 5 else private)
        assert len(faces.private) == 1
        assert faces.detected == (index == 0 or index >= 5)  # a face may have come since the last search


def test_the_smallest_face() -> None:
    options = LiveOptions(threshold=0.5, min_face_px=61, privacy=PrivacyOptions())
    faces = play(ScriptedDetector(0.99), options, 3)
    assert shown(faces) == [0] * 3
    assert all(len(one.private) for one in faces)  # not to be shown is no reason not to be hidden
    assert shown(play(ScriptedDetector(0.99), replace(options, min_face_px=60), 3)) == [1] * 3


def test_the_size_goes_to_the_detector_and_the_automatic_one_follows_its_speed() -> None:
    detector = ScriptedDetector(0.99)
    play(detector, LiveOptions(threshold=0.5, size=(320, 240)), 2)
    assert detector.sizes == [(320, 240)] * 2
    slow = ScriptedDetector(0.99, took_ms=50)
    play(slow, LiveOptions(threshold=0.5, hold_hz=30), 60)
    assert slow.sizes[0] == (640, 480)
    assert slow.sizes[-1] == (320, 240)


def test_after_a_gap_the_first_frame_is_searched_whatever_the_interval() -> None:
    finder = FaceFinder(ScriptedDetector(0.9))
    image = np.zeros((240, 320, 3), np.uint8)
    options = replace(TRACKED, every=10)
    times_s = (0.0, 0.1, 0.2, 3.2, 3.3)
    assert [finder.find(Frame(image, n, t, t), options).detected for n, t in enumerate(times_s)] == [1, 0, 0, 1, 0]


def test_faces_that_the_border_cuts_are_hidden() -> None:
    """The demo's, cut at each side by a third to three quarters and never seen whole: of all but one in sixteen, two
    thirds or more of what can be seen."""
    frame, detector = demo_frame(0), FaceDetector()
    faces = detector.detect(frame).boxes.tolist()
    options = LiveOptions(threshold=detector.threshold, privacy=PrivacyOptions(hold_s=0))
    pictures = open_to_view = 0
    for (x1, y1, x2, y2), share in itertools.product(faces, (0.3, 0.4, 0.5, 0.6, 0.7)):
        left, right = round(x1 + share * (x2 - x1)), round(x2 - share * (x2 - x1))
        top, bottom = round(y1 + share * (y2 - y1)), round(y2 - share * (y2 - y1))
        face = np.zeros(frame.shape[:2], np.bool_)
        face[round(y1) : round(y2), round(x1) : round(x2)] = True
        for cut in np.s_[:, left:], np.s_[:, :right], np.s_[top:, :], np.s_[:bottom, :]:
            image, seen = np.ascontiguousarray(frame[cut]), face[cut]
            if min(seen.shape) < 120:
                continue
            hidden = np.zeros(seen.shape, np.bool_)
            found = FaceFinder(detector).find(Frame(image, 0, 0.0, 0.0), options)
            for x, y, to_x, to_y in found.private.clip(0).round().astype(int).tolist():
                hidden[y:to_y, x:to_x] = True
            pictures += 1
            open_to_view += bool(hidden[seen].mean() < 2 / 3)
    assert pictures > 40
    assert open_to_view <= pictures / 16


def test_a_face_that_is_never_hidden_is_hidden_where_another_touches_it() -> None:
    alone = found((100, 100, 160, 150, 0.99), (10, 10, 60, 60, 0.99))
    together = found((100, 100, 160, 150, 0.99), (130, 100, 190, 150, 0.99))
    image = np.zeros((240, 320, 3), np.uint8)
    for faces, hidden in ((alone, 1), (together, 2)):
        finder = FaceFinder(FakeDetector(faces))
        options = replace(TRACKED, privacy=PrivacyOptions())
        first = finder.find(Frame(image, 0, 0.0, 0.0), options)
        assert first.detections.ids is not None
        assert len(first.private) == 2
        number = int(first.detections.ids[(first.detections.boxes[:, 0] == 100).argmax()])
        second = finder.find(Frame(image, 1, 0.03, 0.03), replace(options, unhidden=frozenset({number})))
        assert len(second.private) == hidden
        assert len(second.detections) == 2


def close_up(height_px: float) -> tuple[Image, np.ndarray]:
    """Someone near a camera of 640 x 480, whose face is so high, before a wall; and the part of that face in sight."""
    x1, y1, x2, y2 = 182, 114, 355, 336  # of the face in the portrait
    scale = height_px / (y2 - y1)
    shift = np.array([320, 240]) - scale * np.array([x1 + x2, y1 + y2]) / 2
    moved = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    portrait = read_picture(asset("demo/hopper.jpg"))
    image = np.asarray(cv2.warpAffine(portrait, moved, (640, 480), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    face = np.array([[x1, y1, x2, y2]]) * scale + np.tile(shift, 2)
    return image, face.clip(0, [640, 480, 640, 480]).astype(np.float32)


@pytest.mark.parametrize("height_px", [240, 320, 400, 480, 560])
@pytest.mark.parametrize("privacy", [None, PrivacyOptions()])
def test_a_face_that_comes_close_is_found_whole_with_real_weights(
    height_px: float, privacy: PrivacyOptions | None
) -> None:
    image, face = close_up(height_px)
    detector = FaceDetector()
    options = replace(TRACKED, threshold=None, privacy=privacy)
    seen = FaceFinder(detector).find(Frame(image, 0, 0.0, 0.0), options)
    assert len(seen.detections) == 1
    assert pairwise_iou(face, seen.detections.boxes)[0, 0] > 0.75
    assert detector.size == options.size
    if privacy is not None:
        assert pairwise_iou(face, seen.private)[0].max() > 0.75


def test_a_frame_without_a_large_face_is_searched_once() -> None:
    sizes = []

    class Counting(FaceDetector):
        def detect(self, frame: Image) -> Detections:
            sizes.append(self.size)
            return super().detect(frame)

    finder = FaceFinder(Counting())
    assert len(finder.find(Frame(demo_frame(0), 0, 0.0, 0.0), replace(TRACKED, threshold=None)).detections) >= 3
    assert sizes == [(640, 480)]
    finder.find(Frame(close_up(400)[0], 1, 0.03, 0.03), replace(TRACKED, threshold=None))
    assert sizes[1:] == [(640, 480), (320, 240)]
