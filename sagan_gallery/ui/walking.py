"""Walking: makes the walk's ends of what is shown, and shows its points."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from sagan_gallery.ui.display import PanelDisplay
from sagan_gallery.ui.session import GallerySession
from sagan_gallery.walk import End


class Walking(QObject):
    """Between the panel's parts, its session and the walk's row. show_point: shows a point of the walk large."""

    def __init__(self, panel: PanelDisplay, session: GallerySession, show_point: Callable[[End], None]) -> None:
        super().__init__(panel)
        self._panel, self._session, self._bar = panel, session, panel.walk
        panel.below.walk_button.toggled.connect(self.prepare)
        self._bar.moved.connect(show_point)
        self._bar.start_wished.connect(partial(self._set_end, "start"))
        self._bar.end_wished.connect(partial(self._set_end, "end"))
        self._bar.class_wished.connect(self._lead_to_class)
        self._session.thumb_ready.connect(partial(self._bar.set_point, "end"))

    def toggle(self) -> None:
        """Plays the walk, opening it if need be, or pauses it."""
        self._panel.below.walk_button.setChecked(True)
        if self._bar.play.isEnabled():
            self._bar.play.toggle()

    def begin_anew(self, classes: list[str]) -> None:
        """Forgets the ends: another model is there, with these classes."""
        self._bar.clear()
        self._bar.set_classes(classes)

    def prepare(self) -> None:
        """A walk that is opened for the first time leads from the chosen sample to the next one in the grid."""
        specs, row, sample = self._panel.grid.specs, max(self._panel.grid.current, 0), self._panel.sample
        opened = self._panel.below.walk_button.isChecked()
        if not opened or self._bar.walk is not None or sample is None or sample.z is None or len(specs) < 2:
            return
        self._set_end("start")
        following = self._session.point(specs[(row + 1) % len(specs)])
        self._bar.set_point("end", following, None)
        self._session.want_thumb(following)

    def _set_end(self, name: str) -> None:
        sample = self._panel.sample
        if sample is None or sample.z is None:
            self._panel.say("A walk leads from sample to sample: choose one in the grid first.")
        else:
            self._bar.stop()
            self._bar.set_point(name, End(sample.z, sample.label, sample.toward), sample.image)

    def _lead_to_class(self, label: int) -> None:
        start = self._bar.start
        if start is not None:
            self._bar.stop()
            self._session.want_thumb(End(start.z, label))
