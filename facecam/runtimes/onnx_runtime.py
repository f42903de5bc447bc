"""Networks in ONNX Runtime. One thread is the calling one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from facecam.arrays import Array
from facecam.runtimes import providers
from facecam.runtimes.engine import BoundNetwork, Engine, NetworkInput, RuntimeFailure, first_line, input_name
from facecam.system.cpu import unpinned

# ONNX Runtime's own have no common base but Exception.
_OWN_ERRORS = [kind for kind in vars(ort_state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
ORT_ERRORS: tuple[type[Exception], ...] = (*_OWN_ERRORS, RuntimeError)
_CPU = (providers.NAMES[providers.CPU],)
_SILENT = 4


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
        names = [providers.check_provider(name) for name in dict.fromkeys((engine.provider, providers.CPU))]
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
