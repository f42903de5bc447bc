"""The soak: the real window driven without rest, in a process of its own, while its memory and threads are watched.

    python -m tests.soak.soak --seconds 1800       # half an hour, as before a release; --json keeps all samples

Sources change every ten seconds, tabs, sizes and switches more often. The first minute is for warming up: models and
tabs are loaded when they are first needed. In a short soak everything goes faster, in proportion. What has changed is
told by medians: of the last fifth of the rest against its first fifth. Results: docs/results/soak.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractButton

from facecam.detection.options import DetectorOptions
from facecam.qtkit.relay import ErrorRelay
from facecam.qtkit.settings import Settings
from facecam.runtimes.engine import Runtime
from facecam.system.process_exit import end_process
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell import app
from tests.fuzz.damage import picture_seeds, video_seeds

MOST_GROWTH_MIB = 20.0
THREADS_END_S = 10.0
"""Time for the threads to end after the window has closed; it does not wait for them longer than 2 s."""


class Soak:
    """Drives the window and samples once a second. pace: 1.0 for the half hour, more for a short one."""

    def __init__(self, seconds: float, model: str | None, runtime: Runtime, folder: Path) -> None:
        self._seconds, self._warm_s = seconds, min(60.0, 0.6 * seconds)
        self._pace = max(1.0, 60.0 / self._warm_s)
        self._random = random.Random(0)
        self._sources = _sources(folder)
        self._turn = self._pressed = 0
        self._process = psutil.Process()
        self.samples: list[dict[str, float]] = []
        self.errors: list[str] = []
        self.application = app.make_application()
        self._threads_before = {thread.name for thread in threading.enumerate()}
        settings = Settings()
        settings.put("window/welcomed", True)
        self.window = app.build_window("demo", settings, DetectorOptions(model=model, runtime=runtime))
        live = self.window.tab(0)
        assert isinstance(live, LiveTab)
        self._live = live
        self._timers: list[QTimer] = []

    def run(self) -> dict[str, Any]:
        """The report; see `report`."""
        relay = ErrorRelay()
        relay.unexpected.connect(lambda summary, details: self.errors.append(details))
        relay.install()
        self.window.show()
        self._start_s = time.perf_counter()
        self._every(10.0, self._change_source)
        self._every(4.0, self._change_tab)
        self._every(1.5, self._resize)
        self._every(1.2, self._switch)
        self._every(1.0, self._sample, paced=False)
        QTimer.singleShot(round(1000 * self._seconds), self._end)
        self.application.exec()
        relay.uninstall()
        return self._report()

    def _every(self, seconds: float, do: Callable[[], None], paced: bool = True) -> None:
        timer = QTimer(interval=round(1000 * seconds / (self._pace if paced else 1.0)))
        timer.timeout.connect(do)
        timer.start()
        self._timers.append(timer)

    def _change_source(self) -> None:
        self._turn += 1
        self._live.open(self._sources[self._turn % len(self._sources)])

    def _change_tab(self) -> None:
        # All tabs while warming up, as each is made when it is first shown; then mostly the live one.
        self.window.go_to(self._turn % 3 if self._random.random() < 0.5 else 0)

    def _resize(self) -> None:
        size = self._random.choice((800, 1280, 1440)), self._random.choice((600, 800, 900))
        if not self.window.isFullScreen():
            self.window.resize(*size)
        if self._random.random() < 0.1:
            self.window.set_full_screen(not self.window.isFullScreen())

    def _switch(self) -> None:
        """Presses one of the switches and folds of the live tab that change what is shown or worked: all in turn while
        warming up, as much is loaded when it is first wanted, and then any, unless the soak is short."""
        buttons = [button for button in self._live.controls.findChildren(QAbstractButton) if button.isCheckable()]
        if time.perf_counter() - self._start_s < 0.8 * self._warm_s:
            self.window.go_to(0)  # where there is room for all: what is not seen is not loaded
            self.window.set_full_screen(False)
            self.window.resize(1440, 900)
            self._pressed += 1
            buttons[self._pressed // 2 % len(buttons)].toggle()  # on and off again
        elif self._pace == 1.0:
            self._random.choice([button for button in buttons if button.isEnabled()]).toggle()

    def _sample(self) -> None:
        session = self._live.session
        stats = session.stats()
        # Only what can be compared: the demo, and no second detector beside the first.
        comparable = session.spec == "demo" and stats.detect_hz > 0 and not self._live.compare.on.isChecked()
        self.samples.append(
            {
                "at_s": time.perf_counter() - self._start_s,
                "rss_mib": self._process.memory_info().rss / 2**20,
                "threads": self._process.num_threads(),
                "cpu_s": time.process_time(),
                "files": self._process.num_fds() if hasattr(self._process, "num_fds") else 0,
                "blocks": sys.getallocatedblocks(),
                "latency_ms": stats.latency_p50_ms if comparable else 0.0,
                "detect_hz": stats.detect_hz if comparable else 0.0,
            }
        )

    def _end(self) -> None:
        for timer in self._timers:
            timer.stop()
        self.window.close()
        QTimer.singleShot(500, self.application.quit)

    def _threads_left(self) -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name not in self._threads_before]

    def _report(self) -> dict[str, Any]:
        warm = [sample for sample in self.samples if sample["at_s"] >= self._warm_s]
        part = max(3, len(warm) // 5)
        first, last = warm[:part], warm[-part:]

        def change(name: str) -> float:
            return statistics.median(s[name] for s in last) - statistics.median(s[name] for s in first)

        def both(name: str) -> list[float | None]:
            """Medians of the first and the last fifth, of the samples that have one."""
            groups = [[sample[name] for sample in group if sample[name]] for group in (first, last)]
            return [round(statistics.median(group), 2) if group else None for group in groups]

        def busy(group: list[dict[str, float]]) -> float:
            """Seconds of CPU time for each second."""
            spent_s = group[-1]["cpu_s"] - group[0]["cpu_s"]
            return round(spent_s / max(group[-1]["at_s"] - group[0]["at_s"], 1e-3), 3)

        end_s = time.perf_counter() + THREADS_END_S
        while (left := self._threads_left()) and time.perf_counter() < end_s:
            time.sleep(0.05)
        return {
            "seconds": self._seconds,
            "sources_opened": self._turn,
            "growth_mib": change("rss_mib"),
            "highest_growth_mib": max(s["rss_mib"] for s in warm) - statistics.median(s["rss_mib"] for s in first),
            "more_threads": change("threads"),
            "more_files": change("files"),
            "rss_mib": [round(sample["rss_mib"], 1) for sample in self.samples],
            "blocks": both("blocks"),
            "latency_ms": both("latency_ms"),
            "detect_hz": both("detect_hz"),
            "threads": both("threads"),
            "cpu_share": [busy(first), busy(last)],
            "threads_left": left,
            "errors": self.errors,
        }


def _sources(folder: Path) -> list[str]:
    """The demo between all others, and what can't be opened among them."""
    random_ = random.Random(0)
    (folder / "pictures").mkdir()
    for index, (suffix, content) in enumerate(picture_seeds(random_)[:6]):
        (folder / "pictures" / f"{index}{suffix}").write_bytes(content)
    videos = []
    for suffix, content in video_seeds(random_)[:3]:
        videos.append(folder / f"clip{suffix}")
        videos[-1].write_bytes(content)
    (folder / "damaged.mp4").write_bytes(b"\0" * 2000)
    others = [*map(str, videos), str(folder / "pictures"), str(folder / "damaged.mp4"), str(folder / "missing.mp4")]
    return [spec for other in others for spec in ("demo", other)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--model", help="instead of the shipped one")
    parser.add_argument(
        "--runtime", type=Runtime, default=Runtime.AUTO, help="auto tries another one after a while, and loads it"
    )
    parser.add_argument("--json", type=Path, help="file for the report")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Soak(options.seconds, options.model, options.runtime, Path(folder)).run()
    text = json.dumps(report)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")
    print(text)
    wrong = report["errors"] or report["threads_left"] or report["growth_mib"] > MOST_GROWTH_MIB
    return 1 if wrong else 0


if __name__ == "__main__":
    end_process(main())
