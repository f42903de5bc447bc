"""What people read: text in the code names nothing that an installed copy lacks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for package in ("facecam", "sagan_gallery") for path in (ROOT / package).rglob("*.py"))
NOT_IN_THE_WHEEL = re.compile(
    r"\b(?:train|tests)\.[a-z_]|python\S* -m (?!facecam|sagan_gallery)|\bmake (?:run|test|lint|clean)\b|\.\./shared"
)


def texts(module: Path) -> Iterator[tuple[int, str]]:
    """Line and value of each string of a module, without those that stand alone, which are docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


@pytest.mark.parametrize("text", ["`python -m train.x.y` makes it", "see tests.fuzz", "type make test", "python -m x"])
def test_such_text_is_noticed(text: str) -> None:
    assert NOT_IN_THE_WHEEL.search(text)


def test_no_text_names_what_an_installed_copy_lacks() -> None:
    named = [f"{path.relative_to(ROOT)}:{line} {text}" for path in MODULES for line, text in texts(path)
             if NOT_IN_THE_WHEEL.search(text)]  # fmt: skip
    assert not named, "\n".join(named)
