"""`facecam detect --hide`: copies in which nobody can be recognised."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecam.cli import main
from facecam.faces.boxes import Detections
from facecam.sources import open_source
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset
from tests.clips import write_clip
from tests.doubles import FakeDetector, found

MakeFrame = Callable[..., np.ndarray]


def hide(path: Path, *options: object, way: str = "cover") -> Path:
    """The copy of a picture or video with the faces hidden."""
    out = path.parent / "out"
    assert main(["detect", str(path), "--out", str(out), "--hide", way, *map(str, options)]) == 0
    return out / path.name


def faint_portrait(least: int, most: int) -> np.ndarray:
    """(300, 256, 3) uint8: a portrait whose values lie between these."""
    with Image.open(asset("demo/hopper.jpg")) as portrait:
        grey = np.asarray(portrait.resize((256, 300)), float)
    return (least + grey * (most - least) / 255).round().astype(np.uint8)


def contrast(image: np.ndarray, column: int, row: int) -> int:
    """Between the middle of a grid cell, which is a face for the tiny model, and the black around it."""
    return int(image[row * 32 + 16, column * 32 + 16].max()) - int(image[-1, -1].max())


@pytest.fixture
def photo(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """A sure face at (3, 2), a doubtful one (0.41) at (9, 5)."""
    image = make_frame((3, 2))
    image[5 * 32 : 6 * 32, 9 * 32 : 10 * 32] = 171
    path = tmp_path / "in" / "photo.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), image)
    return path


@pytest.mark.parametrize("jobs", [1, 2])
def test_faces_are_hidden_in_the_copy_also_doubtful_ones_and_told_as_always(
    tmp_path: Path, photo: Path, tiny_model: Path, jobs: int
) -> None:
    out, lines = tmp_path / "out", tmp_path / "faces.jsonl"
    command = ["detect", str(photo.parent), "--out", str(out), "--json", str(lines), "--hide", "cover"]
    assert main([*command, "--model", str(tiny_model), "--jobs", str(jobs)]) == 0
    before, copy = read_picture(photo), read_picture(out / "photo.png")
    for cell in ((3, 2), (9, 5)):
        assert contrast(before, *cell) > 150
        assert contrast(copy, *cell) < 60
    assert len(json.loads(lines.read_text())["faces"]) == 1  # the threshold holds for what is told
    assert (copy[:, 500:] == before[:, 500:]).all()


def test_in_a_video_a_face_that_is_lost_for_a_moment_stays_hidden(
    tmp_path: Path, tiny_model: Path, make_frame: MakeFrame
) -> None:
    frame = make_frame((4, 3), width=320, height=240)
    lost = np.roll(frame, 16, axis=1)  # shifted by half a cell, it is none for the tiny model
    clip = write_clip(tmp_path / "clip.mkv", [lost if number in (4, 5) else frame for number in range(8)])
    source = open_source(str(hide(clip, "--model", tiny_model)))
    brightest = [int(copied.image[96:128, 128:160].max()) for copied in iter(source.read, None)]
    source.close()
    assert len(brightest) == 8
    assert max(brightest) < 90


def test_hiding_without_copies_is_told(photo: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", str(photo), "--hide", "blur", "--model", str(tiny_model)]) == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["bright", "dark", "faint", "cut out", "unseen", "deep", "animated"])
@pytest.mark.parametrize("way", ["blur", "cover"])
def test_a_face_in_the_transparency_alone_is_found_and_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_frame: MakeFrame, kind: str, way: str
) -> None:
    """A picture whose colours are flat shows what its transparency is, on whatever lies below."""

    def stands_out(image: np.ndarray) -> Detections:
        return found(*[(96, 64, 128, 96)] * (abs(int(image[80, 112, 0]) - int(image[0, 0, 0])) > 100))

    monkeypatch.setattr("facecam.batch.work.FaceDetector", lambda options: FakeDetector(stands_out))
    face = make_frame((3, 2), width=320, height=224)[..., 0]
    alpha = {"dark": 255 - face, "faint": face // 2, "unseen": 0 * face}.get(kind, face)
    grey = face if kind in ("cut out", "unseen") else np.full_like(face, 0 if kind == "dark" else 255)
    pixels = np.dstack([grey, grey, grey, alpha])
    path, lines = tmp_path / "a.png", tmp_path / "faces.jsonl"
    if kind == "animated":
        frames = [Image.fromarray(np.roll(pixels, number, 1)) for number in range(2)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    else:
        cv2.imwrite(str(path), pixels.astype(np.uint16) * 257 if kind == "deep" else pixels)
    copy = np.asarray(cv2.imread(str(hide(path, "--json", lines, "--size", "native", way=way)), cv2.IMREAD_UNCHANGED))
    told = [len(json.loads(line)["faces"]) for line in lines.read_text().splitlines()]
    assert told == [1] * (1 + (kind == "animated"))
    assert copy.dtype == (np.uint16 if kind == "deep" else np.uint8)
    hidden = copy[60:100, 92:132].astype(float) / (257 if kind == "deep" else 1)  # the face, and some of what is around
    for channel in range(4):
        assert np.abs(np.diff(hidden[..., channel], axis=1)).max() < 30  # where 255 were between them


@pytest.mark.parametrize("way", ["blur", "cover"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_face_that_shows_when_a_black_picture_is_brightened_is_hidden(
    tmp_path: Path, make_frame: MakeFrame, tiny_model: Path, depth: int, way: str
) -> None:
    path = tmp_path / "a.png"
    faces = make_frame(*((column, 2) for column in range(3, 9)))
    dark = faces.astype(np.uint16) * (4 if depth == 16 else 1) // (1 if depth == 16 else 64)
    dark[:2, :2] = 255 if depth == 8 else 65535  # somebody's lamp
    fine = np.random.default_rng(0).integers(0, 200, (32, 32, 1), np.uint16)  # what nobody sees before that
    dark[64:96, 96:128] -= fine * (depth == 16)
    cv2.imwrite(str(path), dark if depth == 16 else dark.astype(np.uint8))
    hidden = hide(path, "--size", "native", "--model", tiny_model, way=way)
    copy = np.asarray(cv2.imread(str(hidden), cv2.IMREAD_UNCHANGED))
    assert copy.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert (copy[200:] == dark[200:]).all()
    face, least = copy[66:94, 98:126], 1 if depth == 8 else 256
    assert np.abs(np.diff(copy[56:104, 112, 0].astype(int))).max() <= least < np.ptp(dark[56:104, 112]) - 1
    assert (face % least == 0).all()


@pytest.mark.parametrize(("least", "most"), [(248, 255), (100, 108)])
def test_a_face_that_shows_when_a_pale_picture_gets_contrast_is_hidden(tmp_path: Path, least: int, most: int) -> None:
    path = tmp_path / "a.png"
    pale = faint_portrait(least, most)
    Image.fromarray(pale).save(path)
    copy = read_picture(hide(path, "--size", "native"))
    assert np.ptp(copy[90:150, 100:160], axis=(0, 1)).max() == 0  # eyes, nose and mouth
    assert np.ptp(pale[90:150, 100:160], axis=(0, 1)).min() > 4


@pytest.mark.parametrize(("least", "most", "beside"), [(0, 4, 200), (251, 255, 90)])
def test_a_face_in_deep_shadow_or_bright_light_is_hidden(tmp_path: Path, least: int, most: int, beside: int) -> None:
    """As of somebody before a window, who can be made out when the shadows are lifted."""
    path = tmp_path / "a.jpg"
    window = np.full((300, 200, 3), beside, np.uint8)
    Image.fromarray(np.hstack([faint_portrait(least, most), window])).save(path, quality=90)
    assert 30 < read_picture(hide(path, "--size", "native"))[90:150, 100:160].mean() < 40  # the cover


@pytest.mark.parametrize("options", [[], ["--size", "native"]])
def test_faces_in_an_all_but_black_video_are_hidden(
    tmp_path: Path, tiny_model: Path, make_frame: MakeFrame, options: list[str]
) -> None:
    """Also after bright pictures, within the same third of a second: a fade."""
    faces = make_frame((2, 2), (3, 2), (4, 2), (2, 3), (3, 3), (4, 3), width=320, height=256)
    path = write_clip(tmp_path / "a.mkv", [faces * 0, faces * 0, faces // 64, faces // 64], 30, "FFV1")
    source = open_source(str(hide(path, "--json", "-", *options, "--model", tiny_model)))
    shown = [frame.image[64:128, 64:160].astype(int) for frame in iter(source.read, None)]
    source.close()
    assert [int(image.mean()) for image in shown[:2]] == [0, 0]
    for image in shown[2:]:
        assert 25 < image.mean() < 45  # the cover
        assert np.ptp(image[8:-8, 8:-8].mean(axis=2)) < 6


def test_a_face_of_black_and_white_dots_is_hidden(tmp_path: Path) -> None:
    """As printed or faxed; people see it from afar, and the network does not."""
    path = tmp_path / "a.png"
    with Image.open(asset("demo/hopper.jpg")) as portrait:
        portrait.resize((256, 300)).convert("1").save(path)
    copy = read_picture(hide(path, "--size", "native"))
    assert np.ptp(copy[90:150, 100:160]) == 0  # eyes, nose and mouth
    assert np.ptp(copy[250:]) == 255
