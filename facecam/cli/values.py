"""What options take: functions for `type=`, which say in half a sentence what is wrong with a value."""

from __future__ import annotations

import argparse

from facecam.runtimes.engine import MAX_THREADS
from facecam.system.cpu import available_cores, can_pin

_MAX_JOBS = 256


def number(text: str, highest: float, otherwise: str) -> float:
    """From 0 to `highest`; otherwise: how "TEXT ..." goes on where it is none."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= highest:
        raise argparse.ArgumentTypeError(f"{text} {otherwise}")
    return value


def fraction(text: str) -> float:
    return number(text, 1.0, "does not lie between 0 and 1")


def seconds(text: str) -> float:
    return number(text, 1e9, "is not a number of seconds")


def core(text: str) -> int:
    if not can_pin():
        raise argparse.ArgumentTypeError("this system can't pin a thread to a core; leave the option out")
    cores = available_cores()
    if not text.isdecimal() or int(text) not in cores:
        raise argparse.ArgumentTypeError(f"there is no core {text} here; there are {', '.join(map(str, cores))}")
    return int(text)


def jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes from 1 to {_MAX_JOBS}")
    return int(text)


def threads(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of threads from 1 to {MAX_THREADS}")
    return int(text)


def size(text: str) -> tuple[int, int] | None:
    """(width, height); None for `native`."""
    if text == "native":
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 32):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 640x480 (at least 32x32), nor `native`")
    return int(width), int(height)
