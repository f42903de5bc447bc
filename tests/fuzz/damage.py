"""Damaged input for the fuzzer: small whole files of every kind, and ways to damage them. Same seed, same case."""

from __future__ import annotations

import io
import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

_PICTURES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "PPM": ".ppm",
    "JPEG2000": ".jp2",
    "AVIF": ".avif",
    "HEIF": ".heic",
}
_ANIMATIONS = {"GIF": ".gif", "WEBP": ".webp", "PNG": ".png", "AVIF": ".avif", "TIFF": ".tif"}
_VIDEOS = {".mp4": "mpeg4", ".mkv": "libx264", ".avi": "mjpeg", ".mov": "h264", ".webm": "libvpx", ".mpg": "mpeg2video"}
_NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1)


def picture_seeds(random_: random.Random) -> list[tuple[str, bytes]]:
    """(suffix, content) of whole pictures with noise and flat parts, and of some that hold several."""
    seeds = []
    for size, mode in (((64, 48), "RGB"), ((97, 33), "L"), ((31, 77), "RGBA"), ((40, 40), "P")):
        pixels = np.frombuffer(random_.randbytes(size[0] * size[1] * 3), np.uint8).reshape(size[1], size[0], 3).copy()
        pixels[: size[1] // 2] = 200
        for kind, suffix in _PICTURES.items():
            if mode in ("RGBA", "P") and kind in ("JPEG", "PPM", "JPEG2000"):
                continue
            buffer = io.BytesIO()
            Image.fromarray(pixels).convert(mode if kind != "HEIF" or mode != "P" else "RGB").save(buffer, kind)
            seeds.append((suffix, buffer.getvalue()))
    frames = [Image.fromarray(np.roll(pixels, 4 * index, 1)) for index in range(4)]
    for kind, suffix in _ANIMATIONS.items():
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        seeds.append((suffix, buffer.getvalue()))
    return seeds


def video_seeds(random_: random.Random) -> list[tuple[str, bytes]]:
    """(suffix, content) of whole videos of 12 pictures."""
    pixels = np.frombuffer(random_.randbytes(64 * 48 * 3), np.uint8).reshape(48, 64, 3)
    pictures = [np.roll(pixels, 4 * index, 1) for index in range(12)]
    seeds = []
    for suffix, codec in _VIDEOS.items():
        buffer = io.BytesIO()
        kind = {".mkv": "matroska", ".mpg": "mpeg"}.get(suffix, suffix[1:])
        try:
            with av.open(buffer, "w", kind) as container:
                stream = container.add_stream(codec, rate=25)
                assert isinstance(stream, av.VideoStream)
                stream.width, stream.height = 64, 48
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                for picture in pictures:
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
                container.mux(stream.encode())
        except (av.FFmpegError, ValueError):  # an FFmpeg without that encoder
            continue
        seeds.append((suffix, buffer.getvalue()))
    return seeds


def damaged(content: bytes, random_: random.Random, others: list[bytes]) -> bytes:
    """The content with one to three kinds of damage, each anywhere or in its head."""
    for _ in range(random_.randint(1, 3)):
        at = random_.randrange(min(len(content), random_.choice((128, len(content)))) + 1)
        gone, come = random_.choice(_DAMAGES)(content[at:], random_, others)
        content = content[:at] + come + content[at + gone :]
    return content


Damage = Callable[[bytes, random.Random, list[bytes]], tuple[int, bytes]]
"""Of the content from some place on: how many bytes go, and what comes in their place."""


def _cut(rest: bytes, _random: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    return len(rest), b""


def _flip(rest: bytes, random_: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    flipped = bytearray(rest)
    for _ in range(random_.choice((1, 1, 3, 10, 100)) if rest else 0):
        flipped[random_.randrange(len(rest))] ^= 1 << random_.randrange(8)
    return len(rest), bytes(flipped)


def _number(_rest: bytes, random_: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    size = random_.choice((1, 2, 4, 8))
    value = random_.choice(_NUMBERS) & (256**size - 1)
    return size, value.to_bytes(size, random_.choice(("little", "big")))


def _remove(_rest: bytes, random_: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    return random_.choice((1, 4, 64, 1000)), b""


def _repeat(rest: bytes, random_: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    return 0, rest[: random_.choice((1, 8, 200))] * random_.choice((1, 19))


def _noise(_rest: bytes, random_: random.Random, _others: list[bytes]) -> tuple[int, bytes]:
    noise = random_.randbytes(random_.choice((1, 16, 300)))
    return len(noise), noise


def _splice(rest: bytes, random_: random.Random, others: list[bytes]) -> tuple[int, bytes]:
    other = random_.choice(others)
    return len(rest), other[random_.randint(0, len(other)) :]


_DAMAGES: tuple[Damage, ...] = (_cut, _flip, _flip, _number, _number, _number, _remove, _repeat, _noise, _splice)


# Settings and other JSON


def damaged_settings(keys: list[str], random_: random.Random) -> bytes:
    """A settings file with some of the keys that the window knows: whole with wild values, or damaged."""
    values = {key: _wild(random_) for key in keys if random_.random() < 0.7}
    text = json.dumps(values).encode()
    return text if random_.random() < 0.6 else damaged(text, random_, [b"[{}]" * 50])


def damaged_json(whole: dict[str, Any], random_: random.Random) -> bytes:
    """A JSON file with bytes changed, or with wild or missing values somewhere within."""
    text = json.dumps(whole).encode()
    if random_.random() < 0.3:
        return damaged(text, random_, [b"[{}]"])
    changed = json.loads(text)
    for _ in range(random_.randint(1, 3)):
        place = changed
        while isinstance(place, (dict, list)) and place:
            key = random_.choice(sorted(place) if isinstance(place, dict) else range(len(place)))
            if random_.random() < 0.3 or not isinstance(place[key], (dict, list)):
                if random_.random() < 0.3:
                    del place[key]
                else:
                    place[key] = _wild(random_)
                break
            place = place[key]
    return json.dumps(changed).encode()


def _wild(random_: random.Random) -> object:
    letters = "".join(random_.choices(string.printable + "äλ\ud800\u202e\0", k=random_.choice((0, 1, 20, 3000))))
    return random_.choice(
        (
            *(True, False, None, 0, -1, 1e308, -1e308, float("nan"), float("inf"), 10**400, 0.5, 2**63, -0.0),
            *(letters, "true", "nan", "0", "auto", "demo", [1, 2], {"a": 1}, "../../etc/passwd", "http://["),
            *("AdnQywADAAD" + "/" * 80, "A" * 101, "@ByteArray(x)", "!!python/object/apply:os.system"),
        )
    )


# Addresses


def damaged_url(random_: random.Random) -> str:
    """An address that can't be had, or is none. Nothing in it points beyond this machine."""
    scheme = random_.choice(
        (
            *("http", "https", "rtsp", "rtsps", "rtmp", "udp", "rtp", "srt", "ftp", "file", "HTTP", "concat", "data"),
            *("pipe", "subfile", "crypto", "gopher", "javascript", "x-y+z", "1a", ""),
        )
    )
    host = random_.choice(
        ("127.0.0.1", "localhost", "[::1]", "", "[", "[::1", "]", "127.0.0.1@", "a:b@127.0.0.1", "%00")
    )
    at = random_.choice((":9", ":1", ":0", ":99999", ":-1", ":x", "", ":"))
    path = random_.choice(
        ("", "/", "/x.mp4", "/" + "a" * 5000, "/%zz", "/\0", "/ä?q=\u202e#x", "/../..", "//", "?", "#", "/a b", "/\n")
    )
    if scheme in ("udp", "rtp", "srt"):  # these listen or wait instead of asking: nothing comes, which takes its time
        at = ":99999"
    return f"{scheme}{random_.choice(('://', '://', '://', ':', ':/', '//'))}{host}{at}{path}"


def damaged_stream(
    pictures: list[tuple[str, bytes]], videos: list[tuple[str, bytes]], random_: random.Random
) -> tuple[bytes, str]:
    """What a server sends, and what it says that it is."""
    if random_.random() < 0.3:
        _, content = random_.choice(videos)
    else:
        parts = []
        for _ in range(random_.choice((1, 3, 20))):
            _, picture = random_.choice(
                [seed for seed in pictures if seed[0] == ".jpg"] if random_.random() < 0.9 else pictures
            )
            length = random_.choice((len(picture), len(picture), 0, -1, 2**31, 2**63, 10**30))
            header = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n"
            parts.append(header.encode() + picture + b"\r\n")
        content = b"".join(parts)
    kind = random_.choice(
        (
            *("multipart/x-mixed-replace; boundary=frame", "multipart/x-mixed-replace; boundary=--frame"),
            *("multipart/x-mixed-replace", "video/mp4", "image/jpeg", "text/html", "application/octet-stream"),
        )
    )
    return content if random_.random() < 0.2 else damaged(content, random_, [other for _, other in videos]), kind


def write(folder: Path, name: str, content: bytes) -> Path:
    """Writes a case's file, which is left there for whom the case fails."""
    path = folder / name
    path.write_bytes(content)
    return path
