"""The screen, or a part of it, as a source."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass

import mss
import numpy as np

from facecam.errors import SourceError
from facecam.sources.base import MAX_PIXELS, Frame
from facecam.system.opencv import cv2

SCREEN_FPS = 30.0
_SPEC = re.compile(r"screen(?::(\d{1,2})(?::(\d{1,5})x(\d{1,5})\+(\d{1,5})\+(\d{1,5}))?)?")


@dataclass(frozen=True)
class ScreenPart:
    """monitor: from 1 on; rect: (left, top, width, height) in the monitor's pixels (macOS: points), None: all of it."""

    monitor: int = 1
    rect: tuple[int, int, int, int] | None = None

    @property
    def spec(self) -> str:
        """As `open_source` takes it: "screen:1" or "screen:1:640x480+100+50"."""
        if self.rect is None:
            return f"screen:{self.monitor}"
        left, top, width, height = self.rect
        return f"screen:{self.monitor}:{width}x{height}+{left}+{top}"

    @classmethod
    def parse(cls, spec: str) -> ScreenPart | None:
        """The other way round; "screen" is the first one. None if it is no screen at all."""
        found = _SPEC.fullmatch(spec)
        if found is None:
            return None
        monitor = int(found[1] or 1)
        if found[2] is None:
            return cls(monitor)
        width, height, left, top = (int(found[group]) for group in (2, 3, 4, 5))
        return cls(monitor, (left, top, width, height))


def monitors() -> list[dict[str, int]]:
    """Left, top, width and height of each monitor, in the order and the unit that `ScreenPart` counts them in. Raises
    SourceError where no program may look at the screen."""
    screens, found = _look()
    screens.close()
    return found


def _look() -> tuple[mss.MSS, list[dict[str, int]]]:
    if sys.platform.startswith("linux") and os.environ.get("WAYLAND_DISPLAY"):
        raise SourceError("A Wayland session lets no program look at the screen; log in to an X11 session.")
    try:
        screens = mss.MSS()
        return screens, screens.monitors[1:]  # the first entry is all of them together
    except (mss.ScreenShotError, OSError) as error:
        raise SourceError(f"The screen can't be looked at: {_words(error)}.") from error


class ScreenSource:
    """What the screen shows, 30 times a second. Opened, read and closed in one and the same thread."""

    live = True
    fps: float | None = SCREEN_FPS
    frame_count: int | None = None
    may_stand_still = True

    def __init__(self, part: ScreenPart) -> None:
        self._screens, found = _look()
        if not 1 <= part.monitor <= len(found):
            self.close()
            count = "one" if len(found) == 1 else str(len(found))
            raise SourceError(f"There is no screen {part.monitor}, only {count}.")
        screen = found[part.monitor - 1]
        left, top, width, height = part.rect or (0, 0, screen["width"], screen["height"])
        width, height = min(width, screen["width"] - left), min(height, screen["height"] - top)
        if width < 1 or height < 1 or width * height > MAX_PIXELS:
            self.close()
            raise SourceError(f"That part does not lie on screen {part.monitor}.")
        self._area = {"left": screen["left"] + left, "top": screen["top"] + top, "width": width, "height": height}
        what = "Screen" if part.rect is None else "Part of the screen"
        self.title = what if len(found) == 1 else f"{what} {part.monitor}"
        self._index = 0
        self._opened_s = self._due_s = time.perf_counter()

    def read(self) -> Frame | None:
        now_s = time.perf_counter()
        if self._due_s > now_s:
            time.sleep(self._due_s - now_s)
        self._due_s = max(self._due_s, now_s) + 1 / SCREEN_FPS
        captured_s = time.perf_counter()
        try:
            shot = self._screens.grab(self._area)
        except (mss.ScreenShotError, OSError) as error:
            raise SourceError(f"The screen can't be looked at any more: {_words(error)}.") from error
        image = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
        bgr = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), np.uint8)
        frame = Frame(bgr, self._index, captured_s - self._opened_s, captured_s)
        self._index += 1
        return frame

    def close(self) -> None:
        self._screens.close()


def _words(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
