"""Waiting for what threads do, however long that takes on a busy machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from unittest.mock import patch

PATIENCE_S = 60.0
"""For anything that is to happen: far more than it takes on two cores with other work, as CI has them."""
_LOOK_EVERY_S = 0.002
T = TypeVar("T")


def wait_for(condition: Callable[[], T]) -> T:
    """Until `condition()` is true; how long that takes doesn't matter to the test."""
    for _ in range(round(PATIENCE_S / _LOOK_EVERY_S)):  # times at which the whole process stood still don't count
        if value := condition():
            return value
        time.sleep(_LOOK_EVERY_S)
    raise AssertionError("waited in vain")


@contextmanager
def waits_at_most(seconds: float) -> Iterator[None]:
    """That this thread waits for other threads no longer in the block; how late the processor is doesn't count.

    What never ends, a driver that hangs, has to be among them, and hang for 2 * PATIENCE_S.
    """
    waited_s: list[float] = []
    join, here, began_s = threading.Thread.join, threading.current_thread(), time.perf_counter()

    def noting(thread: threading.Thread, timeout: float | None = None) -> None:
        asked_s = time.perf_counter()
        join(thread, timeout)
        if threading.current_thread() is here:
            took_s = time.perf_counter() - asked_s
            waited_s.append(took_s if timeout is None else min(timeout, took_s))

    with patch.object(threading.Thread, "join", noting):
        yield
    assert 0 < sum(waited_s) <= seconds
    assert time.perf_counter() - began_s < PATIENCE_S
