"""Copies of picture files: what was changed in them is written, the rest stays as it was, as far as the format can.

A copy is written beside its place and then put there, so that a half one is never seen. What tells who took the
picture, when and where (EXIF, GPS, XMP, thumbnails) is left out on purpose. COPY_MARK is written instead, by which a
copy is known that another one may replace.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from facecam.errors import CopyError
from facecam.sources.photo import Page, Photo, PhotoInfo, Pixels
from facecam.system.files import write_whole
from facecam.system.opencv import cv2

COPY_MARK = "a copy made by facecam"
_MARKED = Image.Exif()
_MARKED[0x0131] = COPY_MARK  # Software
_MARK_IN = 8 << 20
_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": (".jpg", {"quality": 95, "comment": COPY_MARK}),
    "PNG": (".png", {"compress_level": 4}),
    "WEBP": (".webp", {"quality": 92, "exif": _MARKED.tobytes()}),
    "AVIF": (".avif", {"quality": 90, "exif": _MARKED.tobytes()}),
    "HEIF": (".heic", {"quality": 90, "exif": _MARKED.tobytes()}),
    "JPEG2000": (".jp2", {"quality_mode": "dB", "quality_layers": [50], "comment": COPY_MARK}),
    "BMP": (".bmp", {}),
    "GIF": (".gif", {"comment": COPY_MARK}),
    "PPM": (".ppm", {}),
    "TIFF": (".tif", {}),
}
"""What is written as it is read: its usual suffix, and Pillow's options."""
_HELD_BY_PILLOW = {"GIF": 1.6, "PNG": 4.3}
"""Bytes of each pixel of an animation that are in memory while it is written; other formats are written bit by bit."""
_MOST_HELD_BYTES = 2 << 30
_PROFILE_TAGS = re.compile(
    rb"[ABD]2[ABD]\d|[rgb](?:XYZ|TRC)|kTRC|wtpt|bkpt|chad|chrm|cicp|gamt|lumi|meas|tech|view|cprt|desc"
)
"""ICC.1, section 9.2: what a profile has to say about its colours, and what it must have."""
_PROFILE_TEXT = b"mluc" + bytes(7) + b"\1" + bytes(3) + b"\x0cenUS" + bytes(3) + b"\x0e" + bytes(3) + b"\x1c"
_PROFILE_TEXT += "Colours".encode("utf-16-be")
_PROFILE_TEXTS_2 = {
    b"desc": b"desc" + bytes(7) + b"\x08Colours" + bytes(79),
    b"cprt": b"text" + bytes(4) + b"Colours\0",
}
"""Name and copyright of a profile, which there must be; and in ICC.1 before version 4."""
_SUFFIXES = {
    *(suffix for suffix, _ in _FORMATS.values()),
    *(".jpeg", ".jpe", ".jfif", ".apng", ".dib", ".tiff", ".heif", ".hif", ".pgm", ".pnm"),
}


@dataclass(frozen=True, eq=False)
class CopiedPage:
    """A page of a copy. kept: its pixels as `Page.stored`, or a PNG of them. duration_s: of an animation's picture."""

    kept: Pixels | bytes
    duration_s: float | None = None

    @property
    def pixels(self) -> Pixels:
        if not isinstance(self.kept, bytes):
            return self.kept
        unpacked: Any = cv2.imdecode(np.frombuffer(self.kept, np.uint8), cv2.IMREAD_UNCHANGED)
        return unpacked

    def packed(self) -> CopiedPage:
        """The same in less memory, as of many pages few need to lie there as they are."""
        return replace(self, kept=cv2.imencode(".png", self.pixels)[1].tobytes())


def copy_suffix(path: Path, info: PhotoInfo) -> str:
    """The suffix of a copy: the original's own, unless that promises another format than the file's, or one that can't
    be written."""
    if info.format not in _FORMATS:
        return ".png"
    mine = path.suffix.lower()
    fits = mine in _SUFFIXES and Image.registered_extensions().get(mine, info.format) in (info.format, "MPO")
    return path.suffix if fits else _FORMATS[info.format][0]


