"""Copies of picture files keep what the format can hold; an independent reader looks at them."""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms

from facecam.batch.copies import CopyPlace, copy_of
from facecam.errors import CopyError, FacecamError, SourceError
from facecam.faces.drawing import changed_pixels
from facecam.saving.photo_file import changed_page, copy_suffix, write_photo
from facecam.sources import photo as photo_module
from facecam.sources.photo import Photo, open_picture
from facecam.system.opencv import cv2
from tests.processes import run_python

pillow_heif.register_heif_opener()

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = {
    ".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".avif": "AVIF", ".heic": "HEIF", ".tif": "TIFF", ".bmp": "BMP",
    ".jp2": "JPEG2000", ".ppm": "PPM",
}  # fmt: skip
TRANSPARENT = (".png", ".webp", ".avif", ".heic", ".tif")
WITH_PROFILE = (".jpg", ".png", ".webp", ".avif", ".heic", ".tif", "deep")
COVER = (40, 40, 40)
COVERED = (slice(10, 30), slice(20, 50))


def gradient(depth: type = np.uint8) -> np.ndarray:
    """(80, 120, 3) R G B, smooth, so that lossy formats keep it to a few levels."""
    y, x = np.mgrid[0:80, 0:120]
    picture = np.dstack([x * 255 // 119, y * 255 // 79, (x + y) * 255 // 198])
    return picture.astype(depth) * depth(257 if depth is np.uint16 else 1)


def with_alpha(picture: np.ndarray) -> np.ndarray:
    full = np.iinfo(picture.dtype).max
    return np.dstack([picture, np.linspace(0, full, 120).astype(picture.dtype)[None].repeat(80, 0)])


def saved(folder: Path, suffix: str, picture: np.ndarray | None = None, **how: Any) -> Path:
    """A picture file, of the gradient unless another picture is given. suffix: "deep" is a PNG of 16 bits a channel."""
    if suffix == "deep":
        path = folder / "a.png"
        profile = [cv2.IMAGE_METADATA_ICCP], [np.frombuffer(how["icc_profile"], np.uint8)]
        path.write_bytes(bytes(cv2.imencodeWithMetadata(".png", gradient(np.uint16), *profile)[1]))
        return path
    path = folder / f"a{suffix}"
    Image.fromarray(gradient() if picture is None else picture).save(path, FORMATS.get(suffix), **how)
    return path


def copied(path: Path, opaque: bool = False) -> Path:
    """The copy of a picture file, in which a part of each page is covered; opaque: in green."""
    return copied_and_told(path, opaque)[0]


def copied_and_told(path: Path, opaque: bool = False) -> tuple[Path, str]:
    """The same, and what it could not keep."""
    photo = Photo(path)
    pages = []
    for page in map(photo.page, range(photo.page_count)):
        changed = page.image.copy()
        changed[COVERED] = (0, 200, 0) if opaque else COVER
        page_of_copy = changed_page(page, changed, changed_pixels(page.image, changed), opaque)
        pages.append(page_of_copy if photo.page_count == 1 else page_of_copy.packed())
    copy = path.with_name(f"copy-{path.stem}{copy_suffix(path, photo.info)}")
    return copy, "; ".join(write_photo(copy, photo.info, pages))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_copy_is_of_the_same_format_and_shows_the_same_but_for_what_was_covered(tmp_path: Path, suffix: str) -> None:
    how: dict[str, Any] = {"quality": 95} if suffix == ".jpg" else {}
    copy = copied(saved(tmp_path, suffix, **how))
    assert copy.suffix == suffix
    with Image.open(copy) as image:
        assert image.format == FORMATS[suffix]
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(pixels[40:] - gradient()[40:]).mean() < 3
    assert np.abs(pixels[14:26, 24:46] - COVER).max() < 16


@pytest.mark.parametrize("suffix", TRANSPARENT)
def test_transparency_stays(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, with_alpha(gradient()))
    with Image.open(copied(path)) as image:
        assert image.mode == "RGBA"
        assert np.abs(np.asarray(image)[..., 3].astype(int) - with_alpha(gradient())[..., 3]).max() <= 3
    with Image.open(copied(path, opaque=True)) as image:  # a box that is drawn is seen everywhere
        assert np.asarray(image)[20, 35, 3] > 250


@pytest.mark.parametrize("suffix", WITH_PROFILE)
def test_the_colour_profile_stays(tmp_path: Path, suffix: str) -> None:
    with Image.open(copied(saved(tmp_path, suffix, icc_profile=PROFILE))) as image:
        written = image.info["icc_profile"]
    assert len(written) <= len(PROFILE)
    np.testing.assert_array_equal(in_lab(PROFILE), in_lab(written))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pictures_stay_deep_and_are_seen_bright(tmp_path: Path, suffix: str, channels: int, bits: int) -> None:
    """Of 12 bits in 16 a detector would otherwise see black."""
    whole = with_alpha(gradient(np.uint16))[..., [2, 1, 0, 3]] >> (16 - bits)
    stored = {1: whole[..., 0], 3: whole[..., :3], 4: whole}[channels]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, stored)[1].tobytes())
    page = Photo(path).page()
    assert page.image.dtype == np.uint8
    assert page.image.max() > 200
    copy = cv2.imdecode(np.fromfile(copied(path), np.uint8), cv2.IMREAD_UNCHANGED)
    assert copy is not None
    assert copy.dtype == np.uint16
    assert copy.shape == stored.shape
    np.testing.assert_array_equal(copy[40:], stored[40:])
    assert abs(int(copy[20, 35].flat[0]) - (COVER[0] << (bits - 8))) <= 1 << (bits - 8)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif"])
