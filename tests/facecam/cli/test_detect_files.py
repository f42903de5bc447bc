"""`facecam detect` with the files that people have: what is found, what is told, and what no run may do to them."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from facecam.batch.work import Worker
from facecam.cli import main
from facecam.sources import open_source
from facecam.system.opencv import cv2
from tests.clips import made, remux, write_clip
from tests.facecam.conftest import Run
from tests.facecam.saving.told_clips import agree, make_clip, served
from tests.facecam.waiting import PATIENCE_S, wait_for
from tests.processes import in_group, run_python, start_python

pillow_heif.register_heif_opener()

MakeFrame = Callable[..., np.ndarray]


@pytest.fixture
def photos(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """Three pictures of one face each."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), make_frame((number, 1), width=320, height=224))
    return folder


def test_a_phones_pictures_in_a_folder_are_found_and_copied_as_such(detect: Run, photos: Path, tmp_path: Path) -> None:
    for suffix in (".heic", ".avif"):
        Image.open(photos / "1.png").convert("RGB").save(photos / f"phone{suffix}", quality=95)
    status, _, errors = detect(photos, "--out", tmp_path / "out", "--hide", "cover")
    assert status == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "0.png", "1.png", "2.png", "phone.heic", "phone.avif",
    }  # fmt: skip
    assert "with faces: 5" in errors[-1]


def test_an_animation_stays_one_and_each_of_its_pictures_is_hidden(
    detect: Run, tmp_path: Path, make_frame: MakeFrame
) -> None:
    frames = [Image.fromarray(make_frame((number, 2), width=320, height=224)) for number in range(4)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    status, _, _ = detect(
        tmp_path / "a.webp", "--out", tmp_path / "out", "--hide", "cover", "--json", tmp_path / "r.jsonl"
    )
    assert status == 0
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in lines] == [0, 0.1, 0.2, 0.3]
    with Image.open(tmp_path / "out" / "a.webp") as copy:
        assert copy.n_frames == 4  # type: ignore[attr-defined]
        for number in range(4):
            copy.seek(number)
            assert np.asarray(copy.convert("L"))[70:90, number * 32 + 6 : number * 32 + 26].max() < 90


def test_videos_keep_sound_and_container_unless_silence_is_wanted(detect: Run, tmp_path: Path) -> None:
    clip = made(tmp_path / "clip.mp4")
    assert detect(clip, "--out", tmp_path / "with")[0] == 0
    assert detect(clip, "--out", tmp_path / "without", "--no-audio")[0] == 0
    for folder, kinds in (("with", ["video", "audio"]), ("without", ["video"])):
        with av.open(str(tmp_path / folder / "clip.mp4")) as copy:
            assert [stream.type for stream in copy.streams] == kinds


@pytest.mark.parametrize("with_length", [True, False])
def test_the_copy_of_a_stream_has_its_sound_beside_its_pictures(detect: Run, tmp_path: Path, with_length: bool) -> None:
    with served(make_clip(tmp_path / "c.ts"), with_length) as url:
        status, _, errors = detect(url, "--out", tmp_path / "out", "--threshold", "1")
    assert status == 0, errors
    (copy,) = (tmp_path / "out").iterdir()
    agree(copy, 80)


def test_what_a_copy_cannot_keep_is_told_by_name(detect: Run, tmp_path: Path) -> None:
    clip = made(tmp_path / "old.avi", "mjpeg", "yuvj420p", sound="libmp3lame")
    command = [clip, "--out", tmp_path / "out", "--json", tmp_path / "r.jsonl"]
    status, _, errors = detect(*command)
    assert status == 0
    assert any("old.avi" in line and "written as .mkv" in line for line in errors)
    told = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines() if "converted" in line]
    assert "written as .mkv" in told[0]["converted"][0]
    assert detect(*command, "--strict")[0] == 3


def test_a_picture_that_cannot_be_done_does_not_end_the_others(
    detect: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facecam.detection.detector import FaceDetector

    original = FaceDetector.detect

    def short_of_memory(self: FaceDetector, frame: np.ndarray) -> object:
        if frame.shape[1] == 352:
            raise MemoryError
        return original(self, frame)

    monkeypatch.setattr(FaceDetector, "detect", short_of_memory)
    cv2.imwrite(str(photos / "1b.png"), np.zeros((224, 352, 3), np.uint8))
    status, _, errors = detect(photos, "--out", tmp_path / "out")
    assert status == 0
    assert any("1b.png" in line and "memory" in line for line in errors)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"0.png", "1.png", "2.png"}


def test_a_panorama_is_done_like_any_other(detect: Run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((200, 20000, 3), np.uint8))
    assert detect(tmp_path / "wide.png")[0] == 0
    assert detect(tmp_path / "wide.png", "--hide", "blur", "--out", tmp_path / "out")[0] == 0


