"""BatchProcess: `facecam detect` in a process of its own, what it tells meanwhile, and how it ends."""

from __future__ import annotations

from PySide6.QtCore import QProcess, QTimer, Signal

from facecam.batch.batch import Summary
from facecam.batch.estimate import Estimate
from facecam.batch.watch import Progress, from_line
from facecam.qtkit.process import CommandProcess

_LEAVES_WITHIN_MS = 15_000


class BatchProcess(CommandProcess):
    """One batch at a time, which ends of itself when its standard input is closed."""

    estimated = Signal(object)
    """An Estimate."""
    progressed = Signal(object)
    """A Progress."""
    ended = Signal(object)
    """A Summary; it says so itself if the batch was cancelled or failed."""

    _report: Summary | None = None

    def start(self, arguments: list[str]) -> None:
        """Starts `facecam detect` with these arguments and options, in place of what still runs."""
        self.close(0)
        self._report = None
        super().start(["detect", *arguments])

    def cancel(self) -> None:
        """Ends the batch; what is whole by then stays. `ended` follows."""
        if self._process is not None:
            self._process.closeWriteChannel()
            QTimer.singleShot(_LEAVES_WITHIN_MS, self._process, self._process.kill)

    def _ask_to_end(self, process: QProcess) -> None:
        process.closeWriteChannel()

    def _hear(self, lines: list[bytes]) -> None:
        newest: Progress | None = None
        for told in map(from_line, lines):
            if isinstance(told, Progress):
                newest = told  # of many the last one counts
            elif isinstance(told, Summary):
                self._report = told
            elif isinstance(told, Estimate):
                self.estimated.emit(told)
        if newest is not None:
            self.progressed.emit(newest)

    def _over(self, well: bool, words: str) -> None:
        if self._report is not None:
            self.ended.emit(self._report)
        elif not well:  # otherwise an estimate alone
            self.ended.emit(Summary(error=words or "The command ended without a word."))