def test_animations_keep_their_pictures_times_and_loops(tmp_path: Path, suffix: str) -> None:
    frames = [Image.fromarray(np.roll(gradient(), 12 * k, axis=1)) for k in range(4)]
    times_ms = [100, 200, 150, 100]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times_ms, loop=3)
    with Image.open(path) as before, Image.open(copied(path)) as after:
        assert after.format == before.format
        assert after.n_frames == before.n_frames == 4  # type: ignore[attr-defined]
        assert after.info.get("loop") == before.info.get("loop")
        for index in range(4):
            before.seek(index)
            after.seek(index)
            pixels, others = (np.asarray(image.convert("RGB")).astype(int) for image in (before, after))
            assert after.info["duration"] == before.info["duration"] == times_ms[index]
            assert np.abs(pixels[40:] - others[40:]).mean() < 4
            assert np.abs(others[14:26, 24:46] - COVER).max() < 24


def test_the_cover_of_an_animated_png_does_not_become_a_part_of_it(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(gradient(), 12 * k, axis=1)) for k in range(3)]
    path = tmp_path / "a.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], default_image=True, duration=[200, 300], loop=2)
    with Image.open(path) as before, Image.open(copied(path)) as after:
        assert after.info["default_image"]
        assert after.n_frames == before.n_frames == 3  # type: ignore[attr-defined]
        for index in range(3):
            before.seek(index)
            after.seek(index)
            assert after.info.get("duration") == before.info.get("duration")
            pixels = np.asarray(after.convert("RGB"))
            np.testing.assert_array_equal(pixels[40:], np.asarray(before.convert("RGB"))[40:])
            assert (pixels[COVERED] == COVER).all()


