"""The arrows between the packages: ui -> engine modules -> numpy, ONNX Runtime, OpenCV; torch is for training only."""

from __future__ import annotations

import ast
import functools
import graphlib
import itertools
import re

from tests.processes import ROOT, run_python

QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
TRAINING = {"torch", "torchvision", "onnx", "scipy", "matplotlib", "train"}


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


@functools.cache
def imported(path):
    """Full names of all that a module imports, at whatever depth of the code: "facecam.ui.shell.app", "torch"."""
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


FLOORS: list[set[str]] = [
    {"facecam.__main__"},
    {"facecam.cli"},
    {"facecam.ui.tools"},
    {"facecam.ui.shell"},
    {"facecam.ui.live", "facecam.ui.speed", "facecam.ui.gallery"},
    {"facecam.ui.export"},
    {"facecam.batch"},
    {"facecam.saving", "facecam.doctor", "train"},
    {"facecam.live", "facecam.bench"},
    {"sagan_gallery"},
    {"facecam.detection", "facecam.qtkit"},
    {"facecam.faces"},
    {"facecam.sources", "facecam.runtimes"},
    {"facecam.system"},
    {"facecam.arrays", "facecam.errors"},
]
"""The rooms of the house, the top floor first: a module may import its own room and those on lower floors."""

GROUND_OF_THE_GALLERY = {"facecam.arrays", "facecam.errors", "facecam.system", "facecam.runtimes", "facecam.qtkit"}
WITH_QT = {"facecam.qtkit", "facecam.ui", "sagan_gallery.ui"}

FLOOR_OF = {room: -number for number, rooms in enumerate(FLOORS) for room in rooms}
RUNTIME = [*modules("facecam"), *modules("sagan_gallery")]
EVERYTHING = [*RUNTIME, *modules("train")]


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name):
    """The room that a module is in; None for what is not ours, and for the packages above the rooms."""
    return next((room for room in FLOOR_OF if f"{name}.".startswith(f"{room}.")), None)


def is_below(path, packages):
    return any(f"{name_of(path)}.".startswith(f"{package}.") for package in packages)


def test_every_module_has_a_room():
    homeless = {name_of(path) for path in EVERYTHING if room_of(name_of(path)) is None}
    assert homeless == {"facecam", "facecam.ui"}


def test_no_arrow_runs_up():
    up = {}
    for path in EVERYTHING:
        mine = room_of(name_of(path))
        rooms = {room_of(name) for name in imported(path)} - {None, mine}
        up[name_of(path)] = {room for room in rooms if mine is not None and FLOOR_OF[room] >= FLOOR_OF[mine]}
    assert_none(up)


def test_the_gallery_stands_on_the_ground_and_nothing_else_of_facecam():
    allowed = {None, "sagan_gallery", *GROUND_OF_THE_GALLERY}
    assert_none({name_of(p): {room_of(name) for name in imported(p)} - allowed for p in modules("sagan_gallery")})


def test_qt_is_below_the_windows_alone():
    assert_none({name_of(path): tops(path) & QT for path in RUNTIME if not is_below(path, WITH_QT)})


def test_run_time_modules_use_neither_training_code_nor_its_libraries():
    assert_none({name_of(path): tops(path) & TRAINING for path in RUNTIME})


def test_opencv_is_imported_in_one_place():
    others = [path for path in EVERYTHING if name_of(path) != "facecam.system.opencv"]
    assert_none({name_of(path): tops(path) & {"cv2"} for path in others})  # use facecam.system.opencv


def assert_none(wrong):
    """wrong: what each module imports and must not, by its name."""
    assert not {module: names for module, names in wrong.items() if names}


def test_modules_import_each_other_in_no_ring():
    """Imports for annotations alone count as well: what a module needs of the one above it is passed to it."""
    names = {path: name_of(path) for path in EVERYTHING if path.name != "__init__.py"}
    graph = {name: imported(path) & set(names.values()) for path, name in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the modules of a ring


def test_the_picture_of_the_rooms_is_that_of_the_code():
    """docs/architecture.md draws which room stands on which; what follows from other arrows is left out there."""
    drawn = set()
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        sides = [re.findall(r"\w+", side) for side in line.split("-->")]
        drawn |= {arrow for pair in itertools.pairwise(sides) for arrow in itertools.product(*pair)}
    arrows = set()
    for path in EVERYTHING:
        mine = room_of(name_of(path))
        below = {room_of(name) for name in imported(path)} - {None, mine}
        arrows |= {(as_drawn(room), as_drawn(mine)) for room in below if mine not in (None, "facecam.__main__")}
    arrows.discard(("ground", "ground"))
    assert drawn <= arrows
    follows = drawn
    while more := {(a, d) for a, b in follows for c, d in follows if b == c} - follows:
        follows = follows | more
    assert arrows <= follows


def as_drawn(room):
    if room in ("facecam.errors", "facecam.arrays"):
        return "ground"
    return room.removeprefix("facecam.").replace(".", "_")


# What is loaded when it runs


def loaded_after(code, *arguments):
    """Top-level modules in sys.modules after `code`, in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = run_python("-c", script, *arguments)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_detecting_loads_neither_torch_nor_qt(tiny_model):
    loaded = loaded_after(
        "import sys\n"
        "from facecam.detection.detector import FaceDetector\n"
        "from facecam.sources import DemoSource\n"
        "import facecam.live.pipeline, facecam.cli\n"
        "FaceDetector(sys.argv[1]).detect(DemoSource().read().image)",
        tiny_model,
    )
    assert "onnxruntime" in loaded
    assert not loaded & (QT | TRAINING | {"av"}), "FFmpeg is for videos and streams"


def test_the_window_does_not_load_torch():
    loaded = loaded_after("import facecam.ui.shell.app")
    assert "PySide6" in loaded
    assert not loaded & ((TRAINING | {"av"}) - {"scipy", "matplotlib"})
