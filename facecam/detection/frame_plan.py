"""FramePlan: what a detector keeps for frames of one size, and how such a frame is scaled to the network's size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.detection.model import Binding, Model
from facecam.detection.options import MIN_SIDE_PX
from facecam.runtimes.engine import Engine
from facecam.system.opencv import cv2


class FramePlan:
    """Everything that depends on the size of the frame alone, kept from frame to frame.

    height, width: of the frame as it goes into the network, whose input is larger only for frames under 32 px.
    frame_size: (width, height) of the frame itself. anchors: (A, 4) float32 cx cy w h in its pixels.
    """

    def __init__(self, model: Model, height: int, width: int, size: tuple[int, int] | None, engine: Engine) -> None:
        self.height, self.width = network_size(height, width, size)
        self.frame_size = width, height
        self.halves, self.resized = self._steps(height, width)
        self.input_size = max(self.height, MIN_SIDE_PX), max(self.width, MIN_SIDE_PX)
        self.network: Binding = model.bind(*self.input_size, engine)
        scale = np.array([width / self.width, height / self.height] * 2, np.float32)
        self.anchors: Array = model.anchors(*self.input_size) * scale

    def _steps(self, height: int, width: int) -> tuple[list[npt.NDArray[np.uint8]], npt.NDArray[np.uint8] | None]:
        """Buffers for scaling down: halvings first, then the rest. Averaging keeps small faces when much is thrown
        away; OpenCV does it five times faster for exact halves than for any other scale."""
        halves = []
        while height % 2 == 0 and width % 2 == 0 and height >= 2 * self.height and width >= 2 * self.width:
            height, width = height // 2, width // 2
            halves.append(np.empty((height, width, 3), np.uint8))
        there = (height, width) == (self.height, self.width)
        return halves, None if there else np.empty((self.height, self.width, 3), np.uint8)

    def scaled(self, frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The frame at the network's size, (height, width, 3), in a kept buffer unless it has that size already."""
        for half in self.halves:
            cv2.resize(frame, half.shape[1::-1], dst=half, interpolation=cv2.INTER_AREA)
            frame = half
        if self.resized is not None:
            # Bilinear samples two pixels along each axis: enough up to half the size.
            enough = frame.shape[1] <= 2 * self.width
            way = cv2.INTER_LINEAR if enough else cv2.INTER_AREA
            cv2.resize(frame, (self.width, self.height), dst=self.resized, interpolation=way)
            frame = self.resized
        return frame


def network_size(height: int, width: int, size: tuple[int, int] | None) -> tuple[int, int]:
    """(height, width) at which a frame goes through the network: scaled down to fit `size` (width, height), or native.

    `size` is turned for portrait frames, so that a turned phone's picture costs and shows as much as an upright one.
    """
    if size is None:
        return height, width
    longest, shortest = max(size), min(size)
    fit_width, fit_height = (longest, shortest) if width >= height else (shortest, longest)
    scale = min(1.0, fit_width / width, fit_height / height)
    return max(1, round(height * scale)), max(1, round(width * scale))
