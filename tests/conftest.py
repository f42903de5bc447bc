"""Fixtures for all tests: a tiny detector with a known answer, pictures for it, and a display."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from facecam.system.cpu import available_cores
from tests.facecam.waiting import PATIENCE_S
from tests.processes import start_x_server

CELL_PX = 32
SCREENS = os.path.relpath(Path(__file__).with_name("screens.json"))  # not absolute: a colon would end it
os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={SCREENS}")  # a desk and a projector


def save_tiny_model(path: Path, **metadata: Any) -> Path:
    """Writes a detector with our interface whose faces are bright cells of a grid of 32 x 32 pixels.

    One level of anchors, 32 px at stride 32, and zero offsets: a white cell of the grid is a face with exactly that
    box and a score of almost 1; a black one scores almost 0. Keywords replace entries of the metadata.
    """
    pytest.importorskip("onnx")
    from train.onnx_graph import Graph

    graph = Graph("tiny")
    image = graph.input("image", [1, 3, "H", "W"])
    conv: dict[str, Any] = {"kernel_shape": [CELL_PX] * 2, "strides": [CELL_PX] * 2, "auto_pad": "SAME_UPPER"}
    offsets = np.zeros((4, 3, CELL_PX, CELL_PX), np.float32)
    logits = np.zeros((2, 3, CELL_PX, CELL_PX), np.float32)
    logits[1] = 0.1 / (3 * CELL_PX * CELL_PX)  # a tenth of the cell's mean
    bias = np.array([0.0, -6.0], np.float32)  # of the mean above 60, that is well over middle grey
    for name, weight, *rest in (("loc", offsets), ("conf", logits, bias)):
        maps = graph.op("Conv", image, *map(graph.constant, (weight, *rest)), **conv)
        rows = graph.reshape(graph.op("Transpose", maps, perm=[0, 2, 3, 1]), 1, -1, len(weight))
        graph.op("Softmax" if rest else "Identity", rows, output=name)
        graph.result(name, [1, "A", len(weight)])
    model = graph.model()
    description: dict[str, Any] = {
        "format": 1,
        "name": "tiny",
        "mean": [104, 117, 123],
        "variances": [0.1, 0.2],
        "threshold": 0.5,
        "anchors": [{"stride": CELL_PX, "sizes": [CELL_PX], "densities": [1]}],
    }
    description.update(metadata)
    model.metadata_props.add(key="facecam", value=json.dumps(description))
    path.write_bytes(model.SerializeToString())
    return path


def cells_frame(*cells: tuple[int, int], width: int = 640, height: int = 480) -> np.ndarray:
    """A black frame, (height, width, 3) uint8, with white grid cells (column, row): faces for the tiny detector."""
    frame = np.zeros((height, width, 3), np.uint8)
    for column, row in cells:
        frame[row * CELL_PX : (row + 1) * CELL_PX, column * CELL_PX : (column + 1) * CELL_PX] = 255
    return frame


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Of `pytest --numprocesses auto`: two for a core, as windows and processes are waited for (286 s with one for each
    of two cores, 237 with two), and four at most, as each holds PyTorch, Qt and both runtimes."""
    return min(4, 2 * len(available_cores()))


class PatientQtBot(QtBot):
    """Waits for what is to happen for as long as all tests do; there is no timeout to give."""

    def waitUntil(self, callback: Callable[[], Any]) -> None:  # type: ignore[override]
        for second in range(round(PATIENCE_S)):  # those in which the whole process stood still don't count
            try:
                super().waitUntil(callback, timeout=1000)
                return
            except TimeoutError:
                if second + 1 == round(PATIENCE_S):
                    raise

    def waitSignal(self, signal: Any, **how: Any) -> Any:
        return super().waitSignal(signal, timeout=round(1000 * PATIENCE_S), **how)


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> QtBot:
    """In place of pytest-qt's, whose 5 seconds are little on a busy machine."""
    return PatientQtBot(request)


@pytest.fixture(scope="session", autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the program remembers and logs stays in the tests, and is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, variable in {"cache": "CACHE", "config": "CONFIG", "log": "STATE"}.items():
            folder = str(tmp_path_factory.mktemp(kind))
            patch.setenv(f"XDG_{variable}_HOME", folder)  # for the processes that tests start
            patch.setattr(f"platformdirs.user_{kind}_dir", lambda *_, folder=folder, **__: folder)
        for kind in ("videos", "pictures"):
            folder = str(tmp_path_factory.mktemp(kind))
            patch.setattr(f"platformdirs.user_{kind}_dir", lambda folder=folder: folder)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of `save_tiny_model`."""
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a tiny model with changed metadata: `make_model(threshold=0.9)`."""
    return lambda name="made.onnx", **metadata: save_tiny_model(tmp_path / name, **metadata)


@pytest.fixture
def make_frame() -> Callable[..., np.ndarray]:
    """`cells_frame`: `make_frame((3, 2), (7, 5), width=640, height=480)`."""
    return cells_frame


@pytest.fixture(scope="session")
def x_display() -> Iterator[str]:
    """An X server: the one that is there, or an Xvfb of our own."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    server, display = start_x_server()
    yield display
    server.terminate()
    server.wait(10)
