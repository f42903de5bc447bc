"""Frames as Qt shows them: as they are, or at the size that they have on the screen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from facecam.arrays import Image
from facecam.qtkit.geometry import Placement
from facecam.system.opencv import cv2

_AREA_BELOW = 0.5
"""Frames that get smaller than this are averaged, not sampled: small faces would flicker."""


def bgr_image(pixels: Image) -> QImage:
    """(H, W, 3) uint8 BGR as an image of its own."""
    height, width = pixels.shape[:2]
    return QImage(np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_BGR888).copy()


class ScreenFrame:
    """Scales and converts frames by OpenCV into kept buffers.

    Qt's own scaling of the same picture takes twice the CPU time from BGR, and hands the work to a pool of threads,
    which is slow when the other cores are busy.
    """

    def __init__(self) -> None:
        self._between = np.empty((0, 0, 3), np.uint8)  # after the first of the two steps, at the smaller size
        self._pixels = np.empty((0, 0, 4), np.uint8)  # what image looks at
        self.image = QImage()

    def render(self, frame: npt.NDArray[np.uint8], place: Placement, ratio: float) -> None:
        """Brings the frame (H, W, 3) uint8 BGR into `image`. ratio: pixels of the screen in one of the view."""
        height, width = round(place.height_px * ratio), round(place.width_px * ratio)
        if self._pixels.shape[:2] != (height, width) or self.image.devicePixelRatio() != ratio:
            self._pixels = np.empty((height, width, 4), np.uint8)
            self.image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
            self.image.setDevicePixelRatio(ratio)
        much_smaller = width < _AREA_BELOW * frame.shape[1]
        how = cv2.INTER_AREA if much_smaller else cv2.INTER_LINEAR
        if height * width < frame.shape[0] * frame.shape[1]:
            between = self._buffer(height, width, 3)
            _resize(frame, between, how)
            between = self._mirrored(between) if place.mirror else between
            cv2.cvtColor(between, cv2.COLOR_BGR2BGRA, dst=self._pixels)
        else:  # converted while it is small: the same picture, and the larger one is written once
            between = self._buffer(*frame.shape[:2], 4)
            cv2.cvtColor(frame, cv2.COLOR_BGR2BGRA, dst=between)
            between = self._mirrored(between) if place.mirror else between
            _resize(between, self._pixels, how)

    def _buffer(self, *shape: int) -> npt.NDArray[np.uint8]:
        if self._between.shape != shape:
            self._between = np.empty(shape, np.uint8)
        return self._between

    @staticmethod
    def _mirrored(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.asarray(cv2.flip(picture, 1, dst=picture), np.uint8)


def _resize(picture: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], how: int) -> None:
    """With Intel's library, where OpenCV was built with it: half the time, and pixels that are off by 0.5 of 255 at
    most instead of 0.8. It has to be allowed, as they are not OpenCV's own; for this thread, and for nothing else."""
    cv2.ipp.setUseIPP_NotExact(True)
    try:
        cv2.resize(picture, target.shape[1::-1], dst=target, interpolation=how)
    finally:
        cv2.ipp.setUseIPP_NotExact(False)
