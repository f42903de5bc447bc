"""Colours of boxes from the frames to where people see them: the window, snapshots and recordings."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from facecam.faces.palette import BOX_COLOURS
from facecam.faces.tracking import TrackingOptions
from facecam.live.detection_loop import FaceFinder
from facecam.live.options import LiveOptions
from facecam.live.pipeline import View
from facecam.saving.recording import Recorder, RecordingOptions
from facecam.saving.snapshot import SnapshotFacts, write_snapshot
from facecam.sources import Frame, open_source
from facecam.ui.live.picture import PictureView
from sagan_gallery.ui.paint import from_qimage
from tests.doubles import FakeDetector, found
from tests.facecam.waiting import PATIENCE_S

COUNT = len(BOX_COLOURS)
LEFT, RIGHT = (80.0, 240.0, 480.0, 720.0), (800.0, 240.0, 1200.0, 720.0)
LEFT_EDGES = ((80, 480), (800, 480))
"""A point (x, y) on the line of either box."""


class Passers(FakeDetector):
    """Finds one face at the left all the time, and at the right one after another, each for a second."""

    def __init__(self) -> None:
        super().__init__(lambda image: found(*[(*LEFT, 0.99), (*RIGHT, 0.99)][: 2 - (len(self.seen) - 1) // 60 % 2]))


def view_of_first_and_eighth() -> View:
    """Two faces whose numbers are as far apart as the palette is long."""
    finder = FaceFinder(Passers())
    options = LiveOptions(threshold=0.5, tracking=TrackingOptions())
    image = np.full((960, 1280, 3), 90, np.uint8)  # large: a video has a colour for four pixels each
    for index in range(60 * 2 * COUNT):
        frame = Frame(image, index, index / 30, index / 30)
        found = finder.find(frame, options)
        if found.detections.ids is not None and sorted(found.detections.ids.tolist()) == [1, 1 + COUNT]:
            return View(frame, found.detections, frame)
    raise AssertionError("the faces did not get these numbers")


def nearest(rgb: np.ndarray) -> str:
    """The colour of the palette that the pixel (3,) comes closest to."""
    palette = np.array([list(bytes.fromhex(colour[1:])) for colour in BOX_COLOURS])
    return BOX_COLOURS[int(np.abs(palette - rgb.astype(int)).sum(axis=1).argmin())]


def on_lines(rgb: np.ndarray, scale: float = 1.0) -> list[str]:
    """Colours of the left and the right box in a picture (H, W, 3) RGB that shows the frame so many times as large."""
    return [nearest(rgb[round(y * scale), round(x * scale)]) for x, y in LEFT_EDGES]


def test_a_face_has_the_same_colour_in_the_window_a_snapshot_and_a_recording(qtbot: QtBot, tmp_path: Path) -> None:
    view = view_of_first_and_eighth()

    picture = PictureView()
    qtbot.addWidget(picture)
    picture.resize(640, 480)
    picture.show_frame(view.image, view.detections)
    seen = picture.seen()
    assert seen is not None
    in_window = on_lines(from_qimage(seen), seen.width() / 1280)
    assert len(set(in_window)) == 2  # though seven numbers apart

    facts = SnapshotFacts("Cam", "m", "r", 0.5, 0.3, datetime.now(UTC))
    write_snapshot(tmp_path / "s.png", view, facts, annotated=True)
    assert on_lines(np.asarray(Image.open(tmp_path / "s.png").convert("RGB"))) == in_window

    recorder = Recorder(tmp_path / "r.mkv", RecordingOptions(lists=False), "Cam", lambda: True)
    recorder.on_detected(view)
    recorder.stop(PATIENCE_S)
    with closing(open_source(str(tmp_path / "r.mkv"))) as source:
        first = source.read()
    assert first is not None
    assert on_lines(first.image[:, :, ::-1]) == in_window
