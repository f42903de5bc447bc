"""The arrows between the packages: ui -> engine modules -> numpy, ONNX Runtime, OpenCV; torch is for training only."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
TRAINING = {"torch", "torchvision", "onnx", "scipy", "matplotlib", "train"}


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    """Full names of all that a module imports, at whatever depth of the code: "facecam.ui.app", "torch"."""
    names = set()
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def tops(path):
    return {name.partition(".")[0] for name in imported(path)}


def is_ui(path):
    return "ui" in path.relative_to(ROOT).parts


RUNTIME = [*modules("facecam"), *modules("sagan_gallery")]
ids = lambda path: path.relative_to(ROOT).as_posix()  # noqa: E731


@pytest.mark.parametrize("path", RUNTIME, ids=ids)
def test_run_time_modules_use_neither_training_code_nor_its_libraries(path):
    assert not tops(path) & TRAINING


@pytest.mark.parametrize("path", [path for path in RUNTIME if not is_ui(path)], ids=ids)
def test_engine_modules_know_no_qt_and_no_window(path):
    assert not tops(path) & QT
    if path != ROOT / "facecam" / "cli" / "commands.py":  # which opens the window
        assert not {name for name in imported(path) if ".ui" in name}


@pytest.mark.parametrize("path", [*RUNTIME, *modules("train")], ids=ids)
def test_opencv_is_imported_in_one_place(path):
    if path != ROOT / "facecam" / "opencv.py":
        assert "cv2" not in tops(path), "use `from facecam.opencv import cv2`"


@pytest.mark.parametrize("path", modules("sagan_gallery"), ids=ids)
def test_the_gallery_does_not_know_facecam(path):
    assert "facecam" not in tops(path)


@pytest.mark.parametrize("path", [path for path in modules("facecam") if not is_ui(path)], ids=ids)
def test_facecam_does_not_know_the_gallery_apart_from_its_window(path):
    assert "sagan_gallery" not in tops(path)


def test_the_windows_modules_import_each_other_in_no_ring():
    """Imports for annotations alone count as well: what a module needs of the one above it is passed to it."""
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in RUNTIME if is_ui(path)}
    graph = {name: imported(path) & set(names.values()) for path, name in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the modules of a ring


# What is loaded when it runs


def loaded_after(code, *arguments):
    """Top-level modules in sys.modules after `code`, in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_detecting_loads_neither_torch_nor_qt(tiny_model):
    loaded = loaded_after(
        "import sys\n"
        "from facecam.detector import FaceDetector\n"
        "from facecam.sources import DemoSource\n"
        "import facecam.pipeline, facecam.cli\n"
        "FaceDetector(sys.argv[1]).detect(DemoSource().read().image)",
        tiny_model,
    )
    assert "onnxruntime" in loaded
    assert not loaded & (QT | TRAINING | {"av"}), "FFmpeg is for videos and streams"


@pytest.mark.skipif(not (ROOT / "facecam" / "ui" / "app.py").exists(), reason="there is no window yet")
def test_the_window_does_not_load_torch():
    loaded = loaded_after("import facecam.ui.app")
    assert "PySide6" in loaded
    assert not loaded & ((TRAINING | {"av"}) - {"scipy", "matplotlib"})
