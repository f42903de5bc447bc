"""How soon the Gallery tab is there, and what it takes from live detection in the other tab:

python -m facecam.ui.tools.gallery_bench

Opens the real window on the demo source and then the Gallery tab. Afterwards it lets the gallery rest, sample without
end, and play a walk, in turn, several times over, and compares the detector's figures. On a machine without a display:
`xvfb-run -a`, or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from facecam.live.metrics import Stats
from facecam.qtkit.settings import Settings
from facecam.system.process_exit import end_process
from facecam.ui.live.session import LiveSession
from facecam.ui.shell.app import build_window, make_application
from facecam.ui.shell.main_window import MainWindow

if TYPE_CHECKING:
    from sagan_gallery.ui.panel import GalleryPanel

_LIVE, _GALLERY = 0, 2
_WARM_UP_S = 4.0


@dataclass(frozen=True)
class Period:
    """What the detector did in a while. detected_hz: detections per second; possible_hz: what its core could have done
    in that time, from the median duration of a detection."""

    detected_hz: float
    possible_hz: float


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m facecam.ui.tools.gallery_bench", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--source", default="demo", help="as for `facecam` (default: demo)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    options = parser.parse_args(arguments)
    make_application()
    window = build_window(options.source, Settings())
    window.show()
    window.preload()
    wait(_WARM_UP_S)
    panel, first_s, grid_s = open_gallery(window)
    count = len(panel.grid.specs)
    print(f"gallery opened: first sample painted after {first_s:.2f} s, {count} samples after {grid_s:.2f} s")
    found = measure(window, panel, options.rounds, options.seconds)
    rest = _medians(found["rest"])
    for name, periods in found.items():
        done, possible = _medians(periods)
        print(
            f"gallery at {name}: {done:.1f} detections/s ({100 * (done / rest[0] - 1):+.1f} %), "
            f"{possible:.0f} possible ({100 * (possible / rest[1] - 1):+.1f} %)"
        )
    window.close()
    return 0


def _medians(periods: list[Period]) -> tuple[float, float]:
    detected, possible = np.median([(period.detected_hz, period.possible_hz) for period in periods], axis=0)
    return float(detected), float(possible)


def wait(seconds: float) -> None:
    """Lets the window work."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def open_gallery(window: MainWindow) -> tuple[GalleryPanel, float, float]:
    """Opens the tab; its panel, and the seconds until its first sample was painted and until its grid was full."""
    began_s = time.perf_counter()
    window.go_to(_GALLERY)
    panel = window.tab(_GALLERY).panel  # type: ignore[attr-defined]  # a GalleryTab, whose modules come with it
    loop, painted = QEventLoop(), list[float]()

    def note(now_s: float) -> None:
        if panel.view.scene is not None:
            painted.append(now_s)

    panel.view.painted.connect(note)
    panel.session.grid_done.connect(loop.quit)
    panel.session.failed.connect(loop.quit)
    loop.exec()
    return panel, painted[0] - began_s, time.perf_counter() - began_s


def measure(window: MainWindow, panel: GalleryPanel, rounds: int, seconds: float) -> dict[str, list[Period]]:
    """What the detector did while the gallery rested, sampled and walked."""
    live = window.tab(_LIVE).findChild(LiveSession)
    assert isinstance(live, LiveSession)
    panel.walk.set_point("start", panel.session.point(panel.grid.specs[0]), None)
    panel.walk.set_point("end", panel.session.point(panel.grid.specs[-1]), None)
    panel.stage.walk_button.setChecked(True)
    result: dict[str, list[Period]] = {"rest": [], "sampling": [], "walk": []}
    for _ in range(rounds):
        result["rest"].append(_period(live.stats, seconds))
        panel.session.grid_done.connect(panel.controls.new_seed)
        panel.controls.new_seed()
        result["sampling"].append(_period(live.stats, seconds))
        panel.session.grid_done.disconnect(panel.controls.new_seed)
        wait(2.0)
        panel.walk.play.setChecked(True)
        result["walk"].append(_period(live.stats, seconds))
        panel.walk.play.setChecked(False)
    return result


def _period(stats: Callable[[], Stats], seconds: float) -> Period:
    wait(1.0)
    before, began_s = stats(), time.perf_counter()
    wait(seconds)
    after = stats()
    return Period((after.detected - before.detected) / (time.perf_counter() - began_s), after.possible_hz)


if __name__ == "__main__":
    end_process(main())
