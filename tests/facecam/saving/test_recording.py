"""Recordings: true times, faces beside the picture, and nothing is held up."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest

from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.faces.privacy import PrivacyOptions
from facecam.sources import Frame
from facecam.system.files import next_free
from tests.facecam.saving.recordings import frame, picture, played, recorder, view
from tests.facecam.waiting import PATIENCE_S

TIMES_S = [0.0, 0.033, 0.1, 0.11, 0.45, 1.3, 1.333, 2.9]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_in_the_file_are_those_of_the_capture(tmp_path, suffix):
    recording = recorder(tmp_path, f"r{suffix}")
    for index, time_s in enumerate(TIMES_S):
        recording.on_detected(view(frame(index, 5 + time_s)))
    status = recording.stop(PATIENCE_S)
    assert status.error is None
    assert (status.frames, status.dropped) == (len(TIMES_S), 0)
    assert status.seconds == pytest.approx(2.9)
    assert status.size_bytes == (tmp_path / f"r{suffix}").stat().st_size
    times_s, _ = played(tmp_path / f"r{suffix}")
    assert times_s == pytest.approx(TIMES_S, abs=0.0011)


def test_of_a_file_that_is_played_pauses_and_jumps_are_left_out(tmp_path):
    recording = recorder(tmp_path, live=False)
    moments = [(0.0, 0, 0), (0.04, 0.04, 0), (0.08, 9.0, 0), (7.0, 9.1, 1), (7.04, 9.2, 1), (1.0, 9.3, 2)]
    for index, (time_s, captured_s, take) in enumerate(moments):
        recording.on_detected(view(Frame(picture(100), index, time_s, captured_s, take=take)))
    recording.stop(PATIENCE_S)
    assert played(tmp_path / "r.mp4")[0] == pytest.approx([0, 0.04, 0.08, 0.1133, 0.1533, 0.1867], abs=0.001)


@pytest.mark.parametrize(
    ("times_s", "captured_s"),
    [
        ([0.0, 0.1, 5.0, 5.1, 65.1], [0.0, 0.11, 5.0, 5.1, 65.0]),  # slides of a talk
        ([0.0, 0.1, 9.0, 9.1], [0.0, 0.1, 30.0, 30.1]),  # paused meanwhile
    ],
)
def test_pictures_of_a_file_stay_as_long_as_they_do_there(tmp_path, times_s, captured_s):
    recording = recorder(tmp_path, live=False)
    for index, (time_s, at_s) in enumerate(zip(times_s, captured_s, strict=True)):
        recording.on_detected(view(Frame(picture(100), index, time_s, at_s)))
    recording.stop(PATIENCE_S)
    assert played(tmp_path / "r.mp4")[0] == pytest.approx(times_s, abs=0.001)


@pytest.mark.parametrize("unreadable", [1, 9])
def test_pictures_of_a_folder_stay_as_long_as_they_were_seen(tmp_path, unreadable):
    """Those that can't be read have a time, and are passed over."""
    recording = recorder(tmp_path, live=False)
    for index in range(4):
        time_s = 2 * (index if index < 2 else index + unreadable)
        recording.on_detected(view(Frame(picture(100), index, time_s, 2 * index, tmp_path / f"{index}.jpg")))
    recording.stop(PATIENCE_S)
    assert played(tmp_path / "r.mp4")[0] == pytest.approx([0, 2, 4, 6], abs=0.001)


def test_annotated_or_raw(tmp_path):
    for annotated in (True, False):
        recording = recorder(tmp_path, f"{annotated}.mkv", annotated=annotated)
        one = frame(0, 0.0)
        recording.on_captured(one, private=False)
        recording.on_detected(view(one))
        recording.stop(PATIENCE_S)
        (image,) = played(tmp_path / f"{annotated}.mkv")[1]
        assert (image.std() > 5) == annotated  # the raw picture is plain grey


def test_raw_has_every_frame_and_the_lists_those_that_were_searched(tmp_path):
    recording = recorder(tmp_path, annotated=False)
    frames = [frame(index, index / 10) for index in range(8)]
    for each in frames:
        recording.on_captured(each, private=False)
        if each.index % 3 == 0:
            recording.on_detected(view(each))
    assert recording.stop(PATIENCE_S).frames == 8
    assert len(played(tmp_path / "r.mp4")[0]) == 8
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["time_s"] for line in lines] == [0.0, 0.3, 0.6]


