"""Loads the gallery's modules while nobody waits for them, so that its tab is there at once when it is opened."""

from __future__ import annotations

import importlib
import os
import sys
import threading

from PySide6.QtCore import QTimer

_WAIT_MS = 1500
"""After the window is shown: its own picture comes first."""
_NICENESS = 10


def preload_gallery() -> None:
    """Begins soon, in a thread of its own; whoever needs the modules meanwhile waits for no more than the rest."""
    thread = threading.Thread(target=_load, name="gallery-preload", daemon=True)
    QTimer.singleShot(_WAIT_MS, thread.start)


def _load() -> None:
    if sys.platform == "linux":  # elsewhere a niceness is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    importlib.import_module("facecam.ui.gallery_tab")