# What is never lost


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_an_original_under_another_name_is_not_overwritten(
    detect: Run, photos: Path, tmp_path: Path, link: Callable[..., None]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    link(photos / "0.png", out / "0.png")
    before = (photos / "0.png").read_bytes()
    assert detect(photos, "--out", out)[0] == 0
    assert (photos / "0.png").read_bytes() == before
    assert (out / "0-faces.png").exists()
    assert detect(photos, "--json", out / "0.png")[0] == 2
    assert (photos / "0.png").read_bytes() == before


def test_an_empty_argument_is_told_and_touches_nothing(
    detect: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    status, out, errors = detect("")
    assert status == 2
    assert out == ""
    assert "Name a picture" in errors[0]


@pytest.mark.parametrize("options", [[], ["--out", "out"]])
def test_an_address_that_is_none_is_told_without_its_password_and_the_others_are_done(
    detect: Run, here: Path, options: list[str]
) -> None:
    status, _, errors = detect("http://me:secret@[", "1.png", "--json", "r.jsonl", *options)
    assert status == 2
    assert errors[0] == "facecam: http://[ is not a valid address."
    assert "with faces: 1" in errors[-1]
    assert "secret" not in Path("r.jsonl").read_text()


# What people expect of such a command


def test_patterns_and_lists(detect: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(detect(photos / "*.png")[1].splitlines()) == 3
    assert detect(photos / "*.jpg")[0] == 2
    (photos / "list.txt").write_text("# my pictures\n2.png\n0.png\n\n", encoding="utf-8")
    status, out, _ = detect(photos / "list.txt")
    assert status == 0
    assert [Path(line.partition(":")[0]).name for line in out.splitlines()] == ["2.png", "0.png"]
    (photos / "empty.txt").touch()
    assert "names no file" in detect(photos / "empty.txt")[2][0]


def test_links_to_folders_are_followed_once(detect: Run, photos: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (photos / "0.png").rename(other / "0.png")
    (photos / "linked").symlink_to(other, target_is_directory=True)
    (other / "back").symlink_to(photos, target_is_directory=True)
    assert len(detect(photos)[1].splitlines()) == 3


def test_other_files_of_a_folder_are_counted(detect: Run, photos: Path) -> None:
    for name in ("a.txt", "b.txt", "c.xmp"):
        (photos / name).touch()
    assert any("2 .txt" in line and "1 .xmp" in line for line in detect(photos)[2])


def test_resume_leaves_out_what_is_done_and_whole(detect: Run, photos: Path, tmp_path: Path) -> None:
    out, result = tmp_path / "out", tmp_path / "r.jsonl"
    command = [photos, "--out", out, "--json", result, "--csv", tmp_path / "r.csv", "--resume"]
    assert detect(*command)[0] == 0
    whole, table = result.read_text(), (tmp_path / "r.csv").read_text()
    times = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    (out / "1.png").unlink()
    result.write_text(whole + '{"source": "half a li', encoding="utf-8")
    status, _, errors = detect(*command)
    assert status == 0
    assert any("Done before: 2 files" in line for line in errors)
    assert sorted(result.read_text().splitlines()) == sorted(whole.splitlines())
    assert sorted((tmp_path / "r.csv").read_text().splitlines()) == sorted(table.splitlines())
    assert (out / "1.png").exists()
    assert all(path.stat().st_mtime_ns == times[path] for path in (out / "0.png", out / "2.png"))
    cv2.imwrite(str(photos / "2.png"), np.zeros((224, 320, 3), np.uint8))  # changed since
    assert "Frames: 1" in detect(*command)[2][-1]
    assert "Frames: 3" in detect(*command, "--threshold", "0.9")[2][-1]  # another question
    assert detect(photos, "--resume")[0] == 2
    assert "photos" not in (out / ".facecam-batch").read_text()  # which may be handed on with the copies


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full here")
def test_a_full_disk_is_told(detect: Run, photos: Path) -> None:
    for option in ("--json", "--csv"):
        status, _, errors = detect(photos, option, "/dev/full")
        assert status == 2
        assert "the disk is full" in errors[-1]


@pytest.fixture
def many(tmp_path: Path, make_frame: MakeFrame) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    content = cv2.imencode(".png", make_frame((1, 1), width=1600, height=1200))[1].tobytes()
    for number in range(600):
        (folder / f"{number}.png").write_bytes(content)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("how", "status"), [("SIGTERM", 143), ("SIGKILL", -9), ("SIGINT", 130)])
def test_whatever_ends_it_leaves_no_process_and_only_what_is_whole(
    many: Path, tiny_model: Path, tmp_path: Path, how: str, status: int
) -> None:
    out, result = tmp_path / "out", tmp_path / "r.jsonl"
    command = ["detect", many, "--model", tiny_model, "--out", out, "--json", result, "--jobs", "2"]
    process = start_python("-m", "facecam", *command, alone=True)

    def has_begun() -> bool:
        return len(list(out.glob("*.png"))) >= 6 and result.read_text().count("\n") > 3

    wait_for(lambda: has_begun() or process.poll() is not None)
    tell = os.killpg if how == "SIGINT" else os.kill  # Ctrl+C goes to the whole group
    tell(process.pid, getattr(signal, how))
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == status, err
    assert "Traceback" not in err
    assert 3 < len([json.loads(line) for line in result.read_text().splitlines()]) < 600
    wait_for(lambda: not in_group(process.pid))
    copies = list(out.glob("*.png"))
    assert 6 <= len(copies) < 600
    assert all(open_source(str(copy)).read() is not None for copy in copies[:20])
    assert len([path for path in out.iterdir() if path.name.endswith(".part.png")]) <= 2 * (how == "SIGKILL")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_half_a_video_is_no_copy(tiny_model: Path, tmp_path: Path) -> None:
    clip = made(tmp_path / "clip.mp4", times=range(0, 4000, 2), sound=None)
    out = tmp_path / "out"
    process = start_python("-m", "facecam", "detect", clip, "--model", tiny_model, "--out", out, "--hide", "blur")
    wait_for(lambda: any(path.stat().st_size for path in out.glob(".clip*")) or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143, err
    assert "stopped" in err
    assert not [path for path in out.iterdir() if "clip" in path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's way to close a file")
def test_without_standard_output_it_works_all_the_same(photos: Path, tiny_model: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.jsonl"
    command = ("-m", "facecam", "detect", photos, "--model", tiny_model)
    for options in ((), ("--json", result)):
        done = run_python(*command, *options, prefix=("sh", "-c", 'exec "$@" >&-', "sh"))
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    assert result.read_text().count("faces") == 3


# A disk that fills in the middle


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", ["pictures", "videos"])
def test_a_disk_that_fills_in_the_middle_keeps_whole_copies_and_says_so(
    detect: Run, small_disk: Path, tmp_path: Path, kind: str, jobs: int
) -> None:
    inputs, out = tmp_path / "in", small_disk / "out"
    inputs.mkdir()
    noise = np.random.default_rng(0)
    for number in range(8):
        if kind == "pictures":  # of 700 KB each
            cv2.imwrite(str(inputs / f"{number}.png"), noise.integers(0, 255, (400, 600, 3), np.uint8))
        else:
            write_clip(inputs / f"{number}.mkv", noise.integers(0, 255, (8, 240, 320, 3), np.uint8))
    status, _, errors = detect(inputs, "--out", out, "--json", tmp_path / "r.jsonl", "--jobs", jobs)
    assert status == 2
    told = [line for line in errors if "can't be written" in line]
    assert len(told) == 1
    assert "the disk is full" in told[0]
    assert str(out) in told[0]
    copies = [path for path in out.iterdir() if path.name != ".facecam-batch"]
    assert 1 <= len(copies) < 8
    assert not [path for path in copies if path.name.startswith(".")]
    for copy in copies:
        source = open_source(str(copy))
        assert len(list(iter(source.read, None))) == (1 if kind == "pictures" else 8)
        source.close()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_whoever_reads_one_line_and_leaves_gets_no_half_copy(tiny_model: Path, tmp_path: Path) -> None:
    clip = made(tmp_path / "clip.mp4", times=range(0, 15_000, 10), sound=None)
    command = ["-m", "facecam", "detect", clip, "--model", tiny_model, "--out", tmp_path / "out", "--json", "-"]
    process = start_python(*command, alone=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["frame"] == 0
    process.stdout.close()
    assert process.wait(60) == 141
    assert not [path for path in (tmp_path / "out").iterdir() if "clip" in path.name]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_frame: MakeFrame) -> Path:
    """The current folder, with a picture of one face, "1.png"."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    cv2.imwrite("1.png", make_frame((1, 1), width=320, height=224))
    return folder


def test_names_with_a_tilde_are_names_and_links_in_circles_are_passed_over(detect: Run, here: Path) -> None:
    shutil.copy("1.png", "~1.png")
    os.symlink("b.png", "a.png")
    os.symlink("a.png", "b.png")
    status, _, errors = detect(".", "~1.png", "--out", "out")
    assert status == 0
    assert {path.name for path in Path("out").iterdir()} == {"1.png", "~1.png", "~1-faces.png"}
    assert any("Passed over: a.png, b.png" in line for line in errors)


def test_home_is_still_home(detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    Path("list.txt").write_text("~/1.png\n")
    assert detect("list.txt", "--json", "-")[1].count("\n") == 1


@pytest.mark.parametrize("option", ["--out", "--json", "--csv", "--regions"])
def test_outputs_are_where_their_names_say(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """A shell leaves `--out=~/copies` alone, and gives an empty name for a variable that is not set."""
    monkeypatch.setenv("HOME", str(here / "home"))
    Path("home").mkdir()
    assert detect("1.png", f"{option}=~/there", *["--hide", "cover"] * (option in ("--out", "--regions")))[0] == 0
    assert Path("home/there").exists()
    with pytest.raises(SystemExit) if option == "--out" else nullcontext():
        assert detect("1.png", option, "")[0] == 2
    assert {path.name for path in Path().iterdir()} == {"1.png", "home"}


def test_a_list_that_names_itself_is_told_and_its_other_lines_are_done(detect: Run, here: Path) -> None:
    Path("a.txt").write_text("b.txt\n1.png\n*.none\n")
    Path("b.txt").write_text("a.txt\n")
    status, out, errors = detect("a.txt", "--json", "-")
    assert status == 2
    assert json.loads(out)["source"] == "1.png"
    assert errors[0] == "facecam: The list a.txt names itself; take that line out."
    assert "*.none" in errors[1]


def test_a_list_takes_names_that_begin_or_end_oddly(detect: Run, here: Path) -> None:
    names = ["#2.png", " 3.png", "4\u2028.png", "1.png"]
    for name in names[:-1]:
        shutil.copy("1.png", name)
    Path("list.txt").write_bytes("\r\n".join(["\ufeff# a comment", "", *names, "  1.png  "]).encode())
    status, out, _ = detect("list.txt", "--json", "-")
    assert status == 0
    assert [json.loads(line)["source"] for line in out.split("\n")[:-1]] == [*names, "1.png"]


def test_neither_a_list_nor_another_result_is_overwritten_by_results(detect: Run, here: Path) -> None:
    Path("list.txt").write_text("1.png\n")
    for arguments in (["--json", "list.txt"], ["--csv", "r", "--json", "./r"], ["--hide", "blur", "--regions", "r"]):
        more = ["--csv", here / "r"] if "--regions" in arguments else []
        status, _, errors = detect("list.txt", *arguments, *more)
        assert status == 2
        assert len(errors) == 1
    assert {path.name for path in here.iterdir()} == {"1.png", "list.txt"}
    assert Path("list.txt").read_text() == "1.png\n"


@pytest.mark.parametrize("others", [["sub/1.bmp"], ["sub/1.bmp", "sub/1.png"]])
def test_a_copy_with_another_suffix_is_neither_an_input_nor_another_copy(
    detect: Run, here: Path, others: list[str]
) -> None:
    Path("sub").mkdir()
    for other in others:  # of which the copy becomes a .png
        shutil.copy("1.png", other)
    shutil.copy("1.png", "sub/1.bmp.png")
    before = Path("1.png").read_bytes()
    status, _, _ = detect("1.png", *others, "sub/1.bmp.png", "--out", ".", "--hide", "cover")
    assert status == 0
    assert Path("1.png").read_bytes() == before
    assert len(list(here.glob("*.png"))) == 1 + 1 + len(others) + 1


def test_names_can_not_command_the_terminal(detect: Run, here: Path) -> None:
    os.rename("1.png", "a\n\x1b[2J.png")
    Path("b\n.png").write_bytes(b"none")
    _, out, errors = detect(".")
    assert out.startswith("a\\n\\x1b[2J.png: 1 face")
    assert errors[0] == (
        "facecam: Skipped: b\\n.png is not a picture that can be read; it may be damaged or of another kind."
    )
    assert "Passed over: b\\n.png" in errors


def test_a_folder_below_that_can_not_be_read_is_told(detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("closed").mkdir()
    real = os.scandir

    def scandir(path: Any) -> Any:  # to root every folder is open
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    status, out, errors = detect(".")
    assert status == 2
    assert "1.png: 1 face" in out
    assert "The folder ./closed can't be read: Permission denied." in errors[0]


@pytest.mark.parametrize("name", ["photo", "photo.bak", "photo.mp4", "photo.mov"])
def test_a_picture_is_one_whatever_its_name_is(detect: Run, here: Path, name: str) -> None:
    """Upright, too: FFmpeg would make a film of it."""
    tags = Image.Exif()
    tags[0x0112] = 6
    with Image.open("1.png") as upright:
        upright.rotate(90, expand=True).save(name, "JPEG", quality=98, exif=tags)
    status, out, _ = detect(name, "--hide", "cover", "--out", "out", "--json", "-")
    assert status == 0
    assert len(json.loads(out)["faces"]) == 1
    (copy,) = Path("out").iterdir()
    assert copy.suffix == ".jpg"
    with Image.open(copy) as picture:
        assert picture.size == (320, 224)


@pytest.mark.parametrize("arguments", [["--json", "."], ["--csv", ""], ["--out", "1.png"], ["--out", "1.png/below"]])
def test_a_place_that_is_of_another_kind_is_told(detect: Run, here: Path, arguments: list[str]) -> None:
    before = Path("1.png").read_bytes()
    status, _, errors = detect("1.png", *arguments)
    assert status == 2
    assert len(errors) == 1
    assert Path("1.png").read_bytes() == before


def half_done(here: Path, tiny_model: Path, *arguments: str) -> None:
    """A run over five pictures that was stopped by Ctrl+C after the first three."""
    for number in (2, 4, 5):
        shutil.copy("1.png", f"{number}.png")
    cv2.imwrite("2.png", np.zeros((64, 64, 3), np.uint8))
    with Image.open("1.png") as picture:
        picture.convert("CMYK").save("3.tif")
    real = Worker.do

    def do(self: Worker, task: Any, *rest: Any, **more: Any) -> Any:
        if task.input.spec == "4.png":
            raise KeyboardInterrupt
        return real(self, task, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "do", do)
        assert main(["detect", ".", *arguments, "--model", str(tiny_model)]) == 130


def test_what_an_earlier_run_could_not_keep_or_find_is_told_by_the_one_that_resumes(
    detect: Run, here: Path, tiny_model: Path
) -> None:
    arguments = [".", "--out", "out", "--hide", "cover", "--size", "native"]
    half_done(here, tiny_model, *arguments[1:])
    status, _, errors = detect(*arguments, "--resume", "--strict")
    assert "Done before: 3 files" in errors
    assert "No face found in: 2.png" in errors
    assert any("Not kept in the copies: 3.tif" in line for line in errors)
    assert status == 3


@pytest.mark.parametrize("gone", [False, True])
def test_results_that_are_asked_for_later_are_whole(detect: Run, here: Path, tiny_model: Path, gone: bool) -> None:
    arguments = [".", "--out", "out", "--hide", "cover", "--size", "native"]
    half_done(here, tiny_model, *arguments[1:], *(["--json", "r.jsonl"] if gone else []))
    if gone:
        os.remove("r.jsonl")
    assert detect(*arguments, "--resume", "--json", "r.jsonl")[0] == 0
    lines = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
    assert {line["source"] for line in lines} == {"1.png", "2.png", "3.tif", "4.png", "5.png"}


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "\u00e4" * 125 + ".png", "\U0001f600" * 62 + ".png"])
@pytest.mark.parametrize("kind", ["picture", "video"])
def test_the_longest_names_are_copied(detect: Run, here: Path, name: str, kind: str) -> None:
    if kind == "video":
        name = name.replace(".png", ".mp4")
        made(Path("a.mp4"), sound=None).rename(name)
    else:
        shutil.copy("1.png", name)
    assert detect(name, "--out", "out", "--size", "native")[0] == 0
    assert [path.name for path in Path("out").iterdir()] == [name]


def test_a_copy_that_can_not_be_made_in_its_place_is_told_and_the_others_are_made(detect: Run, here: Path) -> None:
    Path("out/1.png").mkdir(parents=True)
    Path("sub").mkdir()
    shutil.copy("1.png", "sub/1.png")
    Path("out/sub").touch()
    shutil.copy("1.png", "2.png")
    status, _, errors = detect(".", "--out", "out", "--json", "r.jsonl")
    assert status == 2  # these files are not damaged
    assert "there is a folder of that name" in errors[0]
    assert "out/sub/1.png can't be written" in errors[1]
    assert Path("out/2.png").is_file()
    assert ["failed" in json.loads(line) for line in Path("r.jsonl").read_text().splitlines()].count(True) == 2


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("name", ["2.png", "2.mkv"])
def test_a_copy_that_is_open_in_another_program_does_not_end_the_others(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """Windows refuses to replace it."""
    shutil.copy("1.png", "3.png")
    if name.endswith(".mkv"):
        made(Path(name), sound=None)
    else:
        shutil.copy("1.png", name)
    arguments = ["--hide", "cover", "--size", "native", "--out", "out", "--resume"]
    assert detect("1.png", name, *arguments)[0] == 0
    before = Path("out", name).read_bytes()
    os.utime(name, (1, 1))  # changed since
    real = os.replace

    def replace(part: Any, path: Any) -> None:
        if Path(path).name == name:
            raise PermissionError(number, "Access is denied", part, None, path)
        real(part, path)

    with monkeypatch.context() as locked:
        locked.setattr("os.replace", replace)
        status, _, errors = detect("1.png", name, "3.png", *arguments)
    assert status == 2
    told = f"out/{name} can't be written: what is there can't be replaced; close it in other programs, or move it away."
    assert sum(told in line for line in errors) == 1
    assert Path("out", name).read_bytes() == before
    assert {path.name for path in Path("out").iterdir()} == {"1.png", name, "3.png", ".facecam-batch"}
    status, _, errors = detect("1.png", name, "3.png", *arguments)
    assert status == 0
    assert any("Done before: 2 files" in line for line in errors)


def test_that_a_film_breaks_off_is_told(detect: Run, here: Path) -> None:
    with av.open(str(made(Path("a.mkv"), sound=None))) as whole, av.open("b.mkv", "w") as cut:
        stream = cut.add_stream_from_template(whole.streams.video[0])
        for number, packet in enumerate(whole.demux(video=0)):
            if number == 6:  # half a picture, and no more
                half = av.Packet(bytes(packet)[: packet.size // 2])
                half.pts, half.dts, half.time_base = packet.pts, packet.dts, packet.time_base
                half.stream = stream
                cut.mux(half)
                break
            packet.stream = stream
            cut.mux(packet)
    status, _, errors = detect("a.mkv", "--out", "out", "--strict", "--size", "native")
    assert status == 0
    status, _, errors = detect("b.mkv", "--out", "out", "--strict", "--size", "native")
    assert status == 3
    assert any("damaged parts of it are left out" in line for line in errors)


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "a.png", "deep.png", "a.apng", "a.webp", "a.avif", "a.heic", "a.tif", "a.bmp", "a.jp2", "a.ppm"),
        *("a.gif", "a.tga", "a.mkv", "a.mp4", "a.mov", "a.avi", "a.ts", "a.flv", "a.3gp"),
        *("a.webm", "a.mpg", "mjpeg.avi"),
    ],
)
def test_only_an_earlier_copy_is_replaced(detect: Run, here: Path, name: str) -> None:
    """`IMG_0001.jpg` of another card has the same name."""
    own = Path("sub", name)
    own.parent.mkdir()
    if own.suffix in (".mkv", ".mp4", ".mov", ".avi", ".ts", ".flv", ".3gp", ".webm", ".mpg"):
        codecs = {"mjpeg.avi": "mjpeg", "a.webm": "libvpx"}
        made(own, codecs.get(name, "libx264"), "yuvj420p" if name.startswith("mjpeg") else "yuv420p", sound=None)
    elif name == "deep.png":
        cv2.imwrite(str(own), np.full((64, 64, 3), 40000, np.uint16))
    else:
        frames = [Image.new("RGB", (64, 64), (number, 20, 90)) for number in range(2)]
        more: dict[str, Any] = {"save_all": True, "append_images": frames[1:]} if name == "a.apng" else {}
        frames[0].save(own, **more)
    assert detect(own, "--out", ".")[0] == 0
    (copy,) = Path().glob(f"{own.stem}*")
    first = copy.read_bytes()
    status, _, errors = detect(own, "--out", ".", "--hide", "cover", "--size", "native")
    assert status == 0, errors
    assert copy.read_bytes()[:4] == first[:4]
    foreign = own.read_bytes()
    copy.write_bytes(foreign)
    status, _, errors = detect(own, "--out", ".")
    assert status == 2
    assert errors[0].endswith(
        f": {copy} is there already and may be no copy of this program's; move it away, or name another folder."
    )
    assert copy.read_bytes() == foreign
    assert {path.name for path in Path().iterdir()} == {"1.png", "sub", copy.name}


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_results_that_are_open_in_another_program_are_told(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str, resume: bool
) -> None:
    """Nobody may write into a table that Excel shows."""
    arguments = ["1.png", "--json", "r.jsonl", "--csv", "r.csv", *["--resume"] * resume]
    assert detect(*arguments)[0] == 0
    before = Path(name).read_bytes()
    real_open, real_replace = Path.open, os.replace

    def opened(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if path.name == name and "r" not in mode:
            raise PermissionError(errno.EACCES, "Access is denied", path)
        return real_open(path, mode, *rest, **more)

    def replace(part: Any, path: Any) -> None:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Access is denied", part, None, path)
        real_replace(part, path)

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr("os.replace", replace)
    status, _, errors = detect(*arguments)
    assert status == 2
    assert errors[-1].startswith("facecam: ")
    told = f"{name} can't be written: what is there can't be replaced; close it in other programs, or move it away."
    assert errors[-1].endswith(told)
    assert Path(name).read_bytes() == before


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_pattern_after_an_option_loses_no_picture(detect: Run, here: Path, option: str) -> None:
    """`--json *.png`: the shell makes the first picture the file for the results, and the others the inputs."""
    shutil.copy("1.png", "2.png")
    before = Path("1.png").read_bytes()
    status, _, errors = detect(option, "1.png", "2.png")
    assert status == 2
    assert "name a file for the results" in errors[-1]
    assert Path("1.png").read_bytes() == before


def test_copies_among_their_originals_are_not_copied_again(detect: Run, here: Path) -> None:
    made(Path("film.mkv"), sound=None)
    for _ in range(2):
        assert detect(".", "--out", ".", "--size", "native")[0] == 0
        assert {path.name for path in Path().iterdir()} == {"1.png", "1-faces.png", "film.mkv", "film-faces.mkv"}
    assert detect("1-faces.png", "--out", "out")[0] == 0  # whoever names one wants it


def test_which_original_a_copy_under_another_name_has_is_told(detect: Run, here: Path) -> None:
    Path("card").mkdir()
    shutil.copy("1.png", "card")
    _, _, errors = detect("1.png", "card/1.png", "--out", "out")
    assert "Copies under another name: card/1.png (1-faces.png)" in errors


@pytest.mark.parametrize(
    ("one", "other"), [("IMG_1.PNG", "img_1.png"), ("caf\u00e9.png", "cafe\u0301.png"), ("\u00c9.png", "e\u0301.PNG")]
)
def test_copies_lie_side_by_side_also_where_such_names_are_one(detect: Run, here: Path, one: str, other: str) -> None:
    """On a Mac, or on a card or a share of a Windows server."""
    for folder, name in (("a", one), ("b", other)):
        Path(folder).mkdir()
        shutil.copy("1.png", Path(folder, name))
    assert detect(Path("a", one), Path("b", other), "--out", "out", "--size", "native")[0] == 0
    names = [path.name for path in Path("out").iterdir() if not path.name.startswith(".")]
    assert len({unicodedata.normalize("NFD", name).lower() for name in names}) == 2
    assert one in names


def test_what_was_recorded_of_a_stream_is_not_replaced(detect: Run, here: Path) -> None:
    assert detect("demo", "--out", "out", "--seconds", "0.2", "--no-audio")[0] == 0
    (recorded,) = Path("out").iterdir()
    before = recorded.read_bytes()
    status, _, errors = detect("demo", "--out", "out", "--seconds", "0.2", "--no-audio")
    assert status == 2
    assert "is there already" in errors[0]
    assert recorded.read_bytes() == before


@pytest.mark.parametrize("rest", ["gone", "zeros"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi", ".flv"])
def test_how_much_of_a_broken_film_was_read_is_told(detect: Run, here: Path, suffix: str, rest: str) -> None:
    """A card that was pulled out, and a download that was interrupted after room was made for it."""
    whole = make_clip(here / f"whole{suffix}")
    if suffix == ".mp4":  # its index in front, without which nothing can be read
        remux(Path("a.mp4"), whole, movflags="faststart").replace(whole)
    content = whole.read_bytes()
    there = content[: len(content) // 2]
    Path("folder").mkdir()
    broken = Path("folder", f"broken{suffix}")
    broken.write_bytes(there if rest == "gone" else there.ljust(len(content), b"\0"))
    assert detect(whole, "--json", "r.jsonl", "--strict")[0] == 0
    status, _, errors = detect(broken, "--json", "r.jsonl")
    assert status == 3
    *frames, last = (json.loads(line) for line in Path("r.jsonl").read_text().splitlines())
    assert 30 < len(frames) < 70
    sentence = last["damaged"][-1]
    assert re.fullmatch(r"it breaks off after [12]\.\d of its 4\.[01] s, [3-6]\d%", sentence)
    assert any(line.startswith("Read in part: ") and sentence in line for line in errors)
    for strict in (False, True):  # in a folder as files that can't be read at all
        status, _, errors = detect("folder", "--out", "out", *["--strict"] * strict)
        assert status == 3 * strict
        assert any(sentence in line for line in errors)
    copy = open_source(f"out/broken{suffix}")
    assert sum(1 for _ in iter(copy.read, None)) == len(frames)


def test_a_film_whose_sound_goes_on_is_whole(detect: Run, here: Path) -> None:
    for name in ("a.mkv", "a.mp4"):
        made(Path(name), times=range(0, 300, 100))
        assert detect(name, "--json", "r.jsonl", "--strict")[0] == 0


def test_cameras_raw_files_are_refused_and_no_preview_is_copied_instead(detect: Run, here: Path) -> None:
    with Image.open("1.png") as preview:
        preview.save("a.dng", "TIFF")
    status, _, errors = detect("a.dng", "--out", "out", "--hide", "cover")
    assert status == 2
    assert errors[-1] == "facecam: a.dng is a camera's raw file; develop it into a JPEG or a TIFF first."
    assert not list(Path("out").glob("*"))


@pytest.mark.parametrize("cut", ["", "\u00e4"])
def test_results_of_odd_names_stay_when_a_run_is_resumed(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """What other programs take for the end of a line, and a run that was killed in the middle of a letter."""
    names = ["a\u2028.png", 'b",\n\r.png', "c\x85.png", "d\udcff.png"]
    for name in names:
        shutil.copy("1.png", name)
    arguments = [".", "--json", "r.jsonl", "--csv", "r.csv", "--resume"]
    assert detect(*arguments)[0] == 0
    before = {name: Path(name).read_bytes() for name in ("r.jsonl", "r.csv")}
    for name in before:
        with open(name, "ab") as file:
            file.write(cut.encode()[:1])
    shutil.copy("1.png", "2.png")
    assert detect(*arguments)[0] == 0
    for name, content in before.items():
        assert Path(name).read_bytes().startswith(content)
    sources = [json.loads(line)["source"] for line in Path("r.jsonl").read_text("utf-8").split("\n")[:-1]]
    assert sorted(sources) == sorted([*names, "1.png", "2.png"])


@pytest.mark.parametrize("name", ["d\udcff.png", 'b",\n\\.png', "\u00e9.png"])
def test_results_of_what_is_done_again_are_not_there_twice(detect: Run, here: Path, name: str) -> None:
    shutil.copy("1.png", name)
    arguments = [".", "--json", "r.jsonl", "--csv", "r.csv", "--resume"]
    assert detect(*arguments)[0] == 0
    before = {result: sorted(Path(result).read_bytes().splitlines()) for result in ("r.jsonl", "r.csv")}
    os.utime(name, (1, 1))  # changed since
    assert "Frames: 1" in detect(*arguments)[2][-1]
    assert before == {result: sorted(Path(result).read_bytes().splitlines()) for result in before}


def test_results_of_a_stream_with_a_password_are_not_there_twice(detect: Run, here: Path) -> None:
    with served(make_clip(here / "a.mkv", seconds=1, sound=False), with_length=True) as address:
        for _ in range(2):
            spec = address.replace("//", "//somebody:secret@")
            assert detect(spec, "--json", "r.jsonl", "--resume")[0] == 0
            lines = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
            assert [(line["source"], line["frame"]) for line in lines] == [(address, index) for index in range(25)]


def test_earlier_results_are_never_gone_when_a_run_is_resumed(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [".", "--json", "r.jsonl", "--csv", "r.csv", "--resume"]
    assert detect(*arguments)[0] == 0
    before = Path("r.jsonl").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    status, _, errors = detect(*arguments)
    assert status == 2
    assert "the disk is full" in errors[-1]
    assert Path("r.jsonl").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there are no files of what is open here")
def test_results_into_a_pipe_leave_no_file_beside_it(detect: Run, here: Path) -> None:
    """As of `--json >(gzip > r.gz)`."""
    out, into = os.pipe()
    before = set(os.listdir("/dev"))
    assert detect("1.png", "--json", f"/dev/fd/{into}")[0] == 0
    os.close(into)
    with open(out, encoding="utf-8") as file:
        assert len(json.loads(file.read())["faces"]) == 1
    assert set(os.listdir("/dev")) == before


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "x/" * 3000 + "a.png", "closed/1.png", "closed/1.mp4"])
def test_a_name_that_the_system_refuses_is_told_and_the_others_are_done(
    detect: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    real = os.stat

    def stat(path: Any, *rest: Any, **more: Any) -> Any:  # to root every folder is open
        if not isinstance(path, int) and "closed/" in os.fspath(path):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "stat", stat)
    for options in (["--hide", "cover"], ["--size", "native"]):
        status, _, errors = detect(name, "1.png", "--out", "out", *options)
        assert status == 2
        (problem,) = [line for line in errors if "can't be read" in line]
        assert "inside the program" not in problem
        assert "Permission denied" in problem or "too long" in problem
        assert any("with faces: 1" in line for line in errors)
    if name.startswith("x"):  # where nothing can be written either
        assert detect("1.png", "--hide", "cover", "--regions", name)[0] == 2
        assert detect("1.png", "--out", name)[0] == 2


@pytest.mark.parametrize(("made_as", "name"), [(".ts", "a.MTS"), (".ts", "a.m2ts"), (".mov", "a.qt")])
def test_camcorders_films_in_a_folder_are_found_and_copied_as_such(
    detect: Run, here: Path, made_as: str, name: str
) -> None:
    made(Path(f"b{made_as}")).rename(name)
    status, _, errors = detect(".", "--out", "out", "--size", "native", "--strict")
    assert status == 0
    assert {path.name for path in Path("out").iterdir()} == {"1.png", name}
    assert "Frames: 11" in errors[-1]
    with av.open(f"out/{name}") as copy:
        assert len(copy.streams.audio) == 1