def check_length(photo: Photo, page: Page) -> None:
    """Raises CopyError where a copy of an animation would fill the memory. page: one of its pages."""
    height, width = page.image.shape[:2]
    held = 0.0 if photo.info.loops is None else _HELD_BY_PILLOW.get(photo.info.format, 0.0)
    if held * photo.page_count * height * width > _MOST_HELD_BYTES:
        raise CopyError(
            f"{photo.path} has {photo.page_count} pictures of {width} x {height}, which is too much for a copy as "
            f"{photo.info.format}; save it as a film (MP4), or with fewer or smaller pictures."
        )


def changed_page(page: Page, changed: npt.NDArray[np.uint8], where: npt.NDArray[np.uint8], opaque: bool) -> CopiedPage:
    """A page with those pixels of `changed` (H, W, 3) uint8 BGR for which `where` (H, W) is not 0, in the depth
    and with the transparency that the file has, or with that of `changed` (H, W, 4). opaque: what was changed is seen
    even where the page is transparent, and in colour; otherwise grey stays grey."""
    if page.stored is None:
        return CopiedPage(changed, page.duration_s)
    stored: npt.NDArray[Any] = page.stored
    there = where > 0
    patch = changed[there][:, :3].astype(stored.dtype) << page.shift
    if stored.ndim == 2:
        if not opaque or (patch == patch[:, :1]).all():
            patch = patch.mean(axis=1).astype(stored.dtype)
        else:
            stored = np.repeat(stored[:, :, None], 3, axis=2)
    copied = stored.copy()
    if copied.ndim == 2:
        copied[there] = patch
    else:
        copied[there, :3] = patch
    if page.alpha is not None and opaque:
        copied[there, 3] = int(stored[..., 3].max())
    elif page.alpha is not None and changed.shape[2] == 4:
        copied[there, 3] = changed[there][:, 3].astype(stored.dtype) << page.alpha_shift
    return CopiedPage(copied, page.duration_s)


def write_photo(path: Path, info: PhotoInfo, pages: Sequence[CopiedPage]) -> tuple[str, ...]:
    """Writes a picture file of one or more pages by the path's suffix, creating its folder. Gives what could not be
    kept, as of `PhotoInfo.converted`. Raises CopyError and WriteError."""
    kind = info.format if info.format in _FORMATS and path.suffix.lower() != ".png" else "PNG"
    converted = info.converted if kind == info.format else (*info.converted, f"written as {kind}")
    if info.icc is not None:
        info = replace(info, icc=_bare(info.icc))
    spaces = {b"GRAY" if page.pixels.ndim == 2 else b"RGB " for page in pages}  # ICC.1, table 19
    if info.icc is not None and spaces != {info.icc[16:20]}:
        info = replace(info, icc=None)
        converted += ("its colour profile is of another kind than the colours that are written",)
    try:
        if kind == "TIFF":
            data = _tiff(info, pages)
        elif pages[0].pixels.dtype == np.uint16:
            data = _deep(path, info, pages[0].pixels)
        else:
            data = _by_pillow(kind, info, pages)
        if kind == "PNG":  # right after the header's chunk
            mark = b"tEXtSoftware\0" + COPY_MARK.encode()
            mark = (len(mark) - 4).to_bytes(4, "big") + mark + zlib.crc32(mark).to_bytes(4, "big")
            data = data[:33] + mark + info.colours + data[33:]
        elif kind == "PPM":
            data = data[:3] + f"# {COPY_MARK}\n".encode() + data[3:]
        elif kind == "BMP":  # which has no place for it but after its end
            data += COPY_MARK.encode()
    except (OSError, ValueError, cv2.error) as error:
        raise CopyError(f"{path} can't be written: the picture can't be encoded as {kind} ({error}).") from error
    write_whole(path, data)
    return converted


