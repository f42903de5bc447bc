"""Puts the report together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from facecam.doctor import checks
from facecam.doctor.report import Facts, Report
from facecam.system.paths import cache_folder, crash_file, log_file, settings_file

_PROBE_S = 30.0
_PROBE = [sys.executable, "-m", "facecam.ui.tools.probe"]


def examine(model: str | None = None, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Looks at everything, which takes a few seconds. model: looked at besides those that come with the program."""
    places = {"settings": settings_file(), "log": log_file(), "cache": cache_folder()}
    sections: dict[str, Callable[[Report], Facts]] = {
        "Program": checks.program,
        "Packages": checks.packages,
        "Processor": checks.processor,
        "Window": window,
        "Environment": checks.environment,
        "OpenCV": checks.opencv,
        "Runtimes": checks.runtimes,
        "Models": partial(checks.models, wanted=model),
        "Cameras": checks.cameras,
        "Places": partial(checks.places, folders=places),
        "Last crash": partial(checks.last_crash, path=crash_file()),
    }
    report = Report()
    for title, look in sections.items():
        tell(title)
        report.add(title, look)
    return report


def window(report: Report, command: list[str] | None = None) -> Facts:
    """What Qt says, asked in a process of its own."""
    try:
        done = subprocess.run(
            command or _PROBE, capture_output=True, text=True, timeout=_PROBE_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        report.hint("Qt does not start within half a minute here; is the display that it uses still there?")
        return {"Qt": f"does not answer ({type(error).__name__})"}
    facts: Facts = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            facts = json.loads(line)
    if done.returncode != 0:
        facts["window"] = "can not be opened"
        facts["Qt ended with"] = done.returncode
        facts["Qt said"] = done.stderr.strip()[-1000:]
        report.hint("Qt can't open a window here; the section “Window” has what it said.")
    told = str(facts.get("window", ""))
    if told.startswith("can't"):
        report.hint(f"The window {told}. `facecam --headless` and `facecam detect` work without one.")
    if str(facts.get("Qt", "")).startswith("can't"):
        report.hint(f"Qt {facts['Qt']}. Install again: pip install --force-reinstall PySide6-Essentials.")
    return facts
