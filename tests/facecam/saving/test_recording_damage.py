"""Recordings that end badly: killed programs, cut files and full disks. What was written until then plays."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import closing, suppress

import numpy as np
import pytest

from facecam.errors import FacecamError
from facecam.saving.video_file import VideoWriter
from tests.facecam.saving.recordings import frame, played, recorder, view
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.processes import run_python, start_python

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_told_and_nothing_written_before_is_lost(tmp_path, suffix):
    """A limit on the size of files stands for a disk that fills up: the same call fails, at the same place."""
    path = tmp_path / f"r{suffix}"
    done = run_python(
        "-c",
        """
import resource, sys, time
from pathlib import Path
import numpy as np
from facecam.sources import Frame
from tests.facecam.saving.recordings import recorder, view
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
path, random = Path(sys.argv[1]), np.random.default_rng(0)
recording, index = recorder(path.parent, path.name), 0
while recording.status.error is None and index < 3000:
    image = random.integers(0, 255, (96, 128, 3), np.uint8)
    recording.on_detected(view(Frame(image, index, index / 30, index / 30)))
    index += 1
    time.sleep(0.002)
print(recording.stop(60).error)
""",
        path,
    )
    assert done.returncode == 0, done.stderr
    assert "can't be written: files may not become that large here." in done.stdout
    times_s, _ = played(path)
    assert len(times_s) > 20
    lines = path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= len(times_s)
    json.loads(lines[-1])


WRITES = """
import sys, time
from pathlib import Path
from tests.facecam.saving.recordings import frame, recorder, view
path = Path(sys.argv[1])
recording = recorder(path.parent, path.name)
for index in range(150):
    recording.on_detected(view(frame(index, index / 30)))
    while recording.status.frames <= index:
        time.sleep(0.001)
print("written", flush=True)
time.sleep(600)
"""


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


@posix_only
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_of_a_recording_whose_program_is_killed_at_most_the_last_second_is_lost(tmp_path, suffix):
    path = tmp_path / f"r{suffix}"
    process = start_python("-c", WRITES, path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
    finally:
        killed(process)
    times_s, _ = played(path)
    assert 150 - 31 <= len(times_s) <= 150
    assert times_s == pytest.approx([index / 30 for index in range(len(times_s))], abs=0.0011)


@posix_only
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_of_the_command_plays_as_far_as_it_did_when_the_command_is_killed(tmp_path, tiny_model, suffix):
    path = tmp_path / f"r{suffix}"
    command = ["-m", "facecam", "--model", tiny_model, "--source", "demo", "--headless"]
    began_s = time.perf_counter()
    process = start_python(*command, "--seconds", "0", "--record", path)
    try:
        seen_s = times_so_far(process, path, 2.0)
    finally:
        killed(process)
    took_s = time.perf_counter() - began_s
    times_s, images = played(path)
    assert times_s[: len(seen_s)] == seen_s
    assert times_s[0] == 0
    assert np.diff(times_s).min() > 0
    assert times_s[-1] < took_s
    assert len(times_s) <= 30 * times_s[-1] + 3  # as many as the demo has; some are dropped where the machine is busy
    assert images[0].shape == (480, 640, 3)


def times_so_far(process, path, at_least_s):
    """Waits until so much of a video that is still being written can be played."""

    def look():
        assert process.poll() is None
        with suppress(FacecamError):  # its first piece is not complete yet
            times_s, _ = played(path)
            if times_s[-1] >= at_least_s:
                return times_s
        time.sleep(0.3)  # to play it takes time that it needs to be written
        return None

    return wait_for(look)


def test_a_video_that_was_cut_in_the_middle_plays_as_far_as_it_goes(tmp_path):
    for suffix in (".mp4", ".mkv"):
        path = tmp_path / f"r{suffix}"
        with closing(VideoWriter(path)) as video:
            for index in range(90):
                video.write(np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8), index / 30)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        if suffix == ".mp4":  # its index was at its end
            with pytest.raises(FacecamError, match="not a video"):
                played(path)
        else:
            assert 20 < len(played(path)[0]) < 60


def test_it_ends_by_itself_before_the_disk_is_full(tmp_path, monkeypatch):
    from facecam.saving import recording as module
    from facecam.system import files

    monkeypatch.setattr(module, "LOOK_AT_DISK_EVERY_S", 0.05)
    recording = recorder(tmp_path)
    recording.on_detected(view(frame(0, 0.0)))
    monkeypatch.setattr(files, "LEAST_FREE_BYTES", 1 << 62)
    wait_for(lambda: recording.status.error)
    assert "MB left on the disk" in str(recording.stop(PATIENCE_S).error)
    assert len(played(tmp_path / "r.mp4")[0]) == 1
    with pytest.raises(FacecamError, match="make room"):
        recorder(tmp_path, "other.mp4")
