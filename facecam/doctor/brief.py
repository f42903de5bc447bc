"""The few lines about program and machine that belong on top of every error report."""

from __future__ import annotations

import platform

from facecam.doctor.checks import PACKAGES
from facecam.runtimes.engine import version
from facecam.system.cpu import cpu_name


def brief() -> str:
    """Three lines; asks nothing that takes time."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if version(name))
    return (
        f"facecam {version('facecam') or '(from a checkout)'}, Python {platform.python_version()}, "
        f"{platform.platform()}\n{cpu_name()}\n{versions}"
    )
