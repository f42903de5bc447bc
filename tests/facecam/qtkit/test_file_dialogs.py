"""Asking for files and folders, and showing one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from facecam.qtkit.file_dialogs import ask_path, show_folder


def test_a_file_or_a_folder_is_asked_for_and_the_window_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    (tmp_path / "a.json").touch()
    named: list[Path] = []
    for how, mode, accepts in (
        ({}, QFileDialog.FileMode.Directory, QFileDialog.AcceptMode.AcceptOpen),
        ({"kinds": ["JSON (*.json)"]}, QFileDialog.FileMode.ExistingFile, QFileDialog.AcceptMode.AcceptOpen),
        (
            {"kinds": ["JSON (*.json)"], "save_as": "b.json"},
            QFileDialog.FileMode.AnyFile,
            QFileDialog.AcceptMode.AcceptSave,
        ),
    ):
        ask_path(parent, "Which one", named.append, tmp_path, **how)
        dialog = parent.findChildren(QFileDialog)[-1]
        assert (dialog.fileMode(), dialog.acceptMode()) == (mode, accepts)
        assert Path(dialog.directory().path()) == tmp_path
        if how:
            assert dialog.nameFilters() == ["JSON (*.json)", "All files (*)"]
        dialog.fileSelected.emit(str(tmp_path / "a.json"))
        dialog.close()
        qtbot.waitUntil(lambda: not parent.findChildren(QFileDialog))
    assert named == [tmp_path / "a.json"] * 3


def test_a_folder_that_cannot_be_shown_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: url.toLocalFile() != str(tmp_path / "two"))
    said: list[str] = []
    show_folder(tmp_path / "one", said.append)
    assert (tmp_path / "one").is_dir()
    show_folder(tmp_path / "two", said.append)
    assert said == [f"There is no file manager here; the folder is {tmp_path / 'two'}"]
    (tmp_path / "file").touch()
    show_folder(tmp_path / "file" / "within", said.append)
    assert "can't be opened" in said[1]
