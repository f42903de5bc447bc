"""What the window costs on the demo source: time to the first boxes, share of a core, resident memory.

    python -m tests.soak.window                    # --precision f32, --seconds 20, --json FILE

Opens the real window (on the display that there is; `QT_QPA_PLATFORM=offscreen` without one), lets it settle, and then
looks at the whole process for some seconds. The exit status is 1 where one of the limits below is exceeded. Beside a
busy neighbour frames are left out, and the share of a core says little; the CPU time for each frame still does.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

import psutil
from PySide6.QtCore import QTimer

from facecam.detection.options import DetectorOptions
from facecam.qtkit.settings import Settings
from facecam.runtimes.engine import PRECISION_CHOICES, RUNTIME_CHOICES, Precision, Runtime
from facecam.system.process_exit import end_process
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell import app

MOST_FIRST_BOXES_S = 1.5
MOST_CORE_SHARE = 0.45
MOST_MEMORY_MB = 300.0
_SETTLE_S = 6.0
"""Until then `auto` has chosen its runtime and the gallery's modules are loaded."""
_LOOK_MS = 5


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.window", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help=f"to look, after {_SETTLE_S:g} s to settle")
    parser.add_argument("--runtime", choices=RUNTIME_CHOICES, default=Runtime.AUTO)
    parser.add_argument("--precision", choices=PRECISION_CHOICES, default=Precision.AUTO)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    figures = measure(options.seconds, options.runtime, options.precision)
    print(
        f"First boxes {figures['first_boxes_s']:.2f} s after the window (at most {MOST_FIRST_BOXES_S:g}), with"
        f" {figures['first_cpu_s']:.2f} s of CPU time;"
        f" {100 * figures['core_share']:.0f} % of a core (at most {100 * MOST_CORE_SHARE:.0f})"
        f" at {figures['detect_hz']:.0f} detections a second;"
        f" {figures['first_memory_mb']:.0f} MB resident at the first boxes, {figures['memory_mb']:.0f} MB at the end"
        f" (at most {MOST_MEMORY_MB:.0f}). CPU for each frame: {figures['capture_ms']:.1f} ms to capture it,"
        f" {figures['detector_ms']:.1f} to detect, {figures['window_ms']:.1f} to show."
    )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    good = (
        figures["first_boxes_s"] <= MOST_FIRST_BOXES_S
        and figures["core_share"] <= MOST_CORE_SHARE
        and max(figures["first_memory_mb"], figures["memory_mb"]) <= MOST_MEMORY_MB
    )
    return 0 if good else 1


def measure(seconds: float, runtime: Runtime = Runtime.AUTO, precision: Precision = Precision.AUTO) -> dict[str, float]:
    """first_boxes_s: from the window's exposure; first_cpu_s: CPU time of all threads meanwhile, which holds on a busy
    machine too; core_share: CPU over wall time of all threads; detect_hz: of the pipeline; first_memory_mb and
    memory_mb: resident, 10^6 bytes; capture_ms, detector_ms and window_ms: CPU time of each of these threads for each
    frame that it has handled."""
    process = psutil.Process()
    application = app.make_application()
    settings = Settings()
    settings.put("window/welcomed", True)
    window = app.build_window("demo", settings, DetectorOptions(runtime=runtime, precision=precision))
    live = window.tab(0)
    assert isinstance(live, LiveTab)
    session = live.session
    found: dict[str, float] = {}
    begun: dict[str, float] = {}
    before: dict[str, tuple[float, int]] = {}
    shown = 0

    def frame_shown() -> None:
        nonlocal shown
        shown += 1

    def spent() -> dict[str, tuple[float, int]]:
        """Of each thread: its CPU seconds so far, and the frames that it has handled."""
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        cpu_s = {names.get(thread.id): thread.user_time + thread.system_time for thread in process.threads()}
        stats = session.stats()
        frames = {"capture": stats.captured, "detector": stats.detected, "MainThread": shown}
        return {name: (cpu_s[name], count) for name, count in frames.items()}

    def look() -> None:
        handle = window.windowHandle()
        if "exposed" not in begun and handle is not None and handle.isExposed():
            begun["exposed"], begun["exposed_cpu"] = time.perf_counter(), sum(process.cpu_times()[:2])
        view = session.latest()
        if "exposed" in begun and view is not None and len(view.detections) > 0:
            found["first_boxes_s"] = time.perf_counter() - begun["exposed"]
            found["first_cpu_s"] = sum(process.cpu_times()[:2]) - begun["exposed_cpu"]
            found["first_memory_mb"] = process.memory_info().rss / 1e6
            looking.stop()

    def begin() -> None:
        before.update(spent())
        begun["wall"], begun["cpu"] = time.perf_counter(), sum(process.cpu_times()[:2])

    def end() -> None:
        took_s = time.perf_counter() - begun["wall"]
        found["core_share"] = (sum(process.cpu_times()[:2]) - begun["cpu"]) / took_s
        for name, (cpu_s, count) in spent().items():
            part = "window" if name == "MainThread" else name
            found[f"{part}_ms"] = 1000 * (cpu_s - before[name][0]) / max(1, count - before[name][1])
        found["detect_hz"] = session.stats().detect_hz
        found["memory_mb"] = process.memory_info().rss / 1e6
        window.close()

    live.picture.painted.connect(frame_shown)
    looking = QTimer(interval=_LOOK_MS)
    looking.timeout.connect(look)
    looking.start()
    QTimer.singleShot(round(1000 * _SETTLE_S), begin)
    QTimer.singleShot(round(1000 * (_SETTLE_S + seconds)), end)
    window.resize(1280, 800)
    window.show()
    application.exec()
    if "first_boxes_s" not in found:
        raise SystemExit("The window has shown no boxes.")
    return found


if __name__ == "__main__":
    end_process(main())
