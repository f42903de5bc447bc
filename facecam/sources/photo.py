"""Picture files: what they show, and what a copy of them has to keep.

OpenCV, which is twice as fast, decodes what it decodes right; Pillow decodes the rest (HEIC, AVIF, transparency, pages,
animations) and says of all files what kind they are.
"""

from __future__ import annotations

import io
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain, islice, repeat, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from facecam.errors import FacecamError, SourceError
from facecam.sources.animations import durations_ms, png_parts
from facecam.sources.base import MAX_PIXELS, Frame
from facecam.system.files import reading
from facecam.system.opencv import cv2

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # a larger picture is refused in a sentence of ours, before Pillow warns

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
PICTURE_SUFFIXES = HEIF_SUFFIXES | {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".jp2", ".avif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".qoi", ".pcx", ".sgi"),
}
_MAX_BYTES = 1 << 30
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_END = b"\xff\xd9"
"""Appended to a truncated JPEG, it makes a decoder fill the missing part with grey."""
SLIDE_S = 2.0
"""How long a picture is shown that does not say how long."""
_ORIENTATION = 0x0112
_BITS, _PHOTOMETRIC, _CHANNELS, _PLANES, _EXTRA = 258, 262, 277, 284, 338
_LAB = (8, 9, 10)
_PNG_KEPT = {b"cICP": 4, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9}
_MOST_DPI = 65535
RAW_SUFFIXES = frozenset(
    {".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".3fr", ".iiq"}
)
"""Of cameras' raw files, in which we would find no more than a preview."""
_BY_CONTENT = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "JPEG2000", "QOI", "BMP")
"""Formats that are recognised whatever the file's name is, as they begin with bytes that nothing else begins with."""
_FORMATS = (*_BY_CONTENT, "TIFF", "PPM", "TGA", "PCX", "SGI", "ICO", "DDS")
"""What Pillow may read, besides HEIF; some other formats make it start programs (EPS)."""
_SINGLE = {"HEIF", "MPO"}
"""Formats whose first picture is the photo: the others are its tiles, depth or brightness maps."""
_ANIMATED = {"AVIF", "GIF", "PNG", "WEBP"}
_BY_OPENCV = {"JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"}
"""What OpenCV decodes; it ignores AVIF's rotation, and does not know the other formats."""
_TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}
"""EXIF orientation -> quarter turns to the left, and whether the turned picture is mirrored left to right."""


@dataclass(frozen=True)
class PhotoInfo:
    """What a copy of a picture file keeps.

    format: Pillow's name of it, such as "JPEG"; "": only OpenCV knows it. icc: its colour profile. dpi: its pixels per
    inch across and down. loops: how often an animation plays, 0: for ever, None: it is no animation. colours: chunks of
    a PNG that say what its colours mean, and its size on paper. has_cover: the first picture of an animated PNG is for
    programs that don't know animations. converted: half sentences about what a copy can't keep.
    """

    format: str = ""
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    loops: int | None = None
    colours: bytes = b""
    has_cover: bool = False
    converted: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """One picture of a file.

    image: (H, W, 3) uint8 BGR, upright, C-contiguous. stored: the pixels as the file has them where these are others,
    upright, (H, W) grey, (H, W, 3) B G R or (H, W, 4) B G R alpha, uint8 or uint16; None: `image` is all there is.
    shift: bits by which `image` is darker than `stored`. duration_s: of an animation's picture.
    """

    image: npt.NDArray[np.uint8]
    stored: Pixels | None = None
    shift: int = 0
    duration_s: float | None = None

    @cached_property
    def alpha(self) -> npt.NDArray[np.uint8] | None:
        """(H, W): how opaque its pixels are; None: wholly."""
        if self.stored is None or self.stored.ndim == 2 or self.stored.shape[2] < 4:
            return None
        alpha = (self.stored[..., 3] >> self.alpha_shift).astype(np.uint8)
        return None if alpha.min() == 255 else alpha

    @cached_property
    def alpha_shift(self) -> int:
        """As `shift`, of the transparency."""
        return 0 if self.stored is None else _shift(self.stored[..., 3])


