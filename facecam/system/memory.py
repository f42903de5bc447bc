"""What glibc, Linux's C library, has to be told about memory. Elsewhere all of this does nothing."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_MAX, _M_TRIM_THRESHOLD = -8, -4, -1
_ARENAS = 2


def share_memory() -> None:
    """Lets all threads take memory from the same few places.

    By default each new thread gets an arena of its own, up to eight per core, and memory freed in one is not used in
    another. Each source starts two threads: after some minutes of changing sources, 40 MB lay unused.
    """
    _tell("mallopt", _M_ARENA_MAX, _ARENAS)


def give_back_free_memory() -> None:
    """Returns memory to the system that was freed but is kept by the C library: 30 MB after a network was compiled.

    It takes a few milliseconds.
    """
    _tell("malloc_trim", 0)


def keep_freed_memory() -> None:
    """Keeps freed memory instead of giving it back.

    Otherwise every large tensor is mapped anew and the kernel clears its pages at first touch: a tenth of a training
    step and half of a batch's preparation on the CPU.
    """
    _tell("mallopt", _M_MMAP_MAX, 0)
    _tell("mallopt", _M_TRIM_THRESHOLD, 2**31 - 1)


def _tell(function: str, *numbers: int) -> None:
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):  # another C library, such as musl
            getattr(ctypes.CDLL(None), function)(*numbers)
