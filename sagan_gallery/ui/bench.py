"""How soon things are on the screen, on one core:

python -m sagan_gallery.ui.bench [MODEL.onnx]

Opens the real panel, measures the time to the first sample and to the full grid, and then, with four pins, from a move
of the mouse to the painted map. On a machine without a display: `xvfb-run -a`, or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from facecam.errors import FacecamError
from facecam.system.process_exit import end_process
from sagan_gallery.bench import pin
from sagan_gallery.ui.map_style import Kind
from sagan_gallery.ui.panel import GalleryPanel
from sagan_gallery.ui.session import Failure
from sagan_gallery.ui.walk_bar import RATE_HZ

_TIMEOUT_MS = 60_000


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m sagan_gallery.ui.bench", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("model", nargs="?", type=Path, help="generator (default: the one that comes with the program)")
    parser.add_argument("--moves", type=int, default=400, help="mouse moves to measure for each kind of overlay")
    parser.add_argument("--core", type=int, help="core to run on (default: the last one)")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), metavar=("WIDTH", "HEIGHT"))
    options = parser.parse_args(arguments)
    print(pin(options.core))
    try:
        opening = measure_opening(options.model, *options.size)
    except FacecamError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"first sample painted after {opening.first_s:.2f} s, grid of {opening.count} after {opening.grid_s:.2f} s")
    for name, times_ms in measure_hover(opening.panel, options.moves).items():
        p50, p95, top = np.percentile(times_ms, [50, 95, 100])
        print(f"mouse move to painted map, {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, largest {top:.1f} ms")
    print(f"walk: {measure_walk(opening.panel, 3.0):.1f} pictures per second, of {RATE_HZ} wanted")
    opening.panel.close_down(2.0)
    return 0


@dataclass(frozen=True)
class Opening:
    """Seconds from making the panel to its first large sample and to its full grid."""

    panel: GalleryPanel
    first_s: float
    grid_s: float
    count: int


def measure_opening(model: Path | None, width: int, height: int) -> Opening:
    """Opens the panel in a window of its own and waits for the grid. Raises FacecamError without a usable model."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    began_s = time.perf_counter()
    panel = GalleryPanel(model)
    panel.resize(width, height)
    panel.show()
    first: list[float] = []
    problem: list[str] = []
    loop = QEventLoop()

    def painted(now_s: float) -> None:
        if panel.view.scene is not None:
            first.append(now_s)

    def failed(failure: Failure) -> None:
        problem.append(failure.message)
        loop.quit()

    panel.view.painted.connect(painted)
    panel.session.grid_done.connect(loop.quit)
    panel.session.failed.connect(failed)
    QTimer.singleShot(_TIMEOUT_MS, loop.quit)
    panel.start()
    loop.exec()
    if problem or not first:
        raise FacecamError(problem[0] if problem else "The window did not show a sample within a minute.")
    return Opening(panel, first[0] - began_s, time.perf_counter() - began_s, len(panel.grid.specs))


def measure_hover(panel: GalleryPanel, moves: int) -> dict[str, list[float]]:
    """Milliseconds from a mouse move to the end of the paint that shows its map, for each kind of overlay; the figures
    under the picture and four pins are there as in use."""
    view = panel.view
    assert view.scene is not None
    size = view.scene.sample.size_px
    for x, y in ((0.2, 0.2), (0.7, 0.3), (0.3, 0.8), (0.8, 0.8)):
        view.add_pin(x * size[1], y * size[0])
    random = np.random.default_rng(0)
    result: dict[str, list[float]] = {}
    usual = view.map_style
    for kind in (Kind.HEAT, Kind.CONTOUR, Kind.MASK):
        view.set_map_style(replace(usual, kind=kind, arrows=kind is Kind.HEAT))
        times_ms: list[float] = []
        for _ in range(moves):
            place = QPointF(*view.placement.to_view(random.uniform(0, size[1] - 1), random.uniform(0, size[0] - 1)))
            QApplication.processEvents()
            times_ms.append(_move_ms(panel, place))
        result[kind.value.lower()] = times_ms
    view.set_map_style(usual)
    return result


def measure_walk(panel: GalleryPanel, seconds: float) -> float:
    """Pictures per second that are shown while a walk plays, with all pins' maps following."""
    loop = QEventLoop()
    panel.walk.set_start.click()
    panel.grid.choose(len(panel.grid.specs) - 1)
    QTimer.singleShot(500, loop.quit)
    loop.exec()
    panel.walk.set_end.click()
    panel.stage.walk_button.setChecked(True)
    samples: list[object] = []
    panel.session.sample_ready.connect(lambda *shown: samples.append(shown))
    panel.walk.play.click()
    began_s = time.perf_counter()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
    passed_s = time.perf_counter() - began_s
    panel.walk.stop()
    return len(samples) / passed_s


def _move_ms(panel: GalleryPanel, place: QPointF) -> float:
    """One mouse move, handled and painted as the event loop would."""
    view = panel.view
    done: list[float] = []
    connection = view.painted.connect(done.append)
    none, move = Qt.MouseButton.NoButton, QEvent.Type.MouseMove
    event = QMouseEvent(move, place, view.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier)
    began_s = time.perf_counter()
    QApplication.sendEvent(view, event)
    while not done and time.perf_counter() - began_s < 1:
        QApplication.processEvents()
    view.painted.disconnect(connection)
    return 1000 * ((done[-1] if done else time.perf_counter()) - began_s)


if __name__ == "__main__":
    end_process(main())
