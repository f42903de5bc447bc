"""The papers point at what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "assets").rglob("*.md")])
NAMED_FILE = re.compile(r"`((?:facecam|sagan_gallery|train|tests)/[\w/]+\.\w+)`")


LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
COMMAND = re.compile(r"-m ((?:facecam|sagan_gallery|train|tests|standalone)[\w.]*)")
HISTORY = ROOT / "CHANGELOG.md"
"""It names commands that have gone."""


def anchors(paper: Path) -> set[str]:
    """What a link to a heading says after the `#`: small letters, hyphens, no marks."""
    headings = re.findall(r"^#+ (.+)$", paper.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(paper: Path) -> None:
    for target, anchor in LINK.findall(paper.read_text(encoding="utf-8")):
        if "://" not in target:
            path = paper.parent / target if target else paper
            assert path.exists(), target
            assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_each_page_of_docs_is_linked_from_another() -> None:
    links = {
        (paper.parent / target).resolve()
        for paper in PAPERS
        for target, _ in LINK.findall(paper.read_text(encoding="utf-8"))
        if target and (paper.parent / target).resolve() != paper
    }
    assert not [paper for paper in PAPERS if paper.is_relative_to(ROOT / "docs") and paper not in links]


@pytest.mark.parametrize("paper", [paper for paper in PAPERS if paper != HISTORY], ids=lambda path: path.name)
def test_commands_that_are_named_exist(paper: Path) -> None:
    for name in COMMAND.findall(paper.read_text(encoding="utf-8")):
        path = ROOT.joinpath(*name.rstrip(".").split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name


def test_the_files_that_architecture_and_contributing_name_exist() -> None:
    for paper in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md", ROOT / "CONTEXT.md"):
        named = NAMED_FILE.findall(paper.read_text(encoding="utf-8"))
        assert not [name for name in named if not (ROOT / name).is_file()], paper.name


def test_the_list_of_decisions_is_whole() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))