def test_the_pages_of_a_tiff_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(np.roll(gradient(), 12 * k, axis=1)) for k in range(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with Image.open(copied(path)) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        image.seek(2)
        np.testing.assert_array_equal(np.asarray(image)[40:], np.asarray(pages[2])[40:])


_PEAK_OF_A_COPY = """
import re, sys
from pathlib import Path
import numpy as np
from facecam.batch.copies import CopyPlace, copy_of
from facecam.sources.photo import open_picture
path = Path(sys.argv[1])
source = open_picture(path)
copy = copy_of(source, CopyPlace(path.with_stem("copy"), True), True, True, True)
for frame in iter(source.read, None):
    copy.add(frame, frame.image, np.zeros(frame.image.shape[:2], np.uint8))
copy.close()
print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process has taken at most is told otherwise there")
@pytest.mark.parametrize(("suffix", "bytes_per_pixel"), [(".gif", 2), (".webp", 1), (".tif", 1), (".png", 5)])
def test_a_copy_of_many_pictures_takes_little_more_memory_than_one_of_few(
    tmp_path: Path, suffix: str, bytes_per_pixel: float
) -> None:
    """A small file may hold many large ones, and whoever fills the memory is killed with the whole batch."""
    peaks = []
    for count in (3, 33):
        path = tmp_path / f"{count}{suffix}"
        pages = [Image.new("RGB", (700, 700), (7 * number, 0, 0)) for number in range(count)]
        how = {"compression": "tiff_lzw"} if suffix == ".tif" else {}
        pages[0].save(path, save_all=True, append_images=pages[1:], **how)
        done = run_python("-c", _PEAK_OF_A_COPY, path)
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout))
        with Image.open(tmp_path / f"copy{suffix}") as copy:
            assert copy.n_frames == count  # type: ignore[attr-defined]
    assert (peaks[1] - peaks[0]) * 1024 < 30 * 700 * 700 * bytes_per_pixel


def test_an_animation_that_would_fill_the_memory_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.new("P", (2000, 2000)).save(whole, "GIF", optimize=False)
    data = whole.getvalue()
    picture = data[data.index(b"\x2c\0\0\0\0") : -1]
    path = tmp_path / "a.gif"
    path.write_bytes(data[:-1] + 399 * picture + b";")
    source = open_picture(path)
    assert source.frame_count == 400
    told = r"a\.gif has 400 pictures of 2000 x 2000, .* save it as a film \(MP4\), or with fewer or smaller pictures"
    with pytest.raises(CopyError, match=told):
        copy_of(source, CopyPlace(tmp_path / "copy.gif", alone=True), opaque=True, sound=True, whole=True)
    path.write_bytes(data[:-1] + 9 * picture + b";")
    copy_of(open_picture(path), CopyPlace(tmp_path / "copy.gif", alone=True), opaque=True, sound=True, whole=True)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".tif", ".heic"])
def test_what_tells_about_the_photographer_is_left_out(tmp_path: Path, suffix: str) -> None:
    tags = Image.Exif()
    tags[0x010F], tags[0x9003] = "SECRET CAMERA", "2020:01:01 00:00:00"
    tags.get_ifd(0x8825)[1] = "N"
    path = saved(tmp_path, suffix, exif=tags)
    assert b"SECRET" in path.read_bytes()
    copy = copied(path)
    assert b"SECRET" not in copy.read_bytes()
    with Image.open(copy) as image:
        assert not {0x010F, 0x9003, 0x8825} & set(image.getexif())


def profile_with(version: int, **more: bytes) -> bytes:
    """sRGB as of somebody's screen, with these elements besides; its parts of text have the kind that the version has,
    and red, green and blue share a curve."""
    places = [PROFILE[at : at + 12] for at in range(132, 132 + 12 * PROFILE[131], 12)]
    tags = {}
    for tag in places:
        at, length = (int.from_bytes(tag[part : part + 4], "big") for part in (4, 8))
        tags[tag[:4]] = PROFILE[at : at + length]
    tags |= {name.encode(): data for name, data in more.items()}
    table, content = len(tags).to_bytes(4, "big"), b""
    for name, data in tags.items():
        table += name + (132 + 12 * len(tags) + len(content)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        content += data + bytes(-len(data) % 4)
    day, device = b"\x07\xe8\0\5\0\3\0\x0e\0\x1e\0\0", b"SECRETID"
    header = PROFILE[4:8] + bytes([version]) + PROFILE[9:24] + day + PROFILE[36:48] + device + PROFILE[56:128]
    return (4 + len(header + table + content)).to_bytes(4, "big") + header + table + content


def text(version: int, said: str) -> bytes:
    if version < 4:
        return b"desc\0\0\0\0" + (len(said) + 1).to_bytes(4, "big") + said.encode() + bytes(79)
    return (
        b"mluc\0\0\0\0\0\0\0\1\0\0\0\x0cenUS"
        + (2 * len(said)).to_bytes(4, "big")
        + b"\0\0\0\x1c"
        + said.encode("utf-16-be")
    )


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize("said_in", ["mmod", "desc", "cprt", "dmnd", "dmdd", "vued"])
def test_a_colour_profile_does_not_say_whose_screen_it_was(tmp_path: Path, version: int, said_in: str) -> None:
    """`mmod` is a Mac's own element; the others are standard, and the screen's name may be in each."""
    said = text(version, "SECRET")
    if version < 4 and said_in == "cprt":
        said = b"text\0\0\0\0SECRET\0"
    profile = profile_with(version, **{said_in: said})
    in_lab(profile)
    path = saved(tmp_path, ".png", icc_profile=profile)
    with Image.open(copied(path)) as image:
        written = image.info["icc_profile"]
    assert b"SECRET" not in written.replace(b"\0", b"")
    assert written[24:36] == bytes(12)
    before, after = (ImageCms.ImageCmsProfile(io.BytesIO(each)).profile for each in (profile, written))
    assert after.red_primary == before.red_primary
    assert after.media_white_point == before.media_white_point
    assert after.profile_description == "Colours"
    assert after.copyright == "Colours"
    np.testing.assert_array_equal(in_lab(profile), in_lab(written))


@pytest.mark.parametrize("suffix", WITH_PROFILE)
def test_no_format_keeps_the_name_of_a_screen(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, icc_profile=profile_with(4, desc=text(4, "SECRET")))
    with Image.open(path) as image:
        assert b"SECRET" in image.info["icc_profile"].replace(b"\0", b"")
    with Image.open(copied(path)) as image:
        assert b"SECRET" not in image.info["icc_profile"].replace(b"\0", b"")


def in_lab(profile: bytes) -> np.ndarray:
    """What the gradient's colours are by that profile."""
    lab = ImageCms.createProfile("LAB")
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(gradient()), own, lab, outputMode="LAB"))


