"""Tries Qt in a process of its own, because Qt ends the whole process where it can't start:

python -m facecam.ui.tools.probe     # prints one JSON object
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from facecam.system.display import window_problem


def probe() -> dict[str, Any]:
    """What Qt says about itself and the screens. Must run in a process without a QApplication."""
    problem = window_problem()
    facts: dict[str, Any] = {"window": "can be opened" if problem is None else f"can't be opened: {problem}"}
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
    except ImportError as error:
        return {**facts, "Qt": f"can't be loaded: {error}"}
    plugins = Path(QtCore.QLibraryInfo.path(QtCore.QLibraryInfo.LibraryPath.PluginsPath))
    facts["Qt"] = QtCore.qVersion()
    facts["plugins"] = str(plugins)
    facts["platform plugins"] = sorted(
        file.stem.removeprefix("lib").removeprefix("q")
        for file in (plugins / "platforms").glob("*q*")
        if file.is_file()
    )
    if problem is not None:
        return facts
    print(json.dumps(facts), flush=True)  # in case the next line is the last
    from facecam.system.opencv import cv2  # as in the program: with OpenCV's own Qt nearby

    app = QtWidgets.QApplication(["facecam"])
    facts["platform"] = app.platformName()
    facts["library paths"] = app.libraryPaths()
    facts["style"] = app.style().objectName()
    facts["dark"] = app.styleHints().colorScheme() == QtCore.Qt.ColorScheme.Dark
    facts["font"] = f"{QtGui.QFontInfo(app.font()).family()} {app.font().pointSizeF():g} pt"
    facts["OpenCV beside it"] = cv2.__version__
    facts["screens"] = {
        screen.name() or str(number): (
            f"{screen.size().width()} x {screen.size().height()}, scale {screen.devicePixelRatio():g}, "
            f"{screen.refreshRate():.0f} Hz"
        )
        for number, screen in enumerate(app.screens())
    }
    return facts


if __name__ == "__main__":
    print(json.dumps(probe()), flush=True)
    sys.stdout.flush()
    os._exit(0)  # nothing to tidy up, and a driver that fails at exit is not what was asked
