"""ModuleLoader: imports what a tab needs while nobody waits for it, or while the window says that it is coming, and
makes it in steps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from facecam.qtkit.worker import Notifier

_WAIT_MS = 1500
"""After the window is shown: its own picture comes first."""
_one_at_a_time = threading.Lock()
"""Held during an import: two at a time would slow down the picture, and modules may import each other."""
_logger = logging.getLogger(__name__)


class ModuleLoader(QObject):
    """Imports one module in a thread of its own, as the window would stand still for a second or more. is_done:
    importing it takes no time any more.

    steps: make the tab, with other events in between, as making it at once would stop the window for more than a frame;
    all give None but the last, which gives the tab. part: the tab, once it is made.
    """

    done = Signal()
    """The steps are done. In the GUI thread, where importing the module takes no time now; if its import has failed, it
    fails there again, and is reported like any error."""

    def __init__(self, module: str, steps: Iterable[Any] = ()) -> None:
        super().__init__()
        self._module, self._steps = module, iter(steps)
        self.part: Any = None
        self._begun = self.is_done = False
        self._notifier = Notifier(self)
        self._notifier.notified.connect(self._step)

    def begin_soon(self) -> None:
        """Begins when the window has had time for its own picture."""
        QTimer.singleShot(_WAIT_MS, self, self.begin)

    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._load, name="preload", daemon=True).start()

    def _load(self) -> None:
        try:
            with _one_at_a_time:
                import_module(self._module)
        except Exception:
            _logger.warning("%s can't be loaded ahead", self._module, exc_info=True)
        self._notifier.notify()

    def _step(self) -> None:
        following = self._end  # also where a step fails
        try:
            self.part = next(self._steps)
            following = self._step
        except StopIteration:
            pass
        finally:
            QTimer.singleShot(0, self, following)

    def _end(self) -> None:
        self.is_done = True
        self.done.emit()
