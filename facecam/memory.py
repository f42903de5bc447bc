"""Giving memory back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back_free_memory() -> None:
    """Returns what the process has freed, but its C library still keeps: 30 MB after a network was compiled.

    Only glibc knows how, so elsewhere this does nothing. It takes a few milliseconds.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library, such as musl
        return
