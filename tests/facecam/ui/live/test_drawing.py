"""Boxes and figures as painted pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from facecam.qtkit import theme
from facecam.qtkit.figure_line import Figure, FigureLine
from facecam.ui.live.drawing import Overlay, paint_boxes
from sagan_gallery.ui.paint import from_qimage


def canvas(width: int, height: int, ratio: float = 1.0, colour: str = "#808080") -> QImage:
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(colour))
    return image


def painted(image: QImage, boxes: np.ndarray, scores: np.ndarray | None = None, **options: object) -> np.ndarray:
    painter = QPainter(image)
    size = image.deviceIndependentSize()
    scores = np.ones(len(boxes), np.float32) if scores is None else scores
    paint_boxes(painter, boxes, scores, QRectF(0, 0, size.width(), size.height()), **options)  # type: ignore[arg-type]
    painter.end()
    return from_qimage(image)


def is_colour(image: np.ndarray, colour: QColor) -> np.ndarray:
    return (image == [colour.red(), colour.green(), colour.blue()]).all(axis=2)


@pytest.mark.parametrize(("ratio", "line"), [(1.0, 2), (1.5, 3), (2.0, 4), (3.0, 6)])
@pytest.mark.parametrize("side", [30, 150])
def test_lines_are_two_view_pixels_wide_on_any_screen(qapp: object, ratio: float, line: int, side: int) -> None:
    box = np.array([[20.3, 10.6, 20.3 + side, 10.6 + side]], np.float32)
    image = painted(canvas(200, 200, ratio), box)
    middle = is_colour(image[round((10.6 + side / 2) * ratio)][None], theme.BOX)[0]
    assert middle.sum() == 2 * line
    left, right = np.flatnonzero(middle)[[0, -1]]
    assert left / ratio == pytest.approx(20.3 - 1, abs=1)
    assert right / ratio == pytest.approx(20.3 + side + 1, abs=1.5)


@pytest.mark.parametrize("ground", ["#ffffff", "#000000", "#3df0cf"])
def test_boxes_stand_out_from_any_ground(qapp: object, ground: str) -> None:
    image = painted(canvas(100, 100, colour=ground), np.array([[20, 20, 80, 80]], np.float32))
    row = image[50].astype(int)
    assert np.abs(np.diff(row, axis=0)).sum(axis=1).max() > 200  # an edge next to the line, even on its own colour


def test_followed_faces_have_colours_of_their_own(qapp: object) -> None:
    boxes = np.array([[10 + 60 * n, 60, 50 + 60 * n, 120] for n in range(4)], np.float32)
    image = painted(canvas(260, 160), boxes, ids=np.array([1, 2, 0, 9]), colours=(0, 1, 0, 3))

    def colour(index: int) -> QColor:
        return next(c for c in theme.TRACK_COLOURS if is_colour(image[90:91, 60 * index : 60 * index + 30], c).any())

    assert [colour(index) for index in range(4)] == [
        theme.BOX,
        theme.TRACK_COLOURS[1],
        theme.BOX,
        theme.TRACK_COLOURS[3],
    ]


def test_a_face_that_is_followed_has_its_number_before_the_score(qapp: object) -> None:
    box = np.array([[40, 60, 120, 140]], np.float32)
    plain = painted(canvas(200, 200), box, all_scores=True)
    numbered = painted(canvas(200, 200), box, all_scores=True, ids=np.array([3]))

    def label_width(image: np.ndarray) -> int:
        return int((np.abs(image[52].astype(int) - 128).sum(axis=1) > 60).sum())

    assert label_width(numbered) > label_width(plain) + 8


def test_corners_are_round(qapp: object) -> None:
    image = painted(canvas(100, 100), np.array([[20, 20, 80, 80]], np.float32))
    assert (image[17:20, 17:20] == 128).all()
    assert not (image[19:22, 40:60] == 128).any()


def test_tiny_boxes_are_still_seen(qapp: object) -> None:
    image = painted(canvas(40, 40), np.array([[10, 10, 13, 12], [20, 20, 20, 20]], np.float32))
    assert is_colour(image[5:16, 5:18], theme.BOX).any()
    assert is_colour(image[15:25, 15:25], theme.BOX).any()


def test_scores_show_for_large_boxes_and_under_the_cursor(qapp: object) -> None:
    boxes = np.array([[10, 40, 90, 120], [150, 60, 170, 80]], np.float32)
    scores = np.array([0.91, 0.62], np.float32)

    def text_at(image: np.ndarray, box: np.ndarray) -> bool:
        above = image[int(box[1]) - 22 : int(box[1]) - 3, int(box[0]) : int(box[0]) + 20]
        return bool((above != 128).any())

    plain = painted(canvas(200, 200), boxes, scores)
    assert not text_at(plain, boxes[0])
    everything = painted(canvas(200, 200), boxes, scores, all_scores=True)
    assert text_at(everything, boxes[0])
    assert not text_at(everything, boxes[1])
    hovered = painted(canvas(200, 200), boxes, scores, under_cursor=1)
    assert text_at(hovered, boxes[1])
    assert not text_at(hovered, boxes[0])


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_the_letters_of_a_score_stay_as_they_are_while_its_box_moves_by_parts_of_a_pixel(
    qapp: object, ratio: float
) -> None:
    labels = []
    for shift in (0.0, 0.2, 0.4, 0.6):
        box = np.array([[40 + shift, 60 + shift, 120, 140]], np.float32)
        image = painted(canvas(200, 200, ratio), box, np.array([0.87], np.float32), all_scores=True)
        above = (image != 128).any(axis=2)
        above[round(58 * ratio) :] = False  # the box and its edge
        rows, columns = np.flatnonzero(above.any(axis=1)), np.flatnonzero(above.any(axis=0))
        labels.append(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    assert all(np.array_equal(label, labels[0]) for label in labels)


def test_a_score_at_the_upper_edge_moves_inside(qapp: object) -> None:
    box = np.array([[-30, -10, 100, 120]], np.float32)
    image = painted(canvas(200, 200), box, np.array([0.75], np.float32), all_scores=True)
    assert (image[2:20, 2:40] < 60).all(axis=2).any()  # the dark pill


def paint_line(line: FigureLine, room: float) -> tuple[QRectF, np.ndarray]:
    image = canvas(600, 60, colour="#ffffff")
    painter = QPainter(image)
    rect = line.paint(painter, 10, 50, room, QFont())
    painter.end()
    return rect, from_qimage(image)


def test_the_line_of_figures_does_not_dance(qapp: object) -> None:
    line = FigureLine()
    line.set([Figure("104", "det/s"), Figure("9.6", "ms p50")])
    wide, _ = paint_line(line, 500)
    line.set([Figure("98", "det/s"), Figure("9.6", "ms p50")])
    narrow, image = paint_line(line, 500)
    assert narrow == wide
    assert line.text == "98 det/s · 9.6 ms p50"
    assert (image[:, int(wide.right()) + 1 :] == 255).all()


def test_figures_leave_nothing_behind_when_others_take_their_place(qapp: object) -> None:
    before, later = [Figure("104", "det/s")], [Figure("98", "det/s")]
    line = FigureLine()
    line.set(before)
    _, first = paint_line(line, 500)
    line.set(later)
    _, second = paint_line(line, 500)
    line.set(before)
    _, third = paint_line(line, 500)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, third)


def test_figures_that_do_not_fit_are_left_out_from_the_end(qapp: object) -> None:
    line = FigureLine()
    line.set([Figure("30", "capture"), Figure("104", "det/s"), Figure("9.6", "ms p50")])
    whole, _ = paint_line(line, 500)
    part, _ = paint_line(line, whole.width() - 10)
    assert 0 < part.width() < whole.width() - 10


def test_figures_of_high_rank_are_left_out_first_and_the_others_keep_their_order(qapp: object) -> None:
    line = FigureLine()
    figures = [Figure("30", "capture", rank=2), Figure("104", "det/s", rank=1), Figure("2", "faces")]
    line.set(figures)
    whole, _ = paint_line(line, 500)
    assert line.shown_text == "30 capture · 104 det/s · 2 faces"
    paint_line(line, whole.width() - 10)
    assert line.shown_text == "104 det/s · 2 faces"
    paint_line(line, 5)
    assert line.shown_text == "2 faces"


def test_figures_are_legible_on_white(qapp: object) -> None:
    line = FigureLine()
    line.set([Figure("30", "capture")])
    rect, image = paint_line(line, 500)
    inside = image[int(rect.top()) + 2 : int(rect.bottom()) - 2, int(rect.left()) + 14 : int(rect.right()) - 14]
    luminance = inside @ np.array([0.2126, 0.7152, 0.0722])
    assert luminance.max() - luminance.min() > 150


def test_whose_picture_it_is_stays_in_sight_below_it_hints_and_the_chosen_face(qapp: object) -> None:
    stage, overlay = QRect(0, 0, 400, 200), Overlay()

    def seen() -> np.ndarray:
        image = canvas(400, 200)
        painter = QPainter(image)
        overlay.paint_upper(painter, stage, QFont())
        painter.end()
        return from_qimage(image)

    empty = seen()
    overlay.chosen.set([Figure("#1", "0.98")])
    alone = changed_rows(seen(), empty)
    overlay.caption.set([Figure("A", "faceboxes")])
    overlay.chosen.set([])
    caption = seen()
    rows = changed_rows(caption, empty)
    assert rows[0] == alone[0]
    for line in (overlay.chosen, overlay.hint):
        line.set([Figure("Esc", "leaves")])
        both = seen()
        assert (both[: rows[-1] + 1] == caption[: rows[-1] + 1]).all()
        assert changed_rows(both, caption)[0] > rows[-1]


def changed_rows(image: np.ndarray, before: np.ndarray) -> np.ndarray:
    return np.flatnonzero((image != before).any(axis=(1, 2)))


def test_a_box_out_of_sight_leaves_no_label(qapp: object) -> None:
    boxes = np.array([[-200, -200, -100, -100], [600, 50, 700, 150]], np.float32)
    image = painted(canvas(400, 300), boxes, all_scores=True)
    assert (image == 128).all()


def test_places_of_figures_are_those_of_the_font() -> None:
    """They never shrink while it stays, and full screen has a larger one."""
    line, usual = FigureLine(), QFont()
    line.set([Figure("30", "capture"), Figure("5.0", "ms p50")])
    image = QImage(800, 100, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    widths = [line.size(painter, 2000, theme.sized(usual, scale)).width() for scale in (1, 3, 1)]
    painter.end()
    assert widths[0] == widths[2] < 0.6 * widths[1]