def test_where_privacy_is_on_nothing_is_recorded_before_its_faces_are_hidden(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    recording = recorder(tmp_path, annotated=False)
    for index in range(5):
        one = Frame(noise, index, index / 10, index / 10)
        recording.on_captured(one, private=True)
        if index % 2 == 0:
            recording.on_detected(view(one, privacy=PrivacyOptions()))
    assert recording.stop(PATIENCE_S).frames == 3
    for image in played(tmp_path / "r.mp4")[1]:
        assert image[15:35, 15:35].std() < image[:, 45:].std() / 2


def test_the_lists_tell_the_time_in_the_video_and_the_numbers_of_the_faces(tmp_path):
    recording = recorder(tmp_path)
    for index in range(3):
        recording.on_detected(view(frame(40 + index, 100 + index / 4)))
    recording.on_detected(view(frame(43, 100.75), Detections.none()))
    recording.stop(PATIENCE_S)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["time_s"] for line in lines] == [0.0, 0.25, 0.5, 0.75]
    assert lines[0]["source"] == "Cam"
    assert lines[0]["faces"] == [{"box": [10, 10, 40, 40], "score": 0.9, "id": 7}]
    assert lines[3]["faces"] == []
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["time_s"], row["id"]) for row in rows] == [("0.0", "7"), ("0.25", "7"), ("0.5", "7")]


def test_the_same_picture_under_other_settings_is_recorded_once(tmp_path):
    recording = recorder(tmp_path)
    one = frame(0, 0.0)
    for _ in range(3):
        recording.on_detected(view(one))
    assert recording.stop(PATIENCE_S).frames == 1


def test_a_picture_of_another_size_is_fitted_in(tmp_path):
    recording = recorder(tmp_path, annotated=False)
    for index, (width, height) in enumerate([(65, 49), (200, 50), (64, 48)]):  # odd sizes lose a line
        recording.on_captured(frame(index, index / 10, width=width, height=height), private=False)
    assert recording.stop(PATIENCE_S).frames == 3
    images = played(tmp_path / "r.mp4")[1]
    assert {image.shape for image in images} == {(48, 64, 3)}
    assert images[1][:10].mean() < 10  # bars above and below
    assert images[1][20:28].mean() == pytest.approx(100, abs=8)


def test_what_it_has_no_time_for_is_left_out_and_counted_and_nobody_waits(tmp_path):
    recording = recorder(tmp_path, annotated=False)
    image = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)
    for index in range(60):
        recording.on_captured(Frame(image, index, index / 30, index / 30), private=False)
    status = recording.stop(30)
    assert status.dropped > 20
    assert status.frames + status.dropped == 60
    assert len(played(status.path)[0]) == status.frames


def test_a_recording_of_nothing_leaves_no_file(tmp_path):
    recorder(tmp_path).stop(PATIENCE_S)
    assert list(tmp_path.iterdir()) == []


def test_names_are_numbered_and_nothing_is_overwritten(tmp_path):
    folder = tmp_path / "made"
    assert next_free(folder, "recording", ".mp4").name == "recording-0001.mp4"
    assert next_free(folder, "recording", ".mkv").name == "recording-0002.mkv"
    (folder / "recording-0041.jsonl").touch()
    (folder / "recording-x.mp4").touch()
    assert next_free(folder, "recording", ".mp4").name == "recording-0042.mp4"
    assert next_free(folder, "snapshot", ".png").name == "snapshot-0001.png"


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FacecamError, match="can't be written"):
        next_free(tmp_path / "file" / "folder", "recording", ".mp4")
    with pytest.raises(FacecamError, match="can't be written"):
        recorder(tmp_path / "file")


@pytest.mark.parametrize("taken", ["a.jsonl", "a.csv"])
def test_nothing_is_left_of_a_recording_whose_lists_can_not_be_opened(tmp_path, taken):
    (tmp_path / taken).mkdir()
    with pytest.raises(FacecamError, match=rf"{taken} can't be written: there is a folder of that name"):
        recorder(tmp_path, "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_nothing_is_left_of_a_recording_whose_microphone_can_not_be_opened(tmp_path):
    def microphone():
        raise FacecamError("There is no microphone.")

    with pytest.raises(FacecamError, match="There is no microphone"):
        recorder(tmp_path, "a.mp4", microphone=microphone)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FacecamError, match="you may not write there; choose another folder"):
        next_free(tmp_path, "recording", ".mp4")
