"""Whether a window can be opened, found out before Qt is asked: Qt ends the whole process when it can't. No Qt here."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from facecam.system.debian import DEBIAN_PACKAGES


def window_problem() -> str | None:
    """Why no window can be opened here, as half a sentence; None if one probably can."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    on_screen = sys.platform.startswith("linux") and platform in ("", "xcb", "wayland")
    if not on_screen or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return display_problem() or (None if platform == "wayland" else _missing_library())


def display_problem() -> str | None:
    """What is wrong with the X11 display, as half a sentence; None if nothing seems to be."""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "there is no display"
    return None if _x_server_answers(display) else f"the display {display} does not answer"


def _missing_library() -> str | None:
    """Loads Qt's X11 plugin as Qt would, to learn which library of the system is missing."""
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


def _x_server_answers(display: str) -> bool:
    """Whether something listens where the X11 display "host:number.screen" should be."""
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal():
        return True  # a form we don't know, such as a macOS launchd path: let Qt find out
    try:
        if host in ("", "unix"):
            path = f"/tmp/.X11-unix/X{number}"
            return any(_unix_socket_answers(address) for address in (path, f"\0{path}"))
        socket.create_connection((host.strip("[]"), 6000 + int(number)), timeout=2).close()
    except (OSError, OverflowError):
        return False
    return True


def _unix_socket_answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        return connection.connect_ex(address) == 0
