"""How fast the gallery follows the mouse: from a move to the painted map, and maps a second while the plane is dragged.

    python -m tests.soak.gallery                   # on a display; --seconds 10, --model sagan128, --json FILE

Opens the real window at the gallery, moves the mouse over the picture and drags the handle of "Play", with four pins.
Told is the wall time of a move, the same without the waits for a core that was another thread's or program's (on
Linux), the CPU time that the window's thread spent on it, and how many samples were painted a second. The exit status
is 1 where a limit below is exceeded.
"""

from __future__ import annotations

import argparse
import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from facecam.detection.options import DetectorOptions
from facecam.qtkit.settings import Settings
from facecam.system.process_exit import end_process
from facecam.ui.gallery.tab import GalleryTab
from facecam.ui.shell import app
from sagan_gallery.ui.map_style import Kind
from sagan_gallery.ui.panel import GalleryPanel

MOST_HOVER_MS = {64: 8.0, 128: 16.0}
"""By the side of the picture in pixels."""
LEAST_MAPS_HZ = 30.0
_MOVES = 300
_WAIT_S = 60.0
_SETTLE_S = 5.0
"""From the start on: until then the detector, which goes on beside the gallery, tries its engines."""


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.gallery", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="to drag")
    parser.add_argument("--model", help="a generator that comes with the program, by name (default: the usual one)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    figures = measure(options.seconds, options.model)
    most_ms = MOST_HOVER_MS[round(figures["side, px"][0])]
    for kind in (Kind.HEAT, Kind.CONTOUR):
        wall, own, cpu = (figures[f"{kind.value}, {what}"] for what in ("ms", "ms without waits", "CPU ms"))
        print(
            f"{kind.value}: from a move of the mouse to the painted map {wall[0]:.1f} ms p50, {wall[1]:.1f} p95"
            f" (at most {most_ms:g}); {own[0]:.1f} and {own[1]:.1f} without waits for a core;"
            f" {cpu[0]:.1f} and {cpu[1]:.1f} of the window's thread."
        )
    print(
        f"Play: {figures['maps a second'][0]:.0f} pictures with four pins' maps a second (at least {LEAST_MAPS_HZ:g})."
    )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    slow = any(figures[f"{kind.value}, ms"][1] > most_ms for kind in (Kind.HEAT, Kind.CONTOUR))
    return 1 if slow or figures["maps a second"][0] < LEAST_MAPS_HZ else 0


def measure(seconds: float, model: str | None = None) -> dict[str, list[float]]:
    """For each kind of map the times of a move, p50 and p95; the maps a second of a drag; and the picture's side."""
    settled_s = time.perf_counter() + _SETTLE_S
    app.make_application()
    settings = Settings()
    settings.put("window/welcomed", True)
    settings.put("gallery/model", model or "")
    window = app.build_window("demo", settings, DetectorOptions())
    window.resize(1280, 800)
    window.show()
    window.go_to(2)
    _wait_for(lambda: window.findChild(GalleryTab) is not None)
    panel = window.findChild(GalleryTab).panel
    _wait_for(lambda: bool(panel.grid.specs) and not panel.session.filling)
    _wait_for(lambda: not panel.session.sampling and time.perf_counter() > settled_s)
    panel.view.pin_informative()
    found: dict[str, list[float]] = {"side, px": [max(panel.sample.size_px)]}
    for kind in (Kind.HEAT, Kind.CONTOUR):
        panel.controls.kind.setCurrentIndex(panel.controls.kind.findData(kind))
        times_ms = np.array([_move_ms(panel, number) for number in range(_MOVES)])
        for column, name in enumerate(("ms", "ms without waits", "CPU ms")):
            found[f"{kind.value}, {name}"] = np.percentile(times_ms[:, column], (50, 95)).tolist()
    panel.controls.kind.setCurrentIndex(panel.controls.kind.findData(Kind.HEAT))
    panel.view.set_hover(None)
    found["maps a second"] = [_play_hz(panel, seconds)]
    window.close()
    return found


def _wait_for(done: Callable[[], bool]) -> None:
    until_s = time.perf_counter() + _WAIT_S
    while not done():
        QApplication.processEvents()
        time.sleep(0.005)
        if time.perf_counter() > until_s:
            raise SystemExit("The gallery does not come.")


def _mouse(widget: QWidget, kind: QEvent.Type, place: QPointF) -> None:
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    there = widget.mapToGlobal(place)
    QApplication.sendEvent(widget, QMouseEvent(kind, place, there, button, button, Qt.KeyboardModifier.NoModifier))


def _waited_ms() -> float:
    """How long this thread has been ready to run without a core; 0 where the system does not tell."""
    told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    return int(told.read_text(encoding="ascii").split()[1]) / 1e6 if told.is_file() else 0.0


def _move_ms(panel: GalleryPanel, number: int) -> tuple[float, float, float]:
    """Milliseconds from a move to another cell of the picture until it is painted: of the clock, without those waited
    for a core, and of CPU time."""
    painted_s: list[float] = []
    QApplication.processEvents()
    connection = panel.view.painted.connect(painted_s.append)
    height, width = panel.sample.size_px
    across, down = 0.5 + 0.47 * math.sin(0.7 * number), 0.5 + 0.47 * math.cos(0.45 * number)
    place = panel.view.placement.to_view(across * width, down * height)
    waited_ms, began_s, cpu_s = _waited_ms(), time.perf_counter(), time.thread_time()
    _mouse(panel.view, QEvent.Type.MouseMove, QPointF(*place))
    while not painted_s:
        QApplication.processEvents()
    used_s = time.thread_time() - cpu_s
    waited_ms = _waited_ms() - waited_ms
    panel.view.painted.disconnect(connection)
    wall_ms = 1000 * (painted_s[0] - began_s)
    return wall_ms, max(0.0, wall_ms - waited_ms), 1000 * used_s


def _play_hz(panel: GalleryPanel, seconds: float) -> float:
    """Samples that were painted a second while the handle goes round."""
    panel.stage.tabs.setCurrentIndex(panel.stage.tabs.count() - 1)
    pad, seen = panel.stage.plane.pad, [panel.stage.sample]

    def painted() -> None:
        if seen[-1] is not panel.stage.sample:
            seen.append(panel.stage.sample)

    QApplication.processEvents()
    panel.view.painted.connect(painted)
    _mouse(pad, QEvent.Type.MouseButtonPress, pad.room.center())
    began_s = time.perf_counter()
    while (gone_s := time.perf_counter() - began_s) < seconds:
        reach = 0.4 * pad.room.width()
        away = QPointF(reach * math.sin(2 * gone_s), reach * math.cos(3 * gone_s))
        _mouse(pad, QEvent.Type.MouseMove, pad.room.center() + away)
        QApplication.processEvents()
        time.sleep(0.002)
    _mouse(pad, QEvent.Type.MouseButtonRelease, pad.room.center())
    return (len(seen) - 1) / seconds


if __name__ == "__main__":
    end_process(main())
