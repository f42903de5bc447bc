"""Our networks in OpenCV's own network module, to compare with: no choice for speed, but what many programs use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facecam.arrays import Array
from facecam.runtimes.engine import BoundNetwork, RuntimeFailure
from facecam.system.opencv import cv2


class OpenCvDnn:
    """A network in OpenCV's network module, on as many threads as OpenCV is set to (one)."""

    def __init__(self, data: bytes) -> None:
        """data: the ONNX file. Raises RuntimeFailure if OpenCV can't read it."""
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise RuntimeFailure(f"OpenCV can't load the network ({error.err}).") from None

    def bind(self, image: Array, outputs: Mapping[str, Array]) -> BoundNetwork:
        return _OpenCvBound(self._net, image, dict(outputs))


class _OpenCvBound:
    def __init__(self, net: Any, image: Array, outputs: dict[str, Array]) -> None:
        self._net, self._image, self._outputs = net, image, outputs

    def infer(self) -> None:
        try:
            self._net.setInput(self._image)
            for target, result in zip(self._outputs.values(), self._net.forward(list(self._outputs)), strict=True):
                target[:] = np.asarray(result, np.float32).reshape(target.shape)
        except (cv2.error, ValueError) as error:
            raise RuntimeFailure(f"OpenCV can't run the network ({error}).") from error
