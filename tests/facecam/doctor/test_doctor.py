"""`facecam doctor`: it ends well whatever is wrong, says what is wrong, and names nobody."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from facecam.doctor import checks
from facecam.doctor.report import Report, without_home
from facecam.sources import Camera
from facecam.system.resources import asset
from tests import loopback
from tests.processes import ROOT, run_python


def test_the_command_tells_what_a_bug_report_needs_and_no_secret(tiny_model: Path) -> None:
    done = run_python("-m", "facecam", "doctor", "--json", "--model", tiny_model, FACECAM_TEST_SECRET="hush")
    assert done.returncode == 0, done.stderr
    assert "hush" not in done.stdout
    sections = json.loads(done.stdout)["sections"]
    assert sections["Packages"]["onnxruntime"]
    assert sections["Program"]["Python"].startswith(".".join(map(str, sys.version_info[:2])))
    assert sections["Processor"]["name"]
    assert sections["Processor"]["computes in"].startswith("float32")
    assert sections["Window"]["platform"] == "offscreen"
    assert sections["Window"]["screens"]
    assert "FFMPEG" in sections["OpenCV"]["reads video by"]
    assert "loads" in sections["Runtimes"]["ONNX Runtime"]
    assert all("ms a picture" in sections["Models"][name] for name in ("faceboxes", str(tiny_model)))
    assert "settings" in sections["Places"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have one platform only")
@pytest.mark.parametrize(
    ("library", "content", "section", "sentence"),
    [
        (
            "onnxruntime",
            "raise ImportError('DLL load failed')",
            "Runtimes",
            "ONNX Runtime can't be loaded (DLL load fail",
        ),
        (
            "cv2",
            "raise ImportError('libGL.so.1 is missing')",
            "OpenCV",
            "OpenCV can't be loaded (libGL.so.1 is missing)",
        ),
        ("cv2", "", "OpenCV", "OpenCV can't be loaded (module 'cv2' has no attribute"),  # as pip leaves it
    ],
)
def test_a_library_that_can_not_be_loaded_is_told_by_all_that_need_it(
    tmp_path: Path, library: str, content: str, section: str, sentence: str
) -> None:
    (tmp_path / f"{library}.py").write_text(content, encoding="utf-8")
    imported_first = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = run_python("-m", "facecam", "--version", PYTHONPATH=imported_first)
    assert (done.returncode, done.stderr) == (0, "")
    photos = [asset(f"demo/{name}.jpg") for name in ("hopper", "collins")]
    for arguments in (["--headless", "--source", "demo", "--seconds", "1"], ["detect", *photos]):
        done = run_python("-m", "facecam", *arguments, PYTHONPATH=imported_first)
        assert done.returncode == 2
        assert done.stderr.startswith(f"facecam: {sentence}")
        assert "install it again" in done.stderr
        assert done.stderr.count("\n") == 1
    done = run_python("-m", "facecam", "doctor", "--json", PYTHONPATH=imported_first)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    told = [hint for hint in report["hints"] if "can't be loaded" in hint]
    assert len(told) == 1
    assert told[0].startswith(sentence)
    assert "the program" not in "".join(report["hints"])
    facts = report["sections"][section]
    assert facts.get("ONNX Runtime", "").endswith("does not load") or facts["failed"] == told[0]


def test_it_survives_a_qt_that_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/nowhere")
    report = Report()
    report.add("Window", checks.window)
    report.add("Environment", checks.environment)
    assert "nonsense" in report.sections["Window"]["Qt said"]
    hints = " ".join(report.hints)
    assert "Qt can't open a window here" in hints
    assert "QT_PLUGIN_PATH is set" in hints


@pytest.mark.parametrize("compiled", [None, print])
def test_whether_choosing_faces_was_compiled_is_told(monkeypatch: pytest.MonkeyPatch, compiled: object) -> None:
    monkeypatch.setattr(checks, "compiled_select", compiled)
    report = Report()
    report.add("Program", checks.program)
    assert report.sections["Program"]["faces are chosen by"] == ("compiled code" if compiled else "numpy")
    assert any("with a C compiler" in hint for hint in report.hints) == (compiled is None)


def test_a_model_that_does_not_load_is_a_hint_and_not_the_end(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    report = Report()
    report.add("Models", lambda report: checks.models(report, str(tmp_path / "bad.onnx")))
    assert "bad.onnx" in " ".join(report.hints)
    assert "ms a picture" in report.sections["Models"]["faceboxes"]


def test_two_opencvs_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {
        "opencv-python-headless": "5.0",
        "opencv-python": "4.9",
        "shiboken6": "6.9",
        "PySide6-Essentials": "6.8",
    }
    monkeypatch.setattr(checks, "version", versions.get)
    report = Report()
    checks.packages(report)
    assert "pip uninstall opencv-python," in report.hints[0]
    assert "different versions" in report.hints[1]


def test_cameras_have_names_and_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "list_cameras", lambda: [Camera(2, "Desk Camera")])
    report = Report()
    assert checks.cameras(report)["2"] == "Desk Camera"
    monkeypatch.setattr(checks, "list_cameras", list)
    assert checks.cameras(report)["cameras"] == "none found"
    assert any("--source demo" in hint for hint in report.hints)


def test_whether_a_virtual_camera_can_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    report = Report()
    assert checks.virtual_camera(report)["device"] == "none"
    assert "There is no virtual camera that is free: install" in report.hints[0]
    device = loopback.install(monkeypatch)
    assert checks.virtual_camera(report)["device"] == loopback.NAME
    assert device.closed == 1
    assert not device.sent
    monkeypatch.setattr(checks, "version", lambda name: None)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    assert "pip install pyvirtualcam" in str(checks.virtual_camera(report)["device"])
    assert len(report.hints) == 1  # it is an extra


def test_a_section_that_fails_is_told_and_the_rest_follows() -> None:
    def fails(_: Report) -> dict:
        raise ZeroDivisionError("oops")

    report = Report()
    report.add("Broken", fails)
    report.add("Whole", lambda _: {"answer": 42, "list": ["a", "b"], "unknown": None})
    text = report.as_text()
    assert "ZeroDivisionError: oops" in text
    assert "Looking at “Broken” failed" in text
    assert "a, b" in text


def test_the_home_folder_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/someone"))
    report = Report({"Places": {"log": "/home/someone/logs/a.log"}}, ["/home/someone can't be written."])
    assert "someone" not in report.as_text()
    assert report.as_json()["sections"]["Places"]["log"] == "~/logs/a.log"


def test_the_home_folder_is_not_named_where_it_is_a_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "disk" / "home" / "anna").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk" / "home")
    home = tmp_path / "home" / "anna"
    monkeypatch.setattr(Path, "home", lambda: home)
    assert without_home(f"{home / 'x.py'}, {home.resolve() / 'x.py'}") == f"~{os.sep}x.py, ~{os.sep}x.py"


def test_a_qt_that_never_answers_does_not_hold_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PROBE_S", 0.5)
    report = Report()
    facts = checks.window(report, [sys.executable, "-c", "import time; time.sleep(60)"])
    assert "does not answer" in facts["Qt"]
    assert report.hints
