"""BatchProcess: `facecam detect` in a process of its own, what it tells meanwhile, and how it ends."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from facecam.batch.estimate import Estimate
from facecam.batch.watch import Progress, Report, from_line
from facecam.system.python_process import python_command

_LEAVES_WITHIN_MS = 15_000


class BatchProcess(QObject):
    """One batch at a time. program: what to run instead of this Python's `-m facecam`."""

    estimated = Signal(object)
    """An Estimate."""
    progressed = Signal(object)
    """A Progress."""
    ended = Signal(object)
    """A Report; it says so itself if the batch was cancelled or failed."""

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.program = program or python_command("facecam")
        self._process: QProcess | None = None
        self._report: Report | None = None
        self._last_words = ""
        self._patience = QTimer(self, singleShot=True, interval=_LEAVES_WITHIN_MS)
        self._patience.timeout.connect(self._kill)

    @property
    def running(self) -> bool:
        """Whether a batch is under way."""
        return self._process is not None

    def start(self, arguments: list[str]) -> None:
        """Starts `facecam detect` with these arguments and options."""
        self.close(0)
        self._report, self._last_words = None, ""
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_words)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        command, *first = self.program
        process.start(command, [*first, "detect", *arguments])

    def cancel(self) -> None:
        """Ends the batch; what is whole by then stays. `ended` follows."""
        if self._process is not None:
            self._process.closeWriteChannel()
            self._patience.start()

    def close(self, timeout_s: float) -> bool:
        """Ends it for good, telling nobody. False when it did not end within that time, and was killed."""
        process, self._process = self._process, None
        self._patience.stop()
        if process is None:
            return True
        for signal in (process.finished, process.errorOccurred):
            signal.disconnect()
        process.closeWriteChannel()
        ended = timeout_s > 0 and process.waitForFinished(int(1000 * timeout_s))
        if not ended:
            process.kill()
            process.waitForFinished(500)
        process.deleteLater()
        return ended

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        newest: Progress | None = None
        while process.canReadLine():
            told = from_line(bytes(process.readLine().data()))
            if isinstance(told, Progress):
                newest = told  # of many the last one counts
            elif isinstance(told, Report):
                self._report = told
            elif isinstance(told, Estimate):
                self.estimated.emit(told)
        if newest is not None:
            self.progressed.emit(newest)

    def _read_words(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._last_words = next((line for line in reversed(text.splitlines()) if line.strip()), self._last_words)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end("The command can't be started.")

    def _finished(self, code: int, _how: object) -> None:
        self._read_words()
        self._read()
        words = self._last_words.removeprefix("facecam: ") or "The command ended without a word."
        self._end(words if code else None)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _end(self, problem: str | None) -> None:
        process, self._process = self._process, None
        self._patience.stop()
        if process is not None:
            process.deleteLater()
        if self._report is None and problem is None:
            return  # an estimate alone
        self.ended.emit(self._report or Report(0, 0, 0, error=problem))
