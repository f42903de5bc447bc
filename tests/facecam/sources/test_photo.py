"""Picture files as they are read: upright whatever the format, all kinds of pixels, phones' formats."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from facecam.errors import SourceError
from facecam.sources import Player, open_source
from facecam.sources import photo as photo_module
from facecam.sources.animations import durations_ms
from facecam.sources.base import Seekable
from facecam.sources.photo import Photo, read_picture
from tests.doubles import read_all

pillow_heif.register_heif_opener()

CORNER = np.zeros((40, 60, 3), np.uint8)
CORNER[:12, :24] = (250, 40, 40)
CORNER[28:, :24] = (40, 40, 250)
"""R G B: red in the upper left corner, blue in the lower left one, so that each of the eight orientations differs."""

# What an orientation shows of a stored picture, after the EXIF standard.
SHOWN: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: np.swapaxes(p, 0, 1),
    6: lambda p: np.rot90(p, 3),
    7: lambda p: np.rot90(np.swapaxes(p, 0, 1), 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), *product(["PNG", "WEBP", "TIFF", "AVIF"], ["RGB", "RGBA", "L"])],
)
def test_every_format_is_upright_in_every_orientation(tmp_path: Path, kind: str, mode: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    stored = Image.fromarray(CORNER).convert(mode)
    path = tmp_path / f"a.{kind.lower()}"
    stored.save(path, kind, exif=tags)
    expected = SHOWN[orientation](np.asarray(stored.convert("RGB")))[..., ::-1]
    image = read_picture(path)
    assert image.shape == expected.shape
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - expected).mean() < 8


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
XMP += b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_no_format_is_turned_by_its_xmp(tmp_path: Path, kind: str, mode: str) -> None:
    """As in browsers; some formats were."""
    mode = "RGB" if kind == "JPEG" else mode
    stored = Image.fromarray(CORNER)
    stored = stored.quantize(4) if mode == "P" else stored.convert(mode)
    how: dict[str, Any] = {"xmp": XMP}
    if kind == "PNG":
        how = {"pnginfo": PngInfo()}
        how["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
    elif kind == "TIFF":
        tags = ImageFileDirectory_v2()
        tags.tagtype[700], tags[700] = 1, XMP
        how = {"tiffinfo": tags, "save_all": True, "append_images": [stored]}
    path = tmp_path / f"a.{kind.lower()}"
    stored.save(path, kind, **how)
    with Image.open(path) as file:
        assert file.getexif()[0x0112] == 6  # Pillow would turn it
    photo = Photo(path)
    assert [photo.page(index).image.shape for index in range(photo.page_count)] == [CORNER.shape] * photo.page_count


@pytest.mark.parametrize("times_ms", [[700, 40, 60, 50], [40, 60, 50, 700], [40, 0, 60, 50]])
@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif"])
def test_an_animation_is_as_long_as_its_pictures_together(tmp_path: Path, suffix: str, times_ms: list[int]) -> None:
    path = tmp_path / f"a{suffix}"
    frames = [Image.fromarray(np.roll(CORNER, 8 * number, axis=1)) for number in range(4)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times_ms, loop=0)
    lasts_s = [(each or 100) / 1000 for each in times_ms]
    source = open_source(path)
    assert isinstance(source, Seekable)
    assert source.duration_s == pytest.approx(sum(lasts_s))
    starts_s = [sum(lasts_s[:number]) for number in range(4)]
    assert [frame.time_s for frame in read_all(source)] == pytest.approx(starts_s)
    for number in (3, 0, 2, 1, 0, 1):  # also back from the middle, where Pillow takes a PNG for damaged
        source.seek(starts_s[number] + 0.03)
        frame = source.read()
        assert frame is not None
        assert (frame.index, frame.time_s) == (number, pytest.approx(starts_s[number]))


def test_an_animation_begins_again_after_its_last_picture_has_had_its_time(tmp_path: Path) -> None:
    """And not after the first one's."""
    path = tmp_path / "a.gif"
    frames = [Image.fromarray(np.roll(CORNER, 8 * number, axis=1)) for number in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[60_000, 20, 400])
    player = Player(open_source(path))
    player.set_loop(True)
    player.seek(60.03)
    last, first = player.read(), player.read()
    assert last is not None
    assert first is not None
    assert (last.index, first.index) == (2, 0)
    assert 0.39 < first.captured_s - last.captured_s < 30


