"""BenchProcess: `facecam bench` in a process of its own, its progress and its result."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from PySide6.QtCore import Signal

from facecam.bench.result import from_line, load
from facecam.errors import FacecamError
from facecam.qtkit.process import CommandProcess

_PATIENCE_S = 2.0
_STEP = re.compile(r"\[(\d+)/(\d+)\] (.*)")


class BenchProcess(CommandProcess):
    """One measurement at a time."""

    progressed = Signal(int, int, str)
    """Steps begun, steps in all, and what is being done, in words."""
    interim = Signal(object)
    """An Interim: what is known while the main run goes on."""
    measured = Signal(object)
    """It has ended with this BenchResult."""
    failed = Signal(str)
    """It has ended without one: why, in a sentence."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self, arguments: list[str]) -> None:
        self._step, self._steps = 0, 1
        self._folder = tempfile.TemporaryDirectory(prefix="facecam-bench-", ignore_cleanup_errors=True)
        self._file = Path(self._folder.name) / "result.json"
        super().start(["bench", *arguments, "--json", str(self._file), "--watch"])

    def cancel(self) -> None:
        """Ends the measurement without a result; `failed` says so."""
        if self.running:
            self.close(_PATIENCE_S)
            self.failed.emit("Cancelled.")

    def close(self, timeout_s: float) -> bool:
        ended = super().close(timeout_s)
        self._remove_folder()
        return ended

    def _hear(self, lines: list[bytes]) -> None:
        for interim in filter(None, map(from_line, lines)):
            self.interim.emit(interim)

    def _hear_words(self, line: str) -> None:
        if not line.endswith("…"):
            super()._hear_words(line)
            return
        words = line.removesuffix("…").strip()
        if step := _STEP.fullmatch(words):
            self._step, self._steps, words = int(step[1]), int(step[2]), step[3]
        self.progressed.emit(self._step, self._steps, words)

    def _over(self, well: bool, words: str) -> None:
        try:
            result = load(self._file) if well else None
        except FacecamError:
            result = None
        self._remove_folder()
        if result is not None:
            self.measured.emit(result)
        else:
            self.failed.emit(words or "The benchmark ended without a result.")

    def _remove_folder(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
