"""Whether the picture keeps moving while the window does: resizing, full screen, unfolding and going to other tabs.

    python -m tests.soak.motion                    # on a display, better with a window manager; --json FILE

Opens the real window on the demo source and does each of these some times. Told is, for each, how long the GUI's thread
computed at most without looking after events (its CPU time, which a busy machine hardly changes), and the longest gap
between painted frames while the picture was to be seen, which wants an idle machine. The exit status is 1 where the
thread computed for longer than a frame lasts at 30 a second while the picture was to be seen.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QAbstractEventDispatcher, QTimer

from facecam.qtkit.folds import Fold
from facecam.qtkit.settings import Settings
from facecam.system.process_exit import end_process
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell import app
from facecam.ui.shell.main_window import MainWindow

MOST_BLOCKED_MS = 1000 / 30
MOST_GAP_MS = 50.0
_SETTLE_S = 5.0
_STEP_MS = 300
_DRAG_MS = 16
_DRAG_STEPS = 25


class Watch:
    """What the GUI's thread does between two moments at which it rests or has painted a frame."""

    def __init__(self, window: MainWindow) -> None:
        self.doing = "nothing"
        self.blocked_ms: dict[str, list[float]] = defaultdict(list)
        self.gap_ms: dict[str, list[float]] = defaultdict(list)
        self._window = window
        self._cpu_s, self._painted_s = time.thread_time(), 0.0
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        dispatcher.awake.connect(self._look)
        dispatcher.aboutToBlock.connect(self._look)
        live = window.tab(0)
        assert isinstance(live, LiveTab)
        live.picture.painted.connect(self._painted)

    def turn(self, doing: str) -> None:
        """From now on this is done; "" for what is not watched."""
        self.doing, self._painted_s = doing, time.perf_counter()

    def _look(self) -> None:  # resting in between costs no CPU time
        now_s = time.thread_time()
        self.blocked_ms[self.doing].append(1000 * (now_s - self._cpu_s))
        self._cpu_s = now_s

    def _painted(self) -> None:
        self._look()
        now_s = time.perf_counter()
        self.gap_ms[self.doing].append(1000 * (now_s - self._painted_s))
        self._painted_s = now_s


def steps(window: MainWindow, turns: int) -> Iterator[tuple[str, Callable[[], object], int]]:
    """What is done, its name, and for how many milliseconds it is then watched."""
    folds = window.tab(0).findChildren(Fold)
    for turn in range(turns):
        yield "nothing", lambda: None, 3 * _STEP_MS
        for step in range(_DRAG_STEPS):
            yield "resizing", partial(window.resize, 1280 - 16 * step, 800 - 8 * step), _DRAG_MS
        yield "resizing", partial(window.resize, 1280, 800), _STEP_MS
        for on in (True, False):
            yield "full screen", partial(window.set_full_screen, on), 2 * _STEP_MS
        for fold in folds:
            for on in (True, False):
                yield f"{'un' * on}folding {fold.section.title}", partial(fold.set_open, on), _STEP_MS
        for index in (1, 2):
            name = window.specs[index].title
            yield f"to {name}{'' if turn else ', the first time'}", partial(window.go_to, index), 4 * _STEP_MS
            yield f"back from {name}", partial(window.go_to, 0), 2 * _STEP_MS


def measure(turns: int) -> dict[str, dict[str, float]]:
    """Of each thing done: blocked_ms and gap_ms, the longest; 0 where no frame was to be seen."""
    application = app.make_application()
    settings = Settings()
    settings.put("window/welcomed", True)
    window = app.build_window("demo", settings)
    window.resize(1280, 800)
    window.show()
    window.preload()
    watch = Watch(window)
    plan = steps(window, turns)

    def go_on() -> None:
        name, do, wait_ms = next(plan, ("", window.close, 0))
        watch.turn(name)
        QTimer.singleShot(0, do)
        if name:
            QTimer.singleShot(wait_ms, go_on)

    watch.turn("starting")
    QTimer.singleShot(round(1000 * _SETTLE_S), go_on)
    application.exec()
    return {
        name: {"blocked_ms": max(blocked_ms), "gap_ms": max(watch.gap_ms.get(name, [0.0]))}
        for name, blocked_ms in watch.blocked_ms.items()
        if name not in ("", "starting")
    }


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.motion", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=3, help="how often each is done (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    figures = measure(options.turns)
    print(f"{'':36}{'computed':>12}{'gap':>12}   (at most {MOST_BLOCKED_MS:.0f} and {MOST_GAP_MS:.0f} ms)")
    for name, one in figures.items():
        print(f"{name:36}{one['blocked_ms']:9.1f} ms{one['gap_ms']:9.1f} ms")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(max(one["blocked_ms"] for one in figures.values() if one["gap_ms"]) > MOST_BLOCKED_MS)


if __name__ == "__main__":
    end_process(main())
