"""Whether int8 can be trusted on this processor: a small network whose sums would overflow without VNNI.

Older x86 processors add two products of bytes in 16 bits and stop at 32,767. Nothing fails there, but a network loses
faces: 0.7 to 1.5 points of AP for ours. OpenVINO names int8 among the capabilities of all of them, and Windows has no
list of instruction sets, so the sum itself is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_CHANNELS = 64
_LARGEST_BYTE, _LARGEST_WEIGHT = 255, 127


def adds_bytes_up(openvino: Any, core: Any, options: Mapping[str, Any]) -> bool:
    """Whether products of bytes are added up without overflow. openvino: the module; core: an `openvino.Core`; options:
    to compile with, such as keep the calling thread where it is."""
    op = openvino.opset13

    def in_steps(x: Any, low: int, high: int) -> Any:
        return op.fake_quantize(x, *(np.float32(limit) for limit in (low, high, low, high)), high - low + 1)

    x = op.parameter([1, _CHANNELS, 8, 8], np.float32)
    weight = op.constant(np.full((32, _CHANNELS, 1, 1), _LARGEST_WEIGHT, np.float32))
    rounded = in_steps(x, 0, _LARGEST_BYTE), in_steps(weight, -_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    sums = op.convolution(*rounded, [1, 1], [0, 0], [0, 0], [1, 1])
    compiled = core.compile_model(openvino.Model([sums], [x]), "CPU", dict(options))
    found = compiled(np.full((1, _CHANNELS, 8, 8), _LARGEST_BYTE, np.float32))[0]
    return bool(np.allclose(found, _LARGEST_BYTE * _LARGEST_WEIGHT * _CHANNELS))
