"""What tests of recordings start from: pictures, views, a recorder, and what a player finds in its file."""

from __future__ import annotations

import numpy as np

from facecam.faces.boxes import Detections
from facecam.live.pipeline import View
from facecam.saving.recording import Recorder, RecordingOptions
from facecam.sources import Frame, open_source
from tests.doubles import read_all

FACE = Detections(np.array([[10, 10, 40, 40]], np.float32), np.array([0.9], np.float32), np.array([7]))


def picture(level, width=64, height=48):
    return np.full((height, width, 3), level, np.uint8)


def frame(index, time_s, level=100, **size):
    return Frame(picture(level, **size), index, time_s, 1000 + time_s)


def view(of, faces=FACE, privacy=None):
    return View(of, faces, of, faces.boxes, privacy)


def played(path):
    """Times and pictures, as a player finds them."""
    frames = read_all(open_source(str(path)))
    return [each.time_s for each in frames], [each.image for each in frames]


def recorder(tmp_path, name="r.mp4", live=True, microphone=None, **options):
    return Recorder(tmp_path / name, RecordingOptions(**options), "Cam", lambda: live, microphone)
