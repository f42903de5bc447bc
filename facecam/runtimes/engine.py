"""An engine: which runtime computes a network, how precisely and where; and what all runtimes have in common."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.errors import FacecamError
from facecam.runtimes import providers


class Runtime(StrEnum):
    """What computes a network; the value is its name in options, files and on the command line."""

    AUTO = "auto"
    """The fastest of those installed."""
    ONNX_RUNTIME = "onnxruntime"
    OPENVINO = "openvino"
    OPENCV = "opencv"
    """OpenCV's own network module, for comparisons only."""

    @property
    def display_name(self) -> str:
        """As its makers write it."""
        return _DISPLAY_NAMES.get(self, self.value)


_DISPLAY_NAMES = {Runtime.ONNX_RUNTIME: "ONNX Runtime", Runtime.OPENVINO: "OpenVINO", Runtime.OPENCV: "OpenCV"}


class Precision(StrEnum):
    """Of the arithmetic; the value is its name in options, files and on the command line."""

    AUTO = "auto"
    """The fastest that the processor and the network have."""
    F32 = "f32"
    BF16 = "bf16"
    INT8 = "int8"


RUNTIMES = (Runtime.ONNX_RUNTIME, Runtime.OPENVINO)
"""Those that detectors compute in."""
PRECISIONS = (Precision.F32, Precision.BF16, Precision.INT8)
RUNTIME_CHOICES = tuple(one.value for one in (Runtime.AUTO, *RUNTIMES))
PRECISION_CHOICES = tuple(one.value for one in (Precision.AUTO, *PRECISIONS))
"""What options take, as text."""
MAX_THREADS = 64

NetworkInput = npt.NDArray[Any]
"""A network's input, float32 or uint8."""


@dataclass(frozen=True)
class Engine:
    """How a network is computed.

    runtime: what computes; AUTO only in what is asked for.
    precision: of the arithmetic; AUTO only in what is asked for.
    threads: that compute; 1 is the calling thread.
    provider: of ONNX Runtime, a name of `facecam.runtimes.providers`.
    """

    runtime: Runtime = Runtime.ONNX_RUNTIME
    precision: Precision = Precision.F32
    threads: int = 1
    provider: str = providers.CPU

    @property
    def packed(self) -> bool:
        """Whether it reads pictures as OpenCV keeps them, (1, H, W, 3): OpenVINO computes in that order, and turning
        planes into it costs it 0.5 ms at VGA."""
        return self.runtime == Runtime.OPENVINO

    @property
    def title(self) -> str:
        """The runtime as its makers write it, and the precision where it is not float32."""
        name = self.runtime.display_name
        return name if self.precision == Precision.F32 else f"{name} {self.precision}"

    def __str__(self) -> str:
        parts = [str(self.runtime)]
        parts += [] if self.precision == Precision.F32 else [str(self.precision)]
        parts += [] if self.threads == 1 else [f"{self.threads} threads"]
        parts += [] if self.provider == providers.CPU else [self.provider]
        return " ".join(parts)


class RuntimeFailure(FacecamError):
    """A runtime is missing, or can't run this network."""


class BoundNetwork(Protocol):
    """A network with its input and outputs in arrays that stay where they are."""

    def infer(self) -> None:
        """Computes the outputs in the calling thread. Raises RuntimeFailure."""


class Network(Protocol):
    """A network loaded into a runtime."""

    def bind(self, image: NetworkInput, outputs: Mapping[str, Array]) -> BoundNetwork:
        """image: the network's input: `image`, float32, (1, 3, H, W) or, for a packed engine, (1, H, W, 3); or `cells`,
        uint8, of `facecam.detection.cells`. outputs: by name, float32. All C-contiguous, kept by the binding. Raises
        RuntimeFailure."""


def installed(name: str) -> bool:
    """Whether that runtime can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def runtimes_for(wanted: Runtime) -> list[Runtime]:
    """The runtimes to choose from: all that are installed, for AUTO. Raises RuntimeFailure if the one that is wanted is
    missing."""
    if wanted == Runtime.AUTO:
        return [runtime for runtime in RUNTIMES if installed(runtime)]
    if not installed(wanted):
        raise RuntimeFailure(
            f"{wanted.display_name} is not installed; `pip install facecam[{wanted}]`, or choose another runtime."
        )
    return [wanted]


def version(name: str) -> str | None:
    """Version of an installed runtime or package, None without one."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        if name == Runtime.ONNX_RUNTIME and installed(name):  # from a package of another name, such as onnxruntime-gpu
            return str(importlib.import_module(name).__version__)
        return None


def input_name(image: NetworkInput) -> str:
    """The name of a network's input, by what it holds."""
    return "image" if image.dtype == np.float32 else "cells"


def first_line(error: Exception) -> str:
    """The line of a library's error that says most, without its full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__
