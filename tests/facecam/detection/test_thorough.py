"""ThoroughDetector: what one look at one size misses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facecam.detection import thorough
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.detection.thorough import ThoroughDetector
from facecam.faces.boxes import pairwise_iou
from facecam.faces.tracking import CANDIDATE_SHARE
from facecam.runtimes.engine import Runtime
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset


@pytest.fixture
def tiny(tiny_model: Path) -> ThoroughDetector:
    return ThoroughDetector(FaceDetector(DetectorOptions(tiny_model, threshold=0.9)))


def boxes_of(detector: ThoroughDetector, frame: np.ndarray) -> list[list[int]]:
    return sorted(detector.detect(frame).boxes.round().astype(int).tolist())


def test_faces_of_the_usual_size_in_a_picture_of_any_size(
    tiny: ThoroughDetector, make_frame: Callable[..., np.ndarray]
) -> None:
    """Scaled down to one size, none of these would be a face; each is found once, also where tiles overlap."""
    cells = [(0, 0), (30, 20), (99, 74), (38, 1), (39, 28), (62, 45)]
    found = boxes_of(tiny, make_frame(*cells, width=3200, height=2400))
    assert found == sorted([32 * x, 32 * y, 32 * x + 32, 32 * y + 32] for x, y in cells)


def test_a_panorama_is_no_trouble(tiny: ThoroughDetector, make_frame: Callable[..., np.ndarray]) -> None:
    assert boxes_of(tiny, make_frame((600, 10), width=20000, height=640)) == [[19200, 320, 19232, 352]]


def test_large_and_small_faces(tiny: ThoroughDetector) -> None:
    frame = np.zeros((960, 1280, 3), np.uint8)
    frame[256:320, 256:320] = 255  # of 64 px, that is one cell at half the size, and four at its own
    frame[800:816, 1120:1136] = 255  # of 16 px, that is one at twice the size
    assert boxes_of(tiny, frame) == [[256, 256, 320, 320], [1120, 800, 1136, 816]]


def test_a_video_is_looked_at_in_the_sizes_that_tell_more(tiny: ThoroughDetector) -> None:
    empty = np.zeros((240, 320, 3), np.uint8)  # of which there is no half
    small = empty.copy()
    small[160:176, 160:176] = 255  # a face at twice the size alone
    looks = []
    for number, frame in enumerate([empty] * 12 + [small] * 12):
        found = tiny.detect(frame, number / 30)
        looks.append(tiny.looks)
    assert looks[0] == looks[10] > looks[1] == 1
    assert looks[20:] == [looks[0], 2, 2, 2]  # its own size and twice that, in one direction
    assert len(found) == 1


def test_the_first_picture_of_another_scene_is_looked_at_in_all_sizes(tiny: ThoroughDetector) -> None:
    one, other = np.full((240, 320, 3), 100, np.uint8), np.zeros((240, 320, 3), np.uint8)
    other[160:176, 160:176] = 255  # a face at twice the size alone
    looks, faces = [], []
    for number, frame in enumerate([one, one + 20, one, other, other]):
        faces.append(len(tiny.detect(frame, number / 30)))
        looks.append(tiny.looks)
    assert looks[0] == looks[3] > looks[1] == looks[2] == 1
    assert faces == [0, 0, 0, 1, 1]


def test_each_view_of_a_video_has_a_past_of_its_own(tiny: ThoroughDetector) -> None:
    views = [np.full((240, 320, 3), level, np.uint8) for level in (100, 0)]
    looks = []
    for number in range(3):
        for view, picture in enumerate(views):
            tiny.detect(picture, number / 30, view)
            looks.append(tiny.looks)
    assert looks[0] == looks[1] > 1
    assert looks[2:] == [1] * 4


def test_memory_is_bounded_by_tiles(tiny: ThoroughDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    detect = FaceDetector.detect

    def noting(self: FaceDetector, frame: np.ndarray) -> object:
        top, bottom, left, right = self.border_px
        shapes.append((frame.shape[0] + top + bottom, frame.shape[1] + left + right))
        return detect(self, frame)

    monkeypatch.setattr(FaceDetector, "detect", noting)
    tiny.detect(np.full((3000, 5000, 3), 128, np.uint8))
    assert len(shapes) == tiny.looks > 20
    assert max(height * width for height, width in shapes) <= thorough.TILE_PX[0] * thorough.TILE_PX[1]


def test_a_group_photo_of_twelve_megapixels_with_real_weights() -> None:
    """28 faces from 60 px up, some cut by the border: none is missed."""
    heads = [read_picture(asset(f"demo/{name}.jpg")) for name in ("hopper", "collins")]
    reference = FaceDetector(DetectorOptions())
    boxes = [reference.detect(head).boxes[0] for head in heads]
    picture = np.full((3000, 4000, 3), (96, 104, 110), np.uint8)
    rng = np.random.default_rng(0)
    faces = []
    for number in range(28):
        head = heads[number % 2]
        x1, y1, x2, y2 = boxes[number % 2]
        corner = np.array([x1 - (x2 - x1) / 2, y1 - (y2 - y1) / 2]).clip(0).astype(int)
        head = head[corner[1] : round(y2 + (y2 - y1) / 2), corner[0] : round(x2 + (x2 - x1) / 2)]
        x1, y1, x2, y2 = np.array([x1, y1, x2, y2]) - [*corner, *corner]
        scale = float(rng.uniform(60, 160)) / (y2 - y1)
        small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left, top = 100 + 560 * (number % 7), 120 + 720 * (number // 7)
        if number % 7 == 0:  # a quarter to more than half of the face is beyond the border
            left = round(-(x1 + (x2 - x1) * (0.25 + number / 70)) * scale)
        part = small[:, max(0, -left) :]
        picture[top : top + part.shape[0], max(0, left) : max(0, left) + part.shape[1]] = part
        faces.append([max(0, left + x1 * scale), top + y1 * scale, left + x2 * scale, top + y2 * scale])
    detector = ThoroughDetector(FaceDetector(DetectorOptions()))
    detector.threshold *= CANDIDATE_SHARE  # as where faces are hidden
    found = detector.detect(picture).boxes
    for x1, y1, x2, y2 in faces:
        covered = (np.minimum(found[:, 2], x2) - np.maximum(found[:, 0], x1)).clip(0) * (
            np.minimum(found[:, 3], y2) - np.maximum(found[:, 1], y1)
        ).clip(0)
        assert covered.max(initial=0) > 0.6 * (x2 - x1) * (y2 - y1)


@pytest.mark.parametrize("side_px", [440, 620, 1240])
def test_a_portrait_that_fills_the_picture_with_real_weights(side_px: int) -> None:
    """No network sees a face as large as that, so it is looked at smaller."""
    x1, y1, x2, y2 = 182, 114, 355, 336  # of the face
    half = round(0.6 * (y2 - y1))
    across, down = (x1 + x2) // 2, (y1 + y2) // 2
    head = read_picture(asset("demo/hopper.jpg"))[down - half : down + half, across - half : across + half]
    picture = np.asarray(cv2.resize(head, (side_px, side_px)), np.uint8)
    found = ThoroughDetector(FaceDetector(DetectorOptions())).detect(picture)
    corner = np.array([across - half, down - half] * 2)
    face = (np.array([[x1, y1, x2, y2]], np.float32) - corner) * side_px / (2 * half)
    assert len(found) == 1
    assert pairwise_iou(face, found.boxes)[0, 0] > 0.75


@pytest.fixture(scope="module")
def real() -> ThoroughDetector:
    return ThoroughDetector(FaceDetector(DetectorOptions(runtime=Runtime.ONNX_RUNTIME)))


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    """Two people, the second one small: (600, 800, 3)."""
    picture = np.full((600, 800, 3), (96, 104, 110), np.uint8)
    for name, left, side in (("hopper", 100, 400), ("collins", 640, 80)):
        head = read_picture(asset(f"demo/{name}.jpg"))[:500, :500]
        picture[40 : 40 + side, left : left + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    return picture


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_that_lies_is_searched_as_if_it_stood_with_real_weights(
    real: ThoroughDetector, people: np.ndarray, turns: int
) -> None:
    """As a photo whose orientation was lost with its metadata: sideways the network sees no face in it."""
    standing = real.detect(people)
    lying = real.detect(np.ascontiguousarray(np.rot90(people, turns)))
    assert len(standing) == len(lying) == 2
    for x1, y1, x2, y2 in standing.boxes:  # turned to the left, whatever was at the right is above
        where = {1: (y1, 800 - x2, y2, 800 - x1), 2: (800 - x2, 600 - y2, 800 - x1, 600 - y1)}.get(turns)
        box = np.array([where or (600 - y2, x1, 600 - y1, x2)], np.float32)
        assert pairwise_iou(box, lying.boxes).max() > 0.8


def test_somebody_who_lies_among_others_is_found_with_real_weights(real: ThoroughDetector, people: np.ndarray) -> None:
    both = np.hstack([people, people, np.rot90(people)[200:, :400]])  # of the small one nothing
    lying = np.array([[1733, 218, 1907, 360]], np.float32)
    assert pairwise_iou(lying, real.detect(both).boxes).max() > 0.7
    assert pairwise_iou(lying, real.detect(both[:, 400:]).boxes + np.array([400, 0, 400, 0], np.float32)).max() > 0.7


def test_what_the_border_mirrors_turns_no_picture(tiny: ThoroughDetector) -> None:
    """Beyond it a face that is in doubt stands upside down, and may be sure."""

    def seen(*box: float, score: float) -> tuple[np.ndarray, np.ndarray]:
        return np.array([box], np.float32), np.array([score], np.float32)

    doubtful = seen(100, 20, 140, 60, score=0.95)
    for beyond in ((100, -60, 140, -20), (100, 500, 140, 540), (-60, 20, -20, 60)):
        assert tiny._direction({(0, 0): doubtful, (2, 0): seen(*beyond, score=0.99)}, 640, 480) == 0
    assert tiny._direction({(0, 0): doubtful, (2, 0): seen(100, 20, 140, 60, score=0.99)}, 640, 480) == 2
