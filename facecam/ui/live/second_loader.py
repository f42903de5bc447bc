"""SecondLoader: loads the detector to compare with in a thread of its own, as that can take a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from facecam.detection.any_detector import AnyDetector
from facecam.errors import FacecamError

_logger = logging.getLogger(__name__)


class SecondLoader(QObject):
    """One model at a time, and only the newest wish counts. The signals arrive in the GUI thread."""

    loaded = Signal(object)
    """The detector that was wished for."""
    failed = Signal(str)
    """Why it can't be had, in a sentence."""
    _done = Signal(int, object, str)

    def __init__(self, load: Callable[[str], AnyDetector], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load = load
        self._lock = threading.Lock()  # guards what follows
        self._wanted: str | None = None
        self._wish = 0
        self._busy = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def load(self, model: str) -> None:
        """Wishes for that model: a shipped one's name, or a file. Returns at once."""
        with self._lock:
            self._wanted = model
            self._wish += 1
            if self._busy:
                return
            self._busy = True
        # Not a daemon: a runtime that is compiling a network while the process ends under it aborts.
        threading.Thread(target=self._work, name="facecam-load").start()

    def cancel(self) -> None:
        """Wishes for nothing any more."""
        with self._lock:
            self._wanted = None
            self._wish += 1

    def _work(self) -> None:
        while True:
            with self._lock:
                model, wish, self._wanted = self._wanted, self._wish, None
                if model is None:
                    self._busy = False
                    return
            detector, problem = self._try(model)
            try:
                self._done.emit(wish, detector, problem)
            except RuntimeError:  # the window has been closed meanwhile
                _logger.debug("%s was loaded for nobody", model)

    def _try(self, model: str) -> tuple[AnyDetector | None, str]:
        try:
            return self._load(model), ""
        except FacecamError as error:
            return None, str(error)
        except Exception as error:
            _logger.exception("the detector to compare with can't be loaded")
            return None, f"{model} can't be loaded: {error}"

    def _deliver(self, wish: int, detector: object, problem: str) -> None:
        if wish != self._wish:
            return
        if detector is None:
            self.failed.emit(problem)
        else:
            self.loaded.emit(detector)
