"""What a frozen dataclass of settings reads from a store, and leaves in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest

from facecam.qtkit.settings import Key, Remembered, Settings
from facecam.runtimes.engine import Precision
from facecam.ui.live.settings import InputSize, LiveSettings


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Chosen:
    on: Annotated[bool, Key("a/on")] = True
    share: Annotated[float, Key("a/share", (0.0, 1.0))] = 0.5
    count: Annotated[int | None, Key("a/count", (0, 9))] = None
    colour: Annotated[Colour, Key("a/colour")] = Colour.GREEN
    suffix: Annotated[str, Key("a/suffix", (".mp4", ".mkv"))] = ".mp4"
    folder: Annotated[Path | None, Key("a/folder")] = None
    mirror: Annotated[bool | None, Key("a/mirror")] = None


def test_what_is_changed_is_there_at_the_next_start() -> None:
    settings = Settings()
    first = Remembered(settings, Chosen)
    assert first.value == Chosen()
    wanted = Chosen(False, 0.25, 7, Colour.RED, ".mkv", Path("/here"), mirror=False)
    first.change(on=False, share=0.25, count=7, colour=Colour.RED, suffix=".mkv", folder=Path("/here"), mirror=False)
    assert first.value == Remembered(settings, Chosen).value == wanted
    assert settings.text("a/colour") == "red"
    first.change(count=None, folder=None, mirror=None)
    again = Remembered(settings, Chosen).value
    assert (again.count, again.folder, again.mirror) == (None, None, None)


@pytest.mark.parametrize("wrong", ["x", "-1", 99, "", True])
def test_what_is_damaged_or_out_of_range_is_at_its_default(wrong: bool | float | str) -> None:
    settings = Settings()
    for key in ("share", "count", "colour", "suffix"):
        settings.put(f"a/{key}", wrong)
    settings.put("a/on", "maybe")
    assert Remembered(settings, Chosen).value == Chosen()


def test_the_live_tab_reads_the_settings_of_earlier_versions() -> None:
    settings = Settings()
    earlier: dict[str, bool | float | str] = {
        "live/threshold": 0.3, "live/precision": "f32", "live/size": "auto", "live/hold-hz": 20, "live/core": -1,
        "live/privacy": True, "live/privacy-how": "cover", "live/compare-threshold": "", "record/folder": "",
    }  # fmt: skip
    for key, value in earlier.items():
        settings.put(key, value)
    read = Remembered(settings, LiveSettings).value
    assert (read.threshold, read.precision, read.core) == (0.3, Precision.F32, None)
    assert (read.size, read.hold_hz) == (InputSize.AUTOMATIC, 20)
    assert read.privacy_options is not None
    assert read.privacy_options.how.value == "cover"
    assert (read.compare_threshold, read.record_folder) == (None, None)
