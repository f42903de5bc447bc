"""`facecam detect --jobs N`: the same results in the same order, from several processes."""

from __future__ import annotations

import signal
from concurrent.futures import Future

import numpy as np
import pytest

from facecam.batch.inputs import Input
from facecam.batch.parallel import ProcessPool, result_of
from facecam.batch.pieces import Piece
from facecam.batch.work import Task, Worker, WorkOptions
from facecam.cli import main
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.system.opencv import cv2
from tests.facecam.batch.clips import clip_with_sound


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


def test_results_equal_those_of_one_process(detect, folder, tmp_path):
    told = []
    for jobs in (1, 3):
        outputs = ("--json", tmp_path / f"{jobs}.jsonl", "--out", tmp_path / f"out{jobs}")
        status, _, errors = detect(folder, *outputs, "--jobs", jobs)
        assert status == 0
        told.append(errors)
    one, three = ((tmp_path / f"{jobs}.jsonl").read_text() for jobs in (1, 3))
    assert one == three
    assert one.count('"faces"') == 23
    assert one.count('"skipped"') == 2
    for errors in told:
        assert errors[-1].startswith("Frames: 23, with faces: 23, faces: 24, 2 passed over;")
        assert sum("Skipped:" in line for line in errors) == 2
    copies = [sorted((tmp_path / f"out{jobs}").rglob("*.png")) for jobs in (1, 3)]
    assert len(copies[0]) == 23
    for first, second in zip(*copies, strict=True):
        assert first.relative_to(tmp_path / "out1") == second.relative_to(tmp_path / "out3")
        np.testing.assert_array_equal(cv2.imread(str(first)), cv2.imread(str(second)))


def test_a_folder_of_damaged_pictures_fails_as_ever(detect, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1.png").write_bytes(b"damaged")
    status, _, errors = detect(tmp_path / "bad", "--jobs", 2)
    assert status == 2
    assert any("None of the 1 pictures" in line for line in errors)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no way to kill a process hard here")
def test_a_process_that_dies_is_told(folder, tiny_model):
    pool = ProcessPool(2, WorkOptions(DetectorOptions(tiny_model)))
    try:
        results = pool.results([Task(Input(str(path))) for path in sorted(folder.glob("*.png"))], print)
        next(results)
        for process in pool._executor._processes.values():
            process.kill()
        with pytest.raises(FacecamError, match="fewer --jobs"):
            list(results)
    finally:
        pool.close()


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--jobs", "many"], ["--jobs", "2", "--core", "0"]])
def test_wrong_options_give_one_line(arguments, tmp_path, tiny_model, capsys):
    status: object
    try:
        status = main(["detect", str(tmp_path), "--model", str(tiny_model), *arguments])
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1


# A long video in pieces


@pytest.fixture
def in_pieces(monkeypatch):
    """Videos are cut every three seconds; gives how many pieces were done by others."""
    monkeypatch.setattr("facecam.batch.pieces.PIECE_S", 3)
    done = []

    def noting(part, future, tell):
        result = result_of(part, future, tell)
        done.extend([result] * isinstance(part, Piece))
        return result

    monkeypatch.setattr("facecam.batch.parallel.result_of", noting)
    return done


def copied(clip, tiny_model, out, *options):
    """(lines of JSON, content of the copy) with hidden faces."""
    command = ["detect", str(clip), "--model", str(tiny_model), "--hide", "cover", "--out", str(out)]
    assert main([*command, "--json", str(out.with_suffix(".jsonl")), *options]) == 0
    return out.with_suffix(".jsonl").read_text(), (out / clip.name).read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_model):
    """A clip, and what becomes of it in one process."""
    folder = tmp_path_factory.mktemp("whole")
    clip = clip_with_sound(folder / "clip.mp4")
    return clip, copied(clip, tiny_model, folder / "one")


def test_a_video_in_pieces_gives_what_it_gives_as_a_whole(tmp_path, tiny_model, whole, in_pieces, monkeypatch):
    clip, (lines, _) = whole
    assert lines.count('"box"') > 100
    monkeypatch.setattr(Worker, "_look", None)  # in this process; the others do that
    assert copied(clip, tiny_model, tmp_path / "two", "--jobs", "2") == whole[1]
    assert sum(map(len, in_pieces)) == 120
    assert len(in_pieces) == 4


@pytest.mark.parametrize("how", ["fails", "ends its processes"])
def test_a_piece_that_is_lost_is_done_again_and_told(tmp_path, tiny_model, whole, in_pieces, monkeypatch, capsys, how):
    real = ProcessPool._submit

    def losing(self, part):
        future = real(self, part)
        if part.first != 9:
            return future
        if how == "fails":
            future.result()
            future = Future()
            future.set_exception(MemoryError("none left"))
        else:
            for process in self._executor._processes.values():
                process.kill()
        return future

    monkeypatch.setattr(ProcessPool, "_submit", losing)
    assert copied(whole[0], tiny_model, tmp_path / "two", "--jobs", "2") == whole[1]
    told = capsys.readouterr().err
    assert "is done anew" in told
    if how == "fails":
        assert "clip.mp4 from 3 s to 6 s is done anew" in told
        assert in_pieces.count(None) == 1
