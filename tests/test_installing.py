"""What installing compiles, and that it goes on without a compiler."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT, run_python

INSTALL = """
import json, os, runpy, sys, types
os.chdir(sys.argv[2])
hook = types.ModuleType("hatchling.builders.hooks.plugin.interface")  # what pip has in a place of its own
hook.BuildHookInterface = object
sys.modules[hook.__name__] = hook
made = runpy.run_path(sys.argv[1])["CompileSelection"]()
made.root, told = ".", {"artifacts": [], "pure_python": True}
made.initialize("standard", told)
print(json.dumps(told))
"""


def install(folder: Path, **variables: Any) -> dict:
    """What the hook tells about the wheel; the folder gets what it makes."""
    source = folder / "facecam" / "faces" / "selection.c"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / "facecam" / "faces" / "selection.c", source)
    done = run_python("-c", INSTALL, ROOT / "hatch_build.py", folder, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform == "win32", reason="there is no C compiler")
def test_what_chooses_faces_is_compiled_beside_its_source(tmp_path: Path) -> None:
    told = install(tmp_path)
    (made,) = (tmp_path / "facecam" / "faces").glob("selection*.so")
    assert (told["pure_python"], told["infer_tag"]) == (False, True)
    assert any(made.match(pattern.removeprefix("/")) for pattern in told["artifacts"])
    done = run_python("-c", "import selection; print(selection.select.__name__)", PYTHONPATH=str(made.parent))
    assert done.stdout.strip() == "select", done.stderr


def test_without_a_compiler_it_is_installed_all_the_same(tmp_path: Path) -> None:
    told = install(tmp_path, CC=str(tmp_path / "none"), PATH="")
    assert [path.name for path in (tmp_path / "facecam" / "faces").iterdir()] == ["selection.c"]
    assert told == {"artifacts": [], "pure_python": True}
