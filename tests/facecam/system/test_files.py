"""Files are written whole or not at all, and nothing is left of those that were not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facecam.system.files import write_whole


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_what_is_interrupted_leaves_the_file_before_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    write_whole(tmp_path / "a.json", "before")
    real = Path.write_bytes

    def half(path: Path, data: bytes) -> None:
        real(path, data[:2])
        raise error

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(error):
        write_whole(tmp_path / "a.json", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "before"


@pytest.mark.parametrize("name", ["a.jpg", "no suffix"])
def test_what_a_process_that_was_killed_has_left_of_a_file_goes(tmp_path: Path, name: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = tmp_path / name
    left, of_another = (tmp_path / f".{stem}.{gone.pid}.part{path.suffix}" for stem in (path.stem, "b"))
    for each in (left, of_another):
        each.touch()
    write_whole(path, "whole")
    assert {each.name for each in tmp_path.iterdir()} == {name, of_another.name}
