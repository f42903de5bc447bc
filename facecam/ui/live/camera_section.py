"""The fold "Camera": size, rate and pixel format from what the camera offers, remembered for each camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel

from facecam.qtkit.fields import Row, combo, fill
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Settings
from facecam.qtkit.wording import size
from facecam.qtkit.worker import Asker
from facecam.sources import Camera
from facecam.sources.camera_modes import CameraMode
from facecam.ui.live.session import LiveSession

DEFAULT = CameraMode(640, 480)


class CameraModes:
    """The mode chosen last for each camera, by its name. Read from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, camera: Camera) -> CameraMode:
        return CameraMode.parse(self._settings.text(f"camera/{camera.name}")) or DEFAULT

    def remember(self, camera: Camera, mode: CameraMode) -> None:
        self._settings.put(f"camera/{camera.name}", mode.spec)

    def complete(self, spec: str, list_cameras: Callable[[], Sequence[Camera]]) -> str:
        """A camera's spec with its remembered mode; any other spec, and a camera of the default mode, as they are."""
        name, _, number = spec.rpartition(":")
        if name not in ("", "camera") or not number.isdecimal():
            return spec
        camera = next((each for each in list_cameras() if each.index == int(number)), None)
        mode = DEFAULT if camera is None else self.of(camera)
        return spec if mode == DEFAULT else f"camera:{number}@{mode.spec}"


class CameraSection(Section):
    """Choices for the camera that was open last; a change opens it anew, if it is what is shown."""

    key = "camera"
    title = "Camera"
    help = "Size, rate and pixel format of the camera; remembered for each"

    changed = Signal()
    """Another mode was chosen and remembered: time to open the camera again."""

    def __init__(self, session: LiveSession, settings: Settings, list_modes: Callable[[int], list[CameraMode]]) -> None:
        super().__init__()
        self._session, self._list_modes = session, list_modes
        self._modes = CameraModes(settings)
        self._camera: Camera | None = None
        self._spec: str | None = None  # by which the session has it: while it is opened again, and can't be, too
        self._offered: list[CameraMode] = []
        self.none = QLabel("Start a camera first; what it offers is listed here then.")
        self.none.setWordWrap(True)
        self.frame_size, self.rate, self.pixels = combo(), combo(), combo()
        self._rows = [
            Row("Size", self.frame_size, "Of the camera's pictures. Larger ones show smaller faces, and take longer."),
            Row("Rate", self.rate, "Pictures per second. In the dark cameras give fewer, to expose for longer."),
            Row("Format", self.pixels, "How the camera sends its pixels: MJPG is compressed, and allows larger sizes."),
        ]
        self.lay_out(self.none, *self._rows)
        for row in self._rows:
            row.hide()
        for box in (self.frame_size, self.rate, self.pixels):
            box.currentIndexChanged.connect(self._chosen)
        self._asker = Asker("facecam-modes", self)
        self._asker.answered.connect(self._show_offer)

    def refresh(self) -> None:
        camera = self._session.camera
        if camera is None:  # while it is being opened again the choices stay
            return
        self._spec = self._session.spec
        if camera == self._camera:
            return
        self._camera = camera
        self._asker.ask(partial(self._list_modes, camera.index))

    def _show_offer(self, offered: list[CameraMode]) -> None:
        if self._camera is None:
            return
        self._offered = offered
        self.none.setVisible(not offered)
        self.none.setText("This camera doesn't say what it offers.")
        for row in self._rows:
            row.setVisible(bool(offered))
        self._show(self._modes.of(self._camera))

    def _show(self, mode: CameraMode) -> None:
        """The boxes' entries: each allows what fits those above it."""
        sizes = sorted({(each.width, each.height) for each in self._offered} | {(mode.width, mode.height)})
        rates, pixels = self._fitting(mode)
        fill(self.frame_size, [(size(*each), each) for each in sizes], (mode.width, mode.height))
        fill(self.rate, [("Automatic", None), *((f"{fps:g} per second", fps) for fps in rates)], mode.fps)
        fill(self.pixels, [("Automatic", ""), *((each, each) for each in pixels)], mode.pixels)

    def _fitting(self, mode: CameraMode) -> tuple[list[float], list[str]]:
        """The rates that are offered of the mode's size, and the formats of its size and rate."""
        of_size = [each for each in self._offered if (each.width, each.height) == (mode.width, mode.height)]
        rates = sorted({each.fps for each in of_size if each.fps is not None})
        return rates, sorted({each.pixels for each in of_size if each.pixels and mode.fps in (None, each.fps)})

    def _chosen(self) -> None:
        if self._camera is None:
            return
        width, height = self.frame_size.currentData()
        mode = CameraMode(width, height, self.rate.currentData(), self.pixels.currentData() or "")
        if mode.fps not in (None, *self._fitting(mode)[0]):  # the larger size has another rate
            mode = replace(mode, fps=None)
        if mode.pixels not in ("", *self._fitting(mode)[1]):
            mode = replace(mode, pixels="")
        self._modes.remember(self._camera, mode)
        self._show(mode)
        if self._session.spec == self._spec:  # not a file, which would begin anew
            self.changed.emit()
