"""Marks of tests that need a runtime or a precision which this machine may lack."""

from __future__ import annotations

import pytest

from facecam.runtimes.engine import RUNTIMES, Runtime, installed
from facecam.runtimes.registry import has_int8

needs_openvino = pytest.mark.skipif(not installed(Runtime.OPENVINO), reason="OpenVINO is not installed")
int8_runtimes = [runtime for runtime in RUNTIMES if has_int8(runtime)]
each_int8_runtime = pytest.mark.parametrize("runtime", int8_runtimes)
needs_int8 = pytest.mark.skipif(not int8_runtimes, reason="this processor does not compute in int8")
each_runtime = pytest.mark.parametrize(
    "runtime", [Runtime.ONNX_RUNTIME, pytest.param(Runtime.OPENVINO, marks=needs_openvino)]
)
