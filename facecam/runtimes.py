"""The runtimes that compute the network: ONNX Runtime, and OpenVINO where installed. One thread is the calling one.

Both read the same ONNX file. OpenVINO is imported when it is first needed. Neither may report home.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from facecam import providers
from facecam.boxes import Array
from facecam.cpu import unpinned
from facecam.errors import FacecamError
from facecam.int8_probe import onnx_runtime_adds_bytes_up, openvino_adds_bytes_up

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

_SILENT = 4

_logger = logging.getLogger(__name__)

Image = npt.NDArray[Any]
"""A network's input, float32 or uint8."""

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
}


@dataclass(frozen=True)
class Engine:
    """How a network is computed.

    runtime: one of RUNTIMES; precision: of the arithmetic, one of PRECISIONS; threads: 1 is the calling thread;
    provider: of ONNX Runtime, a name of `facecam.providers`.
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

    def __str__(self) -> str:
        parts = [self.runtime]
        parts += [] if self.precision == F32 else [self.precision]
        parts += [] if self.threads == 1 else [f"{self.threads} threads"]
        parts += [] if self.provider == providers.CPU else [self.provider]
        return " ".join(parts)


class RuntimeFailure(FacecamError):
    """A runtime is missing, or can't run this network."""


_UNABLE: tuple[type[Exception], ...] = (RuntimeFailure, *ORT_ERRORS)  # OpenVINO's own are RuntimeErrors


class Bound(Protocol):
    """A network with its input and outputs in arrays that stay where they are."""

    def run(self) -> None:
        """Computes the outputs in the calling thread. Raises RuntimeFailure."""


class Runtime(Protocol):
    """A network in a runtime."""

    def bind(self, image: Image, outputs: Mapping[str, Array]) -> Bound:
        """image: the network's input: `image`, float32, (1, 3, H, W) or, for a packed engine, (1, H, W, 3); or `cells`,
        uint8, of `facecam.cells`. outputs: by name, float32. All C-contiguous, kept by the binding. Raises
        RuntimeFailure."""


class OnnxRuntime:
    """A network in ONNX Runtime. The sizes of its input may differ from binding to binding."""

    def __init__(self, data: bytes, engine: Engine = Engine()) -> None:
        """data: the ONNX file. Raises RuntimeFailure if it can't be loaded."""
        if engine.precision == BF16:
            raise RuntimeFailure("ONNX Runtime has no bf16 here; OpenVINO may (--runtime openvino).")
        if engine.precision == INT8:
            if engine.provider != providers.CPU:
                raise RuntimeFailure("int8 is for processors; leave --provider or --precision out.")
            _check_int8(ONNX_RUNTIME)
        names = [providers.check_provider(name) for name in dict.fromkeys((engine.provider, providers.CPU))]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = engine.threads  # 1: computes in the calling thread and starts none
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _SILENT  # what matters is said by our own errors
        try:
            with nullcontext() if engine.threads == 1 else unpinned():
                self.session = onnxruntime.InferenceSession(data, options, providers=names)
        except ORT_ERRORS as error:
            raise RuntimeFailure(f"ONNX Runtime can't load the network ({first_line(error)}).") from error
        if names[0] not in self.session.get_providers():  # it goes on without one that can't start
            raise RuntimeFailure(providers.missing(engine.provider))

    def bind(self, image: Image, outputs: Mapping[str, Array]) -> Bound:
        return _OrtBound(self.session, image, dict(outputs))


