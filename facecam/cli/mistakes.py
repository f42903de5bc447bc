"""A parser that tells a mistake in one line, and knows what was meant."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from facecam.cli.exits import EXIT_WRONG_INPUT
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line. commands: those that there are."""

    commands: Collection[str] = ()

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message)
        if unknown is not None:
            message = _not_a_command(unknown[1], list(self.commands))
        self.exit(EXIT_WRONG_INPUT, f"{self.prog}: {message} (`{self.prog} --help` tells more).\n")


def _not_a_command(word: str, commands: list[str]) -> str:
    """What to say to `facecam clip.mp4`, which is meant as a source, and to a mistyped command."""
    names = ("demo", "screen", "auto")
    is_file = Path(word).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES or Path(word).exists()
    if is_file or "://" in word or word.isdecimal() or word.partition(":")[0] in (*names, "camera"):
        return f"to open {word}, type `facecam --source {word}`; to list its faces, `facecam detect {word}`"
    near = difflib.get_close_matches(word, commands, 1, 0.5)
    meant = f"; do you mean {near[0]}?" if near else f"; there are {', '.join(commands[:-1])} and {commands[-1]}"
    return f"there is no command {word}{meant}"
