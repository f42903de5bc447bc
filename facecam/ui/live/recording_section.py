"""The fold "Recording": what recordings and snapshots contain and where they go; and its buttons for the column."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QLabel, QWidget

from facecam.qtkit import icons, theme
from facecam.qtkit.commands import Menu, command, separator, switch_command
from facecam.qtkit.fields import Row, button, check, combo, keep
from facecam.qtkit.file_dialogs import ask_path
from facecam.qtkit.folds import Section
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Remembered
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import ElidedLabel
from facecam.qtkit.wording import sentence
from facecam.ui.live.audience import COUNTDOWN_S
from facecam.ui.live.picture import PictureView
from facecam.ui.live.saving import Saving
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings
from facecam.ui.live.sound_fields import SoundFields

RED = QColor("#e5484d")


class RecordingSection(Section):
    """The options are remembered between starts. buttons: Record, Snapshot and Virtual camera, for the column's
    upper part."""

    key = "recording"
    title = "Recording"
    help = "What recordings and snapshots contain, and where they go"

    countdown_wanted = Signal()
    """A snapshot is wanted after a countdown; once more: no longer."""

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._remembered = remembered
        self.saving = Saving(session, remembered, self)
        self.record_button = button("", "", self.saving.toggle_recording)
        snapshot_help = "Saves the picture as a PNG that tells in its text how it came about (S)"
        self.snapshot_button = button("Snapshot", snapshot_help, self.saving.take_snapshot)
        self.camera_button = button(
            "",
            "Shows the picture to Zoom, Meet, Teams or OBS, which find it among their cameras (V).\n"
            "Where privacy is on, faces are hidden there too.",
        )
        self.camera_button.setCheckable(True)
        self.buttons = QWidget()
        upper = row((self.record_button, 1), (self.snapshot_button, 1), spacing=SPACE)
        column(upper, self.camera_button, owner=self.buttons, spacing=SPACE)
        self.annotated = check(
            "With boxes",
            "Off: the picture as it comes. Where privacy is on, faces are hidden in either.\n"
            "Holds for the virtual camera, too.",
        )
        lists_help = "Beside each recording two lists of its faces, with their times in the video"
        self.lists = check("Faces as JSON lines and CSV", lists_help)
        self.format = combo(("MP4", ".mp4"), ("Matroska (MKV)", ".mkv"))
        self.sound = SoundFields(session, remembered)
        self.folder = ElidedLabel()
        self.folder.setAccessibleName("Folder")
        self.open_button = button("Open folder", "Shows the recordings in the file manager", self.saving.open_folder)
        self.choose_button = button("Change…", "Another folder for recordings and snapshots", self._choose_folder)
        self.lay_out(
            self.annotated,
            self.lists,
            self.sound,
            Row("Video", self.format, "Both play even if the program is killed while it records"),
            self.folder,
            row(self.open_button, self.choose_button, spacing=SPACE),
        )
        keep(self.annotated, remembered, "record_annotated")
        keep(self.lists, remembered, "record_lists")
        keep(self.format, remembered, "record_suffix")
        self.camera_button.toggled.connect(self.saving.switch_camera)
        self.saving.changed.connect(self.refresh)
        self._shown_recording: bool | None = None
        self._say_folder()
        self.refresh()

    def commands(self) -> list[QAction]:
        record = command(self, "Record", ["R"], self.saving.toggle_recording, Menu.FILE, "Starts or ends a recording")
        snapshot = command(self, "Snapshot", ["S"], self.saving.take_snapshot, Menu.FILE, "Saves the picture as a PNG")
        later_help = f"Counts {COUNTDOWN_S} seconds down first; once more calls it off"
        later = command(self, "Snapshot with countdown", ["Shift+S"], self.countdown_wanted.emit, Menu.FILE, later_help)
        folder = command(self, "Open the recordings' folder", ["Ctrl+E"], self.saving.open_folder, Menu.FILE)
        for action in (record, snapshot):
            action.setAutoRepeat(False)
        camera = switch_command(self, "Virtual camera", ["V"], self.camera_button, Menu.FILE)
        return [separator(self, Menu.FILE), record, snapshot, later, camera, folder]

    def refresh(self) -> None:
        recording, shown = self.saving.is_recording, self.saving.is_camera_on
        self.camera_button.setChecked(shown)
        self.camera_button.setText("End virtual camera" if shown else "Virtual camera")
        self.record_button.setText(f"End {self.saving.badge}" if recording else "Record")
        if recording != self._shown_recording:
            self._shown_recording = recording
            self.record_button.setFont(theme.tabular(self.record_button.font()))
            self.record_button.setIcon(icons.icon("stop" if recording else "record", RED))
            self.record_button.setToolTip(f"{'Ends' if recording else 'Starts'} a recording of what is seen (R)")
        self.sound.refresh()

    def set_folder(self, folder: Path) -> None:
        """Recordings and snapshots go there from now on."""
        self._remembered.change(record_folder=folder)
        self._say_folder()

    def _say_folder(self) -> None:
        self.folder.say(_short(self.saving.video_folder()))

    def _choose_folder(self) -> None:
        ask_path(self, "A folder for recordings and snapshots", self.set_folder, self.saving.video_folder())


def _short(folder: Path) -> str:
    """A path with ~ for the user's own folder."""
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)


class RecordingBadge(QLabel):
    """A red dot, the time of a recording and its microphone, and that a virtual camera is on, in the upper right corner
    of the picture, also in full screen."""

    def __init__(self, picture: PictureView, saving: Saving) -> None:
        super().__init__(picture)
        self._picture, self._saving = picture, saving
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        room = f"border-radius: {SPACE}px; padding: {SPACE // 2}px {SPACE}px"
        self.setStyleSheet(f"background: rgba(18, 20, 22, 190); color: white; {room}")
        self.hide()
        saving.changed.connect(self._show)
        picture.resized.connect(self._place)

    def _show(self) -> None:
        recording = sentence(self._saving.badge, self._saving.microphone)
        seen = "Virtual camera" if self._saving.is_camera_on else ""
        self.setVisible(bool(recording or seen))
        if recording or seen:
            self.setFont(theme.tabular(self._picture.font(), self._picture.scale))
            dot = f'<span style="color: {RED.name()}">●</span> {recording}' if recording else ""
            self.setText(sentence(dot, seen))
            self.setAccessibleName(sentence(f"Recording {recording}" if recording else "", seen))
            self.adjustSize()
            self._place()
        self._picture.keep_corner(self.width() if recording or seen else 0)

    def _place(self) -> None:
        room = self._picture.upper
        self.move(room.right() - self.width() - 11, room.top() + 12)
