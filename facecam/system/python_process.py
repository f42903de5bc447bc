"""What starts a module of ours in a process of its own, from a checkout, an installed copy and the standalone build."""

from __future__ import annotations

import os
import runpy
import sys

FROZEN = bool(getattr(sys, "frozen", False))
"""Whether this is the standalone build, which has no Python beside it."""


def python_command(module: str) -> list[str]:
    """The words that start `python -m MODULE`, to be followed by its arguments. module: one of this program's."""
    return [sys.executable, "-m", module]


def run_as_python(arguments: list[str]) -> bool:
    """In the standalone build: does for `python_command` what Python does for `-m`; False where nothing asks for that.

    arguments: the process's, `sys.argv`, which the module then has for its own.
    """
    if not FROZEN:
        return False
    _leave_environment_as_it_was()
    if arguments[1:2] != ["-m"] or len(arguments) < 3:
        return False
    module = arguments[2]
    del arguments[1:3]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    return True


def _leave_environment_as_it_was() -> None:
    """Programs of the system that are started from here, such as a file manager, must not load libraries and plugins of
    ours: PyInstaller's start names them in the environment. This process has read it."""
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
    for name in ("QT_PLUGIN_PATH", "QML2_IMPORT_PATH"):  # the wheel's own Qt finds its plugins by itself
        os.environ.pop(name, None)
