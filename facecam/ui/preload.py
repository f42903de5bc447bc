"""Loads the gallery's modules while nobody waits for them, so that its tab is there at once when it is opened."""

from __future__ import annotations

import importlib
import threading

from PySide6.QtCore import QTimer

_WAIT_MS = 1500
"""After the window is shown: its own picture comes first."""


def preload_gallery() -> None:
    """Begins soon, in a thread of its own; whoever needs the modules meanwhile waits for no more than the rest."""
    thread = threading.Thread(
        target=importlib.import_module, args=("facecam.ui.gallery_tab",), name="gallery-preload", daemon=True
    )
    QTimer.singleShot(_WAIT_MS, lambda: thread.start())  # a bound method would be held weakly, and the thread with it