@pytest.mark.parametrize(
    ("suffix", "depth"),
    [(".jpg", np.uint8), (".png", np.uint8), (".tif", np.uint8), (".bmp", np.uint8), (".png", np.uint16)],
)
def test_the_size_on_paper_stays(tmp_path: Path, suffix: str, depth: type) -> None:
    picture = gradient(depth)[..., 0] if depth is np.uint16 else gradient()
    with Image.open(copied(saved(tmp_path, suffix, picture, dpi=(300, 600)))) as image:
        assert image.info["dpi"] == pytest.approx((300, 600), abs=0.1)


@pytest.mark.parametrize("dpi", [(0, 0), (1e9, 1e9)])
def test_a_size_on_paper_that_can_not_be_is_no_damage(tmp_path: Path, dpi: tuple[float, float]) -> None:
    path = saved(tmp_path, ".tif", dpi=dpi)
    assert Photo(copied(path)).page().image.shape == (80, 120, 3)


def test_printing_colours_become_rgb_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(gradient()).convert("CMYK").save(path)
    copy, told = copied_and_told(path)
    assert "RGB" in told
    with Image.open(copy) as image:
        assert image.mode == "RGB"


def test_a_suffix_that_lies_does_not_decide_the_format(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(gradient()).save(path, "JPEG")
    with Image.open(copied(path)) as image:
        assert image.format == "JPEG"
        assert Path(str(image.filename)).suffix == ".jpg"


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, ".png")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(FacecamError, match="the disk is full"):
        copied(path)
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


def test_only_what_was_changed_is_encoded_anew_in_a_lossless_format(tmp_path: Path) -> None:
    with Image.open(copied(saved(tmp_path, ".png", with_alpha(gradient())))) as image:
        pixels = np.asarray(image)
    before = with_alpha(gradient())
    before[COVERED[0], COVERED[1], :3] = COVER
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_grey_with_its_profile_stays_grey_with_its_profile(tmp_path: Path, suffix: str) -> None:
    """A profile of greys in a picture with colours is none."""
    profile = PROFILE[:16] + b"GRAY" + PROFILE[20:]
    path = saved(tmp_path, suffix, gradient()[..., 0], icc_profile=profile)
    with Image.open(copied(path)) as image:
        assert image.mode == "L"
        assert image.info["icc_profile"][16:20] == b"GRAY"
        assert np.abs(np.asarray(image)[40:].astype(int) - gradient()[40:, :, 0]).mean() < 3
    copy, told = copied_and_told(path, opaque=True)  # boxes have colours
    assert "profile" in told
    with Image.open(copy) as image:
        assert image.mode == "RGB"
        assert "icc_profile" not in image.info


def test_lab_is_written_as_rgb_without_its_profile_and_that_is_told(tmp_path: Path) -> None:
    rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    path = tmp_path / "a.tif"
    transform = ImageCms.buildTransform(rgb, lab, "RGB", "LAB")
    ImageCms.applyTransform(Image.fromarray(gradient()), transform).save(
        path, icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()
    )
    copy, told = copied_and_told(path)
    assert "Lab" in told
    with Image.open(copy) as image:
        assert "icc_profile" not in image.info
        assert np.abs(np.asarray(image.convert("RGB"))[40:].astype(int) - gradient()[40:]).mean() < 6