class _OrtBound:
    def __init__(self, session: Any, image: Image, outputs: dict[str, Array]) -> None:
        self._session, self._kept = session, (image, outputs)
        self._binding = session.io_binding()
        self._binding.bind_input(_input_name(image), "cpu", 0, image.dtype.type, image.shape, image.ctypes.data)
        for name, array in outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def run(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except ORT_ERRORS as error:
            raise RuntimeFailure(f"ONNX Runtime can't run the network ({first_line(error)}).") from error


class OpenVino:
    """A network in OpenVINO. It is compiled for the size of each binding, which takes 0.1 to 0.5 s.

    Its input is packed, (1, H, W, 3).
    """

    def __init__(self, data: bytes, engine: Engine = Engine(OPENVINO)) -> None:
        """data: the ONNX file. Raises RuntimeFailure if OpenVINO is not installed, can't be loaded, or has no such
        precision on this processor."""
        if engine.provider != providers.CPU:
            raise RuntimeFailure("Providers are ONNX Runtime's; leave --runtime or --provider out.")
        self._openvino, self._core = _openvino_core()
        if engine.precision == BF16 and not has_bf16():
            raise RuntimeFailure("This processor doesn't compute in bf16; leave --precision out.")
        if engine.precision == INT8:
            _check_int8(OPENVINO)
        self._data = data
        # OpenVINO would take bfloat16 by itself where the processor has it, and give other scores. An int8 network says
        # by itself where it is one.
        self._options = {
            **ONE_THREAD,
            "INFERENCE_NUM_THREADS": engine.threads,
            "INFERENCE_PRECISION_HINT": F32 if engine.precision == INT8 else engine.precision,
        }

    def bind(self, image: Image, outputs: Mapping[str, Array]) -> Bound:
        try:
            compiled = self.compile(*image.shape[1:3]) if image.dtype == np.float32 else self.compile_cells(image.shape)
            return _OpenVinoBound(self._openvino, compiled, image, dict(outputs))
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't compile the network ({first_line(error)}).") from error

    def compile(self, height: int, width: int, planes: bool = False, more: Mapping[str, Any] | None = None) -> Any:
        """OpenVINO's compiled model. planes: reads (1, 3, H, W), which is slower; more: options of OpenVINO."""
        model = self._core.read_model(self._data, b"")
        model.reshape([1, 3, height, width])
        if not planes:
            steps = self._openvino.preprocess.PrePostProcessor(model)
            steps.input().tensor().set_layout(self._openvino.Layout("NHWC"))
            steps.input().model().set_layout(self._openvino.Layout("NCHW"))
            model = steps.build()
        return self._compiled(model, more)

    def compile_cells(self, shape: Sequence[int], more: Mapping[str, Any] | None = None) -> Any:
        """OpenVINO's compiled model of an int8 network, for cells of that shape; more: options of OpenVINO."""
        model = self._core.read_model(self._data, b"")
        model.reshape(list(shape))
        return self._compiled(model, more)

    def compile_as_is(self) -> Any:
        """OpenVINO's compiled model of a file with another input than `image` (1, 3, H, W), of a fixed size."""
        return self._compiled(self._core.read_model(self._data, b""), None)

    def _compiled(self, model: Any, more: Mapping[str, Any] | None) -> Any:
        with nullcontext() if self._options["INFERENCE_NUM_THREADS"] == 1 else unpinned():
            return self._core.compile_model(model, "CPU", {**self._options, **(more or {})})


class _OpenVinoBound:
    def __init__(self, openvino: Any, compiled: Any, image: Image, outputs: dict[str, Array]) -> None:
        self._kept = (compiled, image, outputs)
        self._request = compiled.create_infer_request()
        self._request.set_tensor(_input_name(image), openvino.Tensor(image, shared_memory=True))
        for name, array in outputs.items():
            if list(compiled.output(name).shape) != list(array.shape):
                raise RuntimeFailure("The network's outputs have other shapes in OpenVINO.")
            self._request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def run(self) -> None:
        try:
            self._request.infer(share_outputs=True)
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't run the network ({first_line(error)}).") from error


def _input_name(image: Image) -> str:
    return "image" if image.dtype == np.float32 else "cells"


def open_runtime(engine: Engine, data: bytes) -> Runtime:
    """The network `data`, an ONNX file, in that engine. Raises RuntimeFailure."""
    if engine.runtime == ONNX_RUNTIME:
        return OnnxRuntime(data, engine)
    if engine.runtime == OPENVINO:
        return OpenVino(data, engine)
    raise RuntimeFailure(f"There is no runtime {engine.runtime}; there are {', '.join(RUNTIMES)}, and auto.")


def has_bf16() -> bool:
    """Whether this processor computes in bfloat16 by itself, as OpenVINO sees it; False without OpenVINO."""
    try:
        return "BF16" in _openvino_core()[1].get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except _UNABLE:
        return False


@lru_cache(maxsize=len(RUNTIMES))
def has_int8(runtime: str) -> bool:
    """Whether a runtime computes in int8 on this processor without overflow, tried out; False if it is missing."""
    try:
        if runtime == ONNX_RUNTIME:
            return onnx_runtime_adds_bytes_up()
        return openvino_adds_bytes_up(*_openvino_core(), {**ONE_THREAD, "INFERENCE_PRECISION_HINT": F32})
    except _UNABLE as error:
        _logger.info("int8 can't be tried out in %s: %s", TITLES[runtime], error)
        return False


def _check_int8(runtime: str) -> None:
    if not has_int8(runtime):
        raise RuntimeFailure(
            "This processor can't add up products of bytes without overflow (it has no VNNI), so int8 would lose"
            " faces; leave --precision out."
        )


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
        raise RuntimeFailure(f"OpenVINO is installed but can't be loaded ({first_line(error)}).") from error


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


def first_line(error: Exception) -> str:
    """The line of a library's error that says most, without its full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__
