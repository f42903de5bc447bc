"""Recordings and snapshots, through the real window on fake sources and real files."""

from __future__ import annotations

import errno
import json
import math
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facecam.live.pipeline import Phase
from facecam.qtkit.settings import Settings
from facecam.qtkit.wording import duration
from facecam.saving.snapshot import METADATA_KEY
from facecam.sources import microphone, open_source
from facecam.system.paths import pictures_folder, videos_folder
from facecam.ui.live import saving
from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.doubles import Sources, read_all
from tests.facecam.saving.told_clips import has_sound, make_clip
from tests.facecam.ui.driving import MakeWindow, choose, fold, live, press_key, shows
from tests.microphones import FakeMiniaudio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where the window of this test saves."""
    settings.put("record/folder", str(tmp_path))
    return tmp_path


def shown(qtbot: QtBot, window: MainWindow) -> LiveTab:
    """The live tab, with a picture."""
    tab = live(window)
    qtbot.waitUntil(lambda: tab.picture.placement is not None)
    return tab


@pytest.fixture
def tab(qtbot: QtBot, window: MainWindow) -> LiveTab:
    return shown(qtbot, window)


def says(qtbot: QtBot, tab: LiveTab, words: str) -> None:
    qtbot.waitUntil(lambda: re.search(words, tab.status.text()) is not None)


def records(qtbot: QtBot, tab: LiveTab) -> None:
    """Waits until some pictures are recorded."""
    qtbot.waitUntil(lambda: (it := tab.recording.saving._recorder) is not None and it.status.frames > 5)


def read_metadata(path: Path) -> dict[str, Any]:
    """What a snapshot tells."""
    with Image.open(path) as image:
        told = json.loads(image.text[METADATA_KEY])  # type: ignore[attr-defined]
    assert isinstance(told, dict)
    return told


def times_s(path: Path) -> list[float]:
    return [frame.time_s for frame in read_all(open_source(str(path)))]


def test_r_records_and_ends(qtbot: QtBot, folder: Path, tab: LiveTab) -> None:
    began_s = time.perf_counter()
    assert tab.recording.record_button.text() == "Record"
    press_key(tab, Qt.Key.Key_R)
    recorder = tab.recording.saving._recorder
    assert recorder is not None
    says(qtbot, tab, r"^Recording \d\d:(0[1-9]|[1-5]\d).* · Demo")
    assert tab.badge.isVisible()
    assert re.search(r"\d\d:\d\d", tab.badge.text())
    assert re.match(r"End \d\d:\d\d", tab.recording.record_button.text())
    press_key(tab, Qt.Key.Key_R)
    took_s = time.perf_counter() - began_s
    says(qtbot, tab, r"^Saved recording-0001.mp4 \(\d\d:\d\d.*\) · Demo")
    assert duration(recorder.status.seconds) in tab.status.text()
    assert not tab.badge.isVisible()
    assert tab.recording.record_button.text() == "Record"
    recorded_s = times_s(folder / "recording-0001.mp4")
    assert recorded_s[0] == 0
    assert recorded_s[-1] == pytest.approx(recorder.status.seconds, abs=0.002)
    assert 1 <= recorded_s[-1] <= took_s
    assert len(recorded_s) == recorder.status.frames
    lines = (folder / "recording-0001.jsonl").read_text(encoding="utf-8").splitlines()
    # The first frames may come before the face is confirmed.
    assert json.loads(lines[-1])["faces"][0]["box"] == [100, 100, 200, 220]
    assert (folder / "recording-0001.csv").read_text(encoding="utf-8").startswith("source,frame,time_s")


def test_the_button_records_too_and_the_next_name_is_free(qtbot: QtBot, folder: Path, tab: LiveTab) -> None:
    (folder / "recording-0007.mp4").touch()
    tab.recording.lists.setChecked(False)
    tab.recording.format.setCurrentIndex(1)
    QTest.mouseClick(tab.recording.record_button, Qt.MouseButton.LeftButton)
    records(qtbot, tab)
    QTest.mouseClick(tab.recording.record_button, Qt.MouseButton.LeftButton)
    says(qtbot, tab, r"Saved recording-0008.mkv")
    assert sorted(path.name for path in folder.iterdir()) == ["recording-0007.mp4", "recording-0008.mkv"]


def test_s_saves_a_picture_that_tells_how_it_came_about(qtbot: QtBot, make_window: MakeWindow, folder: Path) -> None:
    tab = shown(qtbot, make_window(threshold=0.3))
    shows(qtbot, tab, "1 face")
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"^Saved snapshot-0001.png")
    told = read_metadata(folder / "snapshot-0001.png")
    assert (told["model"], told["threshold"], told["source"], told["annotated"]) == ("fake", 0.3, "Demo", True)
    assert told["faces"][0]["box"] == [100, 100, 200, 220]
    assert (told["width"], told["height"]) == (640, 480)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", told["taken"])
    with Image.open(folder / "snapshot-0001.png") as image:
        assert image.size == (640, 480)
        assert image.getpixel((100, 150)) != (90, 90, 90)  # the box
        assert image.text["Software"] == "facecam"  # type: ignore[attr-defined]
    tab.recording.annotated.setChecked(False)
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"^Saved snapshot-0002.png")
    with Image.open(folder / "snapshot-0002.png") as image:
        assert image.getpixel((100, 150)) == (90, 90, 90)


def test_a_snapshot_can_be_taken_as_soon_as_the_one_before_is_said_to_be_saved(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, window: MainWindow, tab: LiveTab
) -> None:
    write = saving.Saving._write_snapshot

    def lingering(*arguments: Any) -> None:
        write(*arguments)
        time.sleep(0.2)  # the thread is still there when the window has heard of its picture

    monkeypatch.setattr(saving.Saving, "_write_snapshot", lingering)
    for number in (1, 2):
        press_key(tab, Qt.Key.Key_S)
        says(qtbot, tab, rf"^Saved snapshot-000{number}.png")


def test_snapshots_hide_faces_where_privacy_is_on(qtbot: QtBot, folder: Path, tab: LiveTab) -> None:
    tab.recording.annotated.setChecked(False)
    tab.privacy.how.setCurrentIndex(2)  # cover
    press_key(tab, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: tab.picture.view is not None and tab.picture.view.privacy is not None)
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"^Saved snapshot-0001.png")
    assert read_metadata(folder / "snapshot-0001.png")["faces_hidden"] is True
    with Image.open(folder / "snapshot-0001.png") as image:
        assert image.getpixel((150, 160)) != (90, 90, 90)


def test_where_nothing_can_be_written_it_is_said_and_the_picture_goes_on(
    qtbot: QtBot, folder: Path, tab: LiveTab
) -> None:
    (folder / "file").touch()
    tab.recording.set_folder(folder / "file")
    for key in (Qt.Key.Key_R, Qt.Key.Key_S):
        press_key(tab, key)
        says(qtbot, tab, r"^.*file can't be written to: .*\. · Demo")
    assert not tab.recording.saving.is_recording
    before = tab.session.stats().captured
    qtbot.waitUntil(lambda: tab.session.stats().captured > before + 5)
    tab.recording.set_folder(folder)
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"^Saved snapshot-0001.png")


def test_a_disk_that_fills_up_ends_the_recording_in_words(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, tab: LiveTab
) -> None:
    from facecam.saving import recording
    from facecam.system import files

    monkeypatch.setattr(recording, "LOOK_AT_DISK_EVERY_S", 0.1)
    press_key(tab, Qt.Key.Key_R)
    records(qtbot, tab)
    monkeypatch.setattr(files, "LEAST_FREE_BYTES", 1 << 62)
    says(qtbot, tab, r"^The recording has ended: .*MB left on the disk.* recording-0001.mp4\. · Demo")
    assert not tab.badge.isVisible()
    assert len(times_s(folder / "recording-0001.mp4")) > 5


def test_what_a_full_disk_refuses_leaves_no_empty_file(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, tab: LiveTab
) -> None:
    from facecam.system import files

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "LEAST_FREE_BYTES", 1 << 62)
        press_key(tab, Qt.Key.Key_R)
        says(qtbot, tab, r"^There are only .*MB left")
    monkeypatch.setattr(Image.Image, "save", full)
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, "the disk is full")
    assert list(folder.iterdir()) == []


def test_pictures_that_were_left_out_are_told_in_words(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tab: LiveTab
) -> None:
    for dropped, words in ((1, r"1 picture left out\)"), (1200, r"1,200 pictures left out\)")):
        tab.recording.saving.toggle_recording()
        recorder = tab.recording.saving._recorder
        assert recorder is not None
        records(qtbot, tab)
        tab.recording.saving.toggle_recording()  # it is told once the file is complete
        monkeypatch.setattr(recorder, "_dropped", dropped)
        says(qtbot, tab, words)


def test_a_recording_is_seen_from_other_tabs_too(window: MainWindow, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_R)
    window.go_to(1)
    assert window._tabs.tabText(0) == "Live · recording"
    tab.recording.saving.toggle_recording()
    assert window._tabs.tabText(0) == "Live"


def test_a_recording_ends_with_its_source(qtbot: QtBot, folder: Path, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_R)
    records(qtbot, tab)
    tab.open("auto")
    says(qtbot, tab, r"^Saved recording-0001.mp4")
    assert len(times_s(folder / "recording-0001.mp4")) > 5


def test_without_a_source_there_is_nothing_to_record(qtbot: QtBot, folder: Path, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "Stopped" in tab.status.text())
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "Start a source first")
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, "There is no picture to save yet")
    assert list(folder.iterdir()) == []
    press_key(tab, Qt.Key.Key_Space)
    says(qtbot, tab, "^Demo")  # there is a picture now, and nothing is said that no longer holds


def test_what_is_said_stays_for_as_long_as_it_takes_to_read(qtbot: QtBot, tab: LiveTab) -> None:
    press_key(tab, Qt.Key.Key_R)
    records(qtbot, tab)
    said_s: list[float] = []
    tab.recording.saving.said.connect(lambda *_: said_s.append(time.perf_counter()))
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"Recording .* · Saved snapshot-0001.png")
    press_key(tab, Qt.Key.Key_M)  # takes its place no more than the recording does
    qtbot.waitUntil(lambda: "Saved" not in tab.status.text())
    assert time.perf_counter() - said_s[0] > 3


def test_a_single_picture_is_not_recorded_but_saved(
    qtbot: QtBot,
    make_window: MakeWindow,
) -> None:
    tab = shown(qtbot, make_window("photo.jpg"))
    qtbot.waitUntil(lambda: tab.session.phase is Phase.ENDED)
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "^A single picture can't be recorded; Snapshot saves it.")
    press_key(tab, Qt.Key.Key_S)
    says(qtbot, tab, r"^Saved snapshot-0001.png")


def test_what_was_saved_meanwhile_leaves_a_newer_problem_in_sight(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tab: LiveTab
) -> None:
    disk_is_free = threading.Event()
    write = saving.write_snapshot

    def slowly(*arguments: Any) -> None:
        disk_is_free.wait(60)
        write(*arguments)

    monkeypatch.setattr(saving, "write_snapshot", slowly)
    press_key(tab, Qt.Key.Key_S)
    press_key(tab, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.picture.placement is None)
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "^Start a source first")
    disk_is_free.set()
    says(qtbot, tab, "^Saved snapshot-0001.png · Start a source first; then it can be recorded.")
    press_key(tab, Qt.Key.Key_S)  # another problem takes its place
    says(qtbot, tab, "^There is no picture to save yet. · Stopped")


def test_closing_the_window_completes_the_recording(
    qtbot: QtBot, folder: Path, window: MainWindow, tab: LiveTab
) -> None:
    press_key(tab, Qt.Key.Key_R)
    records(qtbot, tab)
    window.close()
    data = (folder / "recording-0001.mp4").read_bytes()
    assert data.find(b"mdat") < data.find(b"moof")  # an ordinary MP4: what is left of the pieces lies inside its data
    assert len(times_s(folder / "recording-0001.mp4")) > 5


def test_the_choices_are_remembered(qtbot: QtBot, make_window: MakeWindow, folder: Path, settings: Settings) -> None:
    first = make_window()
    tab = shown(qtbot, first)
    tab.recording.annotated.setChecked(False)
    tab.recording.lists.setChecked(False)
    tab.recording.format.setCurrentIndex(1)
    first.close()
    again = shown(qtbot, make_window())
    chosen = again.remembered.value
    assert (chosen.record_annotated, chosen.record_lists) == (False, False)
    assert (chosen.record_suffix, chosen.record_folder) == (".mkv", folder)
    settings.clear()
    fresh = shown(qtbot, make_window())
    assert fresh.recording.saving.video_folder() == videos_folder()
    assert fresh.recording.saving.picture_folder() == pictures_folder()


def chosen_microphone(qtbot: QtBot, tab: LiveTab, name: str) -> None:
    fold(tab, "recording").set_open(True)
    box = tab.recording.sound.microphone
    qtbot.waitUntil(lambda: box.findText(name) >= 0)
    choose(box, name)


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> FakeMiniaudio:
    fake = FakeMiniaudio("Desk", "Headset")
    monkeypatch.setattr(microphone, "_SILENT_AFTER_S", math.inf)  # these hear nothing
    monkeypatch.setitem(sys.modules, "miniaudio", fake)
    return fake


def test_a_microphone_is_off_until_it_is_chosen_and_shown_while_it_records(
    qtbot: QtBot, make_window: MakeWindow, folder: Path, settings: Settings, audio: FakeMiniaudio
) -> None:
    window = make_window()
    tab = shown(qtbot, window)
    press_key(tab, Qt.Key.Key_R)
    records(qtbot, tab)
    assert "microphone" not in tab.badge.text() + tab.status.text()
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "Saved recording-0001.mp4")
    assert not has_sound(folder / "recording-0001.mp4")
    chosen_microphone(qtbot, tab, "Headset")
    assert audio.opened == []
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, r"^Recording \d\d:\d\d.* · microphone")
    assert "· microphone" in tab.badge.text()
    qtbot.waitUntil(lambda: len(audio.opened) == 1 and audio.opened[0].chunks is not None)
    assert audio.opened[0].name == "Headset"
    records(qtbot, tab)
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "Saved recording-0002.mp4")
    assert audio.opened[0].closed
    assert has_sound(folder / "recording-0002.mp4")
    window.close()
    assert shown(qtbot, make_window()).recording.sound.microphone.currentText() == "Headset"


def test_a_microphone_that_is_gone_is_said_once_and_the_picture_is_recorded(
    qtbot: QtBot, make_window: MakeWindow, folder: Path, settings: Settings, audio: FakeMiniaudio
) -> None:
    settings.put("record/microphone", "Yeti")
    tab = shown(qtbot, make_window())
    fold(tab, "recording").set_open(True)
    assert tab.recording.sound.microphone.currentText() == "Yeti"
    said: list[str] = []
    tab.recording.saving.said.connect(lambda words, _picture: said.append(words))
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "There is no microphone Yeti, only Desk, Headset.")
    assert "no microphone" in tab.badge.text()
    records(qtbot, tab)
    press_key(tab, Qt.Key.Key_R)
    says(qtbot, tab, "Saved recording-0001.mp4")
    assert said[0] == "There is no microphone Yeti, only Desk, Headset."
    assert [words.split(" (")[0] for words in said[1:]] == ["Saved recording-0001.mp4"]
    assert len(times_s(folder / "recording-0001.mp4")) > 5


def test_with_privacy_it_is_said_that_voices_identify(qtbot: QtBot, audio: FakeMiniaudio, tab: LiveTab) -> None:
    note = tab.recording.sound.note
    chosen_microphone(qtbot, tab, "Desk")
    assert not note.isVisible()
    press_key(tab, Qt.Key.Key_P)
    qtbot.waitUntil(note.isVisible)
    assert note.text() == "Voices tell who somebody is; privacy hides faces only."
    choose(tab.recording.sound.microphone, "None")
    assert not note.isVisible()


def test_the_sound_of_a_file_is_recorded_unless_it_is_switched_off(
    qtbot: QtBot, make_window: MakeWindow, folder: Path, sources: Sources, settings: Settings
) -> None:
    settings.put("live/loop", True)  # on a busy machine the clip is over before a button could be pressed
    clip = make_clip(folder / "told.mp4", seconds=1)
    sources.add("told", lambda: open_source(str(clip)))
    tab = shown(qtbot, make_window("told"))
    for on, name in ((True, "recording-0001.mp4"), (False, "recording-0002.mp4")):
        tab.recording.sound.source.setChecked(on)
        press_key(tab, Qt.Key.Key_R)
        records(qtbot, tab)
        says(qtbot, tab, rf"^Recording \d\d:\d\d(, \d+ left out)? · {'sound' if on else '(?!sound)'}")
        press_key(tab, Qt.Key.Key_R)
        says(qtbot, tab, f"Saved {name}")
        assert has_sound(folder / name) is on


class FileManager(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


def test_the_folder_opens_from_the_window(folder: Path, tab: LiveTab) -> None:
    tab.recording.set_folder(folder / "not there yet")
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, "open")  # type: ignore[arg-type]
    try:
        tab.recording.open_button.click()
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert manager.opened == [str(folder / "not there yet")]
    assert (folder / "not there yet").is_dir()
