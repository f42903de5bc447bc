"""Our networks in runtimes that the program doesn't use, to compare with: OpenCV's own network module, which is no
choice for speed, but what many programs use; and ncnn, where it is installed and the user has converted a network:

pip install ncnn pnnx
pnnx faceboxes.onnx inputshape=[1,3,480,640]     # writes faceboxes.ncnn.param and faceboxes.ncnn.bin
facecam bench --model faceboxes --ncnn faceboxes.ncnn.param
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from facecam.arrays import Array
from facecam.errors import ModelError
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


class NcnnNet:
    """A converted network, on the calling thread. It runs at the size that it was converted for only."""

    def __init__(self, param: Path) -> None:
        """param: the .param file, its .bin beside it. Raises RuntimeFailure without ncnn, ModelError without files."""
        try:
            self._ncnn: Any = importlib.import_module("ncnn")
        except ImportError as error:
            raise RuntimeFailure("ncnn is not installed; `pip install ncnn`.") from error
        weights = param.with_suffix(".bin")
        for path in (param, weights):
            if not path.is_file():
                raise ModelError(f"There is no file {path}; pnnx writes a .param and a .bin file.")
        self._net = self._ncnn.Net()
        self._net.opt.num_threads = 1
        self._net.opt.use_vulkan_compute = False
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise ModelError(f"{param} and {weights.name} are no network that ncnn can load.")

    def bind(self, image: Array, outputs: Mapping[str, Array]) -> BoundNetwork:
        return _NcnnBound(self._ncnn, self._net, image, dict(outputs))


class _NcnnBound:
    def __init__(self, ncnn: Any, net: Any, image: Array, outputs: dict[str, Array]) -> None:
        self._ncnn, self._net, self._image = ncnn, net, image
        self._by_width = {array.shape[-1]: array for array in outputs.values()}  # converting loses the names

    def infer(self) -> None:
        extractor = self._net.create_extractor()
        extractor.input(self._net.input_names()[0], self._ncnn.Mat(self._image[0]))
        names = self._net.output_names()
        for name in names:
            failed, result = extractor.extract(name)
            values = np.asarray(result)
            target = self._by_width.get(values.shape[-1]) if values.ndim else None
            if failed or target is None or values.shape != target.shape[1:]:
                raise RuntimeFailure("The ncnn network was converted from another one, or for another size.")
            target[0] = values
        if len(names) != len(self._by_width):
            raise RuntimeFailure("The ncnn network was converted from another one.")