def test_each_page_of_a_tiff_keeps_its_own_depth_and_is_seen(tmp_path: Path) -> None:
    """A deep grey page after one of 8 bits was black and white, with the faces in it in view."""
    path, grey = tmp_path / "a.tif", gradient(np.uint16)[..., 0]
    pages = [gradient(), grey, gradient(np.uint16)]
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            file.write(page, photometric="minisblack" if page.ndim == 2 else "rgb")
    assert all(len(np.unique(Photo(path).page(index).image)) > 100 for index in range(3))
    with tifffile.TiffFile(copied(path)) as file:
        for copy, before in zip(file.pages, pages, strict=True):
            assert copy.dtype == before.dtype
            np.testing.assert_array_equal(copy.asarray()[40:], before[40:])


def written_by_tifffile(folder: Path, pages: Sequence[np.ndarray], **how: Any) -> Path:
    with tifffile.TiffWriter(folder / "a.tif") as file:
        for page in pages:
            file.write(page, metadata=None, **how)
    return folder / "a.tif"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("depth", "how", "lost"),
    [
        (np.uint16, {"photometric": "minisblack", "extrasamples": ["unassalpha"]}, ["8 bits", "transparency"]),
        (np.uint8, {"photometric": "miniswhite", "extrasamples": ["unassalpha"]}, ["transparency"]),
    ],
)
def test_a_tiff_without_a_name_of_pillows_keeps_its_pages_and_the_rest_is_told(
    tmp_path: Path, count: int, depth: type, how: dict[str, Any], lost: list[str]
) -> None:
    """It became one page, and no more was told than that it is a PNG."""
    greys = [np.roll(gradient(depth)[..., 0], 20 * number, axis=1) for number in range(count)]
    path = written_by_tifffile(tmp_path, [np.dstack([grey, grey]) for grey in greys], **how)
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(path)
    copy, told = copied_and_told(path)
    assert all(what in told for what in lost)
    assert ("8 bits" in told) == (depth is np.uint16)
    with tifffile.TiffFile(copy) as file:
        assert len(file.pages) == count
        for page, grey in zip(file.pages, greys, strict=True):
            shown = (grey >> 8 if depth is np.uint16 else 255 - grey).astype(int)
            assert np.abs(page.asarray()[40:].astype(int) - shown[40:]).max() <= 1


def test_deep_lab_is_written_as_rgb_and_that_is_told(tmp_path: Path) -> None:
    path = written_by_tifffile(tmp_path, [gradient(np.uint16)] * 2, photometric="cielab", iccprofile=PROFILE)
    copy, told = copied_and_told(path)
    assert "8 bits" in told
    assert "Lab" in told
    with Image.open(copy) as image:
        assert image.n_frames == 2  # type: ignore[attr-defined]
        assert "icc_profile" not in image.info


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colours_that_are_stored_as_on_black_are_no_darker_in_the_copy(tmp_path: Path, depth: type) -> None:
    full = np.iinfo(depth).max
    picture = with_alpha(gradient(depth)).astype(np.uint64)
    on_black = picture.copy()
    on_black[..., :3] = picture[..., :3] * picture[..., 3:] // full
    path = written_by_tifffile(tmp_path, [on_black.astype(depth)], photometric="rgb", extrasamples=["assocalpha"])
    with tifffile.TiffFile(copied(path)) as file:
        page = file.pages.first
        assert page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)
        assert page.dtype == depth
        copy = page.asarray().astype(np.uint64)
    np.testing.assert_array_equal(copy[40:, :, 3], picture[40:, :, 3])
    shown = copy[..., :3] * copy[..., 3:] // full
    assert np.abs(shown[40:].astype(int) - on_black[40:, :, :3].astype(int)).max() <= 1 + (depth is np.uint8)


