"""VirtualCamera: the picture of a running pipeline as a camera that Zoom, Meet, Teams and OBS can choose.

camera = VirtualCamera(pipeline.latest)
pipeline.attach(camera)
...
camera.close()

A thread of its own opens the device and sends; it takes the newest view only, so that a device that is slow, hangs or
goes away holds nothing up. Needs pyvirtualcam, and the driver that `open_device` names where it is missing.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facecam.arrays import Image
from facecam.detection.letterbox import letterbox
from facecam.errors import FacecamError
from facecam.faces.drawing import draw_detections
from facecam.live.metrics import Percentiles
from facecam.live.view import View
from facecam.sources import Frame
from facecam.system.python_process import FROZEN

if TYPE_CHECKING:
    from pyvirtualcam import Camera as Device

MOST_HZ = 30.0
"""No call shows more pictures a second."""
_LEAST_GAP_S = 0.8 / MOST_HZ  # a source of that rate gives its pictures unevenly
REPEAT_S = 0.1
"""After so long without a new picture the last one is sent again: programs give up a camera that says nothing."""
_USUAL_SIZE = (1280, 720)
_LARGEST_SIZE = (1920, 1080)
_SURROUND = (38, 34, 32)  # BGR
_PACKAGE = (
    "This build has no virtual camera, which a copy that pip installed can have."
    if FROZEN
    else "A virtual camera needs the package pyvirtualcam: `pip install pyvirtualcam`."
)
_DRIVER = (
    "install v4l2loopback (on Debian and Ubuntu: `sudo apt install v4l2loopback-dkms`), then type "
    "`sudo modprobe v4l2loopback exclusive_caps=1 card_label=facecam`"
    if sys.platform.startswith("linux")
    else "install OBS Studio from obsproject.com, start and stop its virtual camera once, and close it"
)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VirtualCameraStatus:
    """How it goes. device: what other programs call it, empty until it is open. pictures: new ones that were sent.
    latency_ms: from a picture's capture until the device has it, gap_ms: between two pictures, each median and 95th
    percentile of the last ones. error: why it has ended by itself, None while all is well."""

    device: str
    pictures: int
    latency_ms: tuple[float, ...]
    gap_ms: tuple[float, ...]
    error: FacecamError | None


class VirtualCamera:
    """A camera from its construction until `close`. A sink of pipelines, one after the other.

    newest: asked for the view that may be shown at this moment; None: a plain dark picture. Asked whenever a picture is
    due, so that a view that has to be hidden later, as that of a source in trouble, is. annotated: whether with boxes.

    Its size is that of the first picture, or usual without one; others are fitted into it, since programs that have
    opened a camera expect its pictures to stay as large as they are.
    """

    def __init__(self, newest: Callable[[], View | None], annotated: Callable[[], bool] = lambda: True) -> None:
        self._newest, self._annotated = newest, annotated
        self._news, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()  # guards what follows
        self._device, self._pictures = "", 0
        self._latency_ms, self._gap_ms = Percentiles(), Percentiles()
        self._error: FacecamError | None = None
        self._thread = threading.Thread(target=self._run, name="virtual-camera", daemon=True)
        self._thread.start()

    # A sink

    def on_captured(self, frame: Frame, private: bool) -> None:
        """Frames are sent when their faces are known."""

    def on_detected(self, view: View) -> None:
        """The newest view is another one."""
        self._news.set()

    # From any thread

    @property
    def status(self) -> VirtualCameraStatus:
        with self._lock:
            latency_ms, gap_ms = self._latency_ms.at(50, 95), self._gap_ms.at(50, 95)
            return VirtualCameraStatus(self._device, self._pictures, latency_ms, gap_ms, self._error)

    def close(self, timeout_s: float = 1.0) -> bool:
        """Sends no more, and waits for the device to be released. False: it hangs."""
        self._over.set()
        self._news.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # Its thread

    def _run(self) -> None:
        try:
            view = self._newest()
            with closing(open_device(*(_USUAL_SIZE if view is None else _device_size(view.image)))) as device:
                with self._lock:
                    self._device = device.device
                self._send_all(device)
        except FacecamError as error:
            self._fail(error)
        except Exception as error:  # whatever the driver's library raises when the device goes away
            _logger.exception("the virtual camera has failed")
            self._fail(FacecamError(f"The virtual camera has gone away ({error}); switch it on again."))

    def _fail(self, error: FacecamError) -> None:
        with self._lock:
            self._error, self._device = error, ""

    def _send_all(self, device: Device) -> None:
        shown: View | None = None
        image = _fitted(None, device.width, device.height)
        last_s = 0.0
        while not self._over.is_set():
            asked_s, view = time.perf_counter(), self._newest()
            if view is not shown:
                image = _fitted(None if view is None else self._picture(view), device.width, device.height)
                now = self._newest()
                if view is not None and view.privacy is None and now is not None and now.privacy is not None:
                    continue  # faces are to be hidden since it was asked for
            device.send(image)
            now_s = time.perf_counter()
            if view is not None and (shown is None or view.detected_frame is not shown.detected_frame):
                with self._lock:
                    self._pictures += 1
                    self._latency_ms.add(1000 * (now_s - view.detected_frame.captured_s))
                    if last_s:
                        self._gap_ms.add(1000 * (now_s - last_s))
                last_s = now_s
            shown = view
            self._over.wait(max(0.0, asked_s + _LEAST_GAP_S - time.perf_counter()))
            self._news.wait(REPEAT_S)
            self._news.clear()

    def _picture(self, view: View) -> Image:
        return draw_detections(view.image, view.detections) if self._annotated() else view.image


def open_device(width_px: int, height_px: int) -> Device:
    """Opens the first virtual camera that is free, for pictures (height_px, width_px, 3) uint8 BGR, both even.

    Raises FacecamError, which says what to install.
    """
    try:
        import pyvirtualcam  # an extra
    except ImportError as error:
        raise FacecamError(_PACKAGE) from error
    try:
        return pyvirtualcam.Camera(width_px, height_px, MOST_HZ, fmt=pyvirtualcam.PixelFormat.BGR)
    except RuntimeError as error:
        _logger.warning("no virtual camera: %s", error)
        raise FacecamError(f"There is no virtual camera that is free: {_DRIVER}.") from error


def _device_size(image: Image) -> tuple[int, int]:
    """Width and height for a device whose first picture that is: even, as the colours of most have half the size."""
    height, width = image.shape[:2]
    shrink = min(1.0, _LARGEST_SIZE[0] / width, _LARGEST_SIZE[1] / height)
    return max(2, 2 * round(width * shrink / 2)), max(2, 2 * round(height * shrink / 2))


def _fitted(image: Image | None, width: int, height: int) -> Image:
    """The picture as large as fits, in the middle; without one, dark."""
    if image is None:
        return np.full((height, width, 3), _SURROUND, np.uint8)
    return letterbox(image, (width, height), middle=True, ground=_SURROUND)[0]
