"""Nothing goes to the network unless the user names an address. Watched by Python's audit events and by the system."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.processes import ROOT, run_python

WATCH = """
import socket, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"):
        if event == "socket.connect" and isinstance(arguments[1], (str, bytes)):
            return  # a path of this machine, such as the X server's
        print("NETWORK", event, arguments, flush=True)

sys.addaudithook(watch)
"""

WINDOW = (
    WATCH
    + """
from PySide6.QtCore import QTimer
from facecam import cli
from facecam.ui.shell import app
application = app.make_application()

def look():
    window = next((widget for widget in application.topLevelWidgets() if hasattr(widget, "go_to")), None)
    figures = window.made[0].picture.overlay.figures.text if window is not None and 0 in window.made else ""
    if "capture" not in figures:  # no frame is shown yet
        QTimer.singleShot(200, look)
        return
    for index in (1, 2, 0):
        window.go_to(index)
        window.tab(index)  # made now, though it may still be loading
    print("FIGURES", figures, flush=True)
    QTimer.singleShot(1500, window.close)

QTimer.singleShot(200, look)
sys.argv = ["facecam", "--source", "demo"]
cli.run()
"""
)

COMMANDS = (
    WATCH
    + """
from facecam.cli import main
main(["--headless", "--source", "demo", "--seconds", "1"])
main(["detect", sys.argv[1]])
main(["cameras"])
main(["doctor"])
"""
)

ADDRESS = (
    WATCH
    + """
from facecam.cli import main
main(["detect", "http://127.0.0.1:9/x"])
"""
)


def without_network() -> tuple[str, ...]:
    """A prefix under which there is no network at all, where the system can do that; so native libraries have none."""
    prefix = ("unshare", "-rn")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return prefix if works else ()


def test_the_window_with_the_demo_and_all_tabs_asks_nobody_and_needs_nobody() -> None:
    done = run_python("-c", WINDOW, prefix=without_network())
    assert done.returncode == 0, done.stderr
    assert "capture" in done.stdout
    assert "NETWORK" not in done.stdout


def test_the_commands_ask_nobody(tmp_path: Path) -> None:
    picture = ROOT / "assets" / "facecam" / "demo" / "hopper.jpg"
    done = run_python("-c", COMMANDS, str(picture))
    assert done.returncode == 0, done.stderr
    assert "1 face" in done.stdout
    assert "NETWORK" not in done.stdout


def test_an_address_that_the_user_names_is_asked() -> None:
    """And so the watch works."""
    assert "NETWORK" in run_python("-c", ADDRESS).stdout
