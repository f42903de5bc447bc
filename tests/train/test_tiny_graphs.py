"""The small graphs that ship are written again byte for byte."""

from __future__ import annotations

from pathlib import Path

from facecam.system.resources import asset
from train.tiny_graphs import GRAPHS, main


def test_those_that_ship_are_written_again_byte_for_byte(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(GRAPHS)
    for name in GRAPHS:
        assert (tmp_path / name).read_bytes() == asset(f"graphs/{name}").read_bytes()
