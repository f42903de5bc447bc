"""Networks in OpenVINO, which is imported when it is first needed. One thread is the calling one. It may not report
home."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.runtimes.engine import (
    BoundNetwork,
    Engine,
    NetworkInput,
    Precision,
    Runtime,
    RuntimeFailure,
    first_line,
    input_name,
    runtimes_for,
)
from facecam.system.cpu import unpinned

ONE_THREAD = {
    # One thread is the calling one: neither starts nor pins any other.
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": "1",
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,
}


class OpenVino:
    """A network in OpenVINO. It is compiled for the size of each binding, which takes 0.1 to 0.5 s.

    Its input is packed, (1, H, W, 3).
    """

    def __init__(self, data: bytes, engine: Engine = Engine(Runtime.OPENVINO)) -> None:
        """data: the ONNX file; engine: `facecam.runtimes.registry` knows which ones there are. Raises RuntimeFailure if
        OpenVINO is not installed or can't be loaded."""
        self._openvino, self._core = openvino_core()
        self._data = data
        self._computing: dict[Any, Any] = {}
        # OpenVINO would take bfloat16 by itself where the processor has it, and give other scores. An int8 network says
        # by itself where it is one.
        self._options = {
            **ONE_THREAD,
            "INFERENCE_NUM_THREADS": engine.threads,
            "INFERENCE_PRECISION_HINT": Precision.F32 if engine.precision == Precision.INT8 else engine.precision,
        }

    def bind(self, image: NetworkInput, outputs: Mapping[str, Array]) -> BoundNetwork:
        try:
            return _OpenVinoNetwork(self._openvino, self._compile(image), image, dict(outputs))
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't compile the network ({first_line(error)}).") from error

    def infer(self, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]) -> list[Array]:
        """The outputs of those names for inputs of any size, in the calling thread. Raises RuntimeFailure.

        It is compiled for each choice of outputs and sizes; inputs that the network has a default for are left out.
        """
        shapes = {name: tuple(array.shape) for name, array in inputs.items()}
        key = tuple(outputs), tuple(shapes.items())
        try:
            compiled = self._computing.get(key)
            if compiled is None:
                whole = self._core.read_model(self._data, b"")
                model = self._openvino.Model([whole.output(name) for name in outputs], whole.get_parameters())
                model.reshape({value.any_name: list(shapes[value.any_name]) for value in model.inputs})
                compiled = self._computing[key] = self._compiled(model)
            results = compiled({value.any_name: inputs[value.any_name] for value in compiled.inputs})
        except (KeyError, RuntimeError) as error:
            raise RuntimeFailure(f"OpenVINO can't compute the network ({first_line(error)}).") from error
        return [np.asarray(results[compiled.output(index)], np.float32) for index in range(len(outputs))]

    def _compile(self, image: NetworkInput) -> Any:
        """OpenVINO's compiled model for inputs such as that one, as of `bind`."""
        model = self._core.read_model(self._data, b"")
        if image.dtype != np.float32:
            model.reshape(list(image.shape))
        else:
            _, height, width, _ = image.shape
            model.reshape([1, 3, height, width])
            steps = self._openvino.preprocess.PrePostProcessor(model)
            steps.input().tensor().set_layout(self._openvino.Layout("NHWC"))
            steps.input().model().set_layout(self._openvino.Layout("NCHW"))
            model = steps.build()
        return self._compiled(model)

    def _compiled(self, model: Any) -> Any:
        with nullcontext() if self._options["INFERENCE_NUM_THREADS"] == 1 else unpinned():
            return self._core.compile_model(model, "CPU", dict(self._options))


class _OpenVinoNetwork:
    def __init__(self, openvino: Any, compiled: Any, image: NetworkInput, outputs: dict[str, Array]) -> None:
        self._kept = (compiled, image, outputs)
        self._request = compiled.create_infer_request()
        self._request.set_tensor(input_name(image), openvino.Tensor(image, shared_memory=True))
        for name, array in outputs.items():
            if list(compiled.output(name).shape) != list(array.shape):
                raise RuntimeFailure("The network's outputs have other shapes in OpenVINO.")
            self._request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def infer(self) -> None:
        try:
            self._request.infer(share_outputs=True)
        except RuntimeError as error:
            raise RuntimeFailure(f"OpenVINO can't run the network ({first_line(error)}).") from error


@lru_cache(maxsize=1)
def openvino_core() -> tuple[Any, Any]:
    """The module and its core, loaded once. Raises RuntimeFailure if it is missing or broken."""
    runtimes_for(Runtime.OPENVINO)  # tells if it is missing
    try:
        with _without_telemetry():
            openvino = importlib.import_module(Runtime.OPENVINO)
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