def test_the_length_of_a_damaged_animation_is_told_without_end_or_crash(tmp_path: Path) -> None:
    """What its header claims is no more than the file's pictures."""
    frames = [Image.fromarray(np.roll(CORNER, 8 * number, axis=1)) for number in range(3)]
    for suffix in (".gif", ".webp", ".png", ".avif"):
        path = tmp_path / f"a{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=[50, 60, 70])
        content = path.read_bytes()
        kind = Photo(path).info.format
        for end in range(len(content) + 1):
            assert sum(islice(durations_ms(kind, content[:end]), 3)) <= 180
    claims = content.replace(b"stts\0\0\0\0\0\0\0", b"stts\0\0\0\0\xff\xff\xff")
    assert claims != content
    assert len(list(islice(durations_ms("AVIF", claims), 3))) == 3


def test_heic_is_a_picture_alone_and_in_a_folder(tmp_path: Path) -> None:
    Image.fromarray(CORNER).save(tmp_path / "a.heic")
    Image.fromarray(CORNER).save(tmp_path / "b.HEIF", "HEIF")
    for spec, count in ((tmp_path / "a.heic", 1), (tmp_path, 2)):
        frames = read_all(open_source(spec))
        assert len(frames) == count
        assert np.abs(frames[0].image.astype(int) - CORNER[..., ::-1]).mean() < 4


def test_many_pictures_in_a_heic_are_the_main_one(tmp_path: Path) -> None:
    """A phone's tiles and previews are not pages."""
    file = pillow_heif.from_pillow(Image.new("RGB", (32, 32), "green"))
    file.add_from_pillow(Image.fromarray(CORNER))
    file.save(tmp_path / "a.heic", primary_index=1)
    photo = Photo(tmp_path / "a.heic")
    assert photo.page_count == 1
    assert photo.page().image.shape == CORNER.shape


def test_a_palette_with_transparency(tmp_path: Path) -> None:
    picture = Image.fromarray(CORNER).quantize(4)
    picture.save(tmp_path / "a.png", transparency=0)
    page = Photo(tmp_path / "a.png").page()
    assert page.stored is not None
    assert set(np.unique(page.stored[..., 3])) == {0, 255}


def shape_or_refusal(path: Path) -> tuple[int, ...] | str:
    try:
        return Photo(path).page().image.shape
    except SourceError as error:
        return str(error)


def test_a_picture_that_is_cut_off_is_refused_or_read_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    for kind in ("PNG", "WEBP", "AVIF", "TIFF", "HEIF", "GIF"):
        path = tmp_path / f"a.{kind.lower()}"
        Image.fromarray(noise).save(path, kind)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
        outcome = shape_or_refusal(path)
        assert outcome == noise.shape or "may be damaged" in str(outcome)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_breaks_off_is_shown_as_far_as_it_goes_and_that_is_told(tmp_path: Path, mode: str) -> None:
    """As every viewer does; of an interrupted download, or a card that was pulled out."""
    rows = np.repeat(np.arange(0, 250, dtype=np.uint8), 2)[:, None, None]
    picture = Image.fromarray(np.broadcast_to(rows, (500, 300, 3)).copy()).convert(mode)
    path = tmp_path / "a.jpg"
    picture.save(path, quality=95, exif=b"\0" * 1000)
    content = path.read_bytes()
    whole = Photo(path)
    image = whole.page().image
    assert whole.damage == []
    path.write_bytes(content[: 1200 + (len(content) - 1200) // 2])
    half = Photo(path)
    assert (half.page().image[:100] == image[:100]).all()
    assert (half.page().image[-20:] == half.page().image[-1, -1]).all()
    (sentence,) = half.damage
    assert "breaks off" in sentence
    assert photo_module.read_thumbnail(path, 30, 50).shape == (50, 30, 3)
    path.write_bytes(content[:-2])  # but for the mark of its end it is all there
    assert (read_picture(path) == image).all()
    path.write_bytes(content[: content.index(b"\xff\xda")])  # of which nothing can be seen
    with pytest.raises(SourceError, match="may be damaged"):
        Photo(path).page()


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "uint32"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_values_that_do_not_say_what_is_white_are_told(tmp_path: Path, kind: str, channels: tuple[int, ...]) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((40, 60, *channels), kind), photometric="rgb" if channels else "minisblack")
    with pytest.raises(SourceError, match=f"holds {kind} values.* 8 or 16 bits"):
        Photo(path).page()


def test_giant_pictures_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (300, 300)).save(tmp_path / "a.webp")
    monkeypatch.setattr(photo_module, "MAX_PIXELS", 80_000)
    monkeypatch.setattr(Photo, "_decoded", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(SourceError, match="megapixels"):
        Photo(tmp_path / "a.webp").page()
