"""The demo, cameras, `auto`, and pacing."""

from __future__ import annotations

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from facecam import sources
from facecam.errors import SourceError
from facecam.sources import Camera, demo, open_source
from facecam.sources.camera import _linux_cameras
from facecam.sources.demo import DemoSource
from facecam.system.opencv import cv2
from tests.facecam.batch.clips import clip_with_sound


def test_the_demo_is_a_camera_like_any_other():
    source = open_source("demo")
    assert (source.live, source.fps, source.frame_count, source.title) == (True, 30.0, None, "Demo")
    frames = [source.read() for _ in range(4)]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30])
    for frame in frames:
        assert frame.image.shape == (480, 640, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous


def test_the_demo_moves_without_jumps_and_repeats_itself_exactly():
    first, second = DemoSource(), DemoSource()
    images = [first.read().image for _ in range(40)]
    for image in images:
        np.testing.assert_array_equal(image, second.read().image)
    changes = [np.abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(images)]
    assert min(changes) > 0.2
    assert max(changes) < 12


def test_the_demos_loop_closes():
    step = np.abs(demo.demo_frame(1799).astype(int) - demo.demo_frame(1800)).mean()
    assert step < 12
    np.testing.assert_array_equal(demo.demo_frame(3), demo.demo_frame(1803))


def test_the_people_of_the_demo_are_whole(monkeypatch):
    """They are blended in bands as wide as they are: against the whole of their pictures in one piece."""
    indices = range(0, 1800, 60)
    images = [demo.demo_frame(index) for index in indices]
    wall, *people = demo._scene()
    everywhere = tuple((x, y) for x in (0, 511) for y in (*range(0, 600, demo._SLAB), 599))  # as large as the larger
    scene = (wall, *(dataclasses.replace(person, outline=everywhere) for person in people))
    monkeypatch.setattr(demo, "_scene", lambda: scene)
    monkeypatch.setattr(demo, "_BAND", demo.HEIGHT)
    for index, image in zip(indices, images, strict=True):
        assert np.abs(demo.demo_frame(index).astype(int) - image).max() <= 2  # roundings of the warp


def test_an_unknown_camera_gets_a_clear_sentence():
    taken = {camera.index for camera in sources.list_cameras()}
    index = next(number for number in range(40, 99) if number not in taken)
    for spec in (str(index), f"camera:{index}"):
        with pytest.raises(SourceError, match=rf"[Cc]amera {index}\b"):
            open_source(spec)


def test_who_names_a_wrong_camera_is_told_the_right_ones(monkeypatch):
    for cameras, told in (
        ([Camera(0, "Door"), Camera(2, "Desk")], "There is no camera 77; connected: 0 (Door), 2 (Desk)."),
        ([], "There is no camera 77; none is connected."),
    ):
        monkeypatch.setattr("facecam.sources.camera.list_cameras", lambda cameras=cameras: cameras)
        with pytest.raises(SourceError) as refused:
            open_source("camera:77")
        assert str(refused.value) == told


def test_auto_takes_the_first_camera_that_works(monkeypatch):
    opened = []

    def camera(index):
        opened.append(index)
        if index == 0:
            raise SourceError("Camera 0 is in use.")
        return DemoSource(title="Desk camera")

    monkeypatch.setattr(sources, "list_cameras", lambda: [Camera(0, "Door"), Camera(2, "Desk")])
    monkeypatch.setattr(sources, "CameraSource", camera)
    assert open_source("auto").title == "Desk camera"
    assert opened == [0, 2]


def test_auto_falls_back_to_the_demo_and_says_so(monkeypatch):
    monkeypatch.setattr(sources, "list_cameras", lambda: [])
    assert open_source("auto").title == "Demo (no camera found)"

    def busy(index):
        raise SourceError("in use")

    monkeypatch.setattr(sources, "list_cameras", lambda: [Camera(0, "Desk camera")])
    monkeypatch.setattr(sources, "CameraSource", busy)
    assert open_source("auto").title == "Demo (Desk camera can't be opened)"


def test_cameras_of_linux_have_names_and_metadata_nodes_are_left_out(tmp_path):
    for node, name, index in (("video10", "Cam B", "0"), ("video2", "Cam A", "0"), ("video3", "Cam A", "1")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(f"{name}\n", encoding="utf-8")
        (tmp_path / node / "index").write_text(f"{index}\n", encoding="utf-8")
    (tmp_path / "v4l-subdev0").mkdir()
    assert _linux_cameras(tmp_path) == [Camera(2, "Cam A"), Camera(10, "Cam B")]
    assert _linux_cameras(tmp_path / "missing") == []


def test_a_path_is_one_whatever_it_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.zeros((40, 60, 3), np.uint8))
    os.rename("a.png", "demo")
    assert open_source(Path("demo")).title == "demo"
    assert isinstance(open_source("demo"), DemoSource)
    with pytest.raises(SourceError, match="no file"):
        open_source(Path("0"))


@pytest.mark.parametrize("spec", [None, 0.5, b"a.png", True, ["a.png"]])
def test_what_can_be_no_source_is_told(spec):
    with pytest.raises(SourceError, match="is no source"):
        open_source(spec)
    with pytest.raises(SourceError, match="camera 9999"):
        open_source(9999)


def test_of_a_source_that_is_closed_nothing_comes(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 60, 3), np.uint8))
    for path in (clip_with_sound(tmp_path / "a.mp4", 3), tmp_path, tmp_path / "a.png"):
        source = open_source(path)
        source.close()
        assert source.read() is None
        source.close()
