"""BenchProcess: `facecam bench` in a process of its own, its progress and its result."""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from facecam.bench.result import from_line, load
from facecam.errors import FacecamError
from facecam.system.python_process import python_command

_PATIENCE_S = 2.0
_STEP = re.compile(r"\[(\d+)/(\d+)\] (.*)")


class BenchProcess(QObject):
    """One measurement at a time. program: what to run instead of this Python's `-m facecam`."""

    progressed = Signal(int, int, str)
    """Steps begun, steps in all, and what is being done, in words."""
    interim = Signal(object)
    """An Interim: what is known while the main run goes on."""
    measured = Signal(object)
    """It has ended with this BenchResult."""
    failed = Signal(str)
    """It has ended without one: why, in a sentence."""

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.program = program or python_command("facecam")
        self._process: QProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._last_line = ""
        self._step, self._steps = 0, 1

    @property
    def running(self) -> bool:
        """Whether a measurement is under way."""
        return self._process is not None

    def start(self, arguments: list[str]) -> None:
        """Starts `facecam bench` with these options."""
        self._folder = tempfile.TemporaryDirectory(prefix="facecam-bench-")
        self._last_line, self._step, self._steps = "", 0, 1
        process = self._process = QProcess(self)
        process.readyReadStandardError.connect(self._read)
        process.readyReadStandardOutput.connect(self._read_figures)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        command, *first = self.program
        process.start(command, [*first, "bench", *arguments, "--json", str(self._file), "--watch"])

    def cancel(self) -> None:
        """Ends the measurement without a result; `failed` says so."""
        if self.running:
            self.close(_PATIENCE_S)
            self.failed.emit("Cancelled.")

    def close(self, timeout_s: float) -> bool:
        """Ends it for good, telling nobody. False when it still hangs."""
        process = self._process
        if process is None:
            return True
        process.finished.disconnect(self._finished)
        process.kill()
        ended = process.waitForFinished(int(1000 * timeout_s))
        self._end()
        return ended

    @property
    def _file(self) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / "result.json"

    def _read(self) -> None:
        if self._process is None:
            return
        for line in bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").splitlines():
            if not line.endswith("…"):
                self._last_line = line.strip() or self._last_line
                continue
            step = _STEP.fullmatch(line.removesuffix("…").strip())
            if step is not None:
                self._step, self._steps = int(step[1]), int(step[2])
            words = step[3] if step is not None else line.removesuffix("…").strip()
            self.progressed.emit(self._step, self._steps, words)

    def _read_figures(self) -> None:
        if self._process is None:
            return
        self._process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while self._process is not None and self._process.canReadLine():
            interim = from_line(bytes(self._process.readLine().data()).decode("utf-8", "replace"))
            if interim is not None:
                self.interim.emit(interim)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end()
            self.failed.emit("The benchmark can't be started.")

    def _finished(self, code: int, _how: object) -> None:
        self._read()
        try:
            result = load(self._file) if code == 0 else None
        except FacecamError:
            result = None
        self._end()
        if result is not None:
            self.measured.emit(result)
        else:
            self.failed.emit(self._last_line.removeprefix("facecam: ") or "The benchmark ended without a result.")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if self._folder is not None:
            with suppress(OSError):
                self._folder.cleanup()
