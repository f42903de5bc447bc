"""Report: facts in sections, hints in words; as text for people and as JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecam.errors import FacecamError

_logger = logging.getLogger(__name__)
Facts = dict[str, Any]
"""Plain JSON values by name: text, numbers, yes or no, None (unknown), lists and dicts of these."""


@dataclass
class Report:
    """sections: facts by title; hints: sentences that say what is wrong and what to do, the worst first."""

    sections: dict[str, Facts] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)

    def add(self, title: str, look: Callable[[Report], Facts]) -> None:
        """Asks `look` for the facts of a section. It may add hints, and may fail: that is a fact as well."""
        try:
            self.sections[title] = look(self)
        except FacecamError as error:
            self.sections[title] = {"failed": str(error)}
            self.hint(str(error))
        except Exception as error:  # a fault of one section must not take the others from the user
            _logger.warning("the section %s failed", title, exc_info=True)
            self.sections[title] = {"failed": f"{type(error).__name__}: {error}"}
            self.hint(f"Looking at “{title}” failed; that is a fault of the program, please report it.")

    def hint(self, sentence: str) -> None:
        """Adds a hint, once."""
        if sentence not in self.hints:
            self.hints.append(sentence)

    def as_json(self) -> dict[str, Any]:
        """{"sections": ..., "hints": [...]}, with the home folder as ~: it would name the user."""
        return {"sections": _without_home(self.sections), "hints": _without_home(self.hints)}

    def as_text(self) -> str:
        """One fact a line, the hints at the end."""
        content = self.as_json()
        lines: list[str] = []
        for title, facts in content["sections"].items():
            lines += [title, *_lines(facts, "  "), ""]
        if content["hints"]:
            lines += ["Hints", *(f"  - {sentence}" for sentence in content["hints"])]
        else:
            lines.append("Nothing looks wrong here.")
        return "\n".join(lines) + "\n"


def _lines(facts: Facts, indent: str) -> list[str]:
    width = max((len(name) for name, value in facts.items() if not isinstance(value, dict)), default=0)
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict) and value:
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name.replace('_', ' '):<{width}}  {_text(value)}".rstrip())
    return lines


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(entry) for entry in value)
    return f"{value:.1f}" if isinstance(value, float) else " ".join(str(value).split())


def _without_home(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_home(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_home(entry) for entry in value]
    return without_home(value) if isinstance(value, str) else value


def without_home(text: str) -> str:
    """The text with the user's home folder as ~, because its name is the user's."""
    for home in sorted({str(Path.home().resolve()), str(Path.home())}, key=len, reverse=True):  # it may be a link
        text = text.replace(home, "~") if len(home) > 1 else text
    return text
