"""SourceChooser: automatic, the demo, the cameras by name, and whatever file, folder or address the user opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox

from facecam.qtkit.fields import Combo, leave_keys
from facecam.qtkit.worker import Asker
from facecam.sources import Camera, ScreenPart


class Ask(Enum):
    """Entries that ask for more before there is a source."""

    FILE = "Open file…"
    FOLDER = "Open folder…"
    ADDRESS = "Open address…"
    SCREEN = "Part of the screen…"


_NAMED = "camera named "
"""Begins the spec of a camera whose index is not known yet."""
AUTO, DEMO, SCREEN = "auto", "demo", "screen"


def camera_spec(camera: Camera) -> str:
    """A camera as `open_source` takes it."""
    return f"camera:{camera.index}"


def short_name(spec: str) -> str:
    """A source's name for a narrow list: the file's or folder's name, an address's host and path."""
    if spec in (AUTO, DEMO, SCREEN):
        return {AUTO: "Automatic", DEMO: "Demo", SCREEN: "Screen"}[spec]
    if spec.startswith(_NAMED):
        return spec.removeprefix(_NAMED)
    part = ScreenPart.parse(spec)
    if part is not None:
        return f"Screen {part.monitor}" if part.rect is None else "Part of the screen"
    if "://" in spec:
        try:
            parts = urlsplit(spec)
            return f"{parts.hostname or ''}{parts.path}"
        except ValueError:  # such as http://[; opening it will say so
            return spec
    if spec.isdecimal() or spec.startswith("camera:"):
        return f"Camera {spec.rpartition(':')[2]}"
    return Path(spec).name or spec


def remembered_name(spec: str, cameras: Sequence[Camera]) -> str:
    """How a source is remembered: a camera by its name, since its index changes with what is plugged in. Not at all: an
    address with a password."""
    if "://" in spec and "@" in spec:
        return ""
    name = next((camera.name for camera in cameras if camera_spec(camera) == spec), None)
    return spec if name is None else f"{_NAMED}{name}"


def recall(name: str) -> str:
    """The source of a remembered name, AUTO where it isn't there any more; of a camera, what `located` takes."""
    if name in (DEMO, SCREEN) or name.startswith((_NAMED, "screen:")) or "://" in name:
        return name
    return name if name and Path(name).exists() else AUTO


def located(spec: str, list_cameras: Callable[[], Sequence[Camera]]) -> str:
    """A camera that is wanted by its name as `open_source` takes it, AUTO if it isn't there; others as they are. May
    take seconds, where there is such a name."""
    if not spec.startswith(_NAMED):
        return spec
    wanted = spec.removeprefix(_NAMED)
    return next((camera_spec(camera) for camera in list_cameras() if camera.name == wanted), AUTO)


class CameraWatch(Asker):
    """Looks for cameras in a thread of its own, because some systems take seconds to answer; it is a list[Camera]."""

    def __init__(self, list_cameras: Callable[[], Sequence[Camera]], parent: QObject | None = None) -> None:
        super().__init__("facecam-cameras", parent)
        self._list = list_cameras
        # On Linux a look costs a few small files; elsewhere the system has to ask its drivers.
        self._timer = QTimer(self, interval=2000 if sys.platform.startswith("linux") else 10_000)
        self._timer.timeout.connect(self.look)

    def follow(self, on: bool) -> None:
        """Whether to look again and again, so that plugging and unplugging is seen."""
        if on:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    def look(self) -> None:
        """Starts one look, unless one is under way. Returns at once."""
        if not self.busy(0):
            self.ask(lambda: list(self._list()))


class SourceChooser(Combo):
    """The list of sources. spec: the chosen one."""

    chosen = Signal(str)
    """The user chose this source."""
    asked = Signal(Ask)
    """The user wants to open something; the list stays where it was until `choose` names it."""
    opened = Signal()
    """The list is about to be shown: the time to look for cameras."""

    def __init__(self) -> None:
        super().__init__()
        self._cameras: list[Camera] | None = None  # None: not looked yet
        self._custom: str | None = None
        self.spec = AUTO
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        leave_keys(self)
        self.setAccessibleName("Source")
        self.setToolTip(
            "Where the pictures come from. You can also drop a file, a folder or an address on the picture."
        )
        self.activated.connect(self._activated)
        self._fill()

    def choose(self, spec: str) -> None:
        """Selects a source without telling; a file, folder or address gets an entry of its own."""
        self.spec = f"camera:{spec}" if spec.isdecimal() else spec
        self._fill()

    def set_cameras(self, cameras: list[Camera]) -> None:
        if cameras != self._cameras and not self.view().isVisible():  # not under the user's hand; the next look is soon
            self._cameras = list(cameras)
            self._fill()

    def showPopup(self) -> None:
        self.opened.emit()
        super().showPopup()

    def _fill(self) -> None:
        if self.spec not in self._listed():
            self._custom = self.spec  # also a camera that has been pulled out: what is chosen stays in sight
        elif self._custom in self._listed():
            self._custom = None
        self.clear()
        self._add("Automatic", AUTO, "The first camera, or the demo where there is none")
        self._add("Demo", DEMO, "Moving portraits, as from a camera of 640 × 480 at 30 pictures per second")
        self.insertSeparator(self.count())
        for camera in self._cameras or []:
            self._add(camera.name, camera_spec(camera), f"{camera.name} (camera {camera.index})")
        if not self._cameras:
            self.addItem("No camera found" if self._cameras is not None else "Looking for cameras…", None)
            model = self.model()
            assert isinstance(model, QStandardItemModel)
            model.item(self.count() - 1).setEnabled(False)
        self.insertSeparator(self.count())
        self._add("Screen", SCREEN, "Whatever is on the screen, such as a video call or a film")
        if self._custom is not None:
            self._add(short_name(self._custom), self._custom, self._custom)
        for ask in Ask:
            self.addItem(ask.value, ask)
        self.setCurrentIndex(max(0, self.findData(self.spec)))

    def _listed(self) -> set[str | None]:
        return {AUTO, DEMO, SCREEN, *map(camera_spec, self._cameras or [])}

    def _add(self, text: str, spec: str, help_text: str) -> None:
        self.addItem(text, spec)
        self.setItemData(self.count() - 1, help_text, Qt.ItemDataRole.ToolTipRole)

    def _activated(self, index: int) -> None:
        data = self.itemData(index)
        if isinstance(data, Ask):
            self.setCurrentIndex(max(0, self.findData(self.spec)))
            self.asked.emit(data)
        elif isinstance(data, str):
            self.spec = data
            self.chosen.emit(data)
