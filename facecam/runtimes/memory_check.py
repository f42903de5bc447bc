"""Runs a network of unknown origin once with little memory: what asks for more must not reach the real runtime.

`file_check` bounds what is written in a file. What a network makes of it only shows when it runs: a resize to a
computed size, or a row of operators each of which doubles its input. So it is run here first, unoptimized (an optimizer
computes what is constant, without bounds) and in an arena that gives out no more than a detector needs.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import onnxruntime

from facecam.runtimes.onnx_runtime import ORT_ERRORS
from facecam.runtimes.ort_options import session_options

_MOST_BYTES = 512 << 20
"""For weights and maps. Ours take 20 MB."""
_INPUTS = {"tensor(float)": ((1, 3, 480, 640), np.float32), "tensor(uint8)": ((1, 121, 161, 48), np.uint8)}
"""Shape and type of the input by ONNX Runtime's name of the type."""
_MOST_ELEMENTS = 3 * 2048 * 2048


class NotEnoughMemory(Exception):
    """The network wants more memory than any detector needs."""


def run_once(data: bytes) -> None:
    """Raises NotEnoughMemory. Any other failure is passed over: whoever loads the network for use meets it again.

    data: an ONNX file with one input, (1, 3, height, width) float32 or cells (1, rows, columns, 48) uint8; what it
    leaves open is that of 640x480.
    """
    _bounded_arena()
    options = session_options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        image = session.get_inputs()[0]
        usual, kind = _INPUTS[image.type]
        sides = [side if isinstance(side, int) else other for side, other in zip(image.shape, usual, strict=True)]
        if math.prod(sides) <= _MOST_ELEMENTS:
            session.run(None, {image.name: np.zeros(sides, kind)})
    except ORT_ERRORS as error:
        text = str(error).lower()
        if "memory" in text or "alloc" in text:
            raise NotEnoughMemory from error
    except (IndexError, KeyError, UnicodeDecodeError, ValueError):  # no input, another type, a damaged name, dimensions
        return


@cache
def _bounded_arena() -> None:
    """Once for the process: sessions that ask for it share this arena."""
    kind, place = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    info = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, place)
    onnxruntime.create_and_register_allocator(info, onnxruntime.OrtArenaCfg({"max_mem": _MOST_BYTES}))
