"""Webcams: which there are, and one as a source."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecam.errors import SourceError
from facecam.sources.base import Frame
from facecam.sources.camera_modes import CameraMode
from facecam.system.opencv import cv2

_V4L = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class Camera:
    """A connected camera. index: what `open_source` takes; name: as the system calls it."""

    index: int
    name: str


def _backends() -> list[int]:
    """OpenCV capture backends to try, best first."""
    of_system = {
        "linux": [cv2.CAP_V4L2],
        "darwin": [cv2.CAP_AVFOUNDATION],
        "win32": [cv2.CAP_MSMF, cv2.CAP_DSHOW],
    }
    return of_system.get(sys.platform, [cv2.CAP_ANY])


def list_cameras() -> list[Camera]:
    """Connected cameras by index, without opening them."""
    if sys.platform.startswith("linux"):
        return _linux_cameras(_V4L)
    from cv2_enumerate_cameras import enumerate_cameras  # not needed on Linux, and not installed there

    return [Camera(int(camera.index), str(camera.name)) for camera in enumerate_cameras(_backends()[0])]


def _linux_cameras(folder: Path) -> list[Camera]:
    """Cameras among the entries of /sys/class/video4linux. A device's second node carries metadata, not pictures."""
    cameras = []
    for entry in folder.glob("video*"):
        number = entry.name.removeprefix("video")
        if not number.isdecimal() or _text(entry / "index", "0") != "0":
            continue
        cameras.append(Camera(int(number), _text(entry / "name", f"Camera {number}")))
    return sorted(cameras, key=lambda camera: camera.index)


def _text(path: Path, otherwise: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or otherwise
    except OSError:
        return otherwise


class CameraSource:
    """A webcam. Opening and reading can block for seconds: do both off the GUI thread.

    mode: what to ask it for; a camera without that mode takes the nearest one. None: 640 x 480.
    """

    live = True
    frame_count: int | None = None

    def __init__(self, index: int, mode: CameraMode | None = None) -> None:
        names = {camera.index: camera.name for camera in list_cameras()}
        self.title = names.get(index, f"Camera {index}")
        self.camera = Camera(index, self.title)
        self._mode = mode
        self._index = 0
        problem = _device_problem(index, names)
        if problem:
            raise SourceError(problem)
        for backend in _backends():
            self._capture = cv2.VideoCapture(index, backend)
            if self._capture.isOpened():
                break
            self._capture.release()
        else:
            raise SourceError(
                f"Camera {index} can't be opened; it may be in use by another program, not allowed, or not connected."
                if index in names
                else _missing(index, names)
            )
        # Few properties: every one may restart the device. A buffer of one frame keeps the newest.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        wanted = mode or CameraMode(640, 480)
        if wanted.pixels:  # before the size: most cameras have their large ones as MJPG only
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted.pixels))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height)
        if wanted.fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, wanted.fps)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps: float | None = fps if 0 < fps <= 1000 else None
        self._opened_s = time.perf_counter()

    def read(self) -> Frame | None:
        ok, image = self._capture.read()
        if not ok or image is None:
            if self._index == 0:
                raise SourceError(f"{self.title} delivers no pictures; it may be in use by another program.")
            raise SourceError(f"{self.title} has stopped delivering pictures; is it still connected?")
        now_s = time.perf_counter()
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        frame = Frame(np.ascontiguousarray(image, np.uint8), self._index, now_s - self._opened_s, now_s)
        self._index += 1
        return frame

    def open_again(self) -> CameraSource:
        """The same camera after it was lost; plugged in again, it may have another number."""
        camera = find_again(self.camera, list_cameras())
        if camera is None:
            raise SourceError(f"{self.title} is not connected.")
        return CameraSource(camera.index, self._mode)

    def close(self) -> None:
        self._capture.release()


def find_again(lost: Camera, cameras: Sequence[Camera]) -> Camera | None:
    """The camera of that name, if there are several the one of that number too."""
    same = [camera for camera in cameras if camera.name == lost.name]
    return next((camera for camera in same if camera.index == lost.index), same[0] if same else None)


def _missing(index: int, names: dict[int, str]) -> str:
    """names: of those that are connected, by index."""
    others = ", ".join(f"{each} ({name})" for each, name in names.items())
    return f"There is no camera {index}; {f'connected: {others}' if others else 'none is connected'}."


def _device_problem(index: int, names: dict[int, str]) -> str | None:
    """Why the camera can't be opened, where the system tells before trying."""
    if not sys.platform.startswith("linux"):
        return None
    device = Path(f"/dev/video{index}")
    if not device.exists():
        return _missing(index, names)
    if not os.access(device, os.R_OK | os.W_OK):
        return f"Camera {index} may not be used by you; add yourself to the group `video` and log in again."
    return None
