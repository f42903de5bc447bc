"""An engine: which runtime computes a network, how precisely and where; and what all runtimes have in common."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.errors import FacecamError
from facecam.runtimes import providers

ONNX_RUNTIME = "onnxruntime"
OPENVINO = "openvino"
AUTO = "auto"
RUNTIMES = (ONNX_RUNTIME, OPENVINO)
CHOICES = (AUTO, *RUNTIMES)
TITLES = {ONNX_RUNTIME: "ONNX Runtime", OPENVINO: "OpenVINO"}
"""Their names as their makers write them."""

F32 = "f32"
BF16 = "bf16"
INT8 = "int8"
PRECISIONS = (F32, BF16, INT8)
PRECISION_CHOICES = (AUTO, *PRECISIONS)
MAX_THREADS = 64

Image = npt.NDArray[Any]
"""A network's input, float32 or uint8."""


@dataclass(frozen=True)
class Engine:
    """How a network is computed.

    runtime: one of RUNTIMES; precision: of the arithmetic, one of PRECISIONS; threads: 1 is the calling thread;
    provider: of ONNX Runtime, a name of `facecam.runtimes.providers`.
    """

    runtime: str = ONNX_RUNTIME
    precision: str = F32
    threads: int = 1
    provider: str = providers.CPU

    @property
    def packed(self) -> bool:
        """Whether it reads pictures as OpenCV keeps them, (1, H, W, 3): OpenVINO computes in that order, and turning
        planes into it costs it 0.5 ms at VGA."""
        return self.runtime == OPENVINO

    @property
    def title(self) -> str:
        """The runtime as its makers write it, and the precision where it is not float32."""
        runtime = TITLES.get(self.runtime, self.runtime)
        return runtime if self.precision == F32 else f"{runtime} {self.precision}"

    def __str__(self) -> str:
        parts = [self.runtime]
        parts += [] if self.precision == F32 else [self.precision]
        parts += [] if self.threads == 1 else [f"{self.threads} threads"]
        parts += [] if self.provider == providers.CPU else [self.provider]
        return " ".join(parts)


class RuntimeFailure(FacecamError):
    """A runtime is missing, or can't run this network."""


class BoundNetwork(Protocol):
    """A network with its input and outputs in arrays that stay where they are."""

    def infer(self) -> None:
        """Computes the outputs in the calling thread. Raises RuntimeFailure."""


class Runtime(Protocol):
    """A network in a runtime."""

    def bind(self, image: Image, outputs: Mapping[str, Array]) -> BoundNetwork:
        """image: the network's input: `image`, float32, (1, 3, H, W) or, for a packed engine, (1, H, W, 3); or `cells`,
        uint8, of `facecam.detection.cells`. outputs: by name, float32. All C-contiguous, kept by the binding. Raises
        RuntimeFailure."""


def installed(name: str) -> bool:
    """Whether that runtime can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def runtimes_for(wish: str) -> list[str]:
    """The runtimes that a wish stands for: all that are installed, for AUTO. Raises RuntimeFailure if what was wished
    for is missing."""
    if wish == AUTO:
        return [name for name in RUNTIMES if installed(name)]
    if not installed(wish):
        raise RuntimeFailure(
            f"{TITLES[wish]} is not installed; `pip install facecam[{wish}]`, or choose another runtime."
        )
    return [wish]


def version(name: str) -> str | None:
    """Version of an installed runtime, None without one."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def input_name(image: Image) -> str:
    """The name of a network's input, by what it holds."""
    return "image" if image.dtype == np.float32 else "cells"


def first_line(error: Exception) -> str:
    """The line of a library's error that says most, without its full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__
