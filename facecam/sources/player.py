"""Player: plays a source at its own speed; other threads may pause, step, seek and loop it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import NamedTuple

from facecam.errors import SourceError
from facecam.sources.base import Frame, Seekable, Source

_LATE_S = 0.5
_JUST_BEFORE_S = 1e-3  # less than any picture lasts


class Place(NamedTuple):
    """Where a source stands. time_s: of the last frame that it gave; paused: whether it waits there."""

    time_s: float
    paused: bool


class Player:
    """Gives a source's frames when they are due: a video's by its timestamps, a folder as a slide show, the demo at
    30 per second. Frames that come late anyway, as those of a camera, are not delayed.

    One thread reads; the other methods may be called, and what follows be read, from any thread. can_seek: whether
    pause, step, seek and loop do anything. paused, loop: whether it is, and begins again at the end. position_s: the
    time of the last frame given. waiting_since_s: since when the source has been asked for a frame
    (`time.perf_counter`), None while it is not asked.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seekable = source if isinstance(source, Seekable) and not source.live else None
        self.can_seek = self._seekable is not None
        self.duration_s = None if self._seekable is None else self._seekable.duration_s
        self.waiting_since_s: float | None = None
        self._changed = threading.Condition()  # guards what is written below
        self._stopped = self.paused = self.loop = False
        self._target_s: float | None = None
        self._steps = 0
        self._ahead: Frame | None = None  # read, but not due yet
        self._take = 0
        self.position_s = 0.0
        self._start_s: float | None = None  # when time 0 was, or would have been, due

    # From any thread

    def pause(self, on: bool = True) -> None:
        self._set(paused=on and self.can_seek, _steps=0, _start_s=None)

    @property
    def place(self) -> Place:
        return Place(self.position_s, self.paused)

    def go_to(self, place: Place) -> None:
        self.pause(place.paused)
        self.seek(place.time_s)

    def set_loop(self, on: bool) -> None:
        self._set(loop=on and self.can_seek)

    def seek(self, time_s: float) -> None:
        """Goes on from there; of several requests the newest counts."""
        if self.can_seek:
            self._set(_target_s=max(0.0, time_s), _steps=0)

    def step(self, count: int) -> None:
        """Pauses, and shows the next frame (1) or the one before (-1)."""
        if self.can_seek:
            with self._changed:
                self.paused = True
                self._steps = max(-10, min(10, self._steps + count))
                self._changed.notify_all()

    def stop(self) -> None:
        """No more frames: `read` returns None at once, unless the source itself is slow."""
        self._set(_stopped=True)

    def _set(self, **values: object) -> None:
        with self._changed:
            for name, value in values.items():
                setattr(self, name, value)
            self._changed.notify_all()

    # Reading thread

    def read(self) -> Frame | None:
        """The next frame when it is due, captured now; None at the end or after `stop`. Raises SourceError."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or not self.paused or self._is_asked())
                if self._stopped:
                    return None
                target_s, self._target_s = self._target_s, None
                step = max(-1, min(1, self._steps)) if target_s is None else 0
                self._steps -= step
            if target_s is not None or step < 0:
                frame = self._go_to(max(0.0, self.position_s - _JUST_BEFORE_S) if target_s is None else target_s)
            else:
                frame = self._next()
            if frame is None:
                return None
            due = self._wait_until_due(frame) if target_s is None and step == 0 else frame
            if due is None:
                continue
            with self._changed:
                self._ahead = None
                self.position_s = frame.time_s
                if target_s is not None:  # the next one has its time, which for a slide is long
                    self._start_s = time.perf_counter() - frame.time_s
            return due

    def revived(self) -> bool:
        """After the end: waits until somebody goes back (True) or stops it (False)."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._target_s is not None or self._steps < 0)
            return not self._stopped

    def _is_asked(self) -> bool:
        return self._target_s is not None or self._steps != 0

    def _next(self) -> Frame | None:
        ahead = self._ahead  # maybe read before a pause
        frame = self._read() if ahead is None else replace(ahead, captured_s=time.perf_counter())
        if frame is None and self.loop:
            frame = self._go_to(0.0)
            with self._changed:  # the last one has its time, too
                fps, rest_s = self._source.fps, (self.duration_s or 0.0) - self.position_s
                last_s = 1 / fps if fps else max(0.0, rest_s)
                self._start_s = None if frame is None else time.perf_counter() + last_s - frame.time_s
        self._ahead = frame
        return frame

    def _go_to(self, time_s: float) -> Frame | None:
        assert self._seekable is not None
        self._ahead = None
        self._take += 1
        with self._changed:
            self._start_s = None
        self.waiting_since_s = time.perf_counter()
        try:
            self._seekable.seek(time_s)
        except SourceError:
            self.waiting_since_s = None
            raise
        return self._read()

    def _read(self) -> Frame | None:
        self.waiting_since_s = time.perf_counter()
        try:
            frame = self._source.read()
            return frame if frame is None or not self._take else replace(frame, take=self._take)
        finally:
            self.waiting_since_s = None

    def _wait_until_due(self, frame: Frame) -> Frame | None:
        """The frame, captured when it was due; None if something else is wanted meanwhile, and the frame is kept."""
        with self._changed:
            now_s = time.perf_counter()
            if self._start_s is None:
                self._start_s = now_s - frame.time_s
            early_s = self._start_s + frame.time_s - now_s
            if frame.path is not None and self._source.fps:  # those of a folder that can't be read leave no gap
                gap_s = max(0.0, frame.time_s - self.position_s - 1 / self._source.fps)
                self._start_s -= gap_s
                early_s -= gap_s
            if early_s < -_LATE_S:  # after a stall go on at the right speed instead of racing to catch up
                self._start_s -= early_s
            if early_s <= 0:
                return frame
            if self._changed.wait_for(lambda: self._stopped or self.paused or self._is_asked(), early_s):
                return None
            return replace(frame, captured_s=time.perf_counter())
