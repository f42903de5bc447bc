"""Runs a network of unknown origin once with little memory: what asks for more must not reach the real runtime.

`file_check` bounds what is written in a file. What a network makes of it only shows when it runs: a resize to a
computed size, or a row of operators each of which doubles its input. So it is run here first, unoptimized (an optimizer
computes what is constant, without bounds) and in an arena that gives out no more than a model of ours needs.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.runtimes.onnx_runtime import ORT_ERRORS, onnxruntime, open_session, session_options

_MOST_BYTES = 512 << 20
"""For weights and maps. Ours take 20 MB."""
_TYPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "tensor(float)": (np.float32, (1, 3, 480, 640)),
    "tensor(uint8)": (np.uint8, (1, 121, 161, 48)),
    "tensor(int64)": (np.int64, ()),
}
"""By ONNX Runtime's name of a type: our type, and the sides to assume where an input of rank 4 leaves them open. Other
open ones are 1."""
_MOST_ELEMENTS = 3 * 2048 * 2048


class NotEnoughMemory(Exception):
    """The network wants more memory than any model of ours needs."""


def run_once(data: bytes) -> None:
    """Raises NotEnoughMemory. Any other failure is passed over: whoever loads the network for use meets it again.

    data: an ONNX file. Its inputs are zeros; of pictures (1, 3, height, width) float32 and cells (1, rows, columns, 48)
    uint8 the sides that are open are those of 640x480.
    """
    _bounded_arena()
    options = session_options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = open_session(data, options)
        session.run(None, {value.name: _zeros(value) for value in session.get_inputs()})
    except ORT_ERRORS as error:
        text = str(error).lower()
        if "memory" in text or "alloc" in text:
            raise NotEnoughMemory from error
    except (KeyError, UnicodeDecodeError, ValueError):  # another type, a damaged name, dimensions
        return


def _zeros(value: Any) -> npt.NDArray[Any]:
    """What is fed into an input. Raises KeyError or ValueError for one that no model of ours has."""
    kind, usual = _TYPES[value.type]
    usual = usual if len(value.shape) == len(usual) else (1,) * len(value.shape)
    sides = [side if isinstance(side, int) else other for side, other in zip(value.shape, usual, strict=True)]
    if math.prod(sides) > _MOST_ELEMENTS:
        raise ValueError(f"an input of {sides}")
    return np.zeros(sides, kind)


@cache
def _bounded_arena() -> None:
    """Once for the process: sessions that ask for it share this arena."""
    kind, place = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    info = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, place)
    onnxruntime.create_and_register_allocator(info, onnxruntime.OrtArenaCfg({"max_mem": _MOST_BYTES}))
