"""The gallery's own commands end quietly, whatever their thread is at."""

from __future__ import annotations

from pathlib import Path

from tests.processes import run_python

CLOSED_WHILE_IT_LOADS = """
import runpy, sys, threading
import onnxruntime
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from facecam.runtimes import file_check

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

file_check.problem = check
app = QApplication([])
timer = QTimer(interval=20)
timer.timeout.connect(lambda: loading.is_set() and app.closeAllWindows())
timer.start()
sys.argv[1:] = ["picture.png", "--model", sys.argv[1]]
runpy.run_module("sagan_gallery.ui.screenshot", run_name="__main__")
"""


def test_a_command_whose_window_is_closed_while_the_model_loads_does_not_abort(
    tiny_generator: Path, tmp_path: Path
) -> None:
    done = run_python("-c", CLOSED_WHILE_IT_LOADS, tiny_generator)
    assert done.returncode == 0, done.stderr
    assert "terminate" not in done.stderr