class Photo:
    """A picture file; its pages are decoded when they are asked for. damage: half sentences about parts of them that
    could not be read. Raises SourceError with a sentence for people."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: list[str] = []
        self._data = _read(path)
        self._file = _opened(self._data)
        self.info, self.page_count = PhotoInfo(), 1
        try:
            if self._file is not None:
                self.info = _info(self._file, self._data)
                if self._file.format not in _SINGLE:
                    self.page_count = max(1, int(getattr(self._file, "n_frames", 1)))
            elif self._data[:4] in _TIFF:
                self.info, self.page_count = _info_of_tiff(self._data)
        except Exception as error:
            raise SourceError(self._damaged()) from error

    @cached_property
    def durations_s(self) -> list[float]:
        """How long each picture of an animation is shown; none of anything else."""
        if self.info.loops is None:
            return []
        told = chain([0.0] * self.info.has_cover, durations_ms(self.info.format, self._data), repeat(0.0))
        return [(each if each > 10 else 100) / 1000 for each in islice(told, self.page_count)]

    def page(self, index: int = 0) -> Page:
        """One of the pages. Raises SourceError where it is damaged or too large."""
        if self._file is not None and self._file.width * self._file.height > MAX_PIXELS:
            raise SourceError(_too_large(self.path))
        page = self._tried(index)
        if page is None and self.info.format == "JPEG":  # as viewers do, which show what there is of it
            self._data += _JPEG_END
            self._file = _opened(self._data)
            page = self._tried(index)
            self.damage = ["it breaks off before its end; what is missing is grey or blurred"]
        if page is None:
            raise SourceError(self._damaged())
        if page.image.shape[0] * page.image.shape[1] > MAX_PIXELS:
            raise SourceError(_too_large(self.path))
        return page

    def rough(self, side: int) -> npt.NDArray[np.uint8]:
        """The first page's image in a smaller size, whose longer side is `side` or more where the page's is. Raises
        SourceError."""
        if self.info.format == "JPEG" and self._file is not None and self._file.mode in ("RGB", "L"):
            factor = max(self._file.size) // max(1, side)
            least = next((least for least in (8, 4, 2) if factor >= least), None)
            reduced = None if least is None else self._by_opencv(getattr(cv2, f"IMREAD_REDUCED_COLOR_{least}"))
            if reduced is not None:
                return np.ascontiguousarray(reduced, np.uint8)
        return self.page().image

    def _damaged(self) -> str:
        if self._data[:4] in _TIFF:
            import tifffile

            with suppress(Exception), tifffile.TiffFile(io.BytesIO(self._data)) as file:
                kind = file.pages.first.dtype
                if kind is not None and kind not in (np.uint8, np.uint16):
                    return f"{self.path} holds {kind} values, which don't say what is white; save it with 8 or 16 bits."
        return f"{self.path} is not a picture that can be read; it may be damaged or of another kind."

    def _tried(self, index: int) -> Page | None:
        """A page, None if it is damaged. Raises SourceError if it is too large."""
        try:
            return self._decoded(index)
        except FacecamError:  # OpenCV can't be loaded
            raise
        except Exception as error:
            if "MAX_IMAGE" in str(error):
                raise SourceError(_too_large(self.path)) from error
            return None

    def _decoded(self, index: int) -> Page | None:
        file = self._file
        if file is not None and self.page_count > 1:  # otherwise it stands at its main picture, maybe not the first
            if index < file.tell():  # Pillow loses its way when it goes back in an animated PNG
                file = self._file = Image.open(io.BytesIO(self._data), formats=[file.format or ""])
            file.seek(index)
        if file is not None and _keeps_depth(file) and _bits(file, self._data) > 8:
            return self._deep(index)
        plain = file is not None and file.mode in ("RGB", "L", "1") and "transparency" not in file.info
        is_grey = file is not None and file.mode in ("L", "1") and self.info.loops is None
        if file is None or (plain and self.page_count == 1 and self.info.format in _BY_OPENCV):
            image = self._by_opencv(cv2.IMREAD_ANYCOLOR if file is None else cv2.IMREAD_COLOR, index)
            if image is None:
                return None
            if image.ndim == 2:
                is_grey, image = True, cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
            image = np.ascontiguousarray(image, np.uint8)
            return Page(image, image[..., 0] if is_grey else None)
        if hasattr(file, "tag_v2"):  # of a TIFF, which Pillow turns itself, and also by its XMP
            file.getexif()[_ORIENTATION] = file.tag_v2.get(_ORIENTATION, 1)
        file.load()
        transparent = may_be_transparent(file)
        pixels = np.asarray(_converted(file, "RGBA" if transparent else "RGB"))
        stored: Any = _upright(pixels, file)
        stored = cv2.cvtColor(stored, cv2.COLOR_RGBA2BGRA if transparent else cv2.COLOR_RGB2BGR)
        return Page(
            np.ascontiguousarray(stored[..., :3], np.uint8),
            stored if transparent else stored[..., 0] if is_grey else None,
            duration_s=self.durations_s[index] if self.durations_s else None,
        )

    def _deep(self, index: int) -> Page | None:
        """A page of more than 8 bits a channel."""
        stored = self._by_opencv(cv2.IMREAD_UNCHANGED, index)
        if stored is None or stored.dtype not in (np.uint8, np.uint16):
            return None
        assert self._file is not None
        tags = getattr(self._file, "tag_v2", {})
        if tags.get(_PLANES) == 2 and tags.get(_CHANNELS, 1) > 1:  # which OpenCV takes for one picture beside another
            return None
        if tags.get(_PHOTOMETRIC) == 0 and stored.dtype == np.uint16:  # white is 0
            stored = np.uint16(0xFFFF) - stored
        extra = (*tags.get(_EXTRA, ()), 2)[0] if stored.shape[2:] == (4,) else 2
        if extra == 0:  # not said to be transparency
            stored = np.ascontiguousarray(stored[..., :3])
        elif extra == 1:  # colours are stored as they are on black
            full, wide = np.iinfo(stored.dtype).max, stored.astype(np.uint32)
            colours, alpha = wide[..., :3], wide[..., 3:]
            stored[..., :3] = np.minimum((colours * full + alpha // 2) // np.maximum(alpha, 1), full)
        if self.info.format != "TIFF":  # which OpenCV turns upright itself
            stored = np.ascontiguousarray(_upright(stored, self._file))
        shift = _shift(stored if stored.ndim == 2 else stored[..., :3])
        image = (stored >> shift).astype(np.uint8)
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image[..., :3]
        return Page(np.ascontiguousarray(image, np.uint8), stored, shift)

    def _by_opencv(self, how: int, index: int = 0) -> Any:
        if _claims_more(self._data):
            return None
        data = np.frombuffer(self._data, np.uint8)
        if self.page_count == 1:
            return cv2.imdecode(data, how)
        whole, pages = cv2.imdecodemulti(data, how, range=(index, index + 1))
        return pages[0] if whole and pages else None


class PictureSource:
    """A picture file: a single frame. page: what the last frame was made of."""

    live = False
    fps: float | None = None

    def __init__(self, photo: Photo) -> None:
        self.title = photo.path.name
        self.path = photo.path
        self.photo = photo
        self.page: Page | None = photo.page()  # a file without a picture fails at the opening
        self._first: Page | None = self.page
        self.frame_count: int | None = photo.page_count
        self._own_path = None if photo.info.loops is not None else photo.path
        self._index, self._time_s = 0, 0.0

    @property
    def damage(self) -> list[str]:
        """Half sentences about what could not be read of it."""
        return self.photo.damage

    def read(self) -> Frame | None:
        if self._index >= self.photo.page_count:
            return None
        page = self.page = self._first or self.photo.page(self._index)
        self._first = None
        now_s, own = time.perf_counter(), self._own_path
        frame = Frame(page.image, self._index, self._time_s, now_s, own, self._index, page.alpha)
        self._index += 1
        self._time_s = round(self._time_s + (page.duration_s or SLIDE_S), 6)
        return frame

    def close(self) -> None:
        self.page = self._first = None
        self._index = self.photo.page_count


class PagesSource(PictureSource):
    """A picture file of several: an animation with its times, or the pages of a TIFF as a slide show."""

    def __init__(self, photo: Photo) -> None:
        super().__init__(photo)
        self._durations_s = photo.durations_s or [SLIDE_S] * photo.page_count
        self.duration_s: float | None = sum(self._durations_s)

    def seek(self, time_s: float) -> None:
        """The next `read` gives the picture that is shown at that time."""
        self._first, self._index, self._time_s = None, 0, 0.0
        for lasts_s in self._durations_s[:-1]:
            if time_s < self._time_s + lasts_s - 1e-6:
                return
            self._index, self._time_s = self._index + 1, round(self._time_s + lasts_s, 6)


def open_picture(path: Path) -> PictureSource:
    """The source of a picture file of one or several pictures. Raises SourceError."""
    photo = Photo(path)
    return PagesSource(photo) if photo.page_count > 1 else PictureSource(photo)


def is_picture(path: Path) -> bool:
    """Whether to open a file as a picture: by its name, or else by its content."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    with suppress(Exception), Image.open(path, formats=_BY_CONTENT):  # what Pillow stumbles over is none
        return True
    return False


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """What a picture file shows, (H, W, 3) uint8 BGR, upright. Raises SourceError with a sentence for people."""
    return Photo(path).page().image


