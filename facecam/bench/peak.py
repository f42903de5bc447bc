"""The core's peak: multiply-adds per second of one core in single precision, the floor below which no network gets.

On x86-64 under Linux and macOS it is measured by a loop of fused multiply-adds on registers alone, written here in
machine code, since no library has one. Elsewhere, and where the system forbids such code, a matrix product stands in,
which reaches 80 to 98 % of it.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import platform
import subprocess
import sys
from typing import Any

from facecam.bench.result import Peak
from facecam.system.cpu import cpu_flags, thread_cpu_s
from facecam.system.python_process import python_command

_ACCUMULATORS = 12
"""Independent registers: enough to hide the latency of a multiply-add (4 cycles, 2 of them each cycle)."""
_ITERATIONS = 400_000
_TRIALS = 12

_MATRIX_SIDE = 768
_PRODUCTS = 25


def measure_peak() -> Peak | None:
    """The peak of the core that the calling thread runs on, in about 0.3 s; None if it can't be measured.

    The clock is the thread's CPU time, and the best of several trials counts.
    """
    try:
        return _register_loop() or _matrix_product()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _register_loop() -> Peak | None:
    if platform.machine().lower() not in ("x86_64", "amd64") or sys.platform == "win32":
        return None  # Windows wants other registers kept
    flags = cpu_flags()
    widths = [8] * ({"fma", "avx2"} <= flags) + [16] * ("avx512f" in flags)
    best = 0.0
    for lanes in widths:
        code = _loop_code(lanes)
        try:
            memory = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        except OSError:  # hardened systems
            return None
        memory.write(code)
        buffer: Any = ctypes.c_char.from_buffer(memory)
        loop = ctypes.CFUNCTYPE(None, ctypes.c_long)(ctypes.addressof(buffer))
        for _ in range(_TRIALS):
            start_s = thread_cpu_s()
            loop(_ITERATIONS)
            best = max(best, 2.0 * lanes * _ACCUMULATORS * _ITERATIONS / (thread_cpu_s() - start_s) / 1e9)
        del loop, buffer
        memory.close()
    return Peak(best, "register loop") if best > 0 else None


def _loop_code(lanes: int) -> bytes:
    """void loop(long iterations): all accumulators += zmm12 * zmm13 (or ymm), each iteration; System V calls."""
    body = b""
    for register in range(_ACCUMULATORS):
        extended = register >= 8
        operands = bytes([0xB8, 0xC0 | (register & 7) << 3 | 5])  # VFMADD231PS register, 12, 13
        if lanes == 16:
            body += bytes([0x62, 0x52 if extended else 0xD2, 0x1D, 0x48]) + operands
        else:
            body += bytes([0xC4, 0x42 if extended else 0xC2, 0x1D]) + operands
    body += b"\x48\xff\xcf"  # dec rdi
    back = -(len(body) + 6)
    return b"\xc5\xfc\x77" + body + b"\x0f\x85" + back.to_bytes(4, "little", signed=True) + b"\xc5\xf8\x77\xc3"


def _matrix_product() -> Peak | None:
    """In a process of its own, as the number of BLAS threads is fixed when numpy is loaded."""

    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "1")}
    done = subprocess.run(
        python_command(__name__), capture_output=True, text=True, timeout=30, check=True, env=environment
    )
    gflops = float(done.stdout)
    return Peak(gflops, "matrix product") if gflops > 0 else None


def _best_product_gflops() -> float:
    """The peak of as many threads as BLAS has."""
    import numpy as np

    matrix = np.ones((_MATRIX_SIDE, _MATRIX_SIDE), np.float32)
    product, best_s = np.empty_like(matrix), math.inf
    for _ in range(_PRODUCTS):
        start_s = thread_cpu_s()
        np.matmul(matrix, matrix, out=product)
        best_s = min(best_s, thread_cpu_s() - start_s)
    return 2 * _MATRIX_SIDE**3 / best_s / 1e9


if __name__ == "__main__":
    print(_best_product_gflops())
