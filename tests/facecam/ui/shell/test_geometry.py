"""Where a frame lies in the view, and back."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.qtkit.geometry import box_under, letterbox
from tests.processes import run_python


@pytest.mark.parametrize(
    ("view", "frame", "rectangle"),
    [
        ((1000, 750), (640, 480), (0, 0, 1000, 750)),  # same shape: fills the view
        ((1000, 900), (640, 480), (0, 75, 1000, 750)),  # bars above and below
        ((1200, 600), (640, 480), (200, 0, 800, 600)),  # bars at the sides
        ((300, 900), (480, 640), (0, 250, 300, 400)),  # portrait
    ],
)
def test_picture_is_centred_and_keeps_its_shape(
    view: tuple[int, int], frame: tuple[int, int], rectangle: tuple[int, int, int, int]
) -> None:
    place = letterbox(*view, *frame)
    assert (place.left_px, place.top_px, place.width_px, place.height_px) == rectangle


def test_bars_too_thin_to_be_meant_are_filled() -> None:
    place = letterbox(1024, 770, 640, 480)  # exact: 1024 x 768
    assert (place.top_px, place.height_px) == (0, 770)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("view", [(1000, 900), (320, 240), (3000, 500)])
def test_a_box_covers_the_same_spot_of_the_picture_at_any_zoom(view: tuple[int, int], mirror: bool) -> None:
    place = letterbox(*view, 640, 480, mirror)
    boxes = np.array([[0, 0, 640, 480], [10, 20, 110, 70], [600, 400, 639, 479]], np.float32)
    shown = place.boxes_to_view(boxes)
    assert (shown[:, 0] < shown[:, 2]).all()
    assert shown[0] == pytest.approx(
        [place.left_px, place.top_px, place.left_px + place.width_px, place.top_px + place.height_px]
    )
    for box, (x1, y1, x2, y2) in zip(boxes, shown, strict=True):
        centre = place.point_to_frame((x1 + x2) / 2, (y1 + y2) / 2)
        assert centre == pytest.approx(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), abs=0.01)


def test_mirroring_swaps_left_and_right_only() -> None:
    box = np.array([[0, 100, 64, 200]], np.float32)
    place = letterbox(640, 480, 640, 480, mirror=True)
    assert place.boxes_to_view(box)[0] == pytest.approx([576, 100, 640, 200])
    assert place.point_to_frame(600, 150) == pytest.approx((40, 150))


def test_the_surround_is_no_part_of_the_frame() -> None:
    place = letterbox(1000, 900, 640, 480)
    assert place.point_to_frame(500, 74) is None
    assert place.point_to_frame(500, 75) is not None
    assert place.point_to_frame(500, 825) is None


def test_a_view_without_area_is_no_error() -> None:
    assert letterbox(0, 0, 640, 480).width_px == 1


def test_of_nested_boxes_the_inner_one_is_under_the_cursor() -> None:
    boxes = np.array([[0, 0, 100, 100], [40, 40, 60, 60], [200, 0, 300, 100]], np.float32)
    assert box_under(boxes, 50, 50) == 1
    assert box_under(boxes, 10, 50) == 0
    assert box_under(boxes, 150, 50) is None
    assert box_under(boxes[:0], 50, 50) is None


def test_geometry_and_words_need_no_qt() -> None:
    code = (
        "import sys, facecam.qtkit.geometry, facecam.qtkit.wording, facecam.system.display;"
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    assert run_python("-c", code).returncode == 0