def read_thumbnail(path: Path, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The same, scaled down to fit into that size; a JPEG is not decoded any finer than that takes. Raises
    SourceError."""
    photo = Photo(path)
    image = photo.rough(max(width, height))
    scale = min(1.0, width / image.shape[1], height / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def may_be_transparent(file: Image.Image) -> bool:
    """Whether a file's header says so; often all its pixels are opaque."""
    return file.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in file.info


def _read(path: Path) -> bytes:
    with reading(path):
        size = path.stat().st_size
        if size == 0:
            raise SourceError(f"{path} is empty (0 bytes).")
        if size > _MAX_BYTES:
            raise SourceError(f"{path} is too large for a picture ({size / 1e9:.1f} GB).")
        data = path.read_bytes()
    return data


def _opened(data: bytes) -> Image.Image | None:
    """The file's header; None if Pillow does not know it."""
    formats: tuple[str, ...] = _FORMATS
    if data[4:8] == b"ftyp":
        know_heif()
        formats += ("HEIF",)
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except Exception:  # noqa: BLE001 - whatever Pillow stumbles over, OpenCV may read
        return None


@cache
def know_heif() -> None:
    """Lets Pillow read HEIC."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False)


def _info(file: Image.Image, data: bytes) -> PhotoInfo:
    kind = file.format or ""
    icc = file.info.get("icc_profile") or None
    across, down = map(float, file.info.get("dpi", (0, 0)))
    info = PhotoInfo(kind, icc, (across, down) if 0 < across <= _MOST_DPI and 0 < down <= _MOST_DPI else None)
    if kind in _ANIMATED and getattr(file, "n_frames", 1) > 1:
        has_cover = bool(file.info.get("default_image"))
        info = replace(info, loops=int(file.info.get("loop", 1)), has_cover=has_cover)
    if kind == "MPO":
        info = replace(info, format="JPEG", converted=("its second picture is left out",))
    elif kind == "HEIF" and getattr(file, "n_frames", 1) > 1 and "tiling" not in file.info:  # no tiles of the main one
        info = replace(info, converted=("its other pictures are left out",))
    if kind == "PNG":
        parts = takewhile(lambda part: part[4:8] != b"IDAT", png_parts(data))
        info = replace(info, colours=b"".join(part for part in parts if _PNG_KEPT.get(part[4:8]) == len(part) - 12))
    if _bits(file, data) > 8 and not _keeps_depth(file):
        info = replace(info, converted=("written with 8 bits a channel",))
    elif file.mode == "I;16" and "transparency" in file.info:
        info = replace(info, converted=("its transparent grey is opaque",))
    if file.mode == "CMYK":
        info = replace(info, icc=None, converted=("its printing colours are written as RGB",))
    elif file.mode == "LAB":
        info = replace(info, icc=None, converted=("its Lab colours are written as RGB",))
    if 0 in getattr(file, "tag_v2", {}).get(_EXTRA, ()):
        info = replace(info, converted=(*info.converted, "its further channels are left out"))
    return info


def _info_of_tiff(data: bytes) -> tuple[PhotoInfo, int]:
    """The same of a TIFF whose kind of pixels Pillow has no name for, such as 16 bits of grey with transparency, and
    how many pages it has. OpenCV decodes them in 8 bits and opaque."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages: list[Any] = list(file.pages)
        lost = {
            "written with 8 bits a channel": any(page.bitspersample > 8 for page in pages),
            "its transparency and further channels are left out": any(page.extrasamples for page in pages),
            "its Lab colours are written as RGB": any(page.photometric in _LAB for page in pages),
        }
        converted = tuple(what for what, so in lost.items() if so)
        icc = None if pages[0].photometric in _LAB else pages[0].iccprofile
        return PhotoInfo("TIFF", icc, converted=converted), len(pages)


def _bits(file: Image.Image, data: bytes) -> int:
    """Bits of a channel of the current page; 8 if the file doesn't say."""
    if file.format == "PNG":
        return data[24]  # of the header's chunk
    if file.format == "TIFF":
        return int(max(getattr(file, "tag_v2", {}).get(_BITS) or (8,)))
    if file.format == "PPM":  # the largest value is the decoder's last argument, where it is no usual one
        largest = getattr(file, "tile")[0].args[-1]  # noqa: B009 - which Pillow's types don't know
        return 16 if file.mode in ("I", "I;16") or (isinstance(largest, int) and largest > 255) else 8
    if file.format == "JPEG2000":  # ISO 15444-1, A.5.1: SIZ, whose Ssiz is the depth less 1
        at = data.find(b"\xff\x4f\xff\x51")
        return (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 8
    if file.format == "AVIF":  # AV1 in ISOBMFF, section 2.3.3: high_bitdepth
        at = data.find(b"av1C")
        return 10 if 0 <= at < len(data) - 6 and data[at + 6] & 0x40 else 8
    return int(file.info.get("bit_depth", 8))  # of HEIF


def _keeps_depth(file: Image.Image) -> bool:
    """Whether more than 8 bits a channel are kept."""
    return file.format in ("TIFF", "PPM") or (file.format == "PNG" and getattr(file, "n_frames", 1) == 1)


def _converted(file: Image.Image, mode: str) -> Image.Image:
    icc = file.info.get("icc_profile")
    if file.mode == "CMYK" and icc:
        from PIL import ImageCms  # takes as long to load as a small picture to read

        try:
            profiles = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(file, *profiles, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            turned = None  # a damaged profile: as good as none
        if turned is not None:
            return turned
    if file.mode == "La":  # whose colours are stored as on black; Pillow knows no shorter way
        file = file.convert("LA")
    return file if file.mode == mode else file.convert(mode)


def _upright(pixels: npt.NDArray[Any], file: Image.Image) -> npt.NDArray[Any]:
    """A file's pixels (H, W, ...) turned by its EXIF orientation; itself for 1 and for what is none. What its XMP says
    does not count: neither OpenCV nor browsers turn by it."""
    exif = Image.Exif()
    exif.load(file.info.get("exif") or b"")
    turns, mirrored = _TURNS.get(exif.get(_ORIENTATION, 1), (0, False))
    turned = np.rot90(pixels, turns) if turns else pixels
    return turned[:, ::-1] if mirrored else turned


def _claims_more(content: bytes) -> bool:
    """Whether this is a PNG with a chunk that claims to be longer than the whole file. Such a picture can't be read,
    but OpenCV would allocate memory for the chunk first: a few bytes would take 4 GB."""
    if content[:8] != _PNG:
        return False
    return any(int.from_bytes(part[:4], "big") > len(content) for part in png_parts(content))


def _shift(values: npt.NDArray[Any]) -> int:
    """Bits beyond 8, by the largest value: cameras' 10, 12 or 14 bits are often stored in 16 and would look black."""
    return max(10, int(values.max()).bit_length() + 1 & ~1) - 8 if values.dtype == np.uint16 else 0


def _too_large(path: Path) -> str:
    return f"{path} has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller first."
