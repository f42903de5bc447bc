"""Errors that nobody foresaw, of any thread: logged, shown with a report to copy, and the window goes on."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from PySide6.QtCore import Qt, QTimer, qWarning
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facecam.doctor.checks import last_crash
from facecam.doctor.report import Report
from facecam.qtkit import relay as relay_module
from facecam.qtkit.relay import ErrorRelay
from facecam.system.paths import crash_file, log_file
from facecam.ui.shell.dialogs import ErrorDialog
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import Sources
from tests.facecam.ui.driving import MakeWindow, live, press, shows
from tests.processes import run_python


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window("demo")


@pytest.fixture
def relay(window: MainWindow) -> Iterator[ErrorRelay]:
    relay = ErrorRelay()
    relay.unexpected.connect(window.banner.report)
    relay.install()
    yield relay
    relay.uninstall()


def index_error() -> None:
    [][1]


def zero_division() -> NoReturn:
    raise ZeroDivisionError(1 / 0)


def the_dialog(qtbot: QtBot, window: MainWindow) -> ErrorDialog:
    qtbot.waitUntil(lambda: window.banner.dialog is not None and window.banner.dialog.isVisible())
    assert window.banner.dialog is not None
    return window.banner.dialog


def test_a_dialog_with_a_report_to_copy_and_one_at_a_time(qtbot: QtBot, window: MainWindow, relay: ErrorRelay) -> None:
    QTimer.singleShot(0, index_error)
    dialog = the_dialog(qtbot, window)
    QTimer.singleShot(0, zero_division)
    qtbot.waitUntil(lambda: "1 more" in window.banner.text.text())
    assert "IndexError" in window.banner.text.text()  # the first one stays in sight
    assert len(window.findChildren(ErrorDialog)) == 1
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    report = QApplication.clipboard().text()
    assert "IndexError" in report
    assert "in index_error" in report
    assert "onnxruntime" in report
    assert "window system: offscreen" in report
    assert str(Path.home()) not in report
    QTest.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.banner.dialog is None)
    QTest.mouseClick(window.banner.details_button, Qt.MouseButton.LeftButton)
    assert "in zero_division" in the_dialog(qtbot, window).report.toPlainText()
    QTest.mouseClick(window.banner.dismiss_button, Qt.MouseButton.LeftButton)
    assert not window.banner.isVisible()
    assert window.isVisible()


def test_where_nothing_shows_the_log_its_folder_is_told(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    dialog = ErrorDialog("error", [])
    qtbot.addWidget(dialog)
    dialog.show()
    press(qtbot, dialog, "Show log")
    assert str(log_file().parent) in dialog.explanation.text()


def test_an_error_that_comes_back_does_not_open_its_report_again(
    qtbot: QtBot, window: MainWindow, relay: ErrorRelay
) -> None:
    QTimer.singleShot(0, index_error)
    the_dialog(qtbot, window).close()
    qtbot.waitUntil(lambda: window.banner.dialog is None)
    QTimer.singleShot(0, index_error)
    qtbot.waitUntil(lambda: "1 more" in window.banner.text.text())
    assert window.banner.dialog is None


def test_an_error_with_every_frame_floods_nothing(
    qtbot: QtBot, window: MainWindow, relay: ErrorRelay, caplog: pytest.LogCaptureFixture
) -> None:
    timer = QTimer(interval=0)
    timer.timeout.connect(index_error)
    timer.start()
    the_dialog(qtbot, window)
    qtbot.wait(200)
    timer.stop()
    told = [record for record in caplog.records if record.name == relay_module.__name__]
    assert 1 <= len(told) <= 20


def test_an_error_in_a_thread_is_told(qtbot: QtBot, window: MainWindow, relay: ErrorRelay) -> None:
    thread = threading.Thread(target=zero_division, name="mine")
    thread.start()
    thread.join()
    assert "in zero_division" in the_dialog(qtbot, window).report.toPlainText()


def test_an_error_in_a_source_is_told_and_the_next_source_plays(
    qtbot: QtBot, make_window: MakeWindow, sources: Sources, relay: ErrorRelay, window: MainWindow
) -> None:
    sources.add("broken", zero_division)
    tab = live(window)
    tab.open("broken")
    assert "in zero_division" in the_dialog(qtbot, window).report.toPlainText()
    tab.open("demo")
    shows(qtbot, tab, "capture")


def test_errors_while_things_are_deleted_and_words_of_qt_go_to_the_log(
    window: MainWindow, relay: ErrorRelay, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad:
        def __del__(self) -> None:
            raise ZeroDivisionError("in del")

    bad: object = Bad()
    del bad
    gc.collect()
    qWarning("a word of Qt")
    assert "in del" in caplog.text
    assert ("facecam.qt", logging.WARNING) in [(record.name, record.levelno) for record in caplog.records]
    assert "a word of Qt" in caplog.text
    assert window.banner.dialog is None


FAULTY = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from facecam.cli import main
from facecam.system.process_exit import end_process
from facecam.ui.shell.app import make_application
from facecam.ui.shell.main_window import MainWindow

application = make_application()

def fault():
    raise KeyError("injected")

def steps():
    while (window := next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)) is None:
        yield
    picture = window.tab(0).picture
    while "capture" not in picture.overlay.figures.text:
        yield
    QTimer.singleShot(0, fault)
    while window.banner.dialog is None:
        yield
    window.banner.dialog.copy()
    print(QApplication.clipboard().text())
    figures = picture.overlay.figures.text
    while picture.overlay.figures.text == figures:
        yield
    print("GOES ON")
    timer.stop()
    window.close()

going = steps()
timer = QTimer(interval=50)
timer.timeout.connect(lambda: next(going, None))
timer.start()
end_process(main(["--source", "demo", "--model", sys.argv[1]]))
"""


def test_the_real_command_survives_an_error_and_logs_it(tiny_model: Path, tmp_path: Path) -> None:
    done = run_python("-c", FAULTY, tiny_model, XDG_STATE_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "KeyError: 'injected'" in done.stdout
    assert "GOES ON" in done.stdout
    if sys.platform.startswith("linux"):
        (log,) = tmp_path.rglob("facecam.log")
        assert "KeyError: 'injected'" in log.read_text(encoding="utf-8")
        assert not list(tmp_path.rglob("crash.log"))


CRASHING = """
import sys, ctypes
from PySide6.QtCore import QTimer
from facecam.cli import main
from facecam.system.process_exit import end_process
from facecam.ui.shell.app import make_application
application = make_application()
QTimer.singleShot(500, lambda: ctypes.string_at(0))
end_process(main(["--source", "demo", "--model", sys.argv[1]]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the log's place is set for Linux")
def test_a_crash_of_the_process_leaves_its_stack_for_the_doctor(tiny_model: Path, tmp_path: Path) -> None:
    assert run_python("-c", CRASHING, tiny_model, XDG_STATE_HOME=str(tmp_path)).returncode != 0
    (stack,) = tmp_path.rglob(crash_file().name)
    report = Report()
    facts = last_crash(report, stack)
    assert "The window crashed on" in report.hints[0]
    assert "string_at" in facts["stack"]
