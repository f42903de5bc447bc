"""ScreenFrame: a frame at the resolution of the screen, as Qt paints it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from facecam.qtkit.geometry import Placement
from facecam.system.opencv import cv2

_AREA_BELOW = 0.5
"""Frames that get smaller than this are averaged, not sampled: small faces would flicker."""


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
        if self._pixels.shape[:2] != (height, width):
            self._pixels = np.empty((height, width, 4), np.uint8)
        much_smaller = width < _AREA_BELOW * frame.shape[1]
        how = cv2.INTER_AREA if much_smaller else cv2.INTER_LINEAR
        if height * width < frame.shape[0] * frame.shape[1]:
            between = self._buffer(height, width, 3)
            cv2.resize(frame, (width, height), dst=between, interpolation=how)
            between = self._mirrored(between) if place.mirror else between
            cv2.cvtColor(between, cv2.COLOR_BGR2BGRA, dst=self._pixels)
        else:  # converted while it is small: the same picture, and the larger one is written once
            between = self._buffer(*frame.shape[:2], 4)
            cv2.cvtColor(frame, cv2.COLOR_BGR2BGRA, dst=between)
            between = self._mirrored(between) if place.mirror else between
            cv2.resize(between, (width, height), dst=self._pixels, interpolation=how)
        self.image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(ratio)

    def _buffer(self, *shape: int) -> npt.NDArray[np.uint8]:
        if self._between.shape != shape:
            self._between = np.empty(shape, np.uint8)
        return self._between

    @staticmethod
    def _mirrored(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.asarray(cv2.flip(picture, 1, dst=picture), np.uint8)
