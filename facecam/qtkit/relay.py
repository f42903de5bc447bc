"""ErrorRelay: unexpected errors, caught wherever they arise, logged, and passed on to whom it concerns."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections import Counter
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

_log = logging.getLogger(__name__)
_qt_log = logging.getLogger("facecam.qt")
_DISPLAY_LOST = ("The X11 connection broke", "The Wayland connection broke")
"""How Qt's last words begin, after which it calls `exit` while all threads run."""
_TOLD_AT_MOST = 20
"""How often the same error is logged and reported: one in the painting comes back with every frame."""
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class ErrorRelay(QObject):
    """Receives every exception that nobody caught, of any thread, and those that were caught only to be logged.

    What Qt has to say goes to the log. The signal arrives in the GUI thread, if the receiver lives there.
    """

    unexpected = Signal(str, str)
    """One line, and the traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[tuple[type[BaseException], str, int]] = Counter()
        self._handler = _Handler(self)

    def install(self) -> None:
        """Takes over the hooks of Python and Qt until `uninstall`."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._caught
        threading.excepthook = lambda args: self._caught(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )
        sys.unraisablehook = lambda args: _log.warning(
            "%s in %r", args.err_msg or "error ignored", args.object, exc_info=args.exc_value
        )
        self._qt_before = qInstallMessageHandler(_log_qt)
        logging.getLogger().addHandler(self._handler)

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(self._qt_before)
        logging.getLogger().removeHandler(self._handler)

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            self._before[0](kind, error, trace)
        elif self._counts[_signature(error)] < _TOLD_AT_MOST:
            _log.error("unexpected error", exc_info=(kind, error, trace))

    def tell(self, error: BaseException) -> None:
        """Passes on one error, unless it was passed on often."""
        self._counts[_signature(error)] += 1
        if self._counts[_signature(error)] <= _TOLD_AT_MOST:
            self.unexpected.emit(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))


class _Handler(logging.Handler):
    """Whatever is logged as an error with its exception, such as by the capture thread, is a fault of ours."""

    def __init__(self, relay: ErrorRelay) -> None:
        super().__init__(logging.ERROR)
        self._relay = relay

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._relay.tell(error)


def _signature(error: BaseException) -> tuple[type[BaseException], str, int]:
    """Where the error arose: errors that share it are the same."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error), "", 0
    return type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    _qt_log.log(_QT_LEVELS.get(kind, logging.WARNING), "%s: %s", context.category or "qt", text)
    if text.startswith(_DISPLAY_LOST):
        print("facecam: The display has gone, and the window with it.", file=sys.stderr, flush=True)
        os._exit(1)  # what is being recorded plays; libraries taken down beside their threads would crash
