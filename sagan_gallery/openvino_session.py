"""A network in OpenVINO, for comparing its speed: the gallery itself runs on ONNX Runtime."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.errors import FacecamError

_ONE_THREAD = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": "1",
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,
    "INFERENCE_PRECISION_HINT": "f32",
}


class OpenVinoSession:
    """Answers as ONNX Runtime's session does, in the calling thread. It is compiled for each choice of outputs."""

    def __init__(self, data: bytes) -> None:
        """data: the ONNX file. Raises FacecamError without OpenVINO."""
        # Its converter reports each import to its makers; neither is wanted.
        for name in ("openvino.tools.ovc", "openvino_telemetry"):
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]
        try:
            import openvino
        except ImportError as error:
            raise FacecamError("OpenVINO is not installed; `pip install openvino`.") from error
        self._openvino, self._core, self._data = openvino, openvino.Core(), data
        self._compiled: dict[tuple[str, ...], Any] = {}

    def run(self, outputs: list[str], inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
        """outputs: names; inputs: by name, those that the network keeps as constants are left out."""
        compiled = self._compiled.get(tuple(outputs))
        if compiled is None:
            whole = self._core.read_model(self._data, b"")
            model = self._openvino.Model([whole.output(name) for name in outputs], whole.get_parameters())
            names = {value.any_name for value in model.inputs}
            model.reshape({name: list(array.shape) for name, array in inputs.items() if name in names})
            compiled = self._compiled[tuple(outputs)] = self._core.compile_model(model, "CPU", _ONE_THREAD)
        names = {value.any_name for value in compiled.inputs}
        results = compiled({name: array for name, array in inputs.items() if name in names})
        return [results[compiled.output(index)] for index in range(len(outputs))]
