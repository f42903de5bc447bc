"""Pictures and folders as sources."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.sources import open_source
from facecam.sources import photo as photo_module
from facecam.sources.folder import FolderSource
from facecam.system.opencv import cv2
from tests.doubles import read_all
from tests.facecam.sources.conftest import refused


def picture(width=60, height=40, colour=(10, 120, 230)):
    return np.full((height, width, 3), colour, np.uint8)


def save(path, image=None, encode=None):
    ok, data = cv2.imencode(encode or path.suffix, picture() if image is None else image)
    assert ok
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
def test_a_picture_is_one_frame(tmp_path, suffix):
    source = open_source(str(save(tmp_path / f"face{suffix}")))
    (frame,) = read_all(source)
    assert (source.live, source.frame_count, source.title) == (False, 1, f"face{suffix}")
    assert (frame.index, frame.time_s, frame.path) == (0, 0.0, tmp_path / f"face{suffix}")
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    np.testing.assert_allclose(frame.image, picture(), atol=6)


@pytest.mark.parametrize("kind", ["grey", "16 bits", "transparent"])
def test_other_kinds_of_pixels_become_bgr(tmp_path, kind):
    image = {
        "grey": np.full((40, 60), 90, np.uint8),
        "16 bits": np.full((40, 60, 3), 90 * 257, np.uint16),
        "transparent": np.full((40, 60, 4), 90, np.uint8),
    }[kind]
    (frame,) = read_all(open_source(str(save(tmp_path / "a.png", image))))
    assert frame.image.shape == (40, 60, 3)
    assert frame.image.dtype == np.uint8
    assert (frame.image == 90).all()


def test_any_letters_in_the_path(tmp_path):
    assert len(read_all(open_source(str(save(tmp_path / "ünï 顔 📷" / "bild ä%02d.jpg"))))) == 1


def test_files_by_address_and_from_home(tmp_path, monkeypatch):
    path = save(tmp_path / "my face.png")
    assert len(read_all(open_source(path.as_uri()))) == 1
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(read_all(open_source("~/my face.png"))) == 1


def test_wrong_pictures_get_a_clear_sentence(tmp_path):
    refused(tmp_path / "missing.jpg", "There is no file or folder")
    (tmp_path / "text.jpg").write_text("not a picture", encoding="utf-8")
    refused(tmp_path / "text.jpg", "not a picture")
    (tmp_path / "empty.png").touch()
    refused(tmp_path / "empty.png", "empty")
    cut = save(tmp_path / "cut.png", np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
    cut.write_bytes(cut.read_bytes()[:2000])
    refused(cut, "damaged")
    refused("x" * 5000, "can't be read|no file")
    refused("", "Name a picture")
    refused("a\0b", "Name a picture")


def test_a_png_that_claims_gigabytes_is_not_given_to_opencv(tmp_path, monkeypatch):
    honest = save(tmp_path / "a.png")
    lying = bytearray(honest.read_bytes())
    lying[33:37] = b"\xff\x00\x00\x0c"  # the length of what follows the header: OpenCV would make room for 4 GB
    (tmp_path / "lying.png").write_bytes(lying)
    assert len(read_all(open_source(str(honest)))) == 1
    monkeypatch.setattr(photo_module.cv2, "imdecode", lambda *arguments: pytest.fail("it was"))
    refused(tmp_path / "lying.png", "not a picture")


def test_a_folder_is_read_in_natural_order_with_its_subfolders(tmp_path):
    names = ["img1.jpg", "img2.png", "img10.jpg", "sub/img3.webp", "Zebra.jpg"]
    for name in names:
        save(tmp_path / name)
    save(tmp_path / ".hidden.jpg")
    save(tmp_path / ".cache" / "thumb.jpg")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    source = open_source(str(tmp_path))
    assert source.frame_count == 5
    assert not source.live
    frames = read_all(source)
    assert [frame.path.relative_to(tmp_path).as_posix() for frame in frames] == [
        "img1.jpg", "img2.png", "img10.jpg", "sub/img3.webp", "Zebra.jpg",
    ]  # fmt: skip
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]


def test_unreadable_files_in_a_folder_are_told_and_passed_over(tmp_path):
    save(tmp_path / "1.jpg")
    (tmp_path / "2.jpg").write_text("text", encoding="utf-8")
    save(tmp_path / "3.jpg")
    source = open_source(str(tmp_path))
    assert isinstance(source, FolderSource)
    assert [frame.path.name for frame in read_all(source)] == ["1.jpg", "3.jpg"]
    assert source.unreadable == [tmp_path / "2.jpg"]


def test_folders_without_pictures(tmp_path):
    refused(tmp_path, "no pictures in the folder")
    (tmp_path / "1.jpg").write_text("text", encoding="utf-8")
    refused(tmp_path, "None of the 1 pictures")
