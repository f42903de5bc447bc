"""`facecam detect --jobs N`: the same results in the same order, from several processes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

import numpy as np
import psutil
import pytest

from facecam.batch.copies import Input
from facecam.batch.parallel import ProcessPool
from facecam.batch.work import Task, WorkOptions
from facecam.cli import main
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.system.opencv import cv2
from tests.processes import start_python


@pytest.fixture
def folder(tmp_path, make_frame):
    """23 pictures of several sizes, one of them in a subfolder, and two damaged ones."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for number in range(22):
        frame = make_frame((number % 5, number % 3), width=320 + 32 * (number % 4), height=224)
        cv2.imwrite(str(folder / f"{number}.png"), frame)
    cv2.imwrite(str(folder / "sub" / "1.png"), make_frame((1, 1), (3, 3)))
    (folder / "5b.png").write_bytes(b"damaged")
    (folder / "zz.jpg").write_bytes(b"")
    return folder


def test_results_equal_those_of_one_process(folder, tiny_model, tmp_path, capsys):
    told = []
    for jobs in (1, 3):
        out = tmp_path / f"out{jobs}"
        arguments = ["--model", str(tiny_model), "--json", str(tmp_path / f"{jobs}.jsonl"), "--out", str(out)]
        assert main(["detect", str(folder), *arguments, "--jobs", str(jobs)]) == 0
        told.append(capsys.readouterr().err)
    one, three = ((tmp_path / f"{jobs}.jsonl").read_text() for jobs in (1, 3))
    assert one == three
    assert one.count('"faces"') == 23
    assert one.count('"skipped"') == 2
    assert [text.rpartition(";")[0].splitlines()[-1] for text in told] == 2 * [
        "Frames: 23, with faces: 23, faces: 24, 2 damaged files skipped"
    ]
    assert told[0].count("Skipped:") == told[1].count("Skipped:") == 2
    copies = [sorted((tmp_path / f"out{jobs}").rglob("*.png")) for jobs in (1, 3)]
    assert len(copies[0]) == 23
    for first, second in zip(*copies, strict=True):
        assert first.relative_to(tmp_path / "out1") == second.relative_to(tmp_path / "out3")
        np.testing.assert_array_equal(cv2.imread(str(first)), cv2.imread(str(second)))


def test_a_folder_of_damaged_pictures_fails_as_ever(tmp_path, tiny_model, capsys):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1.png").write_bytes(b"damaged")
    assert main(["detect", str(tmp_path / "bad"), "--model", str(tiny_model), "--jobs", "2"]) == 2
    assert "None of the 1 pictures" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no way to kill a process hard here")
def test_a_process_that_dies_is_told(folder, tiny_model):
    pool = ProcessPool(2, WorkOptions(DetectorOptions(tiny_model)))
    try:
        results = pool.results([Task(Input(str(path))) for path in sorted(folder.glob("*.png"))])
        next(results)
        for process in pool._pool()._processes.values():
            process.kill()
        with pytest.raises(FacecamError, match="fewer --jobs"):
            list(results)
    finally:
        pool.close()


def _alive_in_group(group):
    """Processes of that group, without those that are dead and merely not waited for."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C reaches a process group differently there")
def test_ctrl_c_ends_all_processes_and_keeps_what_was_done(tmp_path, tiny_model, make_frame):
    folder = tmp_path / "many"
    folder.mkdir()
    content = cv2.imencode(".png", make_frame((1, 1), width=1600, height=1200))[1].tobytes()
    for number in range(1500):
        (folder / f"{number}.png").write_bytes(content)
    result = tmp_path / "r.jsonl"
    arguments = ["--model", tiny_model, "--json", result, "--jobs", "2"]
    process = start_python("-m", "facecam", "detect", folder, *arguments, alone=True)
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s and not (result.exists() and result.read_text().count("\n") > 3):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert 3 < result.read_text().count("\n") < 1500
    while left := _alive_in_group(process.pid):
        assert time.monotonic() < end_s, left
        time.sleep(0.05)


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--jobs", "many"], ["--jobs", "2", "--core", "0"]])
def test_wrong_options_give_one_line(arguments, tmp_path, tiny_model, capsys):
    status: object
    try:
        status = main(["detect", str(tmp_path), "--model", str(tiny_model), *arguments])
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1
