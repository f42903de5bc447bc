"""The detector's thread of a running pipeline: from the newest frame to the faces in it, on the core that is wanted."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.live.face_finder import FaceFinder, FrameFaces
from facecam.live.mailbox import FrameMailbox
from facecam.live.options import LiveOptions
from facecam.sources import Frame
from facecam.system.cpu import choose_core, pinned

_CHANGE_POLL_S = 0.1
_logger = logging.getLogger(__name__)


class DetectionListener(Protocol):
    """Who says what is wanted and is told what was found, in the detector's thread."""

    @property
    def options(self) -> LiveOptions | None:
        """How to detect, at this moment; None: with the detector's own settings."""

    @property
    def still(self) -> bool:
        """Whether the source is one picture, and no other will come."""

    def on_pinned(self, core: int | None) -> None:
        """The core that is computed on from now on; None: the thread could not be pinned."""

    def on_detected(self, frame: Frame, options: LiveOptions | None, faces: FrameFaces, again: bool) -> None:
        """again: in a frame that the detector has seen before, under other options."""

    def on_drained(self) -> None:
        """All frames are through, and no more will come, at least for now. Told again and again while that is so."""

    def on_failed(self, error: FacecamError) -> None:
        """For good."""


class DetectionLoop:
    """Takes frames from a mailbox until `stop`.

    core: to compute on where the options don't name one, None: a good one.
    """

    def __init__(
        self,
        detector: FaceDetector,
        core: int | None,
        mailbox: FrameMailbox,
        stop: threading.Event,
        listener: DetectionListener,
    ) -> None:
        self._detector, self._own_core = detector, core
        self._mailbox, self._stop, self._listener = mailbox, stop, listener
        self._finder = FaceFinder(detector)
        self._frame: Frame | None = None  # the last one that the detector ran on ...
        self._settings: object = None  # ... and what under

    def run(self) -> None:
        """What the thread does."""
        try:
            while not self._stop.is_set():
                wish = self._core_wish()
                with pinned(choose_core() if wish is None else wish) as core:
                    self._listener.on_pinned(core)
                    self._detect_on(wish)
        except FacecamError as error:
            self._listener.on_failed(error.alone())
        except Exception as error:
            _logger.exception("the detector failed")
            self._listener.on_failed(FacecamError(f"The detector failed unexpectedly: {error}"))

    def _core_wish(self) -> int | None:
        options = self._listener.options
        return self._own_core if options is None or options.core is None else options.core

    def _detect_on(self, core_wish: int | None) -> None:
        """Until the run is stopped, or another core is wanted."""
        while not self._stop.is_set() and self._core_wish() == core_wish:
            new = self._mailbox.take(_CHANGE_POLL_S)
            if new is None and self._mailbox.drained:
                self._listener.on_drained()
                # A picture stays in the window: it follows the threshold, although no more frames come.
                if self._stop.wait(_CHANGE_POLL_S):
                    return
            options, frame = self._listener.options, new or self._frame
            settings = (self._detector.threshold, self._detector.nms) if options is None else options
            if frame is None or (new is None and settings == self._settings):
                continue
            self._frame, self._settings = frame, settings
            again = new is None
            faces = self._finder.find(frame, options, again, self._listener.still)
            self._listener.on_detected(frame, options, faces, again)
