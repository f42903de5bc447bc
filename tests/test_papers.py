"""The papers point at what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "assets").rglob("*.md")])
NAMED_FILE = re.compile(r"`((?:facecam|sagan_gallery|train|tests)/[\w/]+\.\w+)`")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(paper: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8"))
    assert not [target for target in targets if "://" not in target and not (paper.parent / target).exists()]


def test_the_files_that_architecture_and_contributing_name_exist() -> None:
    for paper in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md", ROOT / "CONTEXT.md"):
        named = NAMED_FILE.findall(paper.read_text(encoding="utf-8"))
        assert not [name for name in named if not (ROOT / name).is_file()], paper.name


def test_the_list_of_decisions_is_whole() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))
