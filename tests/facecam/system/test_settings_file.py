"""The settings' file: kept between starts, reset by a command, set aside when damaged, never executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from facecam.cli import main
from facecam.system.paths import settings_file
from facecam.system.settings_file import SettingsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "settings.json"


def test_values_survive_a_restart(path: Path) -> None:
    first = SettingsFile(path)
    assert first.problem is None
    values: dict[str, bool | float | str] = {"a": 0.5, "b": True, "c": "Überall \udcff", "d": 3}
    for key, value in values.items():
        first.put(key, value)
    assert first.flush()
    again = SettingsFile(path)
    assert [again.value(key) for key in "abcde"] == [0.5, True, "Überall \udcff", 3, None]
    assert again.problem is None


def test_yes_is_not_one(path: Path) -> None:
    file = SettingsFile(path)
    file.put("a", 1)
    file.flush()
    file.put("a", True)
    file.flush()
    assert SettingsFile(path).value("a") is True


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[1, 2]", b"null", b"\xff\xfe\x00", b"\x80\x04\x95.", b"[" * 100_000),
        *(b"9" * 10_000, b'"' + b"x" * (2 << 20) + b'"'),
    ],
    ids=["empty", "cut", "list", "null", "bytes", "pickle", "nested", "number", "large"],
)
def test_a_damaged_file_is_set_aside_and_told(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    file = SettingsFile(path)
    assert file.value("live/threshold") is None
    aside = path.with_suffix(".damaged.json")
    assert str(aside) in (file.problem or "")
    assert aside.read_bytes() == content  # nothing is lost
    file.put("a", 1)
    assert file.flush()
    assert SettingsFile(path).problem is None


def test_values_of_other_kinds_are_passed_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"a": [1], "b": {"c": 1}, "d": null, "e": 0.25}')
    file = SettingsFile(path)
    assert (file.value("a"), file.value("b"), file.value("d"), file.value("e")) == (None, None, None, 0.25)


def test_a_file_where_the_folder_should_be_is_told(path: Path) -> None:
    path.parent.write_text("in the way")
    file = SettingsFile(path)
    file.put("a", 1)
    assert not file.flush()
    assert "can't be kept" in (file.problem or "") or "can't be read" in (file.problem or "")


def test_one_command_resets_them(capsys: pytest.CaptureFixture[str]) -> None:
    path = settings_file()
    file = SettingsFile(path)
    file.put("live/threshold", 0.9)
    file.flush()
    assert main(["reset-settings"]) == 0
    assert str(path) in capsys.readouterr().out
    assert not path.exists()
    assert main(["reset-settings"]) == 0
    assert "no settings" in capsys.readouterr().out
