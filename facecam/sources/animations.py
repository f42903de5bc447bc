"""How long the pictures of animations are shown, by the files' headers: Pillow would decode all of them to tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat


def durations_ms(kind: str, data: bytes) -> Iterator[float]:
    """Those that a file tells, in their order, as far as it goes. kind: Pillow's name of its format."""
    return _TOLD[kind](data)


def png_parts(data: bytes) -> Iterator[bytes]:
    """The chunks of a PNG: length, name, what is in it, checksum."""
    at = 8
    while at + 8 <= len(data):
        after = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at:after]
        at = after


def _of_png(data: bytes) -> Iterator[float]:
    """APNG 1.0: fcTL."""
    for part in png_parts(data):
        if part[4:8] == b"fcTL":
            parts, of_a_second = (int.from_bytes(part[at : at + 2], "big") for at in (28, 30))
            yield 1000 * parts / (of_a_second or 100)


def _of_webp(data: bytes) -> Iterator[float]:
    """RFC 9649, section 2.7.1.1: ANMF."""
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == b"ANMF":
            yield int.from_bytes(data[at + 20 : at + 23], "little")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2


def _of_gif(data: bytes) -> Iterator[float]:
    """GIF89a, sections 17 to 26."""
    at, lasts_ms = 13 + _colours(data[10:11]), 0
    while at + 10 < len(data):
        if data[at] == ord(","):
            yield lasts_ms
            lasts_ms = 0
            at += 11 + _colours(data[at + 9 : at + 10])
        elif data[at] == ord("!"):
            if data[at + 1] == 0xF9:
                lasts_ms = 10 * int.from_bytes(data[at + 4 : at + 6], "little")
            at += 2
        else:
            at += 1
            continue
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1


def _colours(flags: bytes) -> int:
    """Bytes of the table of colours that a GIF's flags announce."""
    return 6 << (flags[0] & 7) if flags and flags[0] & 0x80 else 0


def _of_avif(data: bytes) -> Iterator[float]:
    """ISO 14496-12, sections 8.4.2 and 8.6.1.2: the first track's clock, and its pictures' times."""
    times = data.find(b"stts")
    clock = data.rfind(b"mdhd", 0, max(0, times))
    if clock < 0:
        return
    at = clock + (24 if data[clock + 4] else 16)
    ticks_per_s = int.from_bytes(data[at : at + 4], "big")
    end = times + 12 + 8 * int.from_bytes(data[times + 8 : times + 12], "big")
    for at in range(times + 12, min(end, len(data)), 8):
        count, ticks = (int.from_bytes(data[part : part + 4], "big") for part in (at, at + 4))
        yield from repeat(1000 * ticks / max(1, ticks_per_s), count)


_TOLD = {"PNG": _of_png, "WEBP": _of_webp, "GIF": _of_gif, "AVIF": _of_avif}
