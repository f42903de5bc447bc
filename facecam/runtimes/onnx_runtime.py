"""Networks in ONNX Runtime. One thread is the calling one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.errors import FacecamError, MissingLibrary
from facecam.runtimes import providers
from facecam.runtimes.engine import BoundNetwork, Engine, NetworkInput, RuntimeFailure, first_line, input_name
from facecam.system.cpu import unpinned

try:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_state
except ImportError as _error:
    _on_windows = ", after Microsoft's Visual C++ Redistributable" if sys.platform == "win32" else ""
    onnxruntime = ort_state = MissingLibrary(
        RuntimeFailure,
        f"ONNX Runtime can't be loaded ({first_line(_error)}); install it again{_on_windows}: pip install "
        "--force-reinstall onnxruntime.",
    )

# ONNX Runtime's own have no common base but Exception.
_OWN_ERRORS = [kind for kind in vars(ort_state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
ORT_ERRORS: tuple[type[Exception], ...] = (*_OWN_ERRORS, RuntimeError)
_CPU = (providers.NAMES[providers.CPU],)
_SILENT = 4


def available() -> list[str]:
    """Our names of the providers that this ONNX Runtime was built with; whether they work is found out when used.
    Raises RuntimeFailure where it can't be loaded."""
    built = set(onnxruntime.get_available_providers())
    return [name for name, theirs in providers.NAMES.items() if theirs in built]


def check_provider(name: str) -> str:
    """ONNX Runtime's name of a provider of ours. Raises FacecamError that says what to install."""
    if name not in providers.NAMES:
        raise FacecamError(f"There is no provider {name}; there are {', '.join(providers.NAMES)}.")
    if name not in available():
        raise FacecamError(f"This ONNX Runtime has no provider {name}: {providers.GETS[name]}.")
    return providers.NAMES[name]


def session_options(threads: int = 1) -> Any:
    """How sessions are set up here, whatever they compute.

    threads: that compute; 1 is the calling thread, and none is started.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _SILENT  # what matters is said by our own errors
    return options


def open_session(data: bytes, options: Any = None, provider_names: Sequence[str] = _CPU) -> Any:
    """ONNX Runtime's session of a file. Raises one of `ORT_ERRORS`.

    data: the ONNX file; options: None for `session_options()`; provider_names: ONNX Runtime's own.
    """
    return onnxruntime.InferenceSession(data, options or session_options(), providers=list(provider_names))


class OnnxRuntime:
    """A network in ONNX Runtime. The sizes of its input may differ from binding to binding."""

    def __init__(self, data: bytes, engine: Engine = Engine()) -> None:
        """data: the ONNX file; engine: `facecam.runtimes.registry` knows which ones there are. Raises RuntimeFailure if
        the file can't be loaded."""
        names = [check_provider(name) for name in dict.fromkeys((engine.provider, providers.CPU))]
        try:
            with nullcontext() if engine.threads == 1 else unpinned():
                self.session = open_session(data, session_options(engine.threads), names)
        except ORT_ERRORS as error:
            raise RuntimeFailure(f"ONNX Runtime can't load the network ({first_line(error)}).") from error
        if names[0] not in self.session.get_providers():  # it goes on without one that can't start
            raise RuntimeFailure(
                f"ONNX Runtime can't start the provider {engine.provider} here: {providers.GETS[engine.provider]}."
            )

    def bind(self, image: NetworkInput, outputs: Mapping[str, Array]) -> BoundNetwork:
        return _OrtNetwork(self.session, image, dict(outputs))

    def infer(self, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]) -> list[Array]:
        """The outputs of those names for inputs of any size, in the calling thread. Raises RuntimeFailure."""
        try:
            return [np.asarray(value, np.float32) for value in self.session.run(list(outputs), dict(inputs))]
        except ORT_ERRORS as error:
            raise _cannot_run(error) from error


class _OrtNetwork:
    def __init__(self, session: Any, image: NetworkInput, outputs: dict[str, Array]) -> None:
        self._session, self._kept = session, (image, outputs)
        self._binding = session.io_binding()
        self._binding.bind_input(input_name(image), "cpu", 0, image.dtype.type, image.shape, image.ctypes.data)
        for name, array in outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def infer(self) -> None:
        try:
            self._session.run_with_iobinding(self._binding)
        except ORT_ERRORS as error:
            raise _cannot_run(error) from error


def _cannot_run(error: Exception) -> RuntimeFailure:
    return RuntimeFailure(f"ONNX Runtime can't run the network ({first_line(error)}).")
