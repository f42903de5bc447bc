"""First steps, settings that are damaged or forgotten, colours, the doctor in the window, and what Ctrl+C copies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from facecam.qtkit.settings import Settings
from facecam.qtkit.tabs import Tab, TabSpec
from facecam.system.settings_file import SettingsFile
from facecam.ui.shell.dialogs import DoctorDialog
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import Sources
from tests.facecam.ui.driving import MakeWindow, action, live, press, shows


def open_on(path: Path, qtbot: QtBot) -> tuple[MainWindow, Settings]:
    """A window with settings in that file, as at a start of the program."""
    settings = Settings(path)
    window = MainWindow([TabSpec("A", "A tab", Tab)], settings)
    qtbot.addWidget(window)
    window.show()
    return window, settings


def question(window: MainWindow) -> QMessageBox:
    (found,) = window.findChildren(QMessageBox)
    return found


def is_dark(window: MainWindow) -> bool:
    return window.palette().color(QPalette.ColorRole.Window).lightness() < 128


def test_first_steps_are_told_once_and_again_when_asked(qtbot: QtBot, tmp_path: Path) -> None:
    window, _ = open_on(tmp_path / "settings.json", qtbot)
    assert window.hints.isVisible()
    assert "F1" in window.hints.text.text()
    window.set_full_screen(True)
    assert not window.hints.isVisible()
    window.set_full_screen(False)
    QTest.mouseClick(window.hints.button, Qt.MouseButton.LeftButton)
    assert not window.hints.isVisible()
    window.close()
    again, _ = open_on(tmp_path / "settings.json", qtbot)
    assert not again.hints.isVisible()
    action(again, "First steps").trigger()
    assert again.hints.isVisible()


def test_first_steps_are_those_of_the_tab_in_front(qtbot: QtBot, make_window: MakeWindow, settings: Settings) -> None:
    settings.put("window/welcomed", False)
    window = make_window()
    qtbot.waitUntil(window.isActiveWindow)
    assert "full screen" in window.hints.text.text()
    QTest.keyClick(window, Qt.Key.Key_3)
    assert "where a pixel looks" in window.hints.text.text()
    assert "Space" not in window.hints.text.text()  # it starts nothing there
    QTest.keyClick(window, Qt.Key.Key_2)
    assert "measurement" in window.hints.text.text()
    QTest.keyClick(window, Qt.Key.Key_1)
    assert "full screen" in window.hints.text.text()


def test_damaged_settings_are_told_and_kept_aside(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"live/threshold": 0.')
    window, _ = open_on(tmp_path / "settings.json", qtbot)
    assert "damaged" in window.hints.text.text()
    assert "settings.damaged.json" in window.hints.text.text()
    assert (tmp_path / "settings.damaged.json").read_text() == '{"live/threshold": 0.'


def test_settings_are_kept_between_starts_and_forgotten_by_one_command(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window, settings = open_on(path, qtbot)
    settings.put("live/threshold", 0.3)
    window.resize(700, 500)
    window.close()
    window, settings = open_on(path, qtbot)
    assert settings.number("live/threshold", None, 0, 1) == 0.3
    assert (window.width(), window.height()) == (700, 500)
    action(window, "Forget all settings…").trigger()
    press(qtbot, question(window), "Forget")
    assert "forgotten" in window.hints.text.text()
    settings.put("live/threshold", 0.4)  # what is still done before the end is not kept either
    window.close()
    window, settings = open_on(path, qtbot)
    assert settings.number("live/threshold", None, 0, 1) is None
    assert (window.width(), window.height()) == (1280, 800)


def test_settings_are_not_forgotten_unless_the_user_agrees(qtbot: QtBot, tmp_path: Path) -> None:
    window, settings = open_on(tmp_path / "settings.json", qtbot)
    settings.put("live/threshold", 0.3)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):  # Cancel is what Return presses
        action(window, "Forget all settings…").trigger()
        dialog = question(window)
        qtbot.waitExposed(dialog)
        assert "threshold" in dialog.informativeText()
        assert "can’t be undone" in dialog.informativeText()
        QTest.keyClick(dialog, key)
        qtbot.waitUntil(lambda: not window.findChildren(QMessageBox))
    assert settings.number("live/threshold", None, 0, 1) == 0.3
    assert not settings.forgotten


def test_a_change_is_written_soon_without_closing(qtbot: QtBot, tmp_path: Path) -> None:
    _, settings = open_on(tmp_path / "settings.json", qtbot)
    settings.put("live/threshold", 0.3)
    qtbot.waitUntil(lambda: SettingsFile(tmp_path / "settings.json").value("live/threshold") == 0.3)


def test_settings_that_can_no_longer_be_written_are_told_once(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "facecam" / "settings.json"
    window, settings = open_on(path, qtbot)
    window.hints.button.click()
    settings.flush()
    shutil.rmtree(path.parent)
    path.parent.touch()  # a file where the folder was
    settings.put("live/threshold", 0.3)
    qtbot.waitUntil(window.hints.isVisible)
    assert f"can't be kept: {path} can't be written" in window.hints.text.text()
    window.hints.button.click()
    settings.put("live/threshold", 0.4)
    settings.flush()
    assert not window.hints.isVisible()


def test_a_hint_that_comes_in_full_screen_stays_after_it(qtbot: QtBot, tmp_path: Path) -> None:
    window, _ = open_on(tmp_path / "settings.json", qtbot)
    window.hints.button.click()
    window.set_full_screen(True)
    window.hints.say("Read this.")
    window.set_full_screen(False)
    assert window.hints.isVisible()


@pytest.mark.parametrize("geometry", ["!", "AAAA", "AdnQywADAAD" + "/" * 400, "é"])
def test_a_nonsensical_window_size_is_passed_over(qtbot: QtBot, tmp_path: Path, geometry: str) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.put("window/geometry", geometry)
    file.flush()
    window, _ = open_on(tmp_path / "settings.json", qtbot)
    assert window.width() >= window.minimumWidth()
    assert window.isVisible()


def test_colours_can_be_chosen_and_are_kept(qtbot: QtBot, tmp_path: Path, qapp: QApplication) -> None:
    before = qapp.palette()
    try:
        window, settings = open_on(tmp_path / "settings.json", qtbot)
        assert action(window, "Colours of the system").isChecked()
        action(window, "Dark colours").trigger()
        qtbot.waitUntil(lambda: is_dark(window))
        window.close()
        action(window, "Light colours").trigger()
        settings.put("window/colours", "dark")
        settings.flush()
        again, _ = open_on(tmp_path / "settings.json", qtbot)
        assert action(again, "Dark colours").isChecked()
        qtbot.waitUntil(lambda: is_dark(again))
        action(again, "Colours of the system").trigger()
        qtbot.waitUntil(lambda: not is_dark(again))
    finally:
        qapp.setPalette(before)


def test_the_doctor_can_be_asked_from_the_window(qtbot: QtBot) -> None:
    dialog = DoctorDialog(program=[sys.executable, "-c", "print('two\\nlines')"])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.copy_button.isEnabled)
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().split() == ["two", "lines"]


def test_a_doctor_that_is_still_looking_ends_with_its_window(qtbot: QtBot, qtlog: Any) -> None:
    dialog = DoctorDialog(program=[sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"])
    dialog.show()
    doctor = dialog.process
    qtbot.waitUntil(lambda: doctor._text != b"")
    gone: list[bool] = []
    dialog.destroyed.connect(lambda: gone.append(True))
    dialog.close()
    qtbot.waitUntil(lambda: bool(gone))
    assert [record.message for record in qtlog.records if "QProcess" in record.message] == []


def test_a_doctor_that_can_not_be_started_is_told(qtbot: QtBot) -> None:
    dialog = DoctorDialog(program=["no-such-program"])
    qtbot.waitUntil(lambda: "can't be started" in dialog.report.toPlainText())
    dialog.close()


def test_ctrl_c_copies_the_picture_and_its_words(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("photo.jpg")
    tab = live(window)
    shows(qtbot, tab, "1 face")
    qtbot.waitActive(window)
    QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    data = QApplication.clipboard().mimeData()
    assert "1 face" in data.text()
    assert "photo.jpg" in data.text()
    place = tab.picture.placement
    assert place is not None
    assert (data.imageData().width(), data.imageData().height()) == (place.width_px, place.height_px)


def test_without_a_picture_the_words_are_copied(qtbot: QtBot, make_window: MakeWindow, sources: Sources) -> None:
    def missing() -> NoReturn:
        from facecam.errors import SourceError

        raise SourceError("There is no file nowhere.mp4.")

    sources.add("nowhere.mp4", missing)
    tab = live(make_window("nowhere.mp4"))
    qtbot.waitUntil(tab.panel.isVisible)
    tab.copy()
    assert "There is no file nowhere.mp4." in QApplication.clipboard().text()
    assert not QApplication.clipboard().mimeData().hasImage()
