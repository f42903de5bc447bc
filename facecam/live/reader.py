"""Reader: one opening of a source, and the thread that reads it. `Capture` watches it and may leave it alone."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from facecam.errors import FacecamError
from facecam.sources import Frame, Player, Source

_logger = logging.getLogger(__name__)


class Reader:
    """One opening of the source, and the thread that reads it. Its figures are read by the watching thread."""

    def __init__(
        self, open_source: Callable[[], Source], tell: Callable[..., None], first_index: int, base_s: float
    ) -> None:
        self._open, self._tell = open_source, tell
        self._first_index, self._base_s = first_index, base_s
        self.source: Source | None = None
        self.player: Player | None = None
        self.open_again: Callable[[], Source] | None = None
        self.opened = self.over = self.is_left = self.foreseen = False
        self.live = False
        self.title = ""
        self.error: FacecamError | None = None
        self.delivered = 0
        self.next_index = first_index
        self.frozen_s = 0.0
        self._asked_s = self._first_s = time.perf_counter()
        self._changed_s = 0.0
        self._last: Frame | None = None
        self.thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def leave(self) -> None:
        """Nothing is wanted from it any more."""
        self.is_left = True
        if self.player is not None:
            self.player.stop()
        cancel = getattr(self.source, "cancel", None)
        if cancel is not None:
            cancel()

    def waits_s(self) -> float:
        """For how long the source has been at it without an answer."""
        since_s = self._asked_s if self.player is None else self.player.waiting_since_s
        return 0.0 if since_s is None else time.perf_counter() - since_s

    @property
    def usual_gap_s(self) -> float | None:
        """The mean time between two pictures, None while it can't be known yet."""
        return self.steady_s / (self.delivered - 1) if self.delivered >= 3 else None

    @property
    def steady_s(self) -> float:
        """For how long it has delivered."""
        return 0.0 if self._last is None else self._last.captured_s - self._first_s

    def _run(self) -> None:
        try:
            source = self.source = self._open()
            self.live, self.title = source.live, source.title
            self.open_again = getattr(source, "open_again", None)
            player = self.player = Player(source)
            if self.is_left:
                player.stop()
            self.opened = True
            _logger.info("%s is open, %s", self.title, "live" if self.live else f"{source.frame_count} pictures")
            self._tell(self, "opened")
            self._read(player)
        except FacecamError as error:
            _logger.info("%s", error)
            self.error, self.foreseen = error.alone(), True
        except Exception as error:
            _logger.exception("the source failed")
            self.error = FacecamError(f"The source failed unexpectedly: {error}")
        finally:
            self.over = True
            _logger.debug("%s is over after %d pictures", self.title or "the source", self.delivered)
            self._tell(self, "over")
            if self.source is not None:
                with suppress(FacecamError):
                    self.source.close()

    def _read(self, player: Player) -> None:
        while not self.is_left:
            frame = player.read()
            if frame is None:
                if self.is_left:
                    return
                self._tell(self, "ended")
                if not player.can_seek or not player.revived():
                    return
                self._tell(self, "revived")
                continue
            if self._first_index:
                frame = replace(frame, index=frame.index + self._first_index, time_s=frame.time_s + self._base_s)
            self._note(frame)
            self._tell(self, "got", frame)

    def _note(self, frame: Frame) -> None:
        if not self.delivered:
            self._first_s = self._changed_s = frame.captured_s
        elif self.live and not getattr(self.source, "may_stand_still", False):
            assert self._last is not None
            if _same(self._last, frame):
                self.frozen_s = frame.captured_s - self._changed_s
            else:
                self._changed_s, self.frozen_s = frame.captured_s, 0.0
        self._last = frame
        self.delivered += 1
        self.next_index = frame.index + 1


def _same(a: Frame, b: Frame) -> bool:
    """Whether two pictures are equal to the last bit, which those of a camera that sees something never are."""
    first, second = a.image, b.image
    if first.shape != second.shape or not np.array_equal(first[::16, ::16], second[::16, ::16]):
        return False
    return np.array_equal(first, second)
