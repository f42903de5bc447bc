"""What comes with the program: the weights and the demo, and that they fit each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.faces.boxes import box_areas, pairwise_iou
from facecam.sources import open_source
from facecam.sources.demo import demo_frame
from facecam.system.resources import asset, shipped_models

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def test_the_demo_pictures_state_their_origin():
    readme = asset("demo/README.md").read_text(encoding="utf-8")
    for picture in asset("demo/README.md").parent.glob("*.jpg"):
        assert picture.name in readme


def test_every_shipped_model_loads_and_has_a_card():
    assert "faceboxes" in shipped_models()
    for name in shipped_models():
        detector = FaceDetector(name)
        assert detector.name == name
        assert detector.metadata["data"]
        assert detector.metadata["licence"]
        assert asset(f"{name}.md").is_file()


def test_the_default_detector_finds_the_faces_of_the_demo():
    detector = FaceDetector()
    counts = [len(detector.detect(demo_frame(index))) for index in range(0, 1800, 100)]
    assert min(counts) >= 1
    assert max(counts) <= 6
    assert sum(counts) / len(counts) >= 2


def test_a_face_is_found_again_in_the_mirrored_and_in_the_enlarged_frame():
    detector = FaceDetector(DetectorOptions(threshold=0.8))
    frame = demo_frame(0)
    found = detector.detect(frame)
    face = found.boxes[box_areas(found.boxes).argmax()][None]
    mirrored = detector.detect(np.ascontiguousarray(frame[:, ::-1])).boxes
    mirrored[:, [0, 2]] = 640 - mirrored[:, [2, 0]]
    assert pairwise_iou(face, mirrored).max() > 0.7
    enlarged = detector.detect(frame.repeat(3, axis=0).repeat(3, axis=1)).boxes
    assert pairwise_iou(face * 3, enlarged).max() > 0.8


@pytest.mark.skipif(not (DATA / "video").is_dir(), reason="the webcam clips lie beside the project, not in it")
def test_the_person_in_a_webcam_clip_is_found_in_nearly_every_frame():
    detector = FaceDetector()
    source = open_source(str(DATA / "video" / "again.mkv"))
    counts = [len(detector.detect(frame.image)) for frame in iter(source.read, None)]
    assert len(counts) > 70
    assert sum(count >= 1 for count in counts) >= 0.95 * len(counts)
    assert sum(counts) <= 1.5 * len(counts)
