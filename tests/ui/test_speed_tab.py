"""The Speed tab: a measurement in a process of its own, its progress, its result, and its end."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from facecam.ui.app import build_window
from facecam.ui.session import Phase
from facecam.ui.settings import Settings
from facecam.ui.speed_tab import SpeedTab

MEASURES = """
import sys
print("Looking …", file=sys.stderr, flush=True)
with open(sys.argv[sys.argv.index("--markdown") + 1], "w", encoding="utf-8") as file:
    file.write("faceboxes: 133 FPS " + " ".join(sys.argv[1:5]))
"""
FAILS = "import sys; print('facecam: The run stood still for 3.0 s.', file=sys.stderr); sys.exit(2)"
HANGS = "import sys, time; print('Looking …', file=sys.stderr, flush=True); time.sleep(60)"


class Pauses:
    """Counts how often the live source is stopped and started again."""

    def __init__(self) -> None:
        self.stopped = self.started = 0

    def __call__(self):
        self.stopped += 1
        return self._resume

    def _resume(self) -> None:
        self.started += 1


def make_tab(qtbot: QtBot, script: str, pauses: Pauses | None = None) -> SpeedTab:
    tab = SpeedTab(["--model", "m.onnx"], pauses or Pauses(), [sys.executable, "-c", script])
    qtbot.addWidget(tab)
    tab.show()
    return tab


def test_a_measurement_is_shown_and_can_be_copied(qtbot: QtBot) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, MEASURES, pauses)
    assert not tab.copy_button.isEnabled()
    tab.start_button.click()
    assert tab.running
    assert tab.start_button.text() == "Cancel"
    assert (pauses.stopped, pauses.started) == (1, 0)
    qtbot.waitUntil(lambda: not tab.running, timeout=20_000)
    assert "133 FPS bench --model m.onnx" in tab.text.toPlainText()
    assert tab.status.text() == "Measured."
    assert (pauses.stopped, pauses.started) == (1, 1)
    tab.copy_button.click()
    assert QGuiApplication.clipboard().text() == tab.markdown


def test_a_refused_measurement_says_why_and_keeps_no_result(qtbot: QtBot) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, FAILS, pauses)
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running, timeout=20_000)
    assert tab.status.text() == "The run stood still for 3.0 s."
    assert not tab.copy_button.isEnabled()
    assert pauses.started == 1


def test_cancelling_ends_it_at_once(qtbot: QtBot) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, HANGS, pauses)
    tab.toggle()
    qtbot.waitUntil(lambda: tab.progress.value() == 1, timeout=20_000)
    assert tab.status.text() == "Looking …"
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running, timeout=5_000)
    assert tab.status.text() == "Cancelled."
    assert pauses.started == 1


def test_closing_the_window_ends_it_and_starts_nothing(qtbot: QtBot) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, HANGS, pauses)
    tab.toggle()
    qtbot.waitUntil(lambda: tab.progress.value() == 1, timeout=20_000)
    assert tab.close_down(5.0)
    assert pauses.started == 0


def test_a_program_that_is_missing_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    tab = SpeedTab([], program=[str(tmp_path / "nothing here")])
    qtbot.addWidget(tab)
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running, timeout=5_000)
    assert "can't be started" in tab.status.text()


def test_it_is_the_second_tab_and_stops_the_live_source_meanwhile(
    qtbot: QtBot, settings: Settings, fake_detector, fake_source
) -> None:
    window = build_window("fake", settings, make_detector=fake_detector, open_source=lambda spec: fake_source())
    qtbot.addWidget(window)
    window.show()
    live, tab = window.tab(0), window.tab(1)
    assert isinstance(tab, SpeedTab)
    for button in tab.findChildren(QPushButton):
        assert button.toolTip(), button.text()
    qtbot.waitUntil(lambda: live._session.phase is Phase.RUNNING, timeout=5_000)
    tab._program = [sys.executable, "-c", HANGS]
    tab.toggle()
    qtbot.waitUntil(lambda: live._session.phase is Phase.IDLE, timeout=5_000)
    tab.toggle()
    qtbot.waitUntil(lambda: live._session.phase is Phase.RUNNING, timeout=5_000)
    window.close()
