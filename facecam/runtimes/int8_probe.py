"""Whether int8 can be trusted on this processor: a small network whose sums would overflow without VNNI.

Older x86 processors add two products of bytes in 16 bits and stop at 32,767. Nothing fails there, but a network loses
faces: 0.7 to 1.5 points of AP for ours. OpenVINO names int8 among the capabilities of all of them, ONNX Runtime tells
none, and Windows has no list of instruction sets, so the sum itself is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facecam.runtimes.onnx_runtime import open_session
from facecam.system.resources import asset

_CHANNELS, _OUTPUTS = 64, 32
_LARGEST_BYTE, _LARGEST_WEIGHT = 255, 127
_SUM = _LARGEST_BYTE * _LARGEST_WEIGHT * _CHANNELS


def int8_is_exact_in_onnx_runtime() -> bool:
    """Whether ONNX Runtime adds up products of bytes without overflow. Raises one of `ORT_ERRORS`."""
    session = open_session(asset("graphs/int8_product.onnx").read_bytes())  # which it computes as convolutions of bytes
    largest = np.full((8, _CHANNELS), _LARGEST_BYTE, np.uint8), np.full((_CHANNELS, _OUTPUTS), _LARGEST_WEIGHT, np.int8)
    (sums,) = session.run(None, dict(zip("ab", largest, strict=True)))
    return bool((sums == _SUM).all())


def int8_is_exact_in_openvino(openvino: Any, core: Any, options: Mapping[str, Any]) -> bool:
    """Whether OpenVINO adds up products of bytes without overflow. openvino: the module; core: an `openvino.Core`;
    options: to compile with, such as keep the calling thread where it is."""
    op = openvino.opset13

    def in_steps(x: Any, low: int, high: int) -> Any:
        return op.fake_quantize(x, *(np.float32(limit) for limit in (low, high, low, high)), high - low + 1)

    x = op.parameter([1, _CHANNELS, 8, 8], np.float32)
    weight = op.constant(np.full((_OUTPUTS, _CHANNELS, 1, 1), _LARGEST_WEIGHT, np.float32))
    rounded = in_steps(x, 0, _LARGEST_BYTE), in_steps(weight, -_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    sums = op.convolution(*rounded, [1, 1], [0, 0], [0, 0], [1, 1])
    compiled = core.compile_model(openvino.Model([sums], [x]), "CPU", dict(options))
    found = compiled(np.full((1, _CHANNELS, 8, 8), _LARGEST_BYTE, np.float32))[0]
    return bool(np.allclose(found, _SUM))
