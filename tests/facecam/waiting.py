"""Waiting for what threads do, however long that takes on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 60.0
"""For anything that is to happen: far more than it takes on two cores with other work, as CI has them."""
T = TypeVar("T")


def wait_for(condition: Callable[[], T]) -> T:
    """Until `condition()` is true; how long that takes doesn't matter to the test."""
    end_s = time.perf_counter() + PATIENCE_S
    while not (value := condition()):
        assert time.perf_counter() < end_s, "waited in vain"
        time.sleep(0.005)
    return value
