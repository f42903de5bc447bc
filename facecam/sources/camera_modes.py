"""What a camera offers: sizes, rates and pixel formats. Asked of the driver on Linux; elsewhere the usual ones."""

from __future__ import annotations

import errno
import os
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

_SPEC = re.compile(r"(\d{2,5})x(\d{2,5})(?:@(\d{1,3}(?:\.\d{1,3})?))?(?:@([A-Za-z0-9]{4}))?")
_MOST = 200  # of each kind, from a driver that never comes to an end


@dataclass(frozen=True, order=True)
class CameraMode:
    """width, height: pixels; fps: pictures per second, None: whatever comes; pixels: the format's four letters as the
    system writes them, such as MJPG or YUYV, empty: whatever comes."""

    width: int
    height: int
    fps: float | None = None
    pixels: str = ""

    @property
    def spec(self) -> str:
        """As text: "1280x720@30@MJPG"."""
        fps = "" if self.fps is None else f"@{self.fps:g}"
        return f"{self.width}x{self.height}{fps}{f'@{self.pixels}' if self.pixels else ''}"

    @classmethod
    def parse(cls, spec: str) -> CameraMode | None:
        """The other way round, None for any other text."""
        found = _SPEC.fullmatch(spec)
        if found is None:
            return None
        return cls(int(found[1]), int(found[2]), float(found[3]) if found[3] else None, found[4] or "")


_USUAL_SIZES = ((320, 240), (640, 480), (800, 600), (1280, 720), (1920, 1080))


def camera_modes(index: int) -> list[CameraMode]:
    """All that the camera offers, without starting it; empty if it can't be asked. On other systems than Linux, what
    most cameras have: asked for a mode that it lacks, a camera takes the nearest one."""
    if not sys.platform.startswith("linux"):
        return [CameraMode(*size, fps, "MJPG") for size in _USUAL_SIZES for fps in (15.0, 30.0)]
    try:
        device = os.open(f"/dev/video{index}", os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        import fcntl

        def ask(request: int, data: bytes) -> bytes:
            return fcntl.ioctl(device, request, data)

        return v4l2_modes(ask)
    finally:
        os.close(device)


# Video4Linux: each question is answered for index 0, 1, ... until the driver says EINVAL. See linux/videodev2.h.

_ENUM_FMT, _FMTDESC = 0xC0405602, struct.Struct("<3I32s5I")
_ENUM_FRAMESIZES, _FRMSIZE = 0xC02C564A, struct.Struct("<11I")
_ENUM_FRAMEINTERVALS, _FRMIVAL = 0xC034564B, struct.Struct("<13I")
_CAPTURE, _DISCRETE = 1, 1

Ask = Callable[[int, bytes], bytes]


def v4l2_modes(ask: Ask) -> list[CameraMode]:
    """Asks a Video4Linux device through `ask(request, data)`, an ioctl."""
    modes: set[CameraMode] = set()
    for format in _each(ask, _ENUM_FMT, _FMTDESC, (_CAPTURE, 0, b"", *[0] * 5)):
        fourcc = format[4]
        letters = struct.pack("<I", fourcc & 0x7FFFFFFF).decode("ascii", "replace")
        if not letters.isalnum():
            continue
        sizes = _each(ask, _ENUM_FRAMESIZES, _FRMSIZE, (fourcc, *[0] * 9))
        for width, height in _sizes(sizes):
            intervals = _each(ask, _ENUM_FRAMEINTERVALS, _FRMIVAL, (fourcc, width, height, *[0] * 9))
            rates: list[float | None] = [*_rates(intervals)]
            for fps in rates or [None]:
                modes.add(CameraMode(width, height, fps, letters))
    return sorted(modes, key=lambda mode: (mode.width, mode.height, mode.fps or 0, mode.pixels))


def _each(ask: Ask, request: int, layout: struct.Struct, question: tuple[object, ...]) -> list[tuple[int, ...]]:
    """The answers to a question, which follows the index."""
    answers = []
    for at in range(_MOST):
        try:
            answers.append(layout.unpack(ask(request, layout.pack(at, *question))))
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY):
                return []
            break
    return answers


def _sizes(answers: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """The sizes in the answers; of a camera that takes any size within limits, the usual ones within them."""
    sizes = []
    for answer in answers:
        kind, values = answer[2], answer[3:]
        if kind == _DISCRETE:
            sizes.append((values[0], values[1]))
        else:
            low_w, high_w, _, low_h, high_h, _ = values[:6]
            sizes += [size for size in _USUAL_SIZES if low_w <= size[0] <= high_w and low_h <= size[1] <= high_h]
    return sizes


def _rates(answers: list[tuple[int, ...]]) -> list[float]:
    rates = []
    for answer in answers:
        kind, values = answer[4], answer[5:]
        if kind == _DISCRETE:
            rates += [values[1] / values[0]] if values[0] else []
        else:
            slowest = values[3] / values[2] if values[2] else 0.0
            fastest = values[1] / values[0] if values[0] else 0.0
            rates += [fps for fps in (5.0, 15.0, 30.0, 60.0) if slowest - 0.01 <= fps <= fastest + 0.01]
    return [round(fps, 3) for fps in rates]
