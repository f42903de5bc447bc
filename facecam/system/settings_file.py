"""SettingsFile: a few plain values in one JSON file. Nothing in it is ever executed or imported.

A file that can't be read is set aside, never lost and never in the way: the program starts with its defaults and says
where the old one lies.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from facecam.errors import FacecamError
from facecam.system.files import write_whole

_MAX_BYTES = 1 << 20
_logger = logging.getLogger(__name__)

Value = bool | float | str


class SettingsFile:
    """Values by key, such as "live/threshold". `flush` writes them, whole or not at all.

    path: None: they are kept nowhere. problem: a sentence for the user when the file was damaged or can't be written;
    None while all is well.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem: str | None = None
        self._values: dict[str, Value] = {}
        self._changed = False
        if path is None:
            return
        try:
            self._values = _read(path)
        except FileNotFoundError:
            pass  # the first start
        except OSError as error:
            self.problem = f"The settings in {path} can't be read ({error.strerror or error}); the defaults are used."
        except ValueError as error:
            _logger.warning("damaged settings: %s", error)
            self.problem = _set_aside(path)

    def value(self, key: str) -> Value | None:
        """What was kept under the key, None if nothing was."""
        return self._values.get(key)

    def put(self, key: str, value: Value) -> None:
        """Keeps the value; it is written with the next `flush`."""
        if self._values.get(key) != value or type(self._values.get(key)) is not type(value):
            self._values[key] = value
            self._changed = True

    def flush(self) -> bool:
        """Writes what has changed. False, with a `problem`, if that fails; the file before it stays whole."""
        if not self._changed or self.path is None:
            return True
        self._changed = False  # also after a failure, which is reported once, not with every slider
        try:
            write_whole(self.path, json.dumps(self._values, indent=1, sort_keys=True))
        except FacecamError as error:
            _logger.warning("the settings can't be written: %s", error)
            self.problem = f"The settings can't be kept: {error}"
            return False
        return True

    def clear(self) -> None:
        """Forgets everything, in the file too. Raises OSError if the file can't be removed."""
        self._values = {}
        self._changed = False
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Value]:
    """Raises ValueError if the content is not ours."""
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("too large")
    try:
        content: Any = json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(content, dict):
        raise ValueError("not an object")
    return {key: value for key, value in content.items() if isinstance(value, (bool, int, float, str))}


def _set_aside(path: Path) -> str:
    """Renames a damaged file; returns what to tell the user."""
    aside = path.with_suffix(".damaged.json")
    try:
        os.replace(path, aside)
    except OSError as error:
        return f"The settings in {path} are damaged and can't be set aside ({error.strerror or error})."
    return f"The settings were damaged and are the defaults again; the old file is kept as {aside}."