def test_grey_that_is_stored_as_on_black_is_read(tmp_path: Path) -> None:
    """It was told to be damaged."""
    grey, alpha = gradient()[..., 0], np.full((80, 120), 128, np.uint8)
    pages = [np.dstack([(grey * (128 / 255)).astype(np.uint8), alpha])]
    path = written_by_tifffile(tmp_path, pages, photometric="minisblack", extrasamples=["assocalpha"])
    with Image.open(copied(path)) as image:
        copy = np.asarray(image)
    assert np.abs(copy[40:, :, 0].astype(int) - grey[40:]).max() <= 2
    assert (copy[40:, :, 3] == 128).all()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_channel_that_is_no_transparency_does_not_become_one(tmp_path: Path, depth: type) -> None:
    """As scanners write infrared."""
    path = written_by_tifffile(tmp_path, [with_alpha(gradient(depth))], photometric="rgb", extrasamples=["unspecified"])
    copy, told = copied_and_told(path)
    assert "further channels" in told
    np.testing.assert_array_equal(tifffile.imread(copy)[40:], gradient(depth)[40:])


def test_deep_grey_in_which_white_is_0_is_no_negative(tmp_path: Path) -> None:
    path, grey = tmp_path / "a.tif", gradient(np.uint16)[..., 0]
    tifffile.imwrite(path, 0xFFFF - grey, photometric="miniswhite")
    np.testing.assert_array_equal(Photo(path).page().image[..., 0], grey >> 8)
    np.testing.assert_array_equal(tifffile.imread(copied(path))[40:], grey[40:])


def test_deep_colours_in_planes_are_refused(tmp_path: Path) -> None:
    """OpenCV takes them for three pictures beside each other."""
    planes = np.moveaxis(gradient(np.uint16), 2, 0)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    with pytest.raises(SourceError, match="can be read"):
        Photo(tmp_path / "a.tif").page()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_a_png_says_about_its_colours_stays(tmp_path: Path, depth: type) -> None:
    """Of a screenshot in HDR, or of linear light, the copy would be far too dark or too pale."""
    path = tmp_path / "a.png"
    data = cv2.imencode(".png", gradient(depth))[1].tobytes()
    parts = b""
    for name, value in ((b"cICP", bytes([9, 16, 0, 1])), (b"gAMA", (100_000).to_bytes(4, "big"))):
        parts += len(value).to_bytes(4, "big") + name + value + zlib.crc32(name + value).to_bytes(4, "big")
    path.write_bytes(data[:33] + parts + data[33:])
    copy = copied(path)
    assert parts in copy.read_bytes()
    with Image.open(copy) as image:
        image.load()
        assert image.info["gamma"] == 1.0


def test_depth_that_is_lost_is_told(tmp_path: Path) -> None:
    deep = gradient(np.uint16)
    for name in ("a.jp2", "a.ppm"):
        (tmp_path / name).write_bytes(cv2.imencode(name[1:], deep)[1].tobytes())
    assert "8 bits" in copied_and_told(tmp_path / "a.jp2")[1]
    copy = cv2.imdecode(np.fromfile(copied(tmp_path / "a.ppm"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert copy is not None
    np.testing.assert_array_equal(copy[40:], deep[40:])


def test_the_second_picture_of_a_phones_jpeg_is_no_page(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(gradient()).save(path, "MPO", save_all=True, append_images=[Image.fromarray(gradient())])
    assert Photo(path).page_count == 1
    assert "second picture" in copied_and_told(path)[1]


@pytest.mark.parametrize("of_tiles", [False, True])
def test_that_a_heic_has_other_pictures_is_told_but_not_its_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_tiles: bool
) -> None:
    """Phones write one picture as a dozen tiles, which are pictures of the file, too."""
    pictures = pillow_heif.HeifFile()
    for _ in range(2):
        pictures.add_from_pillow(Image.fromarray(gradient()))
    pictures.save(tmp_path / "a.heic")
    if of_tiles:  # pillow_heif writes none; as it reads them
        opened = photo_module._opened

        def tiled(data: bytes) -> Image.Image | None:
            file = opened(data)
            assert file is not None
            file.info["tiling"] = {"tile_width": 60}
            return file

        monkeypatch.setattr(photo_module, "_opened", tiled)
    assert ("its other pictures are left out" in copied_and_told(tmp_path / "a.heic")[1]) != of_tiles


@pytest.mark.parametrize("suffix", [".tga", ".qoi", ".pcx", ".sgi"])
def test_pictures_of_old_kinds_become_png_and_that_is_told(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix)
    copy, told = copied_and_told(path)
    assert told == "written as PNG"
    assert copy.suffix == ".png"
    np.testing.assert_array_equal(np.asarray(Image.open(copy))[40:], gradient()[40:])
