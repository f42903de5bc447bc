"""The runtimes that compute the network, each on the calling thread alone: ONNX Runtime, and OpenVINO where installed.

Both read the same ONNX file. OpenVINO is imported when it is first needed. Neither may report home.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from typing import Any, Protocol

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from facecam.boxes import Array
from facecam.errors import FacecamError

ONNX_RUNTIME = "onnxruntime"
OPENVINO = "openvino"
AUTO = "auto"
RUNTIMES = (ONNX_RUNTIME, OPENVINO)
CHOICES = (AUTO, *RUNTIMES)
TITLES = {ONNX_RUNTIME: "ONNX Runtime", OPENVINO: "OpenVINO"}
"""Their names as their makers write them."""

_SILENT = 4

# ONNX Runtime's errors have no common base but Exception.
ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
)

ONE_THREAD = {
    # One thread is the calling one: neither starts nor pins any other.
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": "1",
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,
    # OpenVINO would take bfloat16 by itself where the processor has it, and give other scores.
    "INFERENCE_PRECISION_HINT": "f32",
}


class RuntimeFailure(FacecamError):
    """A runtime is missing, or can't run this network."""


class Bound(Protocol):
    """A network with its input and outputs in arrays that stay where they are."""

    def run(self) -> None:
        """Computes the outputs in the calling thread. Raises RuntimeFailure."""


class OnnxRuntime:
    """A network in ONNX Runtime. The sizes of its input may differ from binding to binding."""

    name = ONNX_RUNTIME

    def __init__(self, data: bytes) -> None:
        """data: the ONNX file. Raises RuntimeFailure if it can't be loaded."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # computes in the calling thread and starts none
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _SILENT  # what matters is said by our own errors
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except ORT_ERRORS as error:
            raise RuntimeFailure(f"ONNX Runtime can't load the network ({_first_line(error)}).") from error

    def bind(self, image: Array, outputs: Mapping[str, Array]) -> Bound:
        """image: (1, 3, H, W) float32, the input `image`; outputs: by name. All C-contiguous, kept by the binding."""
        return _OrtBound(self.session, image, dict(outputs))


class _OrtBound:
    def __init__(self, session: Any, image: Array, outputs: dict[str, Array]) -> None:
        self._session, self._kept = session, (image, outputs)
        self._binding = session.io_binding()
        self._binding.bind_input("image", "cpu", 0, np.float32, image.shape, image.ctypes.data)
        for name, array in outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def run(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except ORT_ERRORS as error:
            raise RuntimeFailure(f"ONNX Runtime can't run the network ({_first_line(error)}).") from error


class OpenVino:
    """A network in OpenVINO. It is compiled for the size of each binding, which takes 0.1 to 0.5 s."""

    name = OPENVINO

    def __init__(self, data: bytes) -> None:
        """data: the ONNX file. Raises RuntimeFailure if OpenVINO is not installed or can't be loaded."""
        self._openvino, self._core = _openvino_core()
        self._data = data

    def bind(self, image: Array, outputs: Mapping[str, Array]) -> Bound:
        """As of `OnnxRuntime.bind`. Raises RuntimeFailure if the network can't be compiled for this size."""
        try:
            model = self._core.read_model(self._data, b"")
            model.reshape(list(image.shape))
            compiled = self._core.compile_model(model, "CPU", ONE_THREAD)
            return _OpenVinoBound(self._openvino, compiled, image, dict(outputs))
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't compile the network ({_first_line(error)}).") from error


class _OpenVinoBound:
    def __init__(self, openvino: Any, compiled: Any, image: Array, outputs: dict[str, Array]) -> None:
        self._kept = (compiled, image, outputs)
        self._request = compiled.create_infer_request()
        self._request.set_tensor("image", openvino.Tensor(image, shared_memory=True))
        for name, array in outputs.items():
            if list(compiled.output(name).shape) != list(array.shape):
                raise RuntimeFailure("The network's outputs have other shapes in OpenVINO.")
            self._request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def run(self) -> None:
        try:
            self._request.infer(share_outputs=True)
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't run the network ({_first_line(error)}).") from error


def open_runtime(name: str, data: bytes) -> OnnxRuntime | OpenVino:
    """The network `data`, an ONNX file, in the runtime of that name. Raises RuntimeFailure."""
    if name == ONNX_RUNTIME:
        return OnnxRuntime(data)
    if name == OPENVINO:
        return OpenVino(data)
    raise RuntimeFailure(f"There is no runtime {name}; there are {', '.join(RUNTIMES)}, and auto for the faster one.")


def installed(name: str) -> bool:
    """Whether that runtime can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def version(name: str) -> str | None:
    """Version of an installed runtime, None without one."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _openvino_core() -> tuple[Any, Any]:
    if not installed(OPENVINO):
        raise RuntimeFailure("OpenVINO is not installed; `pip install facecam[openvino]`, or choose another runtime.")
    try:
        with _without_telemetry():
            openvino = importlib.import_module(OPENVINO)
        return openvino, openvino.Core()
    except (ImportError, OSError, RuntimeError) as error:
        raise RuntimeFailure(f"OpenVINO is installed but can't be loaded ({_first_line(error)}).") from error


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """`import openvino` also imports its model converter, which reports that to its makers and writes an identifier to
    the home folder. Neither is wanted, nor the converter, so it can't be found meanwhile; OpenVINO does without."""
    hidden = ("openvino.tools.ovc", "openvino_telemetry")
    before = {name: sys.modules[name] for name in hidden if name in sys.modules}
    sys.modules.update(dict.fromkeys(name for name in hidden if name not in before))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            if name not in before:
                sys.modules.pop(name, None)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__