def is_copy(path: Path) -> bool:
    """Whether there is a file, of any kind, that bears COPY_MARK at its beginning or its end."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            beginning = file.read(_MARK_IN)
            file.seek(max(0, path.stat().st_size - _MARK_IN))
            return COPY_MARK.encode() in beginning or COPY_MARK.encode() in file.read()
    except OSError:  # what is wrong with it is told by whoever opens it
        return False


def _bare(icc: bytes) -> bytes:
    """A colour profile without what a screen's own one tells about that screen: its name, serial number, measurements
    with their day. ICC.1, section 7."""
    texts = _PROFILE_TEXTS_2 if icc[8:9] < b"\4" else dict.fromkeys(_PROFILE_TEXTS_2, _PROFILE_TEXT)
    end = min(len(icc) - 11, 132 + 12 * int.from_bytes(icc[128:132], "big"))
    tags = [tag for tag in (icc[at : at + 12] for at in range(132, end, 12)) if _PROFILE_TAGS.fullmatch(tag[:4])]
    table, content, places = len(tags).to_bytes(4, "big"), b"", dict[bytes, int]()
    for tag in tags:
        at, length = (int.from_bytes(tag[part : part + 4], "big") for part in (4, 8))
        data = texts.get(tag[:4], icc[at : at + length])
        if data not in places:  # red, green and blue mostly share their curve
            places[data] = 132 + 12 * len(tags) + len(content)
            content += data + bytes(-len(data) % 4)
        table += tag[:4] + places[data].to_bytes(4, "big") + len(data).to_bytes(4, "big")
    # No day, device or maker.
    header = icc[4:24] + bytes(12) + icc[36:48] + bytes(8) + icc[56:80] + bytes(48)
    return (4 + len(header + table + content)).to_bytes(4, "big") + header + table + content


def _tiff(info: PhotoInfo, pages: Sequence[CopiedPage]) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for page in pages:
            pixels = _rgb(page.pixels)
            transparent = pixels.ndim == 3 and pixels.shape[2] == 4
            file.write(
                pixels,
                photometric="minisblack" if pixels.ndim == 2 else "rgb",
                extrasamples=["unassalpha"] if transparent else None,
                compression="zlib",
                iccprofile=info.icc,
                resolution=info.dpi,
                metadata=None,
                software=COPY_MARK,
            )
    return buffer.getvalue()


def _deep(path: Path, info: PhotoInfo, pixels: Pixels) -> bytes:
    """16 bits a channel, which Pillow can't write in colour."""
    suffix = ".png" if info.format == "PNG" else path.suffix.lower()
    profile = ([], []) if info.icc is None else ([cv2.IMAGE_METADATA_ICCP], [np.frombuffer(info.icc, np.uint8)])
    written, data = cv2.imencodeWithMetadata(suffix, pixels, *profile)
    if not written:
        raise ValueError("refused")
    return bytes(data)


def _by_pillow(kind: str, info: PhotoInfo, pages: Sequence[CopiedPage]) -> bytes:
    more: dict[str, Any] = {}
    if info.icc is not None:
        more["icc_profile"] = info.icc
    if info.dpi is not None and kind in ("JPEG", "BMP"):
        more["dpi"] = info.dpi
    if info.loops is not None:
        times_ms = [round(1000 * (page.duration_s or 0.1)) for page in pages]
        more |= {"save_all": True, "duration": times_ms[info.has_cover :]}
        if len(pages) > 1:  # in one file, of which Pillow has one in memory at a time
            more["append_images"] = [Image.open(io.BytesIO(_tiff(PhotoInfo(), pages[1:])))]
        if info.has_cover:
            more["default_image"] = True
        if info.loops != 1 or kind != "GIF":  # which plays once unless it says otherwise
            more["loop"] = info.loops
        if kind == "GIF":
            more |= {"disposal": 2, "optimize": False}
    buffer = io.BytesIO()
    Image.fromarray(_rgb(pages[0].pixels)).save(buffer, kind, **_FORMATS[kind][1], **more)
    return buffer.getvalue()


def _rgb(pixels: Pixels) -> Pixels:
    """B G R (A) as R G B (A); grey as it is."""
    if pixels.ndim == 2:
        return pixels
    turned: Any = np.ascontiguousarray(pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]])
    return turned
