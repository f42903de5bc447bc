"""What cameras offer, asked of a device that answers as linux/videodev2.h has it; and finding one again."""

from __future__ import annotations

import errno
import struct

import pytest

from facecam.errors import SourceError
from facecam.sources import Camera, open_source
from facecam.sources.camera import find_again
from facecam.sources.camera_modes import CameraMode, camera_modes, v4l2_modes


def fourcc(letters):
    return struct.unpack("<I", letters.encode())[0]


class Device:
    """{format: {(width, height): [(numerator, denominator) of a picture's seconds, ...]}}."""

    def __init__(self, offers, stepwise=False):
        self._offers, self._stepwise = offers, stepwise

    def __call__(self, request, data):
        size = request >> 16 & 0x3FFF  # as the kernel: the number holds the size of the structure
        assert len(data) == size
        number, kind = request & 0xFF, request >> 8 & 0xFF
        assert kind == ord("V")
        try:
            return {2: self._format, 74: self._size, 75: self._rate}[number](data)
        except (IndexError, KeyError):
            raise OSError(errno.EINVAL, "no more") from None

    def _format(self, data):
        index, kind = struct.unpack_from("<2I", data)
        assert kind == 1
        letters = list(self._offers)[index]
        return data[:12] + b"a format".ljust(32, b"\0") + struct.pack("<I", fourcc(letters)) + data[48:]

    def _sizes(self, code):
        return next(sizes for letters, sizes in self._offers.items() if fourcc(letters) == code)

    def _size(self, data):
        index, code = struct.unpack_from("<2I", data)
        if self._stepwise:
            if index:
                raise IndexError
            return data[:8] + struct.pack("<7I", 3, 160, 1280, 2, 120, 720, 2) + data[36:]
        width, height = list(self._sizes(code))[index]
        return data[:8] + struct.pack("<3I", 1, width, height) + data[20:]

    def _rate(self, data):
        index, code, width, height = struct.unpack_from("<4I", data)
        if self._stepwise:
            if index:
                raise IndexError
            return data[:16] + struct.pack("<7I", 3, 1, 30, 1, 5, 0, 0) + data[44:]
        interval = self._sizes(code)[(width, height)][index]
        return data[:16] + struct.pack("<3I", 1, *interval) + data[28:]


def test_every_format_size_and_rate_is_listed():
    device = Device(
        {
            "MJPG": {(1280, 720): [(1, 30), (1, 15)], (640, 480): [(1, 30)]},
            "YUYV": {(640, 480): [(1, 30), (2, 15)]},
        }
    )
    assert v4l2_modes(device) == [
        CameraMode(640, 480, 7.5, "YUYV"),
        CameraMode(640, 480, 30.0, "MJPG"),
        CameraMode(640, 480, 30.0, "YUYV"),
        CameraMode(1280, 720, 15.0, "MJPG"),
        CameraMode(1280, 720, 30.0, "MJPG"),
    ]


def test_of_a_camera_with_ranges_the_usual_ones_within():
    modes = v4l2_modes(Device({"YUYV": {}}, stepwise=True))
    assert {(mode.width, mode.height) for mode in modes} == {(320, 240), (640, 480), (800, 600), (1280, 720)}
    assert {mode.fps for mode in modes} == {5.0, 15.0, 30.0}


def test_a_driver_that_knows_no_such_question_or_never_ends():
    def refuses(request, data):
        raise OSError(errno.ENOTTY, "what?")

    assert v4l2_modes(refuses) == []
    assert camera_modes(9999) == [] or camera_modes(9999)[0].pixels  # no such device; elsewhere than on Linux, a list
    endless = v4l2_modes(lambda request, data: data if request & 0xFF != 2 else data[:44] + b"MJPG" + data[48:])
    assert len(endless) <= 1


def test_modes_as_text():
    for mode in (CameraMode(640, 480), CameraMode(1280, 720, 30.0, "MJPG"), CameraMode(640, 480, 7.5, "YUYV")):
        assert CameraMode.parse(mode.spec) == mode
    assert CameraMode(1280, 720, 30.0, "MJPG").spec == "1280x720@30@MJPG"
    for text in ("", "640", "640x480@", "640x480@30@MJPEG", "axb", "640x480\n"):
        assert CameraMode.parse(text) is None


def test_a_camera_is_found_again_by_its_name():
    desk, front = Camera(0, "Desk"), Camera(2, "Front")
    assert find_again(Camera(2, "Front"), [desk, front]) == front
    assert find_again(Camera(0, "Front"), [desk, front]) == front  # plugged in again, it has got another number
    assert find_again(Camera(3, "Desk"), [Camera(1, "Desk"), Camera(3, "Desk")]) == Camera(3, "Desk")
    assert find_again(Camera(0, "Desk"), [front]) is None


def test_a_camera_with_a_mode_that_is_not_there_gets_the_same_sentence():
    with pytest.raises(SourceError, match=r"[Cc]amera 94"):
        open_source("camera:94@1280x720@30@MJPG")
    with pytest.raises(SourceError, match="no file or folder"):
        open_source("camera:94@nonsense")
