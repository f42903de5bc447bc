"""The end of a process, which no thread can spoil."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

_THREADS_END_S = 0.3
_logger = logging.getLogger(__name__)


def end_process(status: int) -> NoReturn:
    """Ends this process. To be called by the main thread when all that it opened is closed.

    A thread that hangs in a driver is given up when the window closes. Python would tear it out of the library that it
    is in, which ends in an abort; so where one is left, the process ends at once.
    """
    end_s = time.monotonic() + _THREADS_END_S
    while (left := _daemons()) and time.monotonic() < end_s:
        time.sleep(0.01)
    if left:
        _logger.info("threads left at the end: %s", ", ".join(thread.name for thread in left))
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # closed, or never open
                stream.flush()
        os._exit(status)
    sys.exit(status)


def _daemons() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.daemon and thread is not threading.current_thread()]
