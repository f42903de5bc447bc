"""CommandProcess: a command of this program in a process of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess

from facecam.system.python_process import python_command


class CommandProcess(QObject):
    """One command at a time. program: what to run instead of this Python's `-m facecam`.

    A subclass hears what the command says, and how it ends; and says how it is asked to end.
    """

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.program = program or python_command("facecam")
        self._process: QProcess | None = None
        self._last_words = ""

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, arguments: list[str]) -> None:
        self._last_words = ""
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_words)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        command, *first = self.program
        process.start(command, [*first, *arguments])

    def close(self, timeout_s: float) -> bool:
        """Ends it for good, telling nobody. False when it did not end within that time, and was killed."""
        process, self._process = self._process, None
        if process is None:
            return True
        for signal in (process.finished, process.errorOccurred):
            signal.disconnect()
        self._ask_to_end(process)
        ended = timeout_s > 0 and process.waitForFinished(int(1000 * timeout_s))
        if not ended:
            process.kill()
            process.waitForFinished(500)
        process.deleteLater()
        return ended

    # What a subclass says and hears

    def _ask_to_end(self, process: QProcess) -> None:
        process.kill()

    def _hear(self, lines: list[bytes]) -> None:
        """New lines of standard output."""

    def _hear_words(self, line: str) -> None:
        """A new line of standard error, for people."""
        self._last_words = line

    def _over(self, well: bool, words: str) -> None:
        """It has ended by itself. well: with the status 0; words: its last ones on standard error."""

    # What the process does

    def _read(self) -> None:
        if self._process is not None:
            self._process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
            lines = []
            while self._process.canReadLine():
                lines.append(bytes(self._process.readLine().data()))
            self._hear(lines)

    def _read_words(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            for line in filter(None, map(str.strip, text.splitlines())):
                self._hear_words(line)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(False, "The command can't be started.")

    def _finished(self, code: int, _how: object) -> None:
        self._read_words()
        self._read()
        self._end(code == 0, self._last_words.removeprefix("facecam: "))

    def _end(self, well: bool, words: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._over(well, words)
