"""A mailbox for one frame between two threads, newest wins."""

from __future__ import annotations

import threading

from facecam.sources import Frame


class FrameMailbox:
    """A mailbox for one frame: putting replaces what has not been taken yet."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """True if an older frame was dropped for this one."""
        with self._changed:
            dropped = self._frame is not None
            self._frame = frame
            self._changed.notify()
        return dropped

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None after the timeout or once closed and empty."""
        with self._changed:
            if self._frame is None and not self._closed:
                self._changed.wait(timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """No more frames will come; what is in the mailbox can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def reopen(self) -> None:
        """After `close`: there will be frames again."""
        with self._changed:
            self._closed = False

    @property
    def drained(self) -> bool:
        with self._changed:
            return self._closed and self._frame is None
