"""The picture view: what lies where on the screen, and what the user can do to it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facecam.faces.boxes import Detections
from facecam.qtkit import theme
from facecam.qtkit.figure_line import Figure
from facecam.ui.live.picture import PictureView
from sagan_gallery.ui.paint import from_qimage
from tests.doubles import found

RED, BLUE = (255, 0, 0), (0, 0, 255)


def grab(view: PictureView) -> np.ndarray:
    """(H, W, 3) uint8 RGB, as on the screen."""
    return from_qimage(view.grab().toImage())


def two_halves() -> np.ndarray:
    """(48, 64, 3) BGR: red at the left, blue at the right."""
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:, :32, 2] = 255
    frame[:, 32:, 0] = 255
    return frame


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(640, 600)  # bars of 60 px above and below a picture of 4:3
    view.show()
    qtbot.waitExposed(view)
    return view


def test_picture_colours_surround_and_place(view: PictureView) -> None:
    view.show_frame(two_halves(), Detections.none())
    image = grab(view)
    assert tuple(image[300, 100]) == RED
    assert tuple(image[300, 540]) == BLUE
    stage = (theme.STAGE.red(), theme.STAGE.green(), theme.STAGE.blue())
    assert tuple(image[30, 320]) == stage
    assert tuple(image[570, 320]) == stage
    assert tuple(image[62, 5]) == RED
    assert tuple(image[537, 5]) == RED


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("times", [1, 12, 40])
def test_frames_smaller_and_larger_than_the_view_keep_their_sides_and_colours(
    view: PictureView, times: int, mirror: bool
) -> None:
    frame = two_halves().repeat(times, axis=0).repeat(times, axis=1)
    view.set_mirror(mirror)
    for _ in range(2):  # the buffers are used again
        view.show_frame(frame, Detections.none())
        image = grab(view)
        assert tuple(image[300, 100]) == (BLUE if mirror else RED)
        assert tuple(image[300, 540]) == (RED if mirror else BLUE)
    assert np.array_equal(frame, two_halves().repeat(times, axis=0).repeat(times, axis=1))


def test_mirror_flips_picture_and_boxes_but_no_text(view: PictureView) -> None:
    frame = np.full((48, 64, 3), 128, np.uint8)
    frame[9:12, 4:7] = (0, 0, 255)  # a red dot at the left
    view.set_all_scores(False)
    view.set_figures([Figure("30", "capture")])
    view.show_frame(frame, found((2, 6, 9, 14)))
    plain = grab(view)
    view.set_mirror(True)
    mirrored = grab(view)
    dot = (slice(160, 170), slice(52, 58))
    assert plain[dot][..., 0].min() > 200 > plain[dot][..., 1].max()
    flipped_dot = (slice(160, 170), slice(640 - 58, 640 - 52))
    assert mirrored[flipped_dot][..., 0].min() > 200 > mirrored[flipped_dot][..., 1].max()
    accent = [theme.BOX.red(), theme.BOX.green(), theme.BOX.blue()]
    columns = np.flatnonzero((mirrored == accent).all(axis=2).any(axis=0))
    assert columns.min() == pytest.approx(640 - 90, abs=2)
    assert columns.max() == pytest.approx(640 - 20, abs=2)
    line = (slice(500, 530), slice(12, 200))
    assert (plain[line] == mirrored[line]).all()
    assert (plain[line] != 128).any()


def test_each_frame_counts_as_painted_once(view: PictureView, qtbot: QtBot) -> None:
    count = []
    view.painted.connect(lambda: count.append(1))
    view.show_frame(two_halves(), Detections.none())
    grab(view)
    grab(view)  # the same frame again, as when another window moves over ours
    assert len(count) == 1
    view.show_frame(two_halves(), Detections.none())
    view.show_frame(two_halves(), Detections.none())  # came before the screen was ready: only this one is painted
    grab(view)
    assert len(count) == 2


def test_the_newest_frame_is_shown_after_a_change_of_size(view: PictureView) -> None:
    view.show_frame(two_halves(), Detections.none())
    grab(view)
    view.show_frame(np.full((100, 50, 3), 200, np.uint8), Detections.none())
    view.resize(300, 300)
    image = grab(view)
    assert tuple(image[150, 150]) == (200, 200, 200)
    assert tuple(image[150, 60]) == (theme.STAGE.red(), theme.STAGE.green(), theme.STAGE.blue())


def test_clear_leaves_nothing_of_the_picture(view: PictureView) -> None:
    view.set_figures([Figure("30", "capture")])
    view.show_frame(two_halves(), found((2, 6, 9, 14)))
    view.clear()
    assert len(np.unique(grab(view).reshape(-1, 3), axis=0)) == 1


def test_the_face_under_the_cursor_shows_its_score(view: PictureView) -> None:
    view.set_all_scores(False)
    view.show_frame(np.full((48, 64, 3), 128, np.uint8), found((20, 20, 40, 40)))
    before = grab(view)
    place = QPointF(300, 350)  # handed over directly: where the real cursor is depends on the windows of other tests
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(QEvent.Type.MouseMove, place, place, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, move)
    after = grab(view)
    above = (slice(235, 257), slice(200, 232))
    assert (before[above] == 128).all()
    assert (after[above] != 128).any()


def test_a_narrow_picture_does_not_shorten_its_figures(view: PictureView) -> None:
    figures = [Figure("30.0", "capture", rank=1), Figure("2", "faces")]
    view.set_figures(figures)
    view.show_frame(np.full((600, 60, 3), 128, np.uint8), Detections.none())  # 60 px wide in the middle of the view
    image = grab(view)
    assert view.overlay.figures.shown_text == "30.0 capture · 2 faces"
    line = image[560:590]
    stage = (theme.STAGE.red(), theme.STAGE.green(), theme.STAGE.blue())
    covered = np.flatnonzero((line != stage).any(axis=(0, 2)))
    assert covered.min() < 280 < 360 < covered.max()  # across the picture, on both sides of it
    assert covered.min() + covered.max() == pytest.approx(640, abs=4)
    copied = view.seen()
    assert copied is not None
    assert (copied.width(), copied.height()) == (60, 600)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (64, 60), (80, 30), (20, 60), (64, 9)])
def test_words_at_the_upper_edge_cross_no_border_of_the_picture(view: PictureView, width: int, height: int) -> None:
    view.show_frame(np.full((height, width, 3), 255, np.uint8), Detections.none())
    place = view.placement
    assert place is not None
    plain = grab(view)
    view.show_hint("Esc", "leaves full screen")
    changed = (grab(view) != plain).any(axis=2)
    assert changed.any()
    picture = np.zeros_like(changed)
    picture[place.top_px : place.top_px + place.height_px, place.left_px : place.left_px + place.width_px] = True
    assert not (changed & ~picture).any() or not (changed & picture).any()
