"""Logs: a few files of bounded size in the platform's place, and on stderr when asked for (`--verbose`).

What is logged is what the program does and what goes wrong; never a picture, and no address with its password.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from facecam.system.paths import crash_file, log_file

MAX_BYTES = 1_000_000
_KEEP = 3
_TAIL_BYTES = 16_000
_OURS = ("facecam", "sagan_gallery")
_FORMAT = "%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s: %(message)s"


class _File(RotatingFileHandler):
    """Opened with the first line. A disk that is full or a folder of someone else's costs the log and nothing more."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=_KEEP, encoding="utf-8", delay=True)
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._failed:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        self._failed = True


@contextmanager
def logging_to_file(verbose: bool = False, path: Path | None = None) -> Iterator[Path]:
    """Logs everything of the program into the file until the end of the block; gives the file's path.

    verbose: also the details, and all of it on stderr.
    """
    path = path or log_file()
    handlers: list[logging.Handler] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_File(path))
    except OSError as error:
        if verbose:
            print(f"facecam: no log, as {path.parent} can't be made ({error.strerror or error}).", file=sys.stderr)
    if verbose:
        handlers.append(logging.StreamHandler())
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in _OURS]
    levels_before = [logger.level for logger in (root, *ours)]
    root.setLevel(logging.INFO)
    for logger in ours:
        logger.setLevel(logging.DEBUG if verbose else logging.INFO)  # libraries write books at that level
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
    try:
        yield path
    finally:
        for logger, level in zip((root, *ours), levels_before, strict=True):
            logger.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


@contextmanager
def crashes_noted(path: Path | None = None) -> Iterator[None]:
    """If a library crashes the whole process, the stacks of Python's threads are left in `crash_file()`."""
    path = path or crash_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a" if path.exists() and path.stat().st_size < MAX_BYTES else "w", encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).info("crashes can't be noted: %s", error)
        yield
        return
    with file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
    with suppress(OSError):  # another instance removed it, or still writes to it
        if path.stat().st_size == 0:
            path.unlink()


def log_tail(path: Path | None = None, lines: int = 60) -> str:
    """The log's last lines, empty without a log."""
    path = path or log_file()
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
