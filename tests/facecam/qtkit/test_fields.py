"""Fields of the control column."""

from __future__ import annotations

from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from facecam.qtkit.fields import combo


def test_an_entry_too_long_for_its_list_ends_in_dots(qtbot: QtBot) -> None:
    def picture(text: str) -> QImage:
        box = combo((text, "x"))
        qtbot.addWidget(box)
        box.resize(120, 26)
        assert box.currentText() == text
        return box.grab().toImage()

    name = "Built-in Audio Analog Stereo"
    seen = picture(name)
    assert any(seen == picture(f"{name[:length].rstrip()}…") for length in range(4, len(name)))
    assert picture("Built-in") != picture("Built-in…")
