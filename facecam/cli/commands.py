"""What the small commands do, and the window; each gives the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial

from tqdm import tqdm

from facecam.cli.headless import run_headless
from facecam.cli.options import detector_options
from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.sources import list_cameras
from facecam.system.display import window_problem
from facecam.system.opencv import quiet_libraries
from facecam.system.paths import settings_file
from facecam.system.resources import asset
from facecam.system.settings_file import SettingsFile

_FALLBACK_SECONDS = 10.0
LICENCES = "licences.txt"
"""The shipped file with the licences of what the standalone build bundles."""


def window(arguments: argparse.Namespace) -> int:
    """Opens the window; without one, or where none can be opened, prints the rates."""
    if arguments.headless:
        return _headless(arguments)
    problem = window_problem()
    if problem is None:
        try:
            from facecam.ui.shell import app
        except ImportError as error:  # a system library that Qt needs, such as libEGL
            problem = f"Qt can't be loaded ({error})"
        else:
            return app.main(arguments.source, detector_options(arguments))
    print(f"facecam: no window, as {problem}; running without one.", file=sys.stderr)
    return _headless(arguments)


def _headless(arguments: argparse.Namespace) -> int:
    seconds = _FALLBACK_SECONDS if arguments.live_seconds is None else arguments.live_seconds
    detector = FaceDetector(detector_options(arguments).for_live())
    run_headless(
        arguments.source,
        detector,
        seconds,
        partial(print, flush=True),
        arguments.record,
        arguments.virtual_camera,
        arguments.live_sound,
        arguments.microphone,
    )
    return 0


def cameras(arguments: argparse.Namespace) -> int:
    """Lists the connected cameras."""
    connected = list_cameras()
    for camera in connected:
        print(f"{camera.index}  {camera.name}")
    if not connected:
        print("No camera found. `facecam --source demo` works without one.")
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """Looks for trouble."""
    from facecam.doctor.checks import examine

    with quiet_libraries() as stderr:
        bar = tqdm(file=stderr, disable=None, bar_format="{desc} …", leave=False)
        report = examine(arguments.model, lambda title: bar.set_description_str(title))
        bar.close()
    print(json.dumps(report.as_json(), indent=2) if arguments.json else report.as_text(), end="\n" * arguments.json)
    return 0


def reset_settings(arguments: argparse.Namespace) -> int:
    """Forgets what the window remembers. Raises FacecamError."""
    path = settings_file()
    try:
        existed = path.exists()
        SettingsFile(path).clear()
    except OSError as error:
        raise FacecamError(f"The settings in {path} can't be removed: {error.strerror or error}.") from error
    print(f"The settings in {path} are forgotten." if existed else "There were no settings.")
    return 0


def licences(arguments: argparse.Namespace) -> int:
    """Prints the licences of what comes with the program."""
    sys.stdout.buffer.write(asset(LICENCES).read_bytes())  # names of people, whatever the terminal can show
    sys.stdout.flush()
    return 0
