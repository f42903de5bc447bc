"""The Gallery tab: hosts `sagan_gallery`'s panel, and lends it the live picture and the writer of videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PySide6.QtGui import QAction

from facecam.arrays import Image
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Settings
from facecam.qtkit.tabs import Tab
from sagan_gallery.ui.controls import GalleryControls
from sagan_gallery.ui.panel import GalleryPanel
from sagan_gallery.ui.sample_stage import SampleStage


class GalleryTab(Tab):
    """grab_frame: the live picture (H, W, 3) uint8 BGR, or None while there is none; detector_core: the core that the
    detector has to itself, so that sampling stays off it; settings, controls, stage: as of the panel."""

    def __init__(
        self,
        grab_frame: Callable[[], Image | None],
        detector_core: Callable[[], int | None],
        settings: Settings,
        controls: GalleryControls,
        stage: SampleStage,
    ) -> None:
        super().__init__()

        def grab_rgb() -> Image | None:
            frame = grab_frame()
            return None if frame is None else np.ascontiguousarray(frame[:, :, ::-1])

        self.panel = GalleryPanel(settings, controls, stage, grab_rgb, write_mp4, detector_core)
        self._full_screen = self._started = False
        self._commands = [
            command(self, "Full screen", ["F", "F11"], self._toggle_full_screen, Menu.VIEW),
            command(self, "Leave full screen or the help, or deselect the pin", ["Esc"], self._leave, Menu.NONE),
        ]
        column(self.panel, owner=self)

    def activated(self) -> None:
        if not self._started:
            self._started = True
            self.panel.start(pin_informative=True)
        self.panel.view.setFocus()

    def deactivated(self) -> None:
        self.panel.walk.stop()

    def commands(self) -> list[QAction]:
        return [*self.panel.commands(), *self._commands]

    def set_full_screen(self, on: bool) -> None:
        self._full_screen = on
        self.panel.set_full_screen(on)

    def _toggle_full_screen(self) -> None:
        self.full_screen_wanted.emit(not self._full_screen)

    def _leave(self) -> None:
        if self._full_screen:
            self.full_screen_wanted.emit(False)
        elif not self.panel.message.leave_help():
            self.panel.view.select(None)

    def unfinished(self) -> str:
        names = [export.path.name for export in self.panel.session.exports]
        return f"Still being made: {', '.join(names)}." if names else ""

    def close_down(self, timeout_s: float) -> bool:
        return self.panel.close_down(timeout_s)


def write_mp4(path: Path, pictures: Iterator[Image], count: int, rate_hz: float) -> Iterator[float]:
    """A `FilmWriter` of MP4s."""
    from facecam.saving.video_file import VideoWriter  # FFmpeg takes 16 MB, which only saving a film needs

    writer = VideoWriter(path, rate_hz)
    try:
        for number, picture in enumerate(pictures):
            writer.write(picture[:, :, ::-1], number / rate_hz)
            yield (number + 1) / count
    finally:
        writer.close()
