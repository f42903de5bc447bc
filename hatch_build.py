"""Compiles facecam/faces/selection.c whenever facecam is installed or made a wheel of. Without a C compiler it goes on:
numpy does the same work, more slowly (docs/adr/0012-compiled-selection.md)."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext


class CompileSelection(BuildHookInterface):
    """Found by its place: pyproject.toml asks for the hook `custom`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Puts the module beside its source, and into the wheel, which is then for this system and Python alone."""
        fast = [] if os.name == "nt" else ["-O3"]  # with less, GCC leaves loops as they are
        source = "facecam/faces/selection.c"
        module = Extension(
            "facecam.faces.selection", [source], extra_compile_args=fast, py_limited_api=True, optional=True
        )
        with TemporaryDirectory() as folder:
            command = build_ext(Distribution({"name": "facecam", "ext_modules": [module]}))
            command.build_temp = command.build_lib = folder
            command.inplace = True
            command.ensure_finalized()
            command.run()
        if any(path.suffix in (".so", ".pyd") for path in Path(self.root, source).parent.glob("selection.*")):
            build_data["artifacts"] += ["/facecam/faces/selection*.so", "/facecam/faces/selection*.pyd"]
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
