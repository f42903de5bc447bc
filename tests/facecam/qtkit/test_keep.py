"""What ties a field to what is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pytestqt.qtbot import QtBot

from facecam.qtkit.fields import Control, SliderField, check, combo, keep, show_value, spin
from facecam.qtkit.settings import Key, Remembered, Settings


class Way(Enum):
    NEAR = "near"
    FAR = "far"


@dataclass(frozen=True)
class Kept:
    on: Annotated[bool, Key("on")] = True
    way: Annotated[Way, Key("way")] = Way.FAR
    text: Annotated[str, Key("text")] = "b"
    count: Annotated[int, Key("count", (0, 9))] = 3
    share: Annotated[float, Key("share", (0.0, 1.0))] = 0.5


def test_a_control_shows_what_is_remembered_and_what_is_chosen_is(qtbot: QtBot) -> None:
    settings = Settings()
    remembered = Remembered(settings, Kept)
    box, number, slider = check("On", ""), spin(0, 9), SliderField("Share", 0, 1, 0.1, str, "")
    way, text = combo(("Near", "near"), ("Far", "far")), combo(("A", "a"), ("B", "b"))
    controls: dict[str, Control] = {"on": box, "way": way, "text": text, "count": number, "share": slider}
    told: list[Kept] = []
    for name, control in controls.items():
        qtbot.addWidget(control)
        keep(control, remembered, name, lambda: told.append(remembered.value))
    assert (box.isChecked(), way.currentText(), text.currentText()) == (True, "Far", "B")
    assert (number.value(), slider.value) == (3, 0.5)
    box.setChecked(False)
    way.setCurrentIndex(0)
    text.setCurrentIndex(0)
    number.setValue(7)
    slider.set(0.2)
    assert remembered.value == Kept(False, Way.NEAR, "a", 7, 0.2)
    assert len(told) == 5
    assert told[-1] == remembered.value
    assert Remembered(settings, Kept).value == remembered.value
    for name, control in controls.items():
        show_value(control, getattr(Kept(), name))
    assert (box.isChecked(), way.currentText(), number.value(), slider.value) == (True, "Far", 3, 0.5)
    assert len(told) == 5  # shown without telling
    assert remembered.value.count == 7
