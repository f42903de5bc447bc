"""Processes that tests start: Python on this tree, as a shell starts it in the background."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]


def environment(**variables: str | None) -> dict[str, str]:
    """That of a process on this tree, which shows its windows nowhere; `variables` replace others, None removes one."""
    wanted = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", **variables}
    return {name: value for name, value in wanted.items() if value is not None}


def start_python(*arguments: object, alone: bool = False, **variables: str | None) -> subprocess.Popen[str]:
    """`python ARGUMENTS`, its output in pipes. alone: as the first of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(**variables),
        start_new_session=alone,
        preexec_fn=None if sys.platform == "win32" else _ignore_ctrl_c,
    )


def run_python(
    *arguments: object, prefix: tuple[str, ...] = (), timeout_s: float = 300.0, **variables: Any
) -> subprocess.CompletedProcess[str]:
    """`PREFIX python ARGUMENTS` to its end. variables: as of `environment`."""
    return subprocess.run(
        [*prefix, sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(**variables),
        timeout=timeout_s,
        check=False,
    )


def in_group(group: int) -> list[list[str]]:
    """The commands of a group's processes, without those that are dead and merely not waited for."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
    return found


def start_x_server(size: str = "1400x900") -> tuple[subprocess.Popen[bytes], str]:
    """An Xvfb of our own with a screen of that size, and the display that it is. Skips the test where there is none."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("there is no Xvfb")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(write_end), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=(write_end,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as numbers:
        number = numbers.readline().strip()
    if not number:
        pytest.skip("Xvfb does not start here")
    return server, f":{number}"


def _ignore_ctrl_c() -> None:
    """What a shell without job control does to a process in the background: it inherits SIGINT as ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
