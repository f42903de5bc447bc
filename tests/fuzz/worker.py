"""Runs cases of the fuzzer in a process of their own: one JSON object a line comes in, one goes out.

A case that crashes or never ends takes only this process with it. Lines in: {"kind", "path" or "text", ...}; out:
{"outcome": "fine" or "told" or what is wrong, "words", "cpu_s", "grown_mib"}.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np

from facecam import cli
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.sources import open_source

_MOST_MEMORY = 12 << 30
_FRAMES = 40


def picture(case: dict[str, Any]) -> str:
    """`facecam detect FILE`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main(["detect", case["path"], "--model", case["model"], "--seconds", "2"])
    words = err.getvalue()
    if status == 0:
        return ""
    if status not in (2, 3):
        raise AssertionError(f"exit status {status}: {words}")
    begin = "facecam: " if status == 2 else "Read in part: "
    problems = [line for line in words.splitlines() if line.startswith(begin)]
    if len(problems) != 1:
        raise AssertionError(f"{len(problems)} sentences instead of one: {words}")
    return problems[0].removeprefix(begin)


def video(case: dict[str, Any]) -> str:
    """The command, and what the window does with a video: read some, seek, read again."""
    told = picture(case)
    source = open_source(case["path"])
    try:
        for _ in range(_FRAMES):
            if source.read() is None:
                break
        if hasattr(source, "seek"):
            source.seek(0.2)
            source.read()
    finally:
        source.close()
    return told


def model(case: dict[str, Any]) -> str:
    """`FaceDetector(FILE)`, and two detections with each runtime if it loads."""
    for runtime in case.get("runtimes", ["onnxruntime"]):
        detector = FaceDetector(DetectorOptions(case["path"], runtime=runtime))
        for size in ((64, 96), (480, 640)):
            found = detector.detect(np.full((*size, 3), 128, np.uint8))
            assert np.isfinite(found.boxes).all()
    return ""


def generator(case: dict[str, Any]) -> str:
    """The gallery's model and a sample."""
    import facecam.ui.gallery.tab  # noqa: F401 - which lends the gallery its check
    from sagan_gallery.generator import Generator

    loaded = Generator(Path(case["path"]))
    loaded.sample(1, loaded.classes[0])
    return ""


def settings(case: dict[str, Any]) -> str:
    """A start of the window with that settings file, shown and closed."""
    from PySide6.QtWidgets import QApplication

    from facecam.qtkit.settings import Settings
    from facecam.ui.shell import app

    application = app.make_application()
    kept = Settings(Path(case["path"]))
    window = app.build_window("demo", kept, DetectorOptions(model=case["model"]), open_source=_no_source)
    window.show()
    QApplication.processEvents()
    window.close()
    application.processEvents()
    return ""


def _no_source(spec: str) -> Any:
    raise FacecamError("There is no source here.")


def url(case: dict[str, Any]) -> str:
    """The address as a source, and as the window names it."""
    from facecam.ui.live.chooser import short_name

    short_name(case["text"])
    source = open_source(case["text"])
    try:
        source.read()
    finally:
        source.close()
    return ""


def stream(case: dict[str, Any]) -> str:
    """What a server on this machine sends once and then hangs up, as a source."""
    content, kind = Path(case["path"]).read_bytes(), case["content_type"]

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if case["length"] is not None:
                self.send_header("Content-Length", str(case["length"]))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            source = open_source(f"http://127.0.0.1:{server.server_port}/x")
            try:
                for _ in range(_FRAMES):
                    if source.read() is None:
                        break
            finally:
                source.close()
        finally:
            server.shutdown()
    return ""


def crash(_: dict[str, Any]) -> str:
    """Ends the process as a fault of a library would: for the test of the fuzzer itself."""
    os.abort()


KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    function.__name__: function for function in (picture, video, model, generator, settings, url, stream, crash)
}


def run(case: dict[str, Any]) -> dict[str, Any]:
    """One case, with what it cost."""
    before_kib, start_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    wall_s = time.perf_counter()
    words = ""
    try:
        words = KINDS[case["kind"]](case)
        outcome = "told" if words else "fine"
    except FacecamError as error:
        outcome, words = "told", str(error)
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        outcome, words = f"{type(error).__name__}", str(error)
        if os.environ.get("FUZZ_TRACEBACK"):
            import traceback

            traceback.print_exc()
    if outcome == "told" and (not words.strip() or "\n" in words.strip() or len(words) > 6000):
        outcome = "not one sentence"
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    return {
        "outcome": outcome,
        "words": words,
        "cpu_s": time.process_time() - start_s,
        "wall_s": time.perf_counter() - wall_s,
        "grown_mib": grown_kib / 1024,
    }


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
