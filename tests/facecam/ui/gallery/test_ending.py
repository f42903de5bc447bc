"""The window ends quietly, whatever the gallery's thread is at."""

from __future__ import annotations

from pathlib import Path

from tests.processes import run_python

CLOSED_WHILE_IT_LOADS = """
import sys, threading
import onnxruntime
from PySide6.QtCore import QTimer
from facecam.runtimes import file_check
from facecam.system.process_exit import end_process
from facecam.ui.tools import screenshot

loading = threading.Event()

def load_without_end(data):
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    while True:
        onnxruntime.InferenceSession(data, quiet, providers=["CPUExecutionProvider"])
        loading.set()

def check(data, operators):  # some threads: one alone may by chance be outside of the runtime when it is torn out
    for _ in range(4):
        threading.Thread(target=load_without_end, args=(data,), daemon=True).start()
    load_without_end(data)

def make_application():
    app = made()
    app.closer = QTimer(interval=20)
    app.closer.timeout.connect(lambda: loading.is_set() and app.closeAllWindows())
    app.closer.start()
    return app

made, screenshot.make_application, file_check.problem = screenshot.make_application, make_application, check
end_process(screenshot.main([sys.argv[1], "--tab", "3", "--after", "60"]))
"""


def test_a_window_that_is_closed_while_the_gallerys_model_loads_does_not_abort(tmp_path: Path) -> None:
    done = run_python("-c", CLOSED_WHILE_IT_LOADS, tmp_path / "picture.png")
    assert done.returncode == 0, done.stderr
    assert "terminate" not in done.stderr
    assert not (tmp_path / "picture.png").exists()
