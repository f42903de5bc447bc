"""Whether a window can be opened, found out before Qt is asked: Qt ends the whole process when it can't. No Qt here."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from facecam.headless import display_problem
from facecam.ui.debian import DEBIAN_PACKAGES


def display_available() -> bool:
    """Whether a window can be opened."""
    return window_problem() is None


def window_problem() -> str | None:
    """Why no window can be opened here, as half a sentence; None if one probably can."""
    return display_problem() or _missing_library()


def _missing_library() -> str | None:
    """Loads Qt's X11 plugin as Qt would, to learn which library of the system is missing."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if not sys.platform.startswith("linux") or platform not in ("", "xcb") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    spec = find_spec("PySide6")
    if spec is None or spec.origin is None:
        return "PySide6 is not installed (pip install PySide6-Essentials)"
    plugin = Path(spec.origin).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.exists():  # a distribution's own PySide6, which sees to its libraries itself
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return f"Qt lacks a library of the system ({error}); on Debian or Ubuntu: apt-get install {DEBIAN_PACKAGES}"
    return None
