"""Wrong input in the window with nothing faked: one sentence on the stage, and the next source plays."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facecam.detection.options import DetectorOptions
from facecam.qtkit.settings import Settings
from facecam.system.opencv import cv2
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell import app
from tests.facecam.ui.driving import live, shows


def open_window(qtbot: QtBot, settings: Settings, model: Path) -> LiveTab:
    window = app.build_window("demo", settings, DetectorOptions(model=model))
    qtbot.addWidget(window, before_close_func=lambda window: window.close())
    window.show()
    return live(window)


def said(tab: LiveTab) -> str:
    """What the stage says, empty while it shows a picture."""
    message = tab.panel.message
    return f"{message.title}: {message.text}" if message is not None and tab.panel.isVisible() else ""


def test_the_window_tells_it_and_goes_on_living(
    qtbot: QtBot, settings: Settings, tiny_model: Path, tmp_path: Path, make_frame: object
) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "noise.mkv").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "folder").mkdir()
    cv2.imwrite(str(tmp_path / "good.png"), make_frame((3, 2), (7, 5)))  # type: ignore[operator]
    tab = open_window(qtbot, settings, tiny_model)
    wrong = {
        str(tmp_path / "text.jpg"): "is not a picture",
        str(tmp_path / "empty.mp4"): "is empty",
        str(tmp_path / "noise.mkv"): "is not a video",
        str(tmp_path / "missing.jpg"): "There is no file",
        str(tmp_path / "folder"): "There are no pictures",
        "camera:87": "There is no camera 87",
        "http://127.0.0.1:9/x": "can't be opened",
        "http://[": "is not a valid address",
        "gopher://127.0.0.1/": "are not supported",
    }
    for spec, words in wrong.items():
        tab.open(spec)
        qtbot.waitUntil(lambda words=words: words in said(tab))
    tab.open(str(tmp_path / "good.png"))
    shows(qtbot, tab, "2 faces")
    assert not tab.panel.isVisible()


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x07" * 500])
def test_so_it_does_with_a_wrong_model(qtbot: QtBot, settings: Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.onnx"
    path.write_bytes(content)
    tab = open_window(qtbot, settings, path)
    qtbot.waitUntil(lambda: "wrong.onnx" in said(tab))
    assert "No detector" in said(tab)
