"""The Speed tab: runs the benchmark in a process of its own and shows what it found."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QProcess
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QProgressBar, QPushButton, QTextBrowser, QVBoxLayout

from facecam.ui.commands import Menu, command
from facecam.ui.tabs import Tab
from facecam.ui.theme import SPACE
from facecam.ui.widgets import StatusLine

STEPS = 5
"""Sentences that `facecam bench` writes to stderr while it works."""

_WELCOME = """
### How fast is this machine?

Measures the detector on one core: both runtimes where installed, 0 to 200 faces, four sizes. It takes about
half a minute. Close other programs first: where they take the core away, there is no verdict, and it says why.
"""


class SpeedTab(Tab):
    """arguments: options of `facecam bench` for the detector (--model and so on).

    pause: called before a measurement, stops what else uses the processor and gives what starts it again. program: what
    to run instead of this Python's `-m facecam`.
    """

    def __init__(
        self,
        arguments: list[str],
        pause: Callable[[], Callable[[], None]] = lambda: lambda: None,
        program: list[str] | None = None,
    ) -> None:
        super().__init__()
        self._program = program or [sys.executable, "-m", "facecam"]
        self._arguments, self._pause = arguments, pause
        self._resume: Callable[[], None] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: QProcess | None = None
        self._steps = 0
        self._errors = ""
        self._cancelled = False
        self.markdown = ""

        self.start_button = QPushButton("Measure")
        self.start_button.clicked.connect(self.toggle)
        self.seconds = QDoubleSpinBox()
        self.seconds.setRange(1, 60)
        self.seconds.setDecimals(0)
        self.seconds.setValue(5)
        self.seconds.setSuffix(" s a run")
        self.seconds.setToolTip("Length of each of the four runs: longer ones show whether the processor slows down")
        self.seconds.setAccessibleName("Seconds of each run")
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copies the result as Markdown (Ctrl+C)")
        self.copy_button.clicked.connect(self.copy)
        self.progress = QProgressBar()
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress")
        self.text = QTextBrowser()
        self.text.setAccessibleName("Result")
        self.text.setMarkdown(_WELCOME)
        self.status = StatusLine()

        bar = QHBoxLayout()
        bar.setSpacing(SPACE)
        for widget in (self.start_button, self.seconds, self.copy_button):
            bar.addWidget(widget)
        bar.addSpacing(2 * SPACE)
        bar.addWidget(self.progress, 1000)
        bar.addStretch(1)  # keeps the buttons' size while there is no progress to show
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(bar)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.status)
        self._measure = command(self, "Measure, or cancel", ["Space"], self.toggle)
        self._copy = command(self, "Copy the result", ["Ctrl+C"], self.copy, Menu.EDIT)
        self._show_state("Ready. Space starts.")

    def commands(self) -> list[QAction]:
        return [self._measure, self._copy]

    def close_down(self, timeout_s: float) -> bool:
        self._cancelled = True
        self._resume = None
        if self._process is None:
            return True
        process = self._process
        process.kill()
        return process.waitForFinished(int(1000 * timeout_s))

    @property
    def running(self) -> bool:
        """Whether a measurement is under way."""
        return self._process is not None

    def toggle(self) -> None:
        """Starts a measurement, or cancels the one under way."""
        if self._process is not None:
            self._cancelled = True
            self._process.kill()
            return
        self._folder = tempfile.TemporaryDirectory(prefix="facecam-bench-")
        self._steps, self._errors, self._cancelled = 0, "", False
        self._resume = self._pause()
        process = self._process = QProcess(self)
        process.readyReadStandardError.connect(self._read_progress)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        command, *first = self._program
        out = ["--seconds", f"{self.seconds.value():.0f}", "--markdown", str(self._result)]
        process.start(command, [*first, "bench", *self._arguments, *out])
        self._show_state("Starting…")

    def copy(self) -> None:
        """The result as Markdown, for the clipboard."""
        if self.markdown:
            QGuiApplication.clipboard().setText(self.markdown)
            self.status.say("Copied.")

    @property
    def _result(self) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / "result.md"

    def _read_progress(self) -> None:
        assert self._process is not None
        for line in bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").splitlines():
            if line.endswith("…"):
                self._steps += 1
                self._show_state(line)
            elif line.strip():
                self._errors = line.strip()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end("The benchmark can't be started.")

    def _finished(self, code: int, _how: object) -> None:
        if self._process is None:
            return
        self._read_progress()
        if self._cancelled:
            self._end("Cancelled.")
            return
        try:
            self.markdown = self._result.read_text(encoding="utf-8") if code == 0 else ""
        except OSError:
            self.markdown = ""
        if self.markdown:
            self.text.setMarkdown(self.markdown)
            self._end("Measured.")
        else:
            self._end(self._errors.removeprefix("facecam: ") or "The benchmark ended without a result.")

    def _end(self, sentence: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if self._folder is not None:
            with suppress(OSError):
                self._folder.cleanup()
        resume, self._resume = self._resume, None
        if resume is not None:
            resume()
        self._show_state(sentence)

    def _show_state(self, sentence: str) -> None:
        self.status.say(sentence)
        self.start_button.setText("Cancel" if self.running else "Measure")
        self.start_button.setToolTip(
            "Ends the measurement without a result (Space)" if self.running else "Starts the measurement (Space)"
        )
        self.seconds.setEnabled(not self.running)
        self.copy_button.setEnabled(bool(self.markdown) and not self.running)
        self.progress.setVisible(self.running)
        self.progress.setValue(self._steps)
